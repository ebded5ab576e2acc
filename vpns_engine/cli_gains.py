"""`vpns gains`: what a pruned network gains and what it does not, measured on this machine."""

import argparse
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_bar import ReportLine
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.cli_tune import add_state_options, level_of
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED
from vpns_engine.files import write_text
from vpns_engine.gains.html import html_of, prompt_of
from vpns_engine.gains.machine import this_machine
from vpns_engine.gains.measure import measure
from vpns_engine.gains.model import Gains
from vpns_engine.gains.page import NOT_MEASURED, Page
from vpns_engine.gains.report import report_of
from vpns_engine.gains.states import State, json_of, read_gains, state_of, write_gains
from vpns_engine.signals import ended_as_by_ctrl_c
from vpns_engine.store import RunStore
from vpns_engine.words import printable

MOST_THREADS = 1024
_ABOUT = (
    "Measure what a pruned network gains over the dense one on this machine: size of the files, multiply-accumulates, time of "
    "a batch, memory; with the accuracies the run measured. The figures are kept in the run's folder and shown again until "
    "they are measured anew (--again), the state is another one, or the machine is."
)


def add_gains(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("gains", help="measure what a pruned network gains, and what not", description=_ABOUT)
    parser.add_argument("run", metavar="RUN", help="a run folder, a part of its name, or latest")
    add_state_options(parser)
    parser.add_argument("--quick", action="store_true", help="fewer rounds of timing: about half a minute for a small network")
    parser.add_argument("--again", action="store_true", help="measure again, whatever is kept")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads (default: one less than the cores)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one HTML file, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    add_runs(parser)
    return parser


def print_gains(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns gains`.

    Raises:
        UsageError: threads that cannot be.
        EngineError: no such run, nothing is saved, it cannot be measured, or a file cannot be written.
    """
    if not 0 <= options.threads <= MOST_THREADS:
        raise UsageError(f"--threads {options.threads}: from 1 to {MOST_THREADS}, or 0 for one less than there are cores")
    store = RunStore.open(find_run(options.run, runs))
    history = store.read(steps=False).history
    state = state_of(history, level=level_of(options), stage=options.stage)
    gains, damage = _kept(store, state, options)
    if gains is None:
        gains = _measured(store, state, options)
        damage = _keep(store, state, gains)
    page = report_of(store, history, state, gains, damage=damage).page
    print(text_of(page), flush=True)
    if options.html is not None:
        write_text(options.html, html_of(page, prompt_of(store, state)))
    if options.json is not None:
        write_text(options.json, json_of(gains))
    return FINISHED


def _kept(store: RunStore, state: State, options: argparse.Namespace) -> tuple[Gains | None, str]:
    """Give what was measured before, where it is what is asked for."""
    if options.again:
        return None, ""
    try:
        found = read_gains(store, state)
    except EngineError as error:
        return None, str(error)
    if found is None or (found.quick and not options.quick):
        return None, ""
    here = found.machine.same_place == this_machine(found.machine.gpu).same_place
    return (found, "") if here and options.threads in (0, found.threads) else (None, "")


def _measured(store: RunStore, state: State, options: argparse.Namespace) -> Gains:
    with ended_as_by_ctrl_c(), ReportLine() as line:
        return measure(store, state, quick=options.quick, threads=options.threads, report=line)


def _keep(store: RunStore, state: State, gains: Gains) -> str:
    """Keep the figures; say why they cannot be kept, which is no reason not to show them."""
    try:
        write_gains(store, state, gains)
    except EngineError as error:
        return f"The figures are not kept: {error}."
    return ""


def text_of(page: Page) -> str:
    """Write the report for a terminal."""
    parts = ["\n".join((page.title, page.state, page.measured or NOT_MEASURED, *(f"! {line}" for line in page.warnings)))]
    parts += ["\n".join((saying.title, *(f"- {line}" for line in saying.sentences))) for saying in page.sayings]
    for section in page.sections:
        if section.missing:
            parts.append(f"{section.title}\n{NOT_MEASURED}: {section.missing}")
        for found in section.tables:
            rows = [tuple(printable(cell) for cell in row) for row in found.rows]
            parts.append("\n".join((found.title, *table(found.columns, rows), *([found.note] if found.note else []))))
    return "\n".join(printable(line) for line in "\n\n".join(parts).split("\n"))
