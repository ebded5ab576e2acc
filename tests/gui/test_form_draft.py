"""Drafts: half-typed values, suggestions, and what becomes of values that do not matter."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from vpns_engine.catalogue import catalogue
from vpns_engine.presets import all_presets
from vpns_engine.specs.prompt import PadSpec, PromptSpec
from vpns_engine.specs.run import RunConfig
from vpns_gui.forms.choices import Choices, choices_at_first, gather, sources_of
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.editors import read_number, read_whole, write_number
from vpns_gui.forms.fields import BASIC, form_fields
from vpns_gui.forms.percents import read_percents, write_percents
from vpns_gui.forms.relevance import presence
from vpns_gui.forms.verdict import judge


def leaves(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_that_every_leaf_of_the_configuration_is_in_the_form_once():
    values = {**RunConfig().model_dump(), "prompt": PromptSpec.defaults()}
    assert sorted(form_fields()) == sorted(leaves(values))
    assert {"prompt.pad", "prompt.square", "prompt.rank"} <= form_fields().keys()
    basic = [place for place, field in form_fields().items() if not field.advanced]
    assert [place for place in basic if place in BASIC] == list(BASIC)
    assert {place.split(".")[0] for place in basic if place not in BASIC} == {"prompt"}


def test_that_every_field_explains_itself():
    for field in form_fields().values():
        assert field.tooltip, field.location
        assert field.label != field.location.split(".")[-1]


def test_that_fields_take_unit_and_bounds_from_the_spec():
    size = form_fields()["data.image_size"]
    assert (size.unit, size.lowest, size.highest) == ("px", 8, 1024)


@pytest.mark.parametrize("preset", all_presets(), ids=lambda preset: preset.key)
def test_that_a_complete_configuration_goes_through_a_draft_unchanged(preset):
    values = {**preset.values, "data": {**preset.values.get("data", {}), "folder": "images"}}
    config = RunConfig.model_validate(values)
    assert RunConfig.model_validate(Draft.of(config.model_dump()).nested()) == config
    assert RunConfig.model_validate(Draft.of(config.model_dump(mode="json")).nested()) == config


def test_that_another_architecture_brings_its_sizes():
    draft = Draft.of({}).put("model.architecture", "resnet18")
    sizes = [draft.values[place] for place in ("data.image_size", "prompt.canvas", "prompt.pad", "prompt.square")]
    assert sizes == [224, 224, 16, 115]
    back = draft.put("model.architecture", "resnet20")
    assert back.values["prompt.canvas"] == 16
    assert back.values["prompt.pad"] == 2


def test_that_a_size_set_by_hand_is_left_alone():
    draft = Draft.of({}).put("prompt.pad", 5).put("model.architecture", "resnet18")
    assert (draft.values["prompt.pad"], draft.values["prompt.canvas"]) == (5, 224)


def test_that_the_canvas_follows_an_image_size_set_by_hand():
    draft = Draft.of({}).put("data.image_size", 32)
    assert draft.values["prompt.canvas"] == 32
    assert draft.put("data.image_size", "3x").values["prompt.canvas"] == 32


def test_that_sizes_of_an_opened_run_are_its_own():
    opened = Draft.of({"data": {"image_size": 32}, "prompt": {"canvas": 48, "pad": 4}})
    changed = opened.put("prompt.kind", "fix")
    assert [changed.values[place] for place in ("data.image_size", "prompt.canvas", "prompt.pad")] == [32, 48, 4]


def test_that_a_prompt_around_the_image_gets_room():
    config = judge(Draft.of({}).put("prompt.kind", "expand"), Choices()).config
    assert config is not None
    assert config.data.image_size < config.prompt.canvas


def test_that_photographs_are_flipped_and_digits_are_not():
    assert Draft.of({}).put("data.dataset", "folder").values["data.flip"] is True
    assert Draft.of({}).values["data.flip"] is False


def test_that_a_hidden_value_that_cannot_work_stops_nobody():
    draft = Draft.of({}).put("prompt.pad", "x").put("prompt.kind", "fix")
    verdict = judge(draft, choices_at_first())
    assert verdict.config is not None
    assert verdict.config.prompt.square == 8
    assert not verdict.reason


def test_that_a_hidden_value_that_works_is_kept():
    draft = Draft.of({}).put("prompt.pad", 5).put("method", "control")
    verdict = judge(draft, Choices())
    assert verdict.config is not None
    assert verdict.config.prompt == PadSpec(canvas=16, pad=5)


def test_that_reasons_are_in_the_order_of_the_form():
    verdict = judge(Draft.of({}).put("seed", "").put("data.image_size", "x"), Choices())
    assert [problem.location for problem in verdict.problems] == ["data.image_size", "seed"]
    assert verdict.reason == "Image size 'x': a whole number is needed (and 1 more)"


def test_that_only_optimizers_in_use_are_shown():
    def shown(values):
        return {place.split(".")[1] for place, field in form_fields().items()
                if place.startswith("optim.") and presence(field, values).shown}  # fmt: skip

    values = Draft.of({}).values
    assert shown(values) == {"scores", "search_prompt", "weights", "finetune_prompt"}
    assert shown({**values, "method": "control"}) == {"scores", "weights"}
    assert shown({**values, "method": "omp"}) == {"weights"}
    assert shown({**values, "prompt.kind": "none"}) == {"scores", "weights"}


def test_that_a_device_that_is_not_there_is_named():
    draft = Draft.of({"device": "cuda"})
    assert not judge(draft, choices_at_first()).reason
    known = choices_at_first().merged(Choices(devices=("auto", "cpu")))
    assert judge(draft, known).problems[0].location == "device"


def test_that_a_data_set_is_looked_at_once_for_settings_that_do_not_split_it():
    config = RunConfig()
    other = RunConfig(seed=9, data={"batch_size": 32, "image_size": 8})
    assert gather(config).at(other) is not None
    assert sources_of(config) != sources_of(RunConfig(data={"protocol": "paper"}))


def test_that_too_many_classes_are_a_problem_of_the_data_set(tmp_path):
    for number in range(38):
        folder = tmp_path / f"class{number:02d}"
        folder.mkdir()
        for image in range(8):
            (folder / f"{image}.png").touch()
    draft = Draft.of({"data": {"dataset": "folder", "folder": str(tmp_path)}})
    config = judge(draft, Choices()).config
    assert config is not None
    verdict = judge(draft, gather(config))
    assert [problem.location for problem in verdict.problems] == ["data.dataset"]
    assert "38 classes" in verdict.reason


def test_that_a_missing_weights_file_is_named(tmp_path):
    config = RunConfig(model={"weights": "file", "weights_file": str(tmp_path / "gone.pt")})
    problem = gather(config).problems(config)[0]
    assert problem.location == "model.weights_file"
    assert "gone.pt" in problem.message


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("90", (0.9,)),
        ("40, 50,60", (0.4, 0.5, 0.6)),
        ("99.9 %", (0.999,)),
        ("", ()),
        ("90, ", (0.9,)),
        ("9o", ("9o",)),
        ("nan 50", ("nan", 0.5)),
        ("1e999999999", ("1e999999999",)),
    ],
)
def test_that_percents_are_read_as_shares(text, shares):
    assert read_percents(text) == shares


def test_that_percents_are_written_as_they_are_read():
    for text in ("90", "40, 50, 60", "0", "99.9", "12.5", "0.01", "90, x"):
        assert write_percents(read_percents(text)) == text


def test_that_numbers_are_written_so_that_they_read_back():
    for number in (1e-4, 1e-5, 0.05, 3.0, 0.1):
        assert read_number(write_number(number)) == number
    assert read_number("nan") == "nan"
    assert read_whole("1.5") == "1.5"


def test_that_an_absent_square_follows_the_canvas_as_in_the_engine():
    nested = {"prompt": {"canvas": 48, "kind": "fix"}}
    assert Draft.of(nested).values["prompt.square"] == RunConfig.model_validate(nested).prompt.square == 25


@pytest.mark.parametrize(
    ("device", "offered"),
    [("cuda:0", ("auto", "cuda", "cpu")), ("cuda", ("auto", "cuda:0", "cuda:1", "cpu")), ("cuda:1", ("auto", "cuda:1", "cpu"))],
)
def test_that_the_first_gpu_goes_by_either_name(device, offered):
    assert Choices(devices=offered).problems(RunConfig(device=device)) == ()


def test_that_a_second_gpu_that_is_not_there_is_refused():
    assert Choices(devices=("auto", "cuda", "cpu")).problems(RunConfig(device="cuda:1"))[0].location == "device"


def test_that_the_classes_of_a_weights_file_count_in_the_summary(tmp_path):
    path = tmp_path / "nine.safetensors"
    save_file({f"{catalogue()['resnet20'].classifier}.weight": np.zeros((9, 64), dtype=np.float32)}, path)
    draft = Draft.of({"model": {"weights": "file", "weights_file": str(path)}})
    config = judge(draft, Choices()).config
    assert config is not None
    verdict = judge(draft, gather(config))
    assert [problem.location for problem in verdict.problems] == ["data.dataset"]
    assert "10 classes, but the weights file has 9" in verdict.reason
    assert verdict.summary.startswith("270,832 weights scored")


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet", "oxford_pets"])
def test_that_named_photographs_are_flipped(dataset):
    assert Draft.of({}).put("data.dataset", dataset).values["data.flip"] is True


@pytest.mark.parametrize("dataset", ["mnist", "svhn", "gtsrb"])
def test_that_digits_and_traffic_signs_are_not_flipped(dataset):
    assert Draft.of({}).put("data.dataset", dataset).values["data.flip"] is False


@pytest.mark.parametrize("kind", ["pad", "expand"])
def test_that_a_network_of_one_size_brings_it_whatever_was_typed(kind):
    draft = Draft.of({}).put("prompt.kind", kind).put("data.image_size", 64).put("model.architecture", "vit_b_16")
    assert [draft.values[place] for place in ("data.image_size", "prompt.canvas")] == [224, 224]
    size = presence(form_fields()["data.image_size"], draft.values)
    assert (size.enabled, size.matters, size.hint) == (False, True, "ViT-B/16 takes this size only")
    assert not presence(form_fields()["prompt.canvas"], draft.values).enabled
    assert presence(form_fields()["data.image_size"], draft.put("model.architecture", "resnet18").values).enabled


def test_that_a_wrong_size_of_such_a_network_can_be_mended():
    opened = Draft.of({"model": {"architecture": "vit_b_16"}, "data": {"image_size": 64}, "prompt": {"canvas": 64}})
    assert presence(form_fields()["data.image_size"], opened.values).enabled
    problems = judge(opened, gather(RunConfig.model_validate(opened.nested()))).problems
    assert "data.image_size" in [problem.location for problem in problems]
    assert judge(opened.put("data.image_size", 224), choices_at_first()).problems == ()


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ({"dataset": "cifar100"}, (100, 45_000, 5_000, 10_000)),
        ({"dataset": "cifar100", "protocol": "paper"}, (100, 50_000, 0, 10_000)),
        ({"dataset": "dtd"}, (47, 1_880, 1_880, 1_880)),
        ({"dataset": "dtd", "protocol": "paper"}, (47, 3_760, 0, 1_880)),
        ({"dataset": "eurosat"}, (10, 19_440, 2_160, 5_400)),
    ],
)
def test_that_a_set_still_to_be_downloaded_is_counted_ahead(tmp_path, values, counts):
    config = RunConfig.model_validate({"data": {**values, "root": str(tmp_path)}, "model": {"architecture": "resnet18"}})
    found = gather(config).at(config)
    assert found is not None and found.expected and found.info is not None
    info = found.info
    assert (len(info.classes), info.num_train, info.num_validation, info.num_test) == counts


def test_that_a_data_root_given_for_one_run_is_looked_at_apart(tmp_path):
    first, second = (RunConfig(data={"dataset": "svhn", "root": str(tmp_path / name)}) for name in "ab")
    assert sources_of(first) != sources_of(second)


def test_that_what_the_published_protocol_decides_is_off_with_its_reason():
    paper = Draft.of({"data": {"protocol": "paper"}}).values
    found = {place: presence(form_fields()[place], paper) for place in ("precision", "channels_last")}
    assert {place: (one.enabled, one.hint) for place, one in found.items()} == {
        "precision": (False, "As published: float32"),
        "channels_last": (False, "As published: off"),
    }
    assert presence(form_fields()["precision"], Draft.of({}).values).enabled


def test_that_a_run_that_goes_on_from_a_state_shows_no_search():
    values = Draft.of({"start_from": "state.safetensors"}).values
    assert not presence(form_fields()["search_epochs"], values).enabled
    shown = {
        place.split(".")[1]
        for place, field in form_fields().items()
        if place.startswith("optim.") and presence(field, values).shown
    }
    assert shown == {"weights", "finetune_prompt"}
