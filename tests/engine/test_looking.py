import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.artifacts import read_array, read_arrays
from vpns_engine.datasets import split_of
from vpns_engine.errors import EngineError
from vpns_engine.files import write_text
from vpns_engine.kept_predictions import read_kept
from vpns_engine.looking import open_dense, open_look
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.predictions import Changes, changes
from vpns_engine.specs.phase import DENSE
from vpns_engine.specs.problems import config_from
from vpns_engine.store import RunStore

ALL = np.arange(40)


@pytest.fixture(scope="module")
def history(finished_run):
    return finished_run.read(steps=False).history


@pytest.fixture(scope="module")
def tuned(finished_run):
    with open_look(finished_run, level=0, stage="finetune") as look:
        yield look


def copy_of(store, tmp_path):
    return RunStore.open(shutil.copytree(store.folder, tmp_path / store.folder.name))


def epochs_of(history, level, kind):
    return next(phase.epochs for phase in history.phases if phase.info.level == level and phase.info.kind == kind)


@pytest.mark.parametrize(("level", "stage"), [(0, "search"), (0, "finetune"), (1, "finetune")])
def test_that_a_look_predicts_what_the_run_measured(finished_run, history, level, stage):
    kept = read_kept(finished_run, history, level, stage)
    with open_look(finished_run, level=level, stage=stage) as look:
        pictures, good = look.pictures("test", ALL)
        assert np.array_equal(good, ALL)
        for name, prompt in (("plain", None), ("prompted", look.prompt)):
            chances = look.predict(pictures, prompt)
            view = kept.view(name)
            best = np.take_along_axis(chances, view.classes_Nk[ALL].astype(np.int64), 1)
            assert np.allclose(best, view.confidences_Nk[ALL], atol=1e-5)
            assert np.array_equal(chances.argmax(1), view.best_N[ALL])
            assert np.allclose(chances.sum(1), 1, atol=1e-5)


def test_that_a_look_without_a_choice_is_that_of_the_last_state(finished_run, tuned):
    with open_look(finished_run) as look:
        assert look.network_words == "Tuned (epoch 2 of 2), 98 % sparsity"
    assert tuned.network_words == "Tuned (epoch 2 of 2), 90 % sparsity"


