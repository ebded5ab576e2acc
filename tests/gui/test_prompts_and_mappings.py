"""Every kind of prompt and of label mapping, in the form and in the views."""

import pytest
from PySide6.QtWidgets import QWidget

from tests.gui.made_runs import MadeRun, config
from vpns_engine.history import RunHistory
from vpns_engine.specs.prompt import PromptSpec
from vpns_gui.controllers.log import line_of
from vpns_gui.controllers.mapping_words import HEAD_NOTE, ILM_NOTE, MAPPING_NOTE, mapping_rows, mapping_texts
from vpns_gui.controllers.offers import region_text
from vpns_gui.forms.choices import Choices
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.form import ConfigForm
from vpns_gui.forms.relevance import presence
from vpns_gui.forms.verdict import judge
from vpns_gui.moments import Moment


@pytest.fixture
def form(qtbot):
    form = ConfigForm()
    form.set_values(Draft.of({}).values)
    qtbot.addWidget(form)
    form.show()
    return form


def test_that_each_prompt_shows_its_own_size_and_no_other(form):
    own = {"pad": "pad", "fix": "square", "random": "square", "low_rank": "rank"}
    for kind in PromptSpec.kinds():
        form.set_values(Draft.of({}).put("prompt.kind", kind).values)
        shown = {name for name in ("pad", "square", "rank") if form.findChild(QWidget, f"prompt.{name}").isVisible()}
        assert shown == ({own[kind]} if kind in own else set()), kind


def test_that_the_sizes_of_prompts_follow_the_canvas_and_stand_in_one_block():
    places = [place for place, field in form_fields().items() if not field.advanced]
    assert places[places.index("prompt.canvas") :][:4] == ["prompt.canvas", "prompt.pad", "prompt.square", "prompt.rank"]


def test_that_the_size_of_a_prompt_is_off_where_the_method_has_none():
    field = form_fields()["prompt.rank"]
    values = Draft.of({"prompt": {"kind": "low_rank"}}).values
    assert presence(field, values).enabled and not presence(field, {**values, "method": "control"}).enabled


def test_that_a_rank_that_cannot_work_is_named_and_one_that_is_hidden_stops_nobody():
    draft = Draft.of({}).put("prompt.kind", "low_rank").put("prompt.rank", 9)
    assert judge(draft, Choices()).reason == "rank 9 exceeds half the canvas (16 px): at most 8"
    hidden = judge(draft.put("prompt.kind", "pad"), Choices())
    assert hidden.config is not None and hidden.config.prompt == PromptSpec(kind="pad")


def test_that_a_low_rank_prompt_is_told_with_its_values():
    text = region_text(PromptSpec(kind="low_rank", canvas=224), 224)
    assert text == "All of the 224 x 224 px canvas, as a pattern of rank 4 in each colour, 5,376 values"


def history_of(made) -> RunHistory:
    history = RunHistory()
    for event in made.events():
        history.apply(event)
    return history


def test_that_a_mapping_that_nobody_counted_is_shown_without_counts(tmp_path):
    history = history_of(MadeRun(tmp_path, config(mapping={"kind": "rlm"})))
    mapped = history.levels[0].mapped
    assert mapping_rows(history.started, mapped)[:2] == [("0", "O", "0"), ("1", "I", "1")]
    uncounted = mapped.model_copy(update={"counts": ()})
    assert mapping_rows(history.started, uncounted)[:2] == [("0", "O", "-"), ("1", "I", "-")]


def test_that_the_log_names_the_epoch_of_a_mapping_that_was_found_anew(tmp_path):
    history = history_of(MadeRun(tmp_path, config(mapping={"kind": "ilm"})))
    first = history.levels[0].mapped
    assert line_of(first, history).startswith("Label mapping: 0 → O")
    assert line_of(first.model_copy(update={"epoch": 3}), history).startswith("Label mapping of epoch 3: 0 → O")


def test_that_a_mapping_that_is_found_anew_is_that_of_the_moment(tmp_path):
    history = history_of(MadeRun(tmp_path, config(mapping={"kind": "ilm"})))
    first, search = history.levels[0].mapped, 2
    later = [first.model_copy(update={"phase": search, "epoch": e, "sources": (e, *first.sources[1:])}) for e in (1, 2)]
    for told in later:
        history.apply(told.model_copy(update={"seq": history.last_seq + 1}))
    tuned = first.model_copy(update={"phase": search + 1, "epoch": 1, "sources": (9, *first.sources[1:])})
    history.apply(tuned.model_copy(update={"seq": history.last_seq + 1}))
    firsts = {epoch: mapping_texts(history, "ilm", 0, Moment(0, search, epoch)).rows[0][1] for epoch in (0, 1, 2)}
    assert firsts == {0: "O", 1: "I", 2: "Z"}
    assert mapping_texts(history, "ilm", 0, Moment(0, search, 1)).title.endswith(", Search 1 / 2")
    assert mapping_texts(history, "ilm", 0, None).rows[0][1] == "g"


@pytest.mark.parametrize(("kind", "rows", "note"), [("flm", 10, MAPPING_NOTE), ("ilm", 10, ILM_NOTE), ("head", 0, HEAD_NOTE)])
def test_that_the_classes_tell_the_mapping_or_that_there_is_none(kind, rows, note, studio, qtbot, runs):
    studio.library.open(MadeRun(runs, config(mapping={"kind": kind})).write().folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    mapping = studio.plots.classes.mapping
    qtbot.waitUntil(lambda: mapping.note == note)
    assert mapping.table.rowCount() == rows
    assert mapping.table.isVisible() == (rows > 0)
