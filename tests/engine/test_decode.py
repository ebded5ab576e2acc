"""Image files of every kind, whole and damaged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vpns_engine.training import decode as decoding
from vpns_engine.training.decode import BrokenPictureError, decode, size_of

NOISE = np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def _saved(tmp_path, name, mode="RGB", **options):
    Image.fromarray(NOISE).convert(mode).save(tmp_path / name, **options)
    return str(tmp_path / name)


def _by_pil(path):
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


KINDS = {
    "rgb.jpg": "RGB",
    "grey.jpg": "L",
    "cmyk.jpg": "CMYK",
    "rgb.png": "RGB",
    "grey.png": "L",
    "grey_alpha.png": "LA",
    "palette.png": "P",
    "alpha.png": "RGBA",
    "one_bit.png": "1",
    "lossy.webp": "RGB",
    "plain.tif": "RGB",
    "plain.bmp": "RGB",
    "plain.ppm": "RGB",
    "palette.gif": "P",
}


@pytest.mark.parametrize("name", KINDS)
def test_that_every_kind_of_picture_comes_out_as_pil_has_it(tmp_path, name):
    path = _saved(tmp_path, name, KINDS[name])
    picture = decode(path)
    assert picture.shape == (3, 20, 30) and picture.dtype == torch.uint8
    assert np.array_equal(picture.permute(1, 2, 0).numpy(), _by_pil(path))
    assert size_of(path) == (20, 30)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_that_jpeg_files_have_the_pixels_of_pil(tmp_path, quality, subsampling):
    path = str(tmp_path / "photo.jpg")
    smooth = Image.fromarray(NOISE).resize((123, 77), Image.Resampling.BICUBIC)
    smooth.save(path, quality=quality, subsampling=subsampling)
    gap = np.abs(decode(path).permute(1, 2, 0).numpy().astype(int) - _by_pil(path))
    assert gap.max() <= 1


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_that_sixteen_bits_become_the_higher_eight(tmp_path, name):
    values = (np.arange(600).reshape(20, 30) * 100).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / name)
    assert np.array_equal(decode(str(tmp_path / name)).numpy(), np.stack([values >> 8] * 3))


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_that_the_first_frame_of_an_animation_is_taken(tmp_path, name):
    frames = [Image.new("RGB", (9, 7), colour) for colour in ((250, 0, 0), (0, 250, 0))]
    options = {"lossless": True} if name.endswith("webp") else {}
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
    picture = decode(str(tmp_path / name))
    assert picture.shape == (3, 7, 9)
    assert picture[:, 3, 3].tolist() == [250, 0, 0]


def _cut(tmp_path, name):
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("zero.jpg", b"", "the file is empty"),
        ("text.png", b"not a picture", "not a picture"),
        ("gone.png", None, "No such file"),
    ],
)
def test_that_what_is_no_picture_is_said_in_one_line(tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenPictureError, match=reason) as caught:
        decode(str(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["half.jpg", "half.png", "half.gif", "half.bmp"])
def test_that_half_a_picture_is_broken(tmp_path, name):
    _saved(tmp_path, name)
    _cut(tmp_path, name)
    with pytest.raises(BrokenPictureError):
        decode(str(tmp_path / name))


_DECODE_ALL = """
import sys
from vpns_engine.training.decode import BrokenPictureError, decode
for path in sys.argv[1:]:
    try:
        decode(path)
    except BrokenPictureError:
        pass
"""


@pytest.mark.parametrize("name", ["rgb.png", "rgb.jpg", "plain.tif"])
def test_that_damaged_bytes_do_not_end_the_program(tmp_path, name):
    whole = Path(_saved(tmp_path, name)).read_bytes()
    for at in range(len(whole) // 3, len(whole), len(whole) // 20):
        damaged = whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
        (tmp_path / f"damaged-{at}").write_bytes(damaged)
    # in a process of its own: what a decoder in C does wrong would end this one
    paths = sorted(map(str, tmp_path.glob("damaged-*")))
    done = subprocess.run([sys.executable, "-c", _DECODE_ALL, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_that_a_folder_with_the_name_of_a_picture_is_broken(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BrokenPictureError):
        decode(str(tmp_path / "folder.png"))
    assert size_of(str(tmp_path / "folder.png")) is None


@pytest.mark.parametrize("name", ["rgb.jpg", "rgb.png", "alpha.png"])
def test_that_pil_serves_where_the_fast_decoder_is_gone(tmp_path, monkeypatch, name):
    path = _saved(tmp_path, name, KINDS[name])
    expected = decode(path)
    monkeypatch.setattr(decoding.torch.ops, "image", object())
    assert torch.equal(decode(path), expected)


def test_that_the_fast_decoder_is_there_and_serves_photographs(tmp_path, monkeypatch):
    path = _saved(tmp_path, "rgb.jpg")
    monkeypatch.setattr(decoding, "_slow", lambda file: pytest.fail(f"{file.format} went the slow way"))
    assert decode(path).shape == (3, 20, 30)
