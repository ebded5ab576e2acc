"""The report: what figures mean in words, what is noise, what is kept, and the forms it is written in."""

import json
import random
from html.parser import HTMLParser

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import binomtest

from tests.measured_runs import copied
from vpns_engine import cli_gains
from vpns_engine.cli import main
from vpns_engine.errors import EngineError
from vpns_engine.export.source import read_source
from vpns_engine.gains.accuracy import Accuracy, Difference, StateTest, accuracy_of, sign_test
from vpns_engine.gains.figures import count_text, range_text, seconds_text, times_smaller, verdict
from vpns_engine.gains.headlines import headlines_of
from vpns_engine.gains.html import html_of, prompt_of
from vpns_engine.gains.model import FileSize, Gains, Machine, Memory, Spread, Timing, Weights
from vpns_engine.gains.page import NOT_MEASURED, Page
from vpns_engine.gains.report import measured_words, report_of
from vpns_engine.gains.sections import sections_of
from vpns_engine.gains.sentences import sayings_of
from vpns_engine.gains.states import json_of, read_gains, state_of, write_gains
from vpns_engine.prediction_files import read_predictions
from vpns_engine.predictions import changes

NOTHING = Accuracy(0, ())


def last(store):
    """Give a run's history and its last saved state."""
    history = store.read(steps=False).history
    return history, state_of(history, level=None, stage=None)


def made(**values):
    """Give figures of a state as they might be measured."""
    known = {"run": "run", "level": 0, "stage": "finetune", "density": 0.1, "epoch": 1, "saved_seq": 5}
    how = {"measured_at": 1.7e9, "seconds": 60, "quick": False, "threads": 1, "machine": Machine(cores=2)}
    return Gains.model_validate(known | how | values)


def timing(dense, pruned, *, spread=0.001, **more):
    """Give a comparison whose quartiles lie `spread` around the medians."""

    def around(value, by):
        return Spread(median=value, low=value - by, high=value + by, rounds=9)

    seconds = {"dense": around(dense, 1e-4), "pruned": around(pruned, 1e-4)}
    known = {"engine": "PyTorch", "device": "cpu", "batch": 1, "threads": 1}
    return Timing.model_validate(known | {"seconds": seconds, "ratio": around(pruned / dense, spread)} | more)


def said(gains, accuracy=NOTHING):
    """Give all sentences in one text."""
    return "\n".join(sentence for saying in sayings_of(gains, accuracy) for sentence in saying.sentences)


@pytest.mark.parametrize(
    ("pruned", "spread", "found", "words"),
    [
        (0.0100, 0.001, "same", "No speed: over 1 comparisons the pruned network takes 1.00 of the dense one's time"),
        (0.0098, 0.001, "same", "which is the same within the spread"),
        (0.0080, 0.300, "same", "which is the same within the spread"),
        (0.0150, 0.001, "slower", "No speed: over 1 comparisons the pruned network takes 1.50"),
        (0.0094, 0.001, "faster", "Hardly any speed"),
        (0.0040, 0.001, "faster", "Speed, in spite of dense kernels"),
    ],
)
def test_that_a_time_is_called_what_its_spread_allows(pruned, spread, found, words):
    one = timing(0.0100, pruned, spread=spread)
    assert verdict(one.ratio) == found
    assert words in said(made(timings=[one.model_dump()]))


def test_that_several_comparisons_are_told_together():
    same, slow = timing(0.01, 0.01), timing(0.01, 0.02, batch=32, engine="ONNX Runtime")
    text = said(made(timings=[same.model_dump(), slow.model_dump()]))
    assert "takes 1.00 to 2.00 times the dense one's time" in text
    assert "100.0 % slower in ONNX Runtime, CPU, batch 32, and the same in the other 1" in text


@pytest.mark.parametrize(
    ("prompted", "words"),
    [((3.0, 2.65, 6.0), "no time beyond the spread"), ((3.0, 2.95, 3.1), "11.1 % more time"), ((2.72, 2.71, 2.73), "no time")],
)
def test_that_what_the_prompt_costs_is_told_where_it_is_more_than_the_spread(prompted, words):
    spreads = {"pruned": (2.7, 2.6, 2.8), "dense": (2.7, 2.6, 2.8), "prompted": prompted}
    seconds = {name: Spread(median=one, low=low, high=high, rounds=9) for name, (one, low, high) in spreads.items()}
    assert f"The prompt itself costs {words}" in said(made(timings=[timing(2.7, 2.7, seconds=seconds)]))


