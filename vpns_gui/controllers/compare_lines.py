"""From a comparison to what is drawn of it: lines of the chart, curves of the runs, rows of the table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt

from vpns_engine.compare import Arm, Comparison, Measured, Point, ReadRun
from vpns_engine.csv_files import Cell
from vpns_engine.history import RunHistory
from vpns_engine.published import MAIN_STUDIES, OUR_NAMES, STUDY_LABELS, PublishedLine, PublishedPoint
from vpns_engine.summary import Spread
from vpns_engine.words import sparsity_of
from vpns_gui.views.chart_data import ChartLine, ChartPoint
from vpns_gui.views.curve_series import LevelCurves, Series
from vpns_gui.views.overlay import MEASURES, RunCurves
from vpns_gui.views.run_styles import SYMBOLS, RunStyle, run_style

MAX_RUNS = 28
"""Curves drawn on top of each other; more than these cannot be told apart."""
_MAX_NAME = 70
_MAX_NAMED = 6
_DOTS = Qt.PenStyle.DashDotLine


def studies_of(comparison: Comparison) -> dict[str, str]:
    """Give the published studies of the same networks and data sets; the main comparison, of either table, first."""
    found = list(dict.fromkeys(line.study for _, line in comparison.published))
    main = {"main": STUDY_LABELS["main"]} if any(study in MAIN_STUDIES for study in found) else {}
    return main | {study: STUDY_LABELS[study] for study in STUDY_LABELS if study in found and study not in MAIN_STUDIES}


def chart_lines(comparison: Comparison, state: str, accuracy: str, study: str) -> tuple[list[ChartLine], str]:
    """Give the lines of the chart, and what has to be said of them."""
    colours = {key: number for number, key in enumerate(dict.fromkeys(arm.key for arm in comparison.arms))}
    shown = [arm for arm in comparison.arms if arm.stage == state]
    lines = [line for arm in shown for line in _arm_lines(arm, colours[arm.key], accuracy)]
    lines += [_dense_line(arm, number) for number, arm in enumerate(_dense_of(comparison.dense, state))]
    published = list(_published_lines(comparison, colours, study)) if state == "finetune" else []
    published.sort(key=lambda line: not line.shown)
    return lines + published, _note(comparison, study, drawn=bool(published))


def _arm_lines(arm: Arm, number: int, accuracy: str) -> Iterator[ChartLine]:
    kinds = {"plain": "without the prompt", "prompted": "with the prompt"}
    wanted = kinds if accuracy == "both" else {accuracy: kinds[accuracy]}
    for kind, words in wanted.items():
        points = tuple(_points(arm.points, kind))
        if points:
            has_prompt = any(point.prompted is not None for point in arm.points)
            name = f"{arm.label}, {words}" if has_prompt else arm.label
            style = _style(f"{arm.key}/{kind}", number, name, f"{arm.state}, {words}")
            if accuracy == "both" and kind == "prompted":
                style = replace(style, line=_DOTS, hollow=True)
            yield ChartLine(style, points)


def _style(key: str, number: int, name: str, tooltip: str) -> RunStyle:
    """Give the look of an arm: its colour and mark; whole lines are the chart's own."""
    short = name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "…"
    return RunStyle(key, short, f"run {number}", Qt.PenStyle.SolidLine, SYMBOLS[number % len(SYMBOLS)], f"{name}\n{tooltip}")


def _points(points: Sequence[Point], kind: str) -> Iterator[ChartPoint]:
    for point in points:
        spread = point.plain if kind == "plain" else point.prompted
        if spread is not None:
            yield _chart_point(point, kind, spread)


def _chart_point(point: Point, kind: str, spread: Spread) -> ChartPoint:
    values = [(one, one.plain if kind == "plain" else one.prompted) for one in point.measured]
    each = ", ".join(f"seed {one.seed} {value * 100:.2f}" for one, value in values if value is not None)
    words = f"{spread.text()} % at {sparsity_of(point.density)} sparsity ({each}). {_runs_words(point.measured)}"
    return ChartPoint(1 - point.density, *_percents(spread), words)


def _percents(spread: Spread) -> tuple[float, float | None]:
    return spread.mean * 100, None if spread.deviation is None else spread.deviation * 100


def _runs_words(measured: Sequence[Measured]) -> str:
    names = list(dict.fromkeys(one.run for one in measured))
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"{'Run' if len(names) == 1 else 'Runs'}: {', '.join(names[:_MAX_NAMED])}{more}"


def _dense_of(dense: Iterable[Arm], state: str) -> list[Arm]:
    """Choose the state of each dense reference that goes with that of the levels: tuned beside tuned, where it was tuned."""
    found: dict[str, Arm] = {}
    for arm in dense:
        if arm.key not in found or (arm.stage == "finetune") == (state == "finetune"):
            found[arm.key] = arm
    return list(found.values())


def _dense_line(arm: Arm, number: int) -> ChartLine:
    (point,) = arm.points
    name = f"{arm.state}, {arm.label}" if arm.label else arm.state
    lines = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine)
    style = RunStyle(f"{arm.key}/{arm.stage}", name, "text", lines[number % len(lines)], None, "The whole network, no prompt")
    (found,) = _points([point], "plain")
    return ChartLine(style, (found,), is_level=True)


