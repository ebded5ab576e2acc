"""`vpns masks`: what a mask keeps of each layer, or what two masks have in common; as a table or a CSV file."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.artifacts import read_state_info
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.csv_files import Cell, write_csv
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED
from vpns_engine.history import RunHistory
from vpns_engine.layer_counts import LayerCounts, classifier_of, layer_counts
from vpns_engine.mask_compare import HEADER, MaskComparison, compare_masks, rows_of
from vpns_engine.mask_files import MaskFile
from vpns_engine.overlap import Overlap
from vpns_engine.saved_states import saved_name
from vpns_engine.store import RunStore
from vpns_engine.words import percent, printable, sparsity_of

_ABOUT = (
    "Show what the mask of a run keeps of each layer. With OTHER, or with one of the --other options, compare it with a second "
    "mask of the same network: another run, level or epoch. The mask is that of the level's last saved state, or of its last "
    "epoch where none was saved, unless an epoch of the search is given."
)
_LAYER_HEADER = ("layer", "shape", "weights", "kept", "density", "share_of_kept", "empty_outputs", "empty_inputs")
_NOTE = (
    "IoU: of the weights that A or B keeps, the share that both keep. By chance: the same of the expected numbers, if both "
    "kept as many weights of each layer independently of each other (a b / n of n weights in both)."
)
_UNUSED = "rows no target class uses"


@dataclass(frozen=True)
class _Chosen:
    """A mask of a run."""

    store: RunStore
    path: Path
    used: tuple[int, ...]
    """Source classes that serve as a target class."""
    label: str


def add_masks(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("masks", help="what a mask keeps of each layer; two masks compared", description=_ABOUT)
    parser.add_argument("run", metavar="RUN", help="a run folder, part of its name, or latest")
    parser.add_argument("other", nargs="?", metavar="OTHER", help="a run to compare with; without it: the same run")
    for prefix, of in (("", "mask"), ("other-", "second mask")):
        last = "default: the last" if not prefix else "default: that of the first mask, or the run's last"
        parser.add_argument(f"--{prefix}level", type=int, metavar="N", help=f"level of the {of}, from 1; {last}")
        parser.add_argument(
            f"--{prefix}epoch", type=int, metavar="N", help=f"epoch of the search of the {of}; 0: before the first"
        )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all numbers there, in full precision")
    add_runs(parser)
    return parser


def masks(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns masks`.

    Raises:
        UsageError: a level or an epoch is none.
        EngineError: there is no such run or mask, the masks are of different networks, or a file cannot be read or written.
    """
    first = _chosen(find_run(options.run, runs), options.level, options.epoch, "--level", "--epoch")
    wanted = (options.other, options.other_level, options.other_epoch)
    if all(value is None for value in wanted):
        return _show_one(first, options.csv)
    folder = find_run(options.other, runs) if options.other is not None else first.store.folder
    level = options.other_level if options.other_level is not None else options.level
    second = _chosen(folder, level, options.other_epoch, "--other-level", "--other-epoch")
    return _show_two(first, second, options.csv)


def _show_one(chosen: _Chosen, csv: Path | None) -> int:
    with MaskFile.open(chosen.path) as file:
        found = layer_counts(file, architecture=chosen.store.config.model.architecture, used=chosen.used)
    kept = sum(layer.kept for layer in found)
    rows = [_layer_cells(layer, kept) for layer in found]
    print(f"{chosen.label}\n")
    headers = ("Layer", "Shape", "Weights", "Kept", "Density", "Share of kept", "Empty outputs", "Empty inputs")
    used = [layer for layer in found if not layer.unused]
    rows.append(_sum_cells("All layers", found, kept))
    rows += [_sum_cells("Without unused rows", used, kept)] if len(used) < len(found) else []
    print("\n".join(table(headers, rows)), flush=True)
    if csv is not None:
        _write(csv, _LAYER_HEADER, [_layer_values(layer, kept) for layer in found])
    return FINISHED


def _layer_cells(layer: LayerCounts, kept: int) -> tuple[str, ...]:
    density = layer.kept / layer.numel if layer.numel else 0.0
    return (
        _layer_name(layer),
        " x ".join(map(str, layer.shape)),
        f"{layer.numel:,}",
        f"{layer.kept:,}",
        percent(density, 2),
        percent(layer.kept / kept if kept else None, 2),
        f"{layer.empty_out:,}",
        f"{layer.empty_in:,}",
    )