def test_that_an_image_comes_with_class_and_name(finished_run, tuned):
    split = split_of(finished_run.config.data, finished_run.config.seed)
    for part in ("train", "validation", "test"):
        assert tuned.num(part) == len(getattr(split, part)) and np.array_equal(tuned.labels(part), getattr(split, part).labels)
    pixels, label, name = tuned.picture("test", 7)
    assert pixels.dtype == np.uint8 and pixels.shape == (3, 16, 16)
    assert label == split.test.labels[7] and name == f"image {split.test.ids[7]}"
    whole = split.load()[split.test.ids[7]]
    wanted = np.asarray(Image.fromarray(whole).resize((16, 16), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert np.array_equal(pixels, wanted)


def test_that_the_images_the_prompt_turns_are_found_again_by_their_ids(finished_run, history, tuned):
    kept = read_kept(finished_run, history, 0, "finetune")
    turned: Changes = changes(kept)
    assert turned.gained.size and turned.lost.size
    for ids, right in ((turned.gained, True), (turned.lost, False)):
        indices = tuned.index_of("test", ids)
        pictures, _ = tuned.pictures("test", indices)
        labels = tuned.labels("test")[indices]
        assert ((tuned.predict(pictures, tuned.prompt).argmax(1) == labels) == right).all()
        assert ((tuned.predict(pictures).argmax(1) == labels) != right).all()


@pytest.mark.parametrize(
    ("part", "index", "words"),
    [
        ("test", 600, "no test image 601: there are 600"),
        ("test", -1, "no test image 0"),
        ("vp", 0, "no part 'vp'"),
    ],
)
def test_that_an_image_that_is_not_there_is_told(tuned, part, index, words):
    with pytest.raises(EngineError, match=words):
        tuned.picture(part, index)


def test_that_ids_of_another_data_set_are_told(tuned):
    with pytest.raises(EngineError, match="the data set has changed"):
        tuned.index_of("test", np.array([0, 10**6]))


def test_that_what_is_seen_is_the_prompt_of_the_run_to_the_last_bit(finished_run, tuned):
    pictures, _ = tuned.pictures("test", ALL)
    config = finished_run.config
    normalization = normalization_of("resnet20")
    prompt = build_prompt(config.effective_prompt, 16, lambda: (0, 0), normalization=normalization)
    prompt.take({"delta": torch.from_numpy(tuned.prompt["delta"].copy())})
    x = torch.from_numpy(pictures).float() / 255
    with torch.no_grad():
        wanted = prompt(x, fixed=True)
    assert torch.equal(normalization(torch.from_numpy(tuned.seen(pictures, tuned.prompt))), wanted)
    assert np.array_equal(tuned.seen(pictures), x.numpy())


def test_that_a_prompt_that_moves_and_one_around_the_image_are_seen_in_their_places(tmp_path):
    for kind, size, canvas in (("random", 8, 8), ("expand", 8, 13), ("low_rank", 8, 8)):
        folder = make_pictures(tmp_path / kind)
        spec = {"kind": kind, "canvas": canvas} | ({"square": 3} if kind == "random" else {})
        values = tiny_config(folder).model_dump() | {"prompt": spec}
        store, told = run(config_from(values), tmp_path / "runs")
        assert told[-1].status == "finished", told[-1]
        with open_look(store) as look:
            pictures, _ = look.pictures("test", [0, 1])
            prompt = build_prompt(
                store.config.effective_prompt, size, lambda: (0, 0), normalization=normalization_of("resnet20")
            )
            prompt.take({name: torch.from_numpy(np.array(value)) for name, value in look.prompt.items()})
            with torch.no_grad():
                wanted = prompt(torch.from_numpy(pictures).float() / 255, fixed=True)
            seen = look.seen(pictures, look.prompt)
            assert torch.equal(prompt.normalization(torch.from_numpy(seen)), wanted)
            assert seen.shape == (2, 3, canvas, canvas) == look.on_canvas(pictures).shape
            assert look.seen(pictures).shape == (2, 3, size, size)  # without a prompt the run shows the image alone
            left = (canvas - size + 1) // 2
            inside = slice(left, left + size)
            assert np.array_equal(look.on_canvas(pictures)[:, :, inside, inside], look.seen(pictures))


def test_that_the_prompt_of_any_epoch_can_be_looked_at(finished_run, history, tuned):
    pictures, _ = tuned.pictures("test", ALL)
    found = {
        epoch.epoch: tuned.predict(pictures, read_arrays(finished_run.path(epoch.prompt_path)))
        for epoch in epochs_of(history, 0, "finetune")
    }
    assert np.array_equal(found[2], tuned.predict(pictures, tuned.prompt)) and not np.array_equal(found[1], found[2])
    start = epochs_of(history, 0, "search")[0]
    nothing = read_arrays(finished_run.path(start.prompt_path))
    assert start.epoch == 0 and not nothing["added"].any()
    assert np.array_equal(tuned.predict(pictures, nothing), tuned.predict(pictures))


@pytest.mark.parametrize("added", [None, np.zeros((3, 8, 8), np.float32), np.zeros((3, 16, 16)), np.zeros(4, np.float32)])
def test_that_a_prompt_of_another_canvas_is_told(tuned, added):
    pictures, _ = tuned.pictures("test", [0])
    with pytest.raises(EngineError, match="does not belong on a canvas of 16 x 16 px"):
        tuned.predict(pictures, {} if added is None else {"added": added})


@pytest.mark.parametrize("images", [np.zeros((1, 3, 8, 8), np.uint8), np.zeros((1, 3, 16, 16), np.float32)])
def test_that_images_of_another_size_are_told(tuned, images):
    with pytest.raises(EngineError, match="takes images of 16 x 16 px"):
        tuned.predict(images)


def test_that_the_network_of_an_epoch_of_the_search_is_the_start_with_its_mask(finished_run, history):
    epochs = epochs_of(history, 0, "search")
    with open_look(finished_run, level=0, stage="search") as end:
        pictures, _ = end.pictures("test", ALL)
        chances = end.predict(pictures)
    found = []
    for epoch in epochs:
        with open_look(finished_run, level=0, masks_path=epoch.masks_path) as look:
            assert look.network_words.startswith(f"Mask of search epoch {epoch.epoch}, ")
            parameters = dict(look.network.named_parameters())
            zeros = {layer.name: int((parameters[f"{layer.name}.weight"] == 0).sum()) for layer in history.started.layers}
            assert [layer.numel - zeros[layer.name] for layer in history.started.layers] == list(epoch.kept)
            found.append(look.predict(pictures))
    assert np.array_equal(found[-1], chances) and not np.array_equal(found[0], found[-1])


def test_that_a_mask_is_taken_for_the_search_it_is_of_only(finished_run, finished_omp_run, history):
    path = epochs_of(history, 0, "search")[0].masks_path
    for stage, level in (("finetune", 0), ("search", 1)):
        with pytest.raises(EngineError, match="none of the search that the state is of"):
            open_look(finished_run, level=level, stage=stage, masks_path=path)
    with pytest.raises(EngineError, match="no untuned state was saved"):
        open_look(finished_omp_run, level=0, masks_path=path)


def test_that_the_dense_reference_is_what_was_tested(finished_run, history):
    kept = read_kept(finished_run, history, DENSE, "map")
    with open_dense(finished_run) as look:
        pictures, _ = look.pictures("test", ALL)
        assert np.array_equal(look.predict(pictures).argmax(1), kept.view("plain").best_N[ALL])
        assert not look.has_prompt and look.network_words == "Dense, mapped"


def test_that_a_file_of_ones_own_is_read_as_a_run_reads_its_own(tuned, tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "same.png")
    assert np.array_equal(tuned.file(tmp_path / "same.png"), picture.transpose(2, 0, 1))
    Image.fromarray(picture[..., 0]).resize((50, 20)).save(tmp_path / "grey.png")
    grey = tuned.file(tmp_path / "grey.png")
    assert grey.shape == (3, 16, 16) and np.array_equal(grey[0], grey[2])
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright: a run does not look at that
    Image.fromarray(picture).save(tmp_path / "turned.png", exif=turned)
    assert np.array_equal(tuned.file(tmp_path / "turned.png"), picture.transpose(2, 0, 1))


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.png", b"", "the file is empty"), ("a.png", b"no", "not a picture"), ("a.jpg", None, "No such file")
])  # fmt: skip
def test_that_a_file_that_is_no_picture_is_told_in_one_line(tuned, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineError, match=f"^{name}: .*{words}"):
        tuned.file(tmp_path / name)


