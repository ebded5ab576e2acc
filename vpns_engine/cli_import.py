"""`vpns import`: a checkpoint of the released code becomes a run."""

import argparse
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_options import UsageError
from vpns_engine.files import expanded
from vpns_engine.official.request import ImportRequest, Told
from vpns_engine.specs.data import NAMED

_ABOUT = (
    "Make a run of a checkpoint of the released code (prune.pth, best.pth). The file holds neither mask nor density: the mask "
    "is found again from its scores and the density that you give. With a data set the test accuracy is measured, with and "
    "without the prompt. Nothing in the file is run."
)


AddRuns = Callable[[argparse.ArgumentParser], None]


def add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: AddRuns) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    about = "open a checkpoint of the released code"
    parser = commands.add_parser("import", help=about, description=_ABOUT, allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE", help="the checkpoint, for example 1best.pth")
    parser.add_argument("--density", metavar="X", help="share of the weights that is kept: 0.6 for a sparsity of 40 %%")
    parser.add_argument("--architecture", metavar="NAME", help="default: told from the names and shapes of its layers")
    parser.add_argument("--dataset", metavar="NAME", help=f"measure with it: digits, folder, {', '.join(NAMED)}")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="the folder below which data sets stand")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="measure with the images in this folder")
    parser.add_argument("--prompt", metavar="KIND", help="pad, fix, random, expand or none; default: told from its region")
    parser.add_argument("--image-size", type=int, metavar="PX", help="side of the images; default: as large as the canvas")
    parser.add_argument("--square", type=int, metavar="PX", help="side of a moving square (prompt 'random')")
    parser.add_argument("--batch-size", type=int, metavar="N", help="images that are measured at once")
    parser.add_argument("--name", metavar="TEXT", help="a name for the run; default: the file's")
    parser.add_argument("--device", metavar="TEXT", help="where it is measured: auto, cpu, mps, cuda, cuda:1 ...")
    add_runs(parser)
    return parser


def import_checkpoint(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns import`.

    Raises:
        UsageError: the density is no number.
        EngineError: it cannot be imported.
    """
    request = _request(options)
    request.checked_density()  # before torch is loaded
    from vpns_engine.cli_run import run
    from vpns_engine.official.importing import importing

    config, make = importing(request)
    return run(config, runs, make=make)


def _request(options: argparse.Namespace) -> ImportRequest:
    data = {"batch_size": options.batch_size}
    if options.data_root is not None:
        data["root"] = str(expanded(str(options.data_root)).absolute())
    if options.folder is not None and options.dataset not in (None, "folder"):
        raise UsageError(f"--folder and --dataset {options.dataset}: measure with one of them")
    if options.folder is not None:
        data |= {"folder": str(expanded(str(options.folder)).absolute()), "dataset": "folder"}
    data |= {"dataset": options.dataset} if options.dataset else {}
    return ImportRequest(
        path=expanded(str(options.file)),
        density=_number(options.density),
        architecture=options.architecture,
        prompt=Told(kind=options.prompt, image_size=options.image_size, square=options.square),
        data={name: value for name, value in data.items() if value is not None},
        more={name: value for name in ("name", "device") if (value := getattr(options, name)) is not None},
    )


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise UsageError(f"--density: {text!r} is not a number such as 0.6") from error