def _sum_cells(name: str, layers: Iterable[LayerCounts], kept: int) -> tuple[str, ...]:
    found = tuple(layers)
    total, left = sum(layer.numel for layer in found), sum(layer.kept for layer in found)
    outputs, inputs = sum(layer.empty_out for layer in found), sum(layer.empty_in for layer in found)
    density, share = percent(left / total if total else None, 2), percent(left / kept if kept else None, 2)
    return name, "", f"{total:,}", f"{left:,}", density, share, f"{outputs:,}", f"{inputs:,}"


def _layer_values(layer: LayerCounts, kept: int) -> tuple[Cell, ...]:
    density = layer.kept / layer.numel if layer.numel else None
    share = layer.kept / kept if kept else None
    shape = "x".join(map(str, layer.shape))
    return _layer_name(layer), shape, layer.numel, layer.kept, density, share, layer.empty_out, layer.empty_in


def _layer_name(layer: LayerCounts) -> str:
    return printable(f"{layer.layer}, {_UNUSED}" if layer.unused else layer.layer)


def _show_two(a: _Chosen, b: _Chosen, csv: Path | None) -> int:
    classifier = classifier_of(a.store.config.model.architecture)
    with MaskFile.open(a.path) as file_a, MaskFile.open(b.path) as file_b:
        found = compare_masks(file_a, file_b, classifier, {*a.used, *b.used})
    print(f"A: {a.label}\nB: {b.label}\n")
    print("\n".join(_overlap_table(found)))
    print(f"\n{_NOTE}")
    for line in found.left_out:
        print(f"Left out, its classes differ: {printable(line)}")
    if csv is not None:
        _write(csv, HEADER, rows_of(found))
    return FINISHED


def _overlap_table(found: MaskComparison) -> list[str]:
    headers = ("Layer", "IoU", "By chance", "Both", "Only A", "Only B", "Neither", "Weights")
    totals = [found.total] if found.total_used is None else [found.total, found.total_used]
    return table(headers, [_overlap_cells(layer) for layer in (*found.layers, *totals)])


def _overlap_cells(found: Overlap) -> tuple[str, ...]:
    shares = ("-" if value is None else f"{value:.4f}" for value in (found.iou, found.by_chance))
    counts = (found.both, found.only_a, found.only_b, found.neither, found.numel)
    return printable(found.name), *shares, *(f"{count:,}" for count in counts)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]) -> None:
    write_csv(path, header, rows)
    print(f"written: {path}", flush=True)


def _chosen(folder: Path, level: int | None, epoch: int | None, of_level: str, of_epoch: str) -> _Chosen:
    """Find a mask of a run: of an epoch of the search, or the last saved one."""
    for name, value, least in ((of_level, level, 1), (of_epoch, epoch, 0)):
        if value is not None and value < least:
            raise UsageError(f"{name} {value}: counted from {least}")
    store = RunStore.open(folder)
    history = store.read(steps=False).history
    number = _level(history, folder, level)
    found = (_saved(store, history, number) if epoch is None else None) or _epoch(store, history, number, epoch)
    if found is None:
        what = "keeps no mask" if epoch is None else f"keeps no mask of epoch {epoch} of the search"
        raise EngineError(f"{folder.name}: level {number + 1} {what}")
    return found


def _level(history: RunHistory, folder: Path, level: int | None) -> int:
    if not history.levels:
        raise EngineError(f"{folder.name} has no levels yet: nothing was pruned")
    if level is None:
        return max(history.levels)
    if level - 1 not in history.levels:
        raise EngineError(f"{folder.name} has no level {level}: it has {len(history.levels)}")
    return level - 1


def _saved(store: RunStore, history: RunHistory, number: int) -> _Chosen | None:
    states = [saved for saved in history.levels[number].saved if saved.state_path and store.path(saved.state_path).is_file()]
    if not states:
        return None
    path = store.path(states[-1].state_path)
    words = f"{_where(store, history, number)}, {saved_name(history, states[-1])}"
    return _Chosen(store, path, read_state_info(path).mapping, words)


def _epoch(store: RunStore, history: RunHistory, number: int, epoch: int | None) -> _Chosen | None:
    """Find the mask of an epoch of the search; None: the last one that is kept."""
    for phase in history.phases:
        wanted = reversed(phase.epochs) if phase.info.level == number else ()
        for ended in wanted:
            if ended.masks_path and epoch in (None, ended.epoch) and store.path(ended.masks_path).is_file():
                words = f"{_where(store, history, number)}, search epoch {ended.epoch} of {phase.info.epochs}"
                return _Chosen(store, store.path(ended.masks_path), history.levels[number].sources, words)
    return None


def _where(store: RunStore, history: RunHistory, number: int) -> str:
    return f"{printable(store.folder.name)}, sparsity {sparsity_of(history.levels[number].density)}"
