"""`vpns predict`: what an export or a run makes of pictures of one's own."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vpns_engine.cli_bar import ReportLine
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tune import add_state_options, level_of
from vpns_engine.csv_text import csv_text
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED, STOPPED
from vpns_engine.files import explained, write_whole
from vpns_engine.signals import ended_as_by_ctrl_c
from vpns_engine.words import percent, printable

if TYPE_CHECKING:
    from vpns_engine.predicting import Chances, Prediction, Subject

_ABOUT = (
    "Predict pictures of your own with an export or a run, without the prompt and with it. They are read as the run read its "
    "own. A picture that cannot be read is named and passed over. Ctrl-C ends it and keeps what is done."
)
_LONGEST_NAME = 60


def add_predict(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("predict", help="predict pictures of your own", description=_ABOUT, allow_abbrev=False)
    parser.add_argument(
        "subject", metavar="EXPORT_OR_RUN", help="folder of an export or a run, part of a run's name, or latest"
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of pictures, or one picture")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table as CSV instead of showing it")
    parser.add_argument("--top", type=int, default=1, metavar="K", help="the K likeliest classes of each picture (default: 1)")
    parser.add_argument("--recursive", action="store_true", help="pictures in folders within the folder as well")
    add_state_options(parser)
    add_runs(parser)
    return parser


@dataclass
class _Counts:
    pictures: int = 0
    broken: int = 0
    changed: int = 0
    stopped: bool = False

    def take(self, prediction: "Prediction") -> None:
        self.pictures += 1
        self.broken += bool(prediction.problem)
        self.changed += prediction.changed


def predict(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns predict`.

    Raises:
        UsageError: an option cannot work.
        EngineError: there is no such export, run or folder, no picture in it can be read, or the table cannot be written.
    """
    from vpns_engine.predicting import open_subject, predict_pictures
    from vpns_engine.predicting.pictures import pictures_in

    if options.top < 1:
        raise UsageError(f"--top {options.top}: at least 1")
    paths = pictures_in(options.folder, recursive=options.recursive)
    counts = _Counts()
    with ended_as_by_ctrl_c(), ReportLine() as line:
        line("Opening the network", None)
        subject = open_subject(_subject_path(options.subject, runs), level=level_of(options), stage=options.stage)
        # rows on the screen say themselves how far it is
        report = line if options.csv is not None or not sys.stdout.isatty() else (lambda _text, _done: None)
        predictions = _counted(predict_pictures(subject, paths, top=options.top, report=report), counts)
        if options.csv is not None:
            _write(options.csv, subject, options, predictions, counts)
        else:
            line("", None)
            names = [_name(path if isinstance(path, Path) else path.path, options.folder) for path in paths]
            _show(subject, predictions, options, min(_LONGEST_NAME, max(map(len, names))), counts)
    if counts.broken == counts.pictures and not counts.stopped:
        raise EngineError(f"none of the {counts.pictures:,} pictures can be read")
    print(_summary(subject, counts, len(paths)), flush=True)
    if options.csv is not None:
        print(f"written: {options.csv}", flush=True)
    return STOPPED if counts.stopped else FINISHED


def _subject_path(wanted: str, runs: Path) -> Path:
    """Find an export's folder, else a run."""
    path = Path(wanted)
    return path if (path / "labels.json").is_file() else find_run(wanted, runs)


def _counted(predictions: "Iterator[Prediction]", counts: _Counts) -> "Iterator[Prediction]":
    """Give the predictions until they end, or until Ctrl-C."""
    while True:
        try:
            prediction = next(predictions)
        except StopIteration:
            return
        except KeyboardInterrupt:
            counts.stopped = True
            return
        counts.take(prediction)
        yield prediction


def _show(
    subject: "Subject", predictions: "Iterator[Prediction]", options: argparse.Namespace, width: int, counts: _Counts
) -> None:
    """Print a row for each picture as it comes."""
    longest = max((len(name) for name in subject.classes), default=0) + len(" 100.0 %")
    classes = min(_LONGEST_NAME, min(options.top, len(subject.classes)) * (longest + len(", ")))
    heads = ("Without prompt".ljust(classes), "With prompt") if subject.has_prompt else ("Class",)
    print("  ".join(("File".ljust(width), *heads)))
    try:
        for prediction in predictions:
            print(printable(_row(prediction, options.folder, width, classes)))
    except KeyboardInterrupt:
        counts.stopped = True


def _row(prediction: "Prediction", folder: Path, width: int, classes: int) -> str:
    name = _name(prediction.path, folder).ljust(width)
    if prediction.problem:
        return f"{name}  not read: {prediction.problem}"
    cells = [name, _words(prediction.plain)]
    if prediction.prompted is not None:
        cells = [name, cells[1].ljust(classes), _words(prediction.prompted) + ("  changed" if prediction.changed else "")]
    return "  ".join(cells)


def _words(chances: "Chances") -> str:
    return ", ".join(f"{name} {percent(share, 1)}" for name, share in chances)


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path != folder else path.name


def _write(
    path: Path, subject: "Subject", options: argparse.Namespace, predictions: "Iterator[Prediction]", counts: _Counts
) -> None:
    """Write the table as it comes, into its place when it ends or is ended."""
    top = min(options.top, len(subject.classes))

    def write(beside: Path) -> None:
        with beside.open("wb") as file, explained(path):
            file.write(_line(_header(subject, top)))
            try:
                for prediction in predictions:
                    file.write(_line(_cells(prediction, subject, options.folder, top)))
            except KeyboardInterrupt:
                counts.stopped = True

    write_whole(path, write)


def _line(cells: Sequence[str]) -> bytes:
    # bytes: on Windows, text mode would end each line twice
    return csv_text(cells, ()).encode("utf-8", "replace")


def _header(subject: "Subject", top: int) -> list[str]:
    ranks = range(1, top + 1)
    plain = [name for rank in ranks for name in (f"class_{rank}", f"confidence_{rank}")]
    prompted = [*(f"prompted_{name}" for name in plain), "changed"] if subject.has_prompt else []
    return ["file", *plain, *prompted, "problem"]


def _cells(prediction: "Prediction", subject: "Subject", folder: Path, top: int) -> list[str]:
    cells = [_name(prediction.path, folder), *_values(prediction.plain, top)]
    if subject.has_prompt:
        cells += [*_values(prediction.prompted or (), top), "" if prediction.problem else str(int(prediction.changed))]
    return [*cells, prediction.problem]


def _values(chances: "Chances", top: int) -> list[str]:
    found = [cell for name, share in chances for cell in (name, f"{share:.6f}")]
    return found + [""] * (2 * top - len(found))


def _summary(subject: "Subject", counts: _Counts, total: int) -> str:
    done = f"stopped: {counts.pictures:,} of {total:,} pictures" if counts.stopped else f"{counts.pictures:,} pictures"
    broken = f"; {counts.broken:,} cannot be read" if counts.broken else ""
    changed = f"; the prompt changes the class of {counts.changed:,}" if subject.has_prompt else ""
    return f"{printable(subject.name)}: {done}{broken}{changed}"
