"""`vpns export`: a saved state of a run, in the formats that are asked for."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from vpns_engine.cli_bar import ReportLine
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tune import add_state_options, level_of
from vpns_engine.exit_codes import FINISHED
from vpns_engine.export import ExportResult
from vpns_engine.signals import ended_as_by_ctrl_c
from vpns_engine.specs.export import FORMAT_ABOUT, FORMAT_LABELS, PLAIN, ExportFormat, ExportSpec, Head, OnnxInput
from vpns_engine.specs.problems import problems_in
from vpns_engine.store import RunStore
from vpns_engine.words import percent, size_text

_USUAL = "plain"
_ABOUT = (
    "Write a saved state of a run in one or several formats. Each file is read again in a fresh process and compared before "
    "the folder appears; a failed or interrupted export leaves nothing behind."
)


def add_export(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser(
        "export",
        help="write a run's pruned network for plain PyTorch, ONNX, a model hub",
        description=_ABOUT,
        epilog="\n".join(["formats:", *(f"  {name:12} {FORMAT_ABOUT[name]}" for name in FORMAT_LABELS), _plain_words()]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", help="a run folder, a part of its name, or latest")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to write; it must not exist or be empty")
    add_state_options(parser)
    names = ", ".join(FORMAT_LABELS)
    parser.add_argument(
        "--format",
        action="append",
        metavar="NAME[,NAME]",
        help=f"what to write, see below; may be repeated: {_USUAL} (default), all, {names}",
    )
    parser.add_argument(
        "--head",
        choices=get_args(Head),
        default="source",
        help="source: the classifier as it is (default); own: the task's own classes, its mapped rows",
    )
    parser.add_argument("--no-prompt", dest="prompt", action="store_false", help="leave the learned prompt out")
    parser.add_argument(
        "--onnx-input",
        choices=get_args(OnnxInput),
        default="pixels",
        help="pixels: prompt and normalisation are inside the ONNX files (default); normalised: outside",
    )
    parser.add_argument("--license", default="unknown", help="licence that the model card names: mit, apache-2.0, ...")
    parser.add_argument("--base-model", default="", metavar="OWNER/NAME", help="page on the model hub of what it started from")
    add_runs(parser)
    return parser


def _plain_words() -> str:
    return f"  {_USUAL:12} {', '.join(PLAIN)}"


def export_state(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns export`.

    Raises:
        UsageError: a format is not known, or a value cannot work.
        EngineError: there is nothing to export, or what was written gives something else.
    """
    spec, level = _spec(options), level_of(options)
    store = RunStore.open(find_run(options.run, runs))
    from vpns_engine.exporting import export

    with ended_as_by_ctrl_c(), ReportLine() as line:
        result = export(store, options.folder, level=level, stage=options.stage, spec=spec, report=line)
    for words in _result_lines(result, spec):
        print(words)
    where = result.folder / result.released if spec.released_only else result.folder
    print(f"exported: {where}{_density_words(result)}", flush=True)
    return FINISHED


def _spec(options: argparse.Namespace) -> ExportSpec:
    given = [name for text in options.format or [_USUAL] for name in text.split(",") if name]
    known = [*FORMAT_LABELS, _USUAL, "all"]
    if wrong := [name for name in given if name not in known]:
        raise UsageError(f"--format {wrong[0]}: it is one of {', '.join(known)}")
    formats: set[ExportFormat] = {name for name in FORMAT_LABELS if name in given or "all" in given}
    formats |= set(PLAIN) if _USUAL in given else set()
    values = {name: getattr(options, name) for name in ("head", "prompt", "onnx_input", "license", "base_model")}
    try:
        return ExportSpec(formats=tuple(formats), **values)
    except ValidationError as error:
        problem = problems_in(error, ExportSpec)[0]
        raise UsageError(f"--{problem.location.replace('_', '-')}: {problem.message}") from error


def _result_lines(result: ExportResult, spec: ExportSpec) -> list[str]:
    kept = f"{result.num_kept:,} of {result.num_scored:,} scored weights kept"
    if spec.released_only:
        lines = [f"{kept}; read back: the same weights, mask and prompt"]
    else:
        lines = [f"{kept}; density {percent(result.density, 3)} in the file"]
        lines += [f"re-read in a fresh process: {_agreement(result, spec)}"]
    if result.saving:
        lines.append(result.saving.words())
    return [*lines, f"{size_text(sum(result.sizes.values()))} in {len(result.files)} files"]


def _density_words(result: ExportResult) -> str:
    """Say what the reader of a checkpoint of the released code has to know."""
    it = "it" if result.files == (result.released, "DENSITY.txt") else result.released
    return f" (open {it} with density {result.asked_density:.12g}: the file does not say it)" if it else ""


def _agreement(result: ExportResult, spec: ExportSpec) -> str:
    difference, said = result.max_logit_difference, []
    if {"safetensors", "pt", "sparse"} & set(spec.files):
        said.append("the same logits" if difference == 0 else f"logits within {difference:.2g}")
    if result.max_onnx_difference is not None:
        said.append(f"by ONNX Runtime logits within {result.max_onnx_difference:.2g}")
    return ", ".join(said) or "the same masks"
