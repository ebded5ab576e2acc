"""Array files of a run's folder, changed at random or made up to do harm: masks, prompts, samples and states."""

import json
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.hostile import FEW, MANY, changed_bytes, changed_values, only_a_moment, replaced
from vpns_engine.artifacts import read_arrays, read_info, read_mask, read_names, read_state_info, write_arrays
from vpns_engine.density import densities_of_run, read_density
from vpns_engine.errors import EngineError
from vpns_engine.export.source import read_source
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore
from vpns_engine.training.loading import pretrained_of_state

PLACES = {
    "masks": "artifacts/density_0.5/search/masks_0001.safetensors",
    "prompt": "artifacts/density_0.5/search/prompt_0001.safetensors",
    "samples": "artifacts/samples.safetensors",
    "state": "artifacts/density_0.5/finetune/state.safetensors",
}
MEGABYTES = 64


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> RunStore:
    """Give a real run."""
    pictures = make_pictures(tmp_path_factory.mktemp("pictures"))
    store, events = run(tiny_config(pictures), tmp_path_factory.mktemp("runs"))
    assert events[-1].status == "finished"
    return store


Read = Callable[[RunStore, RunHistory, Path], object]
_ANY: tuple[Read, ...] = (
    lambda _store, _history, path: read_names(path),
    lambda _store, _history, path: read_info(path),
    lambda _store, _history, path: read_arrays(path),
)
READERS: dict[str, tuple[Read, ...]] = {
    "masks": (*_ANY, lambda _store, history, path: read_mask(path, history.started.layers[0].name)),
    "prompt": (*_ANY, lambda _store, _history, path: read_arrays(path, ("delta", "added"))),
    "samples": (*_ANY, lambda store, _history, _path: read_source(store, level=None, stage=None)),
    "state": (
        lambda _store, _history, path: read_state_info(path),
        lambda _store, history, path: read_mask(path, history.started.layers[0].name),
        lambda store, history, _path: densities_of_run(store, history),
        lambda store, _history, _path: read_source(store, level=None, stage=None),
        lambda _store, _history, path: pretrained_of_state("resnet20", path),
    ),
}
"""In which ways terminal, window, exports and later runs read a file."""


def _read_all(kind: str, store: RunStore, history: RunHistory) -> None:
    for read in READERS[kind]:
        with suppress(EngineError):
            read(store, history, store.folder / PLACES[kind])


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("kind", PLACES)
def test_that_an_array_file_with_changed_bytes_is_refused_or_read(store, kind, examples):
    path, history = store.folder / PLACES[kind], store.read().history
    whole = path.read_bytes()
    length = 8 + int.from_bytes(whole[:8], "little")

    @settings(examples)
    @given(changed_bytes(whole[:length]))
    def check(head):
        with replaced(path, head + whole[length:]), only_a_moment():
            _read_all(kind, store, history)

    check()


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.big)])
@pytest.mark.parametrize("kind", PLACES)
def test_that_an_array_file_with_changed_values_is_refused_or_read(store, kind, examples):
    path, history = store.folder / PLACES[kind], store.read().history
    whole = path.read_bytes()
    length = 8 + int.from_bytes(whole[:8], "little")
    head = json.loads(whole[8:length])
    described = json.loads(head["__metadata__"]["vpns"])

    @settings(examples)
    @given(st.one_of(changed_values(head), changed_values(described).map(lambda info: _described(head, info))))
    def check(values):
        with replaced(path, _framed(json.dumps(values).encode(), whole[length:])), only_a_moment():
            _read_all(kind, store, history)

    check()


def _described(head: dict, info: object) -> dict:
    return {**head, "__metadata__": {"vpns": json.dumps(info)}}


def _framed(head: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(head)) + head + data


