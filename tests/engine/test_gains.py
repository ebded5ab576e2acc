"""What is measured of a finished run: sizes, work, times and memory, in processes of their own."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.measured_runs import children, copied
from vpns_engine.catalogue import catalogue
from vpns_engine.density import read_density
from vpns_engine.errors import EngineError
from vpns_engine.export.source import read_source
from vpns_engine.export.sparse_file import write_sparse
from vpns_engine.export.weights import folded_state
from vpns_engine.gains import measure as measuring
from vpns_engine.gains.machine import at_work
from vpns_engine.gains.measure import measure
from vpns_engine.gains.process import Cancelled
from vpns_engine.gains.states import read_gains, state_of, states_of
from vpns_engine.gains.timing import Effort, spread_of, time_passes
from vpns_engine.gains.work import MacCounter
from vpns_engine.nn.models import plain_network

torchvision = pytest.importorskip("torchvision")


def last(store):
    """Give the last saved state of a run."""
    return state_of(store.read(steps=False).history, level=None, stage=None)


@pytest.fixture(scope="module")
def gains(measured_run):
    """Give what was measured."""
    return read_gains(measured_run, last(measured_run))


def test_that_each_file_is_written_and_its_bytes_are_counted(measured_run, gains, tmp_path):
    source = read_source(measured_run, level=None, stage=None)
    sizes = {size.kind: size for size in gains.sizes}
    state = {name: value.numpy() for name, value in folded_state(source).items()}
    assert sizes["sparse"].pruned == write_sparse(state, source.masks, tmp_path / "sparse.safetensors")
    values = sum(array.nbytes for array in source.weights.values())
    for dense_or_pruned in (sizes["plain"].dense, sizes["plain"].pruned):
        assert values < dense_or_pruned < values + 20_000
    assert sizes["sparse"].pruned < sizes["plain"].pruned / 5
    assert sizes["zipped"].pruned < sizes["zipped"].dense / 5
    assert sizes["sparse_zipped"].pruned < sizes["sparse"].pruned


def test_that_the_weights_are_those_of_the_saved_state(measured_run, gains):
    source = read_source(measured_run, level=None, stage=None)
    counted = read_density(measured_run, source.saved.state_path, len(source.started.source_classes))
    found = gains.weights
    assert (found.scored, found.kept) == (counted.num_scored, counted.num_kept)
    assert found.unused_rows == 27
    without = (found.kept - found.unused_kept) / (found.scored - found.unused_weights)
    assert without == pytest.approx(counted.without_unused_rows)
    assert found.parameters == sum(p.numel() for p in plain_network("resnet20", 37).parameters())
    assert found.pruned_nonzero < 0.1 * found.dense_nonzero


def test_that_multiply_accumulates_are_those_of_the_layers_with_their_outputs(measured_run, gains):
    source = read_source(measured_run, level=None, stage=None)
    (work,) = gains.work
    layers = {layer.layer: layer for layer in work.layers}
    assert list(layers) == list(source.masks)
    folded = folded_state(source)
    for name, side in (("conv1", 16), ("layer2.1.conv1", 8), ("layer3.2.conv2", 4), ("fc", 1)):
        weight = folded[f"{name}.weight"]
        assert layers[name].macs == weight.numel() * side * side
        assert layers[name].left == int(torch.count_nonzero(weight)) * side * side
    assert work.left < 0.2 * work.macs


def test_that_all_ways_to_compute_are_timed_with_their_spread(gains):
    ways = {(timing.engine, timing.device, timing.batch) for timing in gains.timings}
    expected = {(engine, "cpu", batch) for engine in ("PyTorch", "ONNX Runtime") for batch in (1, 32)}
    assert ways >= expected
    for timing in gains.timings:
        assert set(timing.seconds) == {"dense", "pruned", "prompted"}
        for spread in (*timing.seconds.values(), timing.ratio):
            assert 0 < spread.low <= spread.median <= spread.high and spread.rounds >= 5
        assert timing.most_difference < 1e-4
    assert gains.threads == 1 and gains.quick
    one, many = (next(t for t in gains.timings if t.batch == batch).seconds["dense"].median for batch in (1, 32))
    assert one < many < 32 * one * 3


def test_that_memory_is_that_of_a_fresh_process_with_the_libraries_in_it(gains):
    found = next(memory for memory in gains.memory if memory.device == "cpu")
    for peak, before in ((found.dense, found.dense_before), (found.pruned, found.pruned_before)):
        assert 50e6 < before < peak < before + 500e6
    assert found.pruned == pytest.approx(found.dense, rel=0.05)


def test_that_what_is_not_there_is_missing_with_the_reason(gains):
    if torch.cuda.is_available():
        assert gains.missing == {} and gains.machine.gpu
    else:
        assert gains.missing == {"cuda": "PyTorch finds no CUDA GPU here"} and gains.machine.gpu == ""


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v3_small", "squeezenet1_1", "vit_b_32", "swin_t"])
def test_that_the_count_of_work_is_torchvisions_own(architecture):
    entry = catalogue()[architecture]
    network = plain_network(architecture, entry.num_source_classes).eval()
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad(), torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH), MacCounter(network) as counter:
        network(torch.zeros(1, 3, entry.image_size, entry.image_size))
    torch.backends.mha.set_fastpath_enabled(fast)
    counted = sum(count.macs for count in counter.counts.values())
    published = torchvision.models.get_weight(entry.weights).meta["_ops"]
    assert counted / 1e9 == pytest.approx(published, abs=0.0006)
    assert ("" in counter.counts) == (architecture in ("vit_b_32", "swin_t"))


def test_that_zeros_are_counted_where_they_stand_in_an_attention_too():
    network = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    with torch.no_grad():
        network.in_proj_weight[:8] = 0  # what makes the queries
    x = torch.randn(1, 5, 8)
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad(), MacCounter(network) as counter:
        network(x, x + 1, x + 2, need_weights=True)
    torch.backends.mha.set_fastpath_enabled(True)
    found = counter.counts["in_proj_weight"]
    assert found.macs == 5 * 24 * 8 and found.left == 5 * 16 * 8
    assert counter.counts[""].macs == counter.counts[""].left == 2 * 2 * 5 * 5 * 4
    assert counter.counts["out_proj.weight"].macs == 5 * 8 * 8


def test_that_slower_work_is_timed_as_slower_and_rounds_are_bounded():
    small, large = torch.ones(150, 150), torch.ones(500, 500)
    effort = Effort(least=6, most=9, seconds=0.0, warm_up_seconds=0.0)
    told = []
    timed = time_passes({"dense": lambda _: small @ small, "pruned": lambda _: large @ large}, small, effort, told.append)
    assert timed.ratio.rounds == 6 and timed.ratio.median > 3
    assert told == sorted(told) and told[-1] == 1.0
    most = time_passes({"dense": lambda _: None, "pruned": lambda _: None}, small, Effort(1, 9, 1e6, 0.0), told.append)
    assert most.ratio.rounds == 9


def test_that_a_spread_is_median_and_quartiles():
    spread = spread_of([4.0, 1.0, 2.0, 3.0, 5.0])
    assert (spread.low, spread.median, spread.high, spread.rounds) == (2.0, 3.0, 4.0, 5)


def test_that_a_cancel_ends_the_process_and_leaves_nothing(finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    state, seen, asked = last(finished_run), [], []

    def cancelled():
        if children():
            seen.append(children())
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(Cancelled):
        measure(finished_run, state, quick=True, threads=1, cancelled=cancelled)
    assert time.monotonic() - asked[0] < 2
    assert seen and children() == [] and list(tmp_path.iterdir()) == []
    assert not (finished_run.folder / state.file_name).exists()


def test_that_a_damaged_state_is_refused_in_one_line(finished_run, tmp_path):
    store = copied(finished_run, tmp_path)
    state = last(store)
    path = store.path(state.saved.state_path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(EngineError) as raised:
        measure(store, state, quick=True, threads=1)
    assert "state.safetensors" in str(raised.value) and "\n" not in str(raised.value)
    assert children() == []


def test_that_a_run_that_goes_on_is_told_of(measured_run, tmp_path):
    store = copied(measured_run, tmp_path)
    assert at_work(store) == ""
    info = store.read_info()
    store.write_info(info.taken_by_this_process())
    assert at_work(store) == "this run is going on"
    beside = copied(measured_run, tmp_path / "other")
    store.folder.rename(beside.folder.parent / "2026-01-01T00-00-00_going_on")
    assert at_work(beside) == "the run 2026-01-01T00-00-00_going_on is going on"


def test_that_the_states_are_those_that_each_stage_of_a_level_left(finished_run, finished_omp_run):
    history = finished_run.read(steps=False).history
    found = [(state.level, state.stage) for state in states_of(history)]
    assert found == [(0, "search"), (0, "finetune"), (1, "search"), (1, "finetune")]
    assert last(finished_run).label.startswith("98 % sparsity: Tuned (epoch ")
    assert {state.stage for state in states_of(finished_omp_run.read(steps=False).history)} == {"finetune"}
    with pytest.raises(EngineError, match="there is no level 6"):
        state_of(history, level=5, stage=None)


def test_that_whoever_asks_needs_no_torch():
    code = "import sys, vpns_engine.cli_gains; print('torch' in sys.modules)"
    top = Path(measuring.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=top)
    assert done.stdout.strip() == "False"