def test_that_images_in_files_are_named_and_broken_ones_told(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    store, _ = run(tiny_config(folder), tmp_path / "runs")
    (folder / "test" / "green" / "green_1.png").write_bytes(b"broken")
    with open_look(store) as look:
        names = [look.images.name("test", index) for index in range(look.num("test"))]
        assert names == [f"{color}/{color}_{number}.png" for color in ("blue", "green", "red") for number in (0, 1)]
        with pytest.raises(EngineError, match=r"^green_1\.png: not a picture"):
            look.picture("test", 3)
        pictures, good = look.pictures("test", range(6))
        assert good.tolist() == [0, 1, 2, 4, 5] and len(pictures) == 5
        with Image.open(folder / "test" / "red" / "red_0.png") as file:
            assert np.array_equal(look.picture("test", 4)[0], np.asarray(file).transpose(2, 0, 1))
    with open_look(store) as look:
        assert look.num("test") == 6
        shutil.rmtree(folder / "test" / "green")
        with pytest.raises(EngineError, match="the images are gone"):
            look.picture("test", 2)
    shutil.move(folder, tmp_path / "away")
    with open_look(store) as look:  # the network can be looked at all the same
        with pytest.raises(EngineError, match="is not there"):
            look.num("test")
        assert look.predict(look.file(tmp_path / "away" / "test" / "red" / "red_0.png")[None]).shape == (1, 3)
    make_pictures(folder)
    for part in ("train", "val", "test"):
        (folder / part / "red").rename(folder / part / "pink")
    with open_look(store) as look, pytest.raises(EngineError, match="other classes now than the run was begun with"):
        look.num("test")


def test_that_a_damaged_state_is_told_in_one_line(finished_run, tmp_path):
    store = copy_of(finished_run, tmp_path)
    path = store.path("artifacts/density_0.1/finetune/state.safetensors")
    whole = path.read_bytes()
    for damaged in (whole[:5000], whole[:-300], b"", whole[:8] + b"x" + whole[9:]):
        path.write_bytes(damaged)
        with pytest.raises(EngineError) as raised:
            open_look(store, level=0, stage="finetune")
        assert "\n" not in str(raised.value)
    path.unlink()
    with pytest.raises(EngineError, match=r"state\.safetensors"):
        open_look(store, level=0, stage="finetune")


def test_that_weights_that_are_no_numbers_are_told(finished_run, tmp_path):
    store = copy_of(finished_run, tmp_path)
    path = store.path("artifacts/density_0.1/finetune/state.safetensors")
    data = bytearray(path.read_bytes())
    bias = read_array(path, "weights/fc.bias") if "weights/fc.bias" in read_arrays(path) else None
    assert bias is not None
    at = bytes(data).index(bias.tobytes())
    data[at : at + bias.nbytes] = np.full_like(bias, np.nan).tobytes()
    path.write_bytes(data)
    with open_look(store, level=0, stage="finetune") as look, pytest.raises(EngineError, match="what are no numbers"):
        look.predict(np.zeros((1, 3, 16, 16), np.uint8))


def test_that_a_run_that_saved_nothing_is_told(finished_run, tmp_path):
    store = RunStore.create(tmp_path, finished_run.config)
    with pytest.raises(EngineError, match="has not started working"):
        open_look(store)
    with pytest.raises(EngineError, match="has not started working"):
        open_dense(store)
    write_text(store.folder / "events.jsonl", (finished_run.folder / "events.jsonl").read_text("utf-8").splitlines()[4] + "\n")
    with pytest.raises(EngineError):
        open_look(store)