KINDS = {"BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8, "U16": 2, "BOOL": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_that_kinds_of_values_that_are_none_of_ours_are_refused_or_read(kind, tmp_path):
    head = {"delta": {"dtype": kind, "shape": [2], "data_offsets": [0, 2 * KINDS[kind]]}}
    (tmp_path / "x").write_bytes(_framed(json.dumps(head).encode(), bytes(2 * KINDS[kind])))
    if kind in ("U16", "BOOL"):
        assert read_arrays(tmp_path / "x")["delta"].shape == (2,)
    else:
        with pytest.raises(EngineError, match=f"'delta' holds {kind} values"):
            read_arrays(tmp_path / "x")


@pytest.mark.parametrize("shape", [[1] * 70, [0] + [2**31] * 7, [0, 2**63], [2**62, 8]])
def test_that_shapes_that_no_array_has_are_refused(shape, tmp_path):
    length = 4 if 0 not in shape else 0
    head = {"delta": {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}}
    (tmp_path / "x").write_bytes(_framed(json.dumps(head).encode(), bytes(length)))
    with pytest.raises(EngineError, match="x cannot be read"):
        read_arrays(tmp_path / "x")


@pytest.fixture
def memory() -> Iterator[None]:
    """Hold what is done to a few megabytes more than before."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    grown = (process.memory_info().rss - before) / 2**20
    assert grown < MEGABYTES


@pytest.mark.usefixtures("memory")
def test_that_a_file_that_claims_a_terabyte_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(_framed(json.dumps({"a": {"dtype": "U8", "shape": [2**40], "data_offsets": [0, 2**40]}}).encode()))
    os.truncate(path, path.stat().st_size + 2**40)  # takes up no room on the disk
    assert read_names(path) == ("a",)
    with pytest.raises(EngineError, match=r"holds 1099511627776 bytes, and \d+ bytes of memory are free"):
        read_arrays(path)


@pytest.mark.usefixtures("memory")
def test_that_a_header_of_a_hundred_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(struct.pack("<Q", 99_000_000) + b"{")
    os.truncate(path, 99_000_008)
    for read in (read_names, read_info, read_arrays, read_state_info):
        with pytest.raises(EngineError, match="a header of 99000000 bytes is none of ours"):
            read(path)


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_that_a_state_that_claims_huge_layers_is_counted_or_refused_without_their_masks(tmp_path, threshold):
    info = {"phase": "search", "density": 1.0, "threshold": threshold, "epoch": 1, "mapping": [0]}
    info["shapes"] = {"fc": [2**20] * 8}
    (tmp_path / "artifacts").mkdir()
    write_arrays(tmp_path / "artifacts/x", {"other": np.zeros(1)}, info)
    store = RunStore(tmp_path, tiny_config(tmp_path))
    if threshold is None:
        assert read_density(store, "artifacts/x", 10).num_kept == 2**160
    else:
        with pytest.raises(EngineError):
            read_density(store, "artifacts/x", 10)


@pytest.mark.parametrize("shapes", [{}, {"fc": []}, {"fc": [0, 4]}])
def test_that_a_state_of_no_weights_is_refused(tmp_path, shapes):
    info = {"phase": "search", "density": 1.0, "threshold": None, "epoch": 1, "mapping": [0], "shapes": shapes}
    write_arrays(tmp_path / "x", {"other": np.zeros(1)}, info)
    store = RunStore(tmp_path, tiny_config(tmp_path))
    if shapes == {"fc": []}:
        assert read_density(store, "x", 10).num_scored == 1
    else:
        with pytest.raises(EngineError):
            read_density(store, "x", 10)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 2.5, True, "3", 2**70, None])
@pytest.mark.parametrize("name", ["epoch", "mapping", "shapes"])
def test_that_what_is_no_count_is_refused(tmp_path, name, value):
    info = {"phase": "search", "density": 1.0, "threshold": 0.5, "epoch": 1, "mapping": [0], "shapes": {"fc": [2, 5]}}
    wrong = {"epoch": value, "mapping": [value], "shapes": {"fc": [2, value]}}[name]
    write_arrays(tmp_path / "x", {"other": np.zeros(1)}, {**info, name: wrong})
    with pytest.raises(EngineError, match=r"x (is not a state file|cannot be read)"):
        read_state_info(tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_that_pipes_devices_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "zero", "folder"):
        for read in (read_names, read_info, read_arrays, read_state_info):
            with pytest.raises(EngineError, match="is no plain file"):
                read(tmp_path / name)
