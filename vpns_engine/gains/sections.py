"""The report's tables and charts, made from the figures."""

from collections.abc import Iterator

from vpns_engine.gains.accuracy import Accuracy, Difference, StateTest
from vpns_engine.gains.figures import (
    FILE_LABELS,
    count_text,
    per_second,
    place_of,
    points,
    range_text,
    seconds_text,
    three,
    times_smaller,
    verdict,
)
from vpns_engine.gains.model import Gains, LayerWork, Part, Spread, Timing, Variant, Work
from vpns_engine.gains.page import NOT_MEASURED, Bar, BarKind, Chart, Group, Section, Table
from vpns_engine.words import percent, printable, size_text

_PRODUCTS = "Products of activations (attention)"
_VERDICTS = {"same": "the same within the spread", "faster": "faster", "slower": "slower"}
UNTIL_MEASURED = "nothing was measured on this machine yet"


def sections_of(gains: Gains | None, accuracy: Accuracy) -> tuple[Section, ...]:
    """Give all parts of the report, those that were not measured with the reason."""
    if gains is None:
        rest = (("size", "Size"), ("work", "Work"), ("speed", "Speed"), ("memory", "Memory"))
        return (_accuracy(accuracy), *(Section(name, title, missing=UNTIL_MEASURED) for name, title in rest))
    return (_accuracy(accuracy), _size(gains), _work(gains), _speed(gains), _memory(gains))


def _accuracy(accuracy: Accuracy) -> Section:
    if not accuracy.tests:
        return Section("accuracy", "Accuracy", missing="the test images were not read")
    columns = ("State", "Test %", "with prompt %", "prompt gives", "against dense", "against control")
    rows = tuple(_accuracy_row(accuracy, test) for test in accuracy.tests)
    strong = frozenset(row for row, test in enumerate(accuracy.tests) if test.is_reported)
    table = Table("gainsAccuracy", "Accuracy", columns, rows, _accuracy_note(accuracy), strong=strong, tip="standard error")
    return Section("accuracy", "Accuracy on the test images", (table,), _accuracy_chart(accuracy))


def _accuracy_row(accuracy: Accuracy, test: StateTest) -> tuple[str, ...]:
    dense, control = accuracy.dense, accuracy.test("control", test.stage)
    against = accuracy.difference(test, "plain", dense, "plain") if dense is not None and test.of != "dense" else None
    beside = accuracy.difference(test, "plain", control, "plain") if control is not None and test.of == "this" else None
    own = accuracy.difference(test, "prompted", test, "plain")
    shares = (_share(accuracy, share) for share in (test.plain, test.prompted))
    return (test.label, *shares, *map(_difference, (own, against, beside)))


def _share(accuracy: Accuracy, share: float | None) -> str:
    if share is None:
        return "-"
    error = accuracy.error(share)
    return points(share, signed=False) + (f" ± {points(error, signed=False)}" if error is not None else "")


def _difference(found: Difference | None) -> str:
    if found is None:
        return "-"
    if found.error is None:
        return points(found.value)
    return f"{points(found.value)} ± {points(found.error, signed=False)}" + (" (chance)" if found.is_noise else "")


def _accuracy_note(accuracy: Accuracy) -> str:
    images = f"{accuracy.num_test:,} test images; " if accuracy.num_test else ""
    control = f" Control arm: {printable(accuracy.control_run)}." if accuracy.control_run else ""
    why = f" Control arm: {accuracy.why_no_control}." if accuracy.why_no_control else ""
    apart = (
        " Where the answers to each image were not kept, two accuracies are taken as of different images: such an error is too "
        "large as a rule."
        if _has_apart(accuracy)
        else ""
    )
    return (
        f"{images}± is the standard error that so many images leave. Marked as chance is a difference that a fair coin makes "
        "in 5 % of cases or more (sign test, image by image), or one within twice its own error where that could not be told."
        f"{apart} One seed: what another one would change comes on top, and is not measured here.{control}{why}"
    )


def _has_apart(accuracy: Accuracy) -> bool:
    """Tell whether tests that belong together cannot be compared image by image."""
    return len(accuracy.tests) + sum(test.prompted is not None for test in accuracy.tests) > 1 and any(
        test.predictions is None for test in accuracy.tests
    )


def _accuracy_chart(accuracy: Accuracy) -> Chart:
    groups = tuple(Group(test.label, tuple(_accuracy_bars(accuracy, test)), full=1.0) for test in accuracy.tests)
    return Chart("gainsAccuracyChart", "Test accuracy, without and with the prompt", groups)


def _accuracy_bars(accuracy: Accuracy, test: StateTest) -> Iterator[Bar]:
    own: BarKind = "dense" if test.of == "dense" else "pruned"
    shares: tuple[tuple[str, float | None, BarKind], ...] = (
        ("without prompt", test.plain, own),
        ("with prompt", test.prompted, "prompted"),
    )
    for label, share, kind in shares:
        if share is not None:
            error = accuracy.error(share) or 0.0
            yield Bar(label, share, percent(share), kind, max(0.0, share - error), min(1.0, share + error))


