"""Pictures in files: decoded ahead, kept while there is room, broken ones named."""

import numpy as np
import pytest
import torch
from PIL import Image

from vpns_engine.training import image_files
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.transforms import drawn_cuts, whole_picture


def _noise(height, width, seed):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def opened():
    """Open sources that are closed at the end; gives a source and what was told of it."""
    sources = []

    def make(paths, **options):
        told = []
        source = FileImages([str(path) for path in paths], told.append, **({"workers": 2} | options))
        sources.append(source)
        return source, told

    yield make
    for source in sources:
        source.close()


@pytest.fixture
def folder(tmp_path):
    """Give four pictures of other modes and sizes; the third file is broken."""
    Image.new("RGB", (12, 6), (10, 20, 30)).save(tmp_path / "a.png")
    Image.new("L", (5, 5), 77).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"not a picture")
    Image.new("RGBA", (9, 9), (1, 2, 3, 128)).save(tmp_path / "d.png")
    return sorted(tmp_path.iterdir())


@pytest.fixture
def alike(tmp_path):
    """Give seven pictures of 8 x 10 px; the sixth alone is larger."""
    for number in range(7):
        shape = (20, 20) if number == 5 else (8, 10)
        Image.fromarray(_noise(*shape, number)).save(tmp_path / f"{number}.png")
    return sorted(tmp_path.iterdir())


@pytest.fixture
def decoded(monkeypatch):
    """List the files that are decoded."""
    names, decode = [], image_files.decode
    monkeypatch.setattr(image_files, "decode", lambda path: names.append(path) or decode(path))
    return names


def test_that_both_sides_are_resized_and_the_picture_is_rgb(opened, folder):
    images, _ = opened(folder)
    pictures, good = images.fetch(np.array([0, 1, 3]), 8)
    assert pictures.shape == (3, 3, 8, 8) and pictures.dtype == torch.uint8
    assert pictures[:, :, 4, 4].tolist() == [[10, 20, 30], [77, 77, 77], [1, 2, 3]]
    assert good.tolist() == [0, 1, 2]


def test_that_a_broken_picture_is_left_out_named_and_counted_once(opened, folder):
    images, told = opened(folder)
    for _ in range(3):
        pictures, good = images.fetch(np.array([1, 2, 0]), 8)
        assert good.tolist() == [0, 2] and len(pictures) == 2
    assert len(told) == 1
    assert "c.png" in told[0] and "1 skipped so far" in told[0] and "\n" not in told[0]


def test_that_a_batch_of_broken_pictures_is_empty(opened, folder):
    images, _ = opened(folder)
    pictures, good = images.fetch(np.array([2, 2]), 8)
    assert pictures.shape == (0, 3, 8, 8) and good.size == 0


def test_that_a_picture_that_vanished_is_left_out(opened, folder):
    images, told = opened([*folder[:3], str(folder[3]) + ".gone"])
    assert images.fetch(np.array([3, 0]), 8)[1].tolist() == [1]
    assert "d.png.gone" in told[0]


def test_that_pictures_come_in_the_order_asked_for(opened, folder):
    images, _ = opened(folder)
    for _ in range(2):  # the second time some of them are kept
        pictures, _ = images.fetch(np.array([3, 0, 1, 0]), 8)
        assert pictures[:, 0, 4, 4].tolist() == [1, 10, 77, 10]
        images.fetch(np.array([1]), 8)


def test_that_a_file_is_decoded_once_for_each_size(opened, folder, decoded):
    images, _ = opened(folder)
    first, again = (images.fetch(np.array([0, 1, 3]), 8)[0] for _ in range(2))
    assert len(decoded) == 3
    assert torch.equal(first, again)
    images.fetch(np.array([0]), 9)
    assert len(decoded) == 4


def test_that_pictures_of_one_size_are_decoded_once_for_all_sizes(opened, alike, decoded):
    images, _ = opened(alike[:5])
    for side in (9, 16, 32):
        images.fetch(np.arange(5), side)
    assert len(decoded) == 5


def test_that_what_does_not_fit_is_decoded_again(opened, folder, decoded):
    images, _ = opened(folder, room=2 * 3 * 8 * 8)
    for _ in range(2):
        images.fetch(np.array([0, 1, 3]), 8)
    assert [decoded.count(str(path)) for path in folder] == [1, 1, 0, 2]


@pytest.mark.parametrize("side", [6, 9, 16, 40])
def test_that_files_have_the_pixels_of_pil_whatever_is_kept(opened, alike, side):
    cuts = drawn_cuts(4, np.arange(7), side * 8 // 9, side=side, flip=True)
    expected = np.stack([_by_pil(path, cuts, place) for place, path in enumerate(alike)])
    for room in (0, 3 * 8 * 10 * 3, None):
        images, _ = opened(alike, room=room)
        images.fetch(np.array([4, 0]), side)
        for _ in range(2):
            x, good = images.begin(np.arange(7), cuts)()
            assert good.tolist() == list(range(7))
            assert np.abs(x.permute(0, 2, 3, 1).numpy() * 255 - expected).max() < 2.01


def test_that_photographs_have_the_pixels_of_pil(opened, tmp_path):
    paths = []
    for number, shape in enumerate([(90, 130), (300, 200), (33, 47)]):
        paths.append(tmp_path / f"{number}.jpg")
        small = Image.fromarray(_noise(12, 16, number))
        small.resize(shape[::-1], Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    for size in (16, 64, 224):
        cuts = drawn_cuts(1, np.arange(3), size, side=size * 9 // 8, flip=True)
        images, _ = opened(paths)
        x, _ = images.begin(np.arange(3), cuts)()
        expected = np.stack([_by_pil(path, cuts, place) for place, path in enumerate(paths)])
        assert np.abs(x.permute(0, 2, 3, 1).numpy() * 255 - expected).max() < 2.01


def _by_pil(path, cuts, place):
    with Image.open(path) as file:
        whole = file.convert("RGB").resize((cuts.side, cuts.side), Image.Resampling.BILINEAR)
    top, left = int(cuts.tops_B[place]), int(cuts.lefts_B[place])
    window = np.asarray(whole).astype(float)[top : top + cuts.size, left : left + cuts.size]
    return window[:, ::-1] if cuts.mirrored_B[place] else window


def test_that_batches_do_not_depend_on_the_number_of_workers(opened, alike):
    batches = []
    for workers in (1, 2, 5):
        images, _ = opened(alike, workers=workers, room=1000)
        begun = [images.begin(ids, whole_picture(3, 12)) for ids in (np.array([6, 0, 5]), np.array([1, 6, 2]))]
        batches.append(torch.cat([wait()[0] for wait in begun]))
    assert torch.equal(batches[0], batches[1]) and torch.equal(batches[0], batches[2])


def test_that_a_name_in_any_script_is_read_and_named(opened, tmp_path):
    good, broken = tmp_path / "猫 ёж.png", tmp_path / "ñandú.jpg"
    Image.new("RGB", (4, 4), (9, 9, 9)).save(good)
    broken.write_bytes(b"")
    images, told = opened([good, broken])
    assert images.fetch(np.array([0, 1]), 8)[1].tolist() == [0]
    assert "ñandú.jpg: the file is empty" in told[0]


def test_that_a_containers_limit_counts_as_the_machines_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "_CGROUP", tmp_path)
    whole = image_files._memory()
    (tmp_path / "memory.max").write_text("max\n")
    assert image_files._memory() == whole > 1 << 28
    (tmp_path / "memory.max").write_text(f"{1 << 28}\n")
    assert image_files._memory() == 1 << 28