def test_that_sizes_and_unused_rows_are_told_as_they_are():
    sizes = [FileSize(kind=kind, dense=1000, pruned=size) for kind, size in (("plain", 1000), ("zipped", 300), ("sparse", 100))]
    sizes.append(FileSize(kind="sparse_zipped", dense=900, pruned=80))
    weights = Weights(
        parameters=300,
        scored=250,
        kept=25,
        dense_nonzero=300,
        pruned_nonzero=75,
        unused_rows=4,
        unused_weights=40,
        unused_kept=5,
    )
    text = said(made(sizes=sizes, weights=weights))
    assert "25 of 250 weights that could be pruned are left" in text
    assert "has 100 B, 10.0 times smaller than the 1.00 kB of a plain one (80 B zipped)" in text
    assert "No smaller file as it stands: 1.00 kB pruned, 1.00 kB dense" in text
    assert "35 of the 225 pruned weights stand in the 4 classifier rows that no class here uses" in text


@pytest.mark.parametrize(
    ("pruned", "words"), [(803, "the same"), (750, "50.0 % less for the network"), (900, "100.0 % more for the network")]
)
def test_that_memory_is_told_as_it_was_measured_beside_the_libraries(pruned, words):
    memory = Memory(device="cpu", batch=32, dense=800_000_000, pruned=pruned * 10**6, dense_before=700_000_000)
    assert f"with the dense one, {words} (700 MB are the libraries)." in said(made(memory=[memory]))


@pytest.mark.parametrize(
    ("value", "error", "noise"), [(0.01, 0.006, True), (0.013, 0.006, False), (-0.02, 0.006, False), (0.5, None, True)]
)
def test_that_a_difference_is_noise_within_twice_its_error(value, error, noise):
    assert Difference(value, error).is_noise == noise


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (6, 0), (3, 9), (12, 1), (200, 260)])
def test_that_the_sign_test_is_that_of_scipy(gained, lost):
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert sign_test(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_that_five_images_all_on_one_side_may_be_chance_and_six_are_not():
    assert Difference(5 / 600, 0.0037, 5, 0).is_noise and not Difference(6 / 600, 0.0041, 6, 0).is_noise


def test_that_the_error_of_an_accuracy_is_binomial():
    accuracy = Accuracy(600, ())
    assert accuracy.error(0.9) == pytest.approx((0.9 * 0.1 / 600) ** 0.5)
    assert NOTHING.error(0.9) is None
    one, two = (StateTest("this", "one", "finetune", share, None) for share in (0.9, 0.8))
    difference = accuracy.difference(one, "plain", two, "plain")
    assert difference.error == pytest.approx((0.09 / 600 + 0.16 / 600) ** 0.5) and difference.gained is None
    assert accuracy.difference(one, "prompted", two, "plain") is None


def test_that_runs_are_compared_image_by_image_with_dense_prompt_and_control_arm(measured_run, finished_control_run):
    history, state = last(measured_run)
    accuracy = accuracy_of(measured_run, history, state)
    assert accuracy.control_run == finished_control_run.folder.name and accuracy.num_test == history.started.num_test
    assert [(test.of, test.stage) for test in accuracy.tests] == [
        ("dense", "map"), ("this", "search"), ("this", "finetune"), ("control", "search"), ("control", "finetune"),
    ]  # fmt: skip
    tested = history.levels[state.level].test("finetune")
    own = read_predictions(measured_run.path(tested.predictions_path))
    turned = changes(own)
    by_prompt = accuracy.difference(accuracy.reported, "prompted", accuracy.reported, "plain")
    assert (by_prompt.gained, by_prompt.lost) == (turned.gained.size, turned.lost.size)
    assert by_prompt.value == pytest.approx(tested.accuracy_prompted - tested.accuracy)
    control = accuracy.test("control", "finetune")
    beside = accuracy.difference(accuracy.reported, "plain", control, "plain")
    assert beside.value == pytest.approx(tested.accuracy - control.plain) and beside.gained is not None
    apart = (own.correct_N("plain").var() / len(own) + control.predictions.correct_N("plain").var() / len(own)) ** 0.5
    assert beside.error < apart


def test_that_without_a_control_arm_it_says_why(finished_run, finished_control_run, finished_omp_run, tmp_path):
    store = copied(finished_run, tmp_path)
    copied(finished_omp_run, tmp_path)
    accuracy = accuracy_of(store, *last(store))
    assert accuracy.control_run == "" and "no run of the control arm" in accuracy.why_no_control
    assert "Against the control arm nothing was measured: no run of the control arm" in said(None, accuracy)
    control = accuracy_of(finished_control_run, *last(finished_control_run))
    assert control.why_no_control == "this run is the control arm itself"
    assert accuracy_of(store, *last(store)).reported.predictions is not None


def test_that_damaged_predictions_leave_the_accuracies(finished_run, tmp_path):
    store = copied(finished_run, tmp_path)
    history, state = last(store)
    path = store.path(history.levels[state.level].test("finetune").predictions_path)
    path.write_bytes(path.read_bytes()[:100])
    accuracy = accuracy_of(store, history, state)
    by_prompt = accuracy.difference(accuracy.reported, "prompted", accuracy.reported, "plain")
    assert by_prompt.gained is None and by_prompt.error > 0
    kept = accuracy_of(finished_run, *last(finished_run))
    assert "too large as a rule" in sections_of(None, accuracy)[0].tables[0].note
    assert "too large as a rule" not in sections_of(None, kept)[0].tables[0].note


def test_that_figures_come_back_as_they_were_kept_and_not_for_another_state(finished_run, tmp_path):
    store = copied(finished_run, tmp_path)
    _, state = last(store)
    gains = made(level=state.level, stage=state.stage, saved_seq=state.saved.seq)
    assert read_gains(store, state) is None
    assert write_gains(store, state, gains) == store.folder / "gains_0.02_finetune.json"
    assert read_gains(store, state) == gains
    write_gains(store, state, gains.model_copy(update={"saved_seq": state.saved.seq + 1}))
    assert read_gains(store, state) is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) // 2], "gains_0.02_finetune.json cannot be read"),
        (lambda text: text.replace('"threads": 1', '"threads": -1'), "threads"),
        (lambda text: text.replace('"seconds": 60.0', '"seconds": NaN'), "seconds"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 2'), "newer VPNs Studio"),
        (lambda _text: "[" * 100_000, "cannot be read"),
        (lambda _text: " " * (5 * 2**20), "larger than"),
    ],
)
def test_that_damaged_figures_are_named_in_one_line(damage, words, finished_run, tmp_path):
    store = copied(finished_run, tmp_path)
    history, state = last(store)
    gains = made(level=state.level, stage=state.stage, saved_seq=state.saved.seq)
    path = write_gains(store, state, gains)
    text = path.read_text()
    assert damage(text) != text
    path.write_text(damage(text))
    with pytest.raises(EngineError, match=words) as raised:
        read_gains(store, state)
    assert "\n" not in str(raised.value)
    page = report_of(store, history, state, None, damage=str(raised.value)).page
    assert page.warnings == (str(raised.value),) and page.measured == ""