def _size(gains: Gains) -> Section:
    tables = (*_weights_tables(gains), *_file_tables(gains))
    groups = tuple(
        Group(
            FILE_LABELS[size.kind],
            (
                Bar("dense", size.dense, size_text(size.dense), kind="dense"),
                Bar("pruned", size.pruned, size_text(size.pruned)),
            ),
            full=max(found.dense for found in gains.sizes),
        )
        for size in gains.sizes
    )
    chart = Chart("gainsSizeChart", "Size of the files", groups) if groups else None
    return Section("size", "Size", tables, chart, missing="" if tables else _why(gains, "sizes"))


def _file_tables(gains: Gains) -> Iterator[Table]:
    if not gains.sizes:
        return
    plain = next((size.dense for size in gains.sizes if size.kind == "plain"), 0)
    rows = tuple(
        (
            FILE_LABELS[size.kind],
            size_text(size.dense),
            size_text(size.pruned),
            times_smaller(size.dense, size.pruned),
            times_smaller(plain, size.pruned),
        )
        for size in gains.sizes
    )
    note = "Each file was written and its bytes were counted. In the sparse file a layer stands dense where that is smaller."
    columns = ("File", "Dense", "Pruned", "pruned is", "against the plain dense file")
    yield Table("gainsFiles", "Files", columns, rows, note, tip="sparse file")


def _weights_tables(gains: Gains) -> Iterator[Table]:
    found = gains.weights
    if found is None:
        return
    rows = [
        ("Parameters, biases and batch-norm too", f"{found.parameters:,}", f"{found.parameters:,}", "100 %"),
        _counted("of these not 0", found.dense_nonzero, found.pruned_nonzero),
        _counted("Weights that could be pruned: kept", found.scored, found.kept),
    ]
    if found.unused_rows:
        scored, kept = found.scored - found.unused_weights, found.kept - found.unused_kept
        rows.append(_counted(f"the same without {found.unused_rows:,} unused classifier rows", scored, kept))
    yield Table("gainsWeights", "Weights", ("What", "Dense", "Pruned", "left"), tuple(rows), tip="density")


def _counted(what: str, dense: int, pruned: int) -> tuple[str, str, str, str]:
    return what, f"{dense:,}", f"{pruned:,}", _of(pruned, dense)


def _of(part: int, whole: int) -> str:
    return percent(part / whole, 2) if whole else "-"


def _work(gains: Gains) -> Section:
    if not gains.work:
        return Section("work", "Multiply-accumulates", missing=_why(gains, "work"))
    rows = tuple(
        (_input(gains, place, work), count_text(work.macs), count_text(work.left), _of(work.left, work.macs))
        for place, work in enumerate(gains.work)
    )
    note = "Theoretical: counted with the sizes of a real pass, as if zeros were skipped. No kernel timed here skips them."
    columns = ("Input", "Dense", "zeros skipped", "left")
    total = Table("gainsWork", "Multiply-accumulates of one image", columns, rows, note, tip="multiply-accumulates")
    work = gains.work[0]
    layers = Table(
        "gainsLayers",
        f"Layer by layer, at {work.size_px} px",
        ("Layer", "Weights", "not 0", "left", "Multiply-accumulates", "zeros skipped", "share of all"),
        tuple(_layer_row(layer, work) for layer in work.layers),
        tip="multiply-accumulates",
    )
    return Section("work", "Multiply-accumulates (theoretical)", (total, layers), _layers_chart(work))


def _input(gains: Gains, place: int, work: Work) -> str:
    words = "" if len(gains.work) == 1 else ", with the prompt" if place else ", without the prompt"
    return f"{work.size_px} x {work.size_px} px{words}"


def layer_name(layer: LayerWork) -> str:
    """Give a layer's name as it is shown."""
    return printable(layer.layer) or _PRODUCTS


def _layer_row(layer: LayerWork, work: Work) -> tuple[str, ...]:
    is_weight = layer.weights > 0
    return (
        layer_name(layer),
        f"{layer.weights:,}" if is_weight else "-",
        f"{layer.nonzero:,}" if is_weight else "-",
        _of(layer.nonzero, layer.weights) if is_weight else "-",
        count_text(layer.macs),
        count_text(layer.left),
        _of(layer.macs, work.macs),
    )


def _layers_chart(work: Work) -> Chart:
    most = max((layer.macs for layer in work.layers), default=1)
    groups = tuple(
        Group(
            layer_name(layer),
            (
                Bar("dense", layer.macs, count_text(layer.macs), kind="dense"),
                Bar("zeros skipped", layer.left, count_text(layer.left)),
            ),
            full=most,
        )
        for layer in work.layers
    )
    title = "Multiply-accumulates of each layer in network order: dense, and what is left if zeros are skipped"
    return Chart("gainsLayersChart", title, groups, compact=True)