def _published_lines(comparison: Comparison, colours: Mapping[str, int], study: str) -> Iterator[ChartLine]:
    """Give the published lines of a study; those of methods that were run here are drawn, the others wait in the legend."""
    ours = {arm.config.method: colours[arm.key] for arm in reversed(comparison.arms) if not arm.config.is_control}
    several = len({place for place, _ in comparison.published}) > 1
    studies = MAIN_STUDIES if study == "main" else (study,)
    free = len(colours)
    for place, line in comparison.published:
        if line.study not in studies:
            continue
        number = ours.get(OUR_NAMES.get(line.method, ""))  # type: ignore[call-overload]
        if number is None and not line.is_dense:
            number, free = free, free + 1
        known = line.is_dense or OUR_NAMES.get(line.method) in ours or study != "main"
        yield _published_line(line, number, f", {place}" if several else "", known)


def _published_line(line: PublishedLine, number: int | None, where: str, shown: bool) -> ChartLine:
    colour = "muted" if number is None else f"run {number}"
    symbol = None if number is None else SYMBOLS[number % len(SYMBOLS)]
    name = f"{line.method}, published{where}"
    measured = "with the prompt" if line.prompted else "without the prompt"
    tooltip = f"{STUDY_LABELS[line.study]}: Jin et al., AAAI 2025, {line.where}; protocol paper, {measured}"
    key = f"published/{line.study}/{line.method}/{line.where}{where}"
    style = RunStyle(key, name, colour, Qt.PenStyle.DashLine, symbol, tooltip, hollow=True, width=1.4)
    points = tuple(_published_point(point, tooltip) for point in line.points)
    return ChartLine(style, points[:1] if line.is_dense else points, is_level=line.is_dense, shown=shown)


def _published_point(point: PublishedPoint, source: str) -> ChartPoint:
    spread = Spread(point.accuracy, point.deviation, point.seeds)
    seeds = "1 seed" if point.seeds == 1 else f"{point.seeds} seeds"
    words = f"{spread.text()} % at {sparsity_of(1 - point.sparsity)} sparsity, {seeds}. {source}"
    return ChartPoint(point.sparsity, *_percents(spread), words)


def _note(comparison: Comparison, study: str, *, drawn: bool) -> str:
    if not drawn:
        return ""
    prompted = any(line.prompted for _, line in comparison.published if line.study == study)
    measured = "with the prompt" if prompted else "without the prompt"
    said = f"Dashed: published (Jin et al., AAAI 2025), protocol paper, last epoch, {measured}."
    held = any(run.config.data.protocol != "paper" for run in comparison.runs)
    return f"{said} Runs of protocol held-out learn from fewer images and have their epoch chosen." if held else said


def densities_of_runs(runs: Iterable[ReadRun]) -> tuple[dict[float, str], float | None]:
    """Give the densities that runs have levels of, densest first, and the one that most of them have."""
    counts: dict[float, int] = {}
    for run in runs:
        for level in run.history.levels.values():
            counts[level.density] = counts.get(level.density, 0) + 1
    usual = max(counts, key=lambda density: (counts[density], -density), default=None)
    return {density: sparsity_of(density) for density in sorted(counts, reverse=True)}, usual


def curves_at(comparison: Comparison, density: float | None) -> tuple[list[RunCurves], str]:
    """Give the curves of the runs that have a level of a density, and what has to be said of them."""
    found: list[RunCurves] = []
    without = 0
    for number, (run, label) in enumerate(zip(comparison.runs, comparison.labels, strict=True)):
        level = next((n for n, level in run.history.levels.items() if level.density == density), None)
        if level is None:
            without += 1
        elif len(found) < MAX_RUNS:
            short = label if len(label) <= _MAX_NAME else label[: _MAX_NAME - 1] + "…"
            style = run_style(number, run.folder.name, short, f"Run {run.folder.name}")
            found.append(RunCurves(style, _series(run.history, level)))
    left = len(comparison.runs) - without - len(found)
    notes = [f"{without} of the chosen runs {'has' if without == 1 else 'have'} no such level."] if without else []
    notes += [f"The first {MAX_RUNS} runs are drawn, {left} more are not: choose fewer."] if left else []
    if found and not any(run.series["plain"].x.size for run in found):
        notes.append("No validation in these runs: see the training accuracy.")
    return found, "  ".join(notes)


def _series(history: RunHistory, level: int) -> dict[str, Series]:
    curves = LevelCurves(history, level)
    return {
        "plain": curves.epochs(lambda e: e.val_accuracy, scale=100),
        "prompted": curves.epochs(lambda e: e.val_accuracy_prompted, scale=100),
        "train": curves.epochs(lambda e: e.train_accuracy, scale=100),
        "loss": curves.epochs(lambda e: e.loss),
        "loss_prompted": curves.epochs(lambda e: e.loss_prompted),
        "density": curves.kept_density(),
    }


def curve_rows(runs: Sequence[RunCurves]) -> tuple[list[str], list[list[Cell]]]:
    """Give curves as a table with a row for each run and epoch."""
    keys = [measure.key for measure in MEASURES]
    rows: list[list[Cell]] = []
    for run in runs:
        known = {key: dict(zip(map(float, s.x), map(float, s.y), strict=True)) for key, s in run.series.items()}
        epochs = sorted({epoch for values in known.values() for epoch in values})
        rows += [[run.style.key, run.style.name, epoch, *(known[key].get(epoch) for key in keys)] for epoch in epochs]
    return ["run", "label", "epoch", *(f"{m.title} {m.unit if m.unit == '%' else ''}".strip() for m in MEASURES)], rows