def test_that_nothing_is_said_of_what_was_not_measured(finished_run):
    page = report_of(finished_run, *last(finished_run), None).page
    assert [section.name for section in page.sections if section.missing] == ["size", "work", "speed", "memory"]
    assert [headline.value for headline in page.headlines[1:]] == ["2.0 %", *[NOT_MEASURED] * 3]
    assert [saying.title for saying in page.sayings] == ["What it costs in accuracy"]


def test_that_each_missing_part_says_why():
    gains = made(missing={part: f"no {part} today" for part in ("sizes", "work", "torch", "onnx", "cuda", "memory")})
    text = " ".join(section.missing for section in sections_of(gains, NOTHING))
    assert all(f"no {part} today" in text for part in gains.missing)


def places(value, at=()):
    """Give the places of all values in JSON."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*at, key))


def changed(value, at, new):
    """Give JSON with another value at a place; without it where that is `...`."""
    if not at:
        return new
    copy = value.copy()
    if new is ... and len(at) == 1:
        del copy[at[0]]
    else:
        copy[at[0]] = changed(copy[at[0]], at[1:], new)
    return copy


def test_that_whatever_stands_in_the_figures_is_shown_or_refused_in_one_line(measured_run):
    kept = json.loads(json_of(read_gains(measured_run, last(measured_run)[1])))
    found = list(places(kept))[1:]
    drawn = random.Random(7)
    shown = 0
    for _ in range(400):
        new = drawn.choice([..., 0, -1, 1e300, 2**53, "", "\x1b[31m<b>", [], {}, None, True])
        values = changed(kept, drawn.choice(found), new)
        try:
            gains = Gains.model_validate_json(json.dumps(values))
        except ValidationError:
            continue
        sections, said = sections_of(gains, NOTHING), sayings_of(gains, NOTHING)
        page = Page("run", "state", measured_words(gains), (), headlines_of(gains, NOTHING), said, sections)
        assert "\x1b" not in cli_gains.text_of(page) and "[31m<b>" not in html_of(page)
        shown += 1
    assert 50 < shown < 350


class _Reader(HTMLParser):
    """Notes what a page loads, its text, and whether its elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.loads, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.loads += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith("data:image/png;base64,")
        ]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_that_the_html_is_one_file_with_everything_in_it(measured_run):
    history, state = last(measured_run)
    page = report_of(measured_run, history, state, read_gains(measured_run, state)).page
    text = html_of(page, prompt_of(measured_run, state))
    reader = _Reader()
    reader.feed(text)
    assert reader.open == [] and reader.loads == [] and "url(" not in text and "<script" not in text
    assert "prefers-color-scheme: dark" in text and text.count("data:image/png;base64,") == 1
    for section in page.sections:
        cells = [cell for table in section.tables for row in table.rows for cell in row]
        assert all(cell in reader.text for cell in cells)
    layers = next(section.chart for section in page.sections if section.name == "work")
    assert all(group.label in reader.text for group in layers.groups) and len(layers.groups) == 22
    assert all(sentence in reader.text for saying in page.sayings for sentence in saying.sentences)