def _speed(gains: Gains) -> Section:
    gone = tuple(f"{label}: {_why(gains, part)}" for part, label in _ENGINES.items() if part in gains.missing)
    if not gains.timings:
        return Section("speed", "Speed", missing="; ".join(gone) or NOT_MEASURED)
    prompted = any("prompted" in timing.seconds for timing in gains.timings)
    columns = ("Engine", "Batch", "Dense", "Pruned", *(["with prompt"] if prompted else []), "pruned / dense", "verdict")
    times = Table(
        "gainsTimes",
        "Time of a batch: median (quartiles)",
        columns,
        tuple(_time_row(timing, prompted) for timing in gains.timings),
        _time_note(gains, gone),
        tip="latency",
    )
    through = Table(
        "gainsThroughput",
        "Images a second: at the median (quartiles)",
        ("Engine", "Batch", "Dense", "Pruned", *(["with prompt"] if prompted else []), "rounds"),
        tuple(_throughput_row(timing, prompted) for timing in gains.timings),
        tip="throughput",
    )
    return Section("speed", "Speed, measured", (times, through), _speed_chart(gains))


_ENGINES: dict[Part, str] = {"torch": "PyTorch, CPU", "onnx": "ONNX Runtime, CPU", "cuda": "PyTorch, GPU"}


def _time_row(timing: Timing, prompted: bool) -> tuple[str, ...]:
    return (
        place_of(timing),
        str(timing.batch),
        *(_time(timing.seconds.get(name)) for name in _names(prompted)),
        f"{timing.ratio.median:.3f} ({timing.ratio.low:.3f} to {timing.ratio.high:.3f})",
        _VERDICTS[verdict(timing.ratio)],
    )


def _names(prompted: bool) -> tuple[Variant, ...]:
    return ("dense", "pruned", "prompted") if prompted else ("dense", "pruned")


def _time(found: Spread | None) -> str:
    return NOT_MEASURED if found is None else f"{seconds_text(found.median)} ({range_text(found)})"


def _time_note(gains: Gains, gone: tuple[str, ...]) -> str:
    threads = f"{gains.threads} CPU thread{'s' * (gains.threads != 1)}"
    notes = [
        f"{threads}, float32; dense and pruned took turns in one process, in an order drawn for each round, after a warm-up.",
        "A ratio counts as a difference where its quartiles leave out 1 and it is 3 % or more.",
    ]
    if any(timing.device != "cpu" for timing in gains.timings):
        notes.append("On the GPU with PyTorch's usual settings: it may compute convolutions in TF32.")
    notes += [f"{NOT_MEASURED.capitalize()}: {words}." for words in gone]
    worst = max((timing.most_difference for timing in gains.timings), default=0.0)
    if worst:
        notes.append(f"ONNX Runtime's logits differ from PyTorch's by at most {worst:.1g} of the largest.")
    return " ".join(notes)


def _throughput_row(timing: Timing, prompted: bool) -> tuple[str, ...]:
    cells = []
    for name in _names(prompted):
        found = timing.seconds.get(name)
        cells.append(NOT_MEASURED if found is None else _throughput(timing.batch, found))
    return (place_of(timing), str(timing.batch), *cells, str(timing.ratio.rounds))


def _throughput(batch: int, found: Spread) -> str:
    return f"{per_second(batch, found.median)} ({per_second(batch, found.high)} to {per_second(batch, found.low)})"


def _speed_chart(gains: Gains) -> Chart:
    labels: dict[Variant, str] = {"dense": "dense", "pruned": "pruned", "prompted": "with prompt"}
    groups = tuple(
        Group(
            f"{place_of(timing)}, batch {timing.batch}",
            tuple(
                Bar(labels[name], found.median, seconds_text(found.median), name, found.low, found.high)
                for name in labels
                if (found := timing.seconds.get(name)) is not None
            ),
        )
        for timing in gains.timings
    )
    return Chart("gainsSpeedChart", "Time of a batch, shorter is faster; the thin line spans the quartiles", groups)


def _memory(gains: Gains) -> Section:
    if not gains.memory:
        return Section("memory", "Memory", missing=_why(gains, "memory"))
    rows = tuple(
        (
            "Process on the CPU" if found.device == "cpu" else "GPU's own memory",
            str(found.batch),
            size_text(found.dense),
            size_text(found.pruned),
            f"{three(found.pruned / found.dense) if found.dense else '-'}",
            size_text(found.dense_before) if found.dense_before else "-",
        )
        for found in gains.memory
    )
    columns = ("Where", "Batch", "Dense", "Pruned", "pruned / dense", "libraries alone")
    note = "The most that a fresh process had while it loaded the network and passed one batch; the libraries' part is in it."
    return Section("memory", "Memory", (Table("gainsMemory", "Peak memory", columns, rows, note),))


def _why(gains: Gains, part: Part) -> str:
    return printable(gains.missing.get(part, "no reason was kept"))