def test_that_names_of_others_are_no_markup(measured_run):
    history, state = last(measured_run)
    gains = read_gains(measured_run, state)
    layers = [gains.work[0].layers[0].model_copy(update={"layer": "<script>alert(1)</script>"})]
    work = [gains.work[0].model_copy(update={"layers": tuple(layers)})]
    machine = gains.machine.model_copy(update={"processor": "<img src=x>"})
    page = report_of(measured_run, history, state, gains.model_copy(update={"work": work, "machine": machine})).page
    assert "<script" not in html_of(page) and "<img" not in html_of(page)
    assert any("another machine" in warning for warning in page.warnings)


def test_that_a_prompt_is_shown_as_it_is_added_and_a_damaged_one_is_not(finished_run, finished_control_run, tmp_path):
    _, state = last(finished_run)
    source = read_source(finished_run, level=None, stage=None)
    assert np.array_equal(prompt_of(finished_run, state), source.prompt["added"])
    assert prompt_of(finished_control_run, last(finished_control_run)[1]) is None
    store = copied(finished_run, tmp_path)
    store.path(state.saved.state_path).unlink()
    assert prompt_of(store, state) is None


def test_that_the_command_shows_what_is_kept_and_writes_it(measured_run, capsys, tmp_path):
    began = read_gains(measured_run, last(measured_run)[1]).measured_at
    files = {name: tmp_path / f"report.{name}" for name in ("html", "json")}
    words = ["gains", str(measured_run.folder), "--quick", "--html", str(files["html"]), "--json", str(files["json"])]
    assert main(words) == 0
    told = capsys.readouterr()
    assert told.err == "" and "What they do not give" in told.out and "Peak memory" in told.out
    assert json.loads(files["json"].read_text())["measured_at"] == began
    assert files["html"].read_text().startswith("<!DOCTYPE html>")
    assert Gains.model_validate_json(files["json"].read_bytes()) == read_gains(measured_run, last(measured_run)[1])


def test_that_what_was_measured_elsewhere_or_otherwise_is_not_taken_for_it(measured_run, tmp_path):
    store = copied(measured_run, tmp_path)
    _, state = last(store)
    gains = read_gains(store, state)

    def kept(gains, **options):
        write_gains(store, state, gains)
        wanted = {"again": False, "quick": True, "threads": 0} | options
        return cli_gains._kept(store, state, type("Options", (), wanted))[0]

    elsewhere = gains.machine.model_copy(update={"processor": "another"})
    assert kept(gains) == gains
    assert kept(gains, again=True) is None and kept(gains, quick=False) is None and kept(gains, threads=2) is None
    assert kept(gains.model_copy(update={"machine": elsewhere})) is None
    (store.folder / state.file_name).unlink()
    (store.folder / state.file_name).mkdir()
    assert "folder" in cli_gains._keep(store, state, gains)


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--threads", "-1"], 2, "--threads -1: from 1 to 1024"),
        (["--level", "0"], 2, "levels are counted from 1"),
        (["--level", "9"], 1, "there is no level 9"),
    ],
)
def test_that_what_cannot_be_asked_for_is_refused_in_one_line(words, code, line, finished_run, capsys):
    assert main(["gains", str(finished_run.folder), *words]) == code
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1


def test_that_figures_are_written_for_people():
    assert [seconds_text(value) for value in (2.5, 0.00267, 0.000371)] == ["2.50 s", "2.67 ms", "371 µs"]
    assert range_text(Spread(median=0.002, low=0.0019, high=0.01, rounds=3)) == "1.90 to 10.0"
    assert [count_text(value) for value in (12, 999.9e3, 41_300_000, 15.5e9)] == ["12", "1.00 M", "41.3 M", "15.5 G"]
    assert [times_smaller(100, after) for after in (100, 50, 120, 0)] == [
        "the same",
        "2.00 times smaller",
        "20.0 % larger",
        "the same",
    ]


def test_that_json_says_nothing_of_people_or_places(measured_run):
    text = json_of(read_gains(measured_run, last(measured_run)[1]))
    assert str(measured_run.folder.parent) not in text and "/" not in text.replace("x86/64", "")
