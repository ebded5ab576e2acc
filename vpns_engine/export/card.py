"""The model card: what the export is, what was measured, what the zeros give and what they do not."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from vpns_engine.export.check import Check, Files
from vpns_engine.export.code import code_of
from vpns_engine.export.hub import front_matter
from vpns_engine.export.onnx_parts import OnnxPart
from vpns_engine.export.picture import PictureScale
from vpns_engine.export.source import Source
from vpns_engine.saved_states import TUNING_LABELS, dense_tests, epoch_words, is_measured
from vpns_engine.specs.data import DATASET_LABELS, Dataset
from vpns_engine.specs.mapping import MAPPING_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.model import Weights
from vpns_engine.words import percent, printable, sparsity_of

if TYPE_CHECKING:
    from vpns_engine.export.contents import Contents

_MAX_CLASSES = 60
_WEIGHTS: dict[Weights, str] = {
    "pretrained": "torchvision's ImageNet weights",
    "file": "weights from a file",
    "none": "random weights",
}
_DATASETS: dict[Dataset, str] = {
    "digits": "the digits (UCI)",
    "folder": "a folder of images",
    "unknown": "a data set that is not known",
}
"""Those that have no name of their own."""
_BUNDLED = "the weights bundled with VPNs Studio, trained on rendered letters"


def card_text(source: Source, check: Check, contents: "Contents", measured: dict[str, Any]) -> str:
    """Write the model card (Markdown), for a model hub with its front matter."""
    template = Template((Path(__file__).parent / "templates" / "README.md.in").read_text(encoding="utf-8"))
    saving = contents.saving
    text = template.substitute(
        **_facts(source),
        **_counts(source, check, measured),
        state=_state(source),
        accuracy=_accuracy(source, measured),
        saving=f"- {saving.words()}\n" if saving else "",
        use=_use(source, contents),
        prompt=_prompt(source, contents.scale),
        classes=_classes(source),
        check=check_words(source, check, contents.files),
        files="".join(f"| {name} | {about} |\n" for name, about in _files(contents)),
    )
    return front_matter(source, contents.spec, measured) + text if "hub" in contents.spec.files else text


def _facts(source: Source) -> dict[str, object]:
    config, started = source.config, source.started
    return {
        "architecture": config.model.architecture,
        "sparsity": sparsity_of(source.phase.density),
        "dataset": _DATASETS.get(config.data.dataset) or DATASET_LABELS[config.data.dataset],
        "weights": _start(source) + _hash(source),
        "method": METHOD_LABELS[config.method],
        "num_classes": len(started.target_classes),
        "num_train": started.num_train or "an unknown number of",  # an imported checkpoint does not say it
        "not_pruned": "Biases, batch-norm and the new classifier" if source.has_head else "Biases and batch-norm",
    }


def _start(source: Source) -> str:
    """Say what the run began with."""
    config = source.config
    if config.start_from:
        return "the saved state of another run, tuned further"
    own = code_of(config.model.architecture).own_file
    return _BUNDLED if own and config.model.weights == "pretrained" else _WEIGHTS[config.model.weights]


def _hash(source: Source) -> str:
    found = source.started.weights_sha256
    return f"\n(SHA-256 of their values `{found}`)" if found else ""


def _state(source: Source) -> str:
    tuning, label = source.tuning, TUNING_LABELS[source.tuning]
    reached = epoch_words(source.history, source.saved)
    stopped = "" if source.saved.complete else " The run was stopped before that phase was complete."
    less = "Expect less than a tuned network reaches."
    if tuning == "untuned":
        return (
            f"**UNTUNED.** {label} ({reached}): the remaining weights are those from before the pruning (only batch-norm\n"
            f"statistics have moved), they were not tuned to the mask. {less}{stopped}"
        )
    if tuning == "hardly_tuned":
        return f"**HARDLY TUNED.** {label} ({reached}). {less}"
    if not is_measured(source.history, source.saved):
        return f"{label} ({reached}): the weights are those of that moment, of which nothing was measured."
    held_out = source.config.data.protocol == "held-out"
    chosen = "chosen by validation accuracy without the prompt" if held_out else "the last one (protocol `paper`)"
    return f"{label} ({reached}): the remaining weights are those of that epoch, {chosen}.{stopped}"


def _accuracy(source: Source, measured: dict[str, Any]) -> str:
    test, validation = measured["test"], measured["validation"]
    rows = []
    if test:
        rows.append(_accuracy_row(f"test ({source.started.num_test} images)", test))
    if validation["accuracy"] is not None:
        rows.append(_accuracy_row(f"validation ({source.started.num_validation} images)", validation))
    if not rows:
        return "It was not measured for this state."
    dense = [(f"test, {label.lower()}", tested.accuracy) for label, tested in dense_tests(source.history)]
    rows += [_accuracy_row(label, {"accuracy": accuracy, "accuracy_prompted": None}) for label, accuracy in dense]
    notes = [] if test else ["The test split was not read for this state."]
    notes.append("One run, one seed: differences of a point or so are within what another seed gives.")
    if source.config.uses_prompt:
        notes.append("Both columns are the same network; the prompt is worth using only where its column is the higher one.")
    return "\n".join(["| accuracy | without the prompt | with the prompt |", "|---|---|---|", *rows, "", *notes])


def _accuracy_row(name: str, values: dict[str, float | None]) -> str:
    return f"| {name} | {percent(values['accuracy'], 2)} | {percent(values['accuracy_prompted'], 2)} |"


def _counts(source: Source, check: Check, measured: dict[str, Any]) -> dict[str, str]:
    shares = measured["density"]
    zeros = source.num_kept - check.num_nonzero
    without = shares["without_unused_classifier_rows"]
    row = f"- Without the classifier's rows that no class here uses (they could be dropped anyway): {percent(without, 3)}.\n"
    return {
        "num_kept": f"{source.num_kept:,}",
        "num_scored": f"{source.num_scored:,}",
        "num_nonzero": f"{check.num_nonzero:,}",
        "density_mask": percent(shares["mask"], 3),
        "density_file": percent(shares["file"], 3),
        "exact_zeros": f" {zeros:,} kept weights happen to be exactly 0." if zeros else "",
        "unused_rows": "" if without is None or source.has_head or source.origin else row,
    }


def _use(source: Source, contents: "Contents") -> str:
    """Say how the network files are used; nothing where there is none."""
    states, onnx = contents.files.states, contents.files.onnx
    if not states and not onnx:
        return ""
    lines = ["## Use", "", "```"]
    lines += ["python example.py PICTURE"] * bool(states) + ["python example_onnx.py PICTURE"] * bool(onnx) + ["```", ""]
    if states:
        own = code_of(source.config.model.architecture).own_file
        needs = "torch, numpy, pillow" if own else "torch, torchvision, numpy, pillow"
        whose = f"`{own.name}`" if own else "torchvision's"
        lines += [f"`example.py` shows all of it and needs only {needs} and safetensors. The architecture's source is {whose}."]
        lines += [_state_words(states)]
    if onnx:
        lines += [_onnx_words(onnx)]
    return "\n".join([*lines, "", ""])


def _state_words(states: Sequence[str]) -> str:
    same = "hold the same plain state dict; each loads" if len(states) > 1 else "holds the plain state dict; it loads"
    only = ", `model.pt` with `weights_only=True`" if "model.pt" in states else ""
    return f"{' and '.join(f'`{name}`' for name in states)} {same} with `strict=True`{only}."


def _onnx_words(onnx: Sequence[OnnxPart]) -> str:
    names = " and ".join(f"`{part.file}` ({', '.join(part.views)})" for part in onnx)
    takes = (
        "images with values from 0 to 1; prompt and normalisation are inside"
        if onnx[0].input == "pixels"
        else "what the network gets: canvas, prompt and normalisation are done before, as `example_onnx.py` shows"
    )
    sides = " and ".join(dict.fromkeys(f"{part.size} x {part.size} px" for part in onnx))
    outputs = "Output `logits`, of which `labels.json` names the task's."
    return f"{names}: input `images`, {takes}; {sides}, any number at once. {outputs}"


def _files(contents: "Contents") -> Iterator[tuple[str, str]]:
    """Name the files, each with what it holds."""
    files = contents.files
    about = {
        "model.safetensors": "the pruned state dict",
        "model.pt": "the same, in PyTorch's own format",
        "model_sparse.safetensors": "the same as bits and kept values; `example.py` unpacks it",
    }
    yield from ((name, about[name]) for name in files.states)
    for part in files.onnx:
        yield part.file, f"the network as ONNX, {' and '.join(part.views)}"
    if files.masks:
        yield (
            "masks.safetensors",
            "one bit a weight, 8 a byte, first weight in the highest bit, C order; shapes in the metadata",
        )
    if contents.scale:
        yield "prompt.safetensors, prompt.png", "the exact prompt, and its amplified picture"
    if contents.released:
        yield f"{contents.released}, DENSITY.txt", "a checkpoint of the released code, and the density it does not say"
    yield "labels.json", "which output stands for which class"
    yield "preprocessing.json", "sizes, resizing, normalisation, where image and prompt lie on the canvas"
    yield "metrics.json", "all accuracies, densities, kept weights of each layer"
    yield "config.json", "the run's whole configuration"
    if files.states:
        yield "example.py", "the loader"
    if files.onnx:
        yield "example_onnx.py", "the loader without PyTorch"


def _prompt(source: Source, scale: PictureScale | None) -> str:
    if scale is None:
        return "The run's prompt was left out." if source.config.uses_prompt else "This method has no visual prompt."
    bound = f"{scale.bound:.4g}"
    return (
        f"Kind `{source.config.prompt.kind}`: {source.config.effective_prompt.how()}.\n\n"
        "![The prompt](prompt.png)\n\n"
        f"The picture is amplified, and drawn {scale.enlarged} times as large: middle grey adds nothing, full white adds\n"
        f"{bound}, full black takes {bound} away, in units of pixel value (0 black, 1 white). The exact values are in\n"
        "`prompt.safetensors`: `delta` as learned, `added` as added to the image on the canvas."
    )


def _classes(source: Source) -> str:
    saved = source.saved_as
    known = saved.started.source_classes
    pairs = list(zip(source.started.target_classes, source.info.mapping, saved.info.mapping, strict=True))
    label = MAPPING_LABELS[source.config.mapping.kind]
    if source.has_head:
        head = ["A new linear classifier, one output for each class, took the place of the pre-trained one.", ""]
        head += ["| class | output |", "|---|---|"]
        rows = [f"| {_cell(name)} | {output} |" for name, output, _ in pairs[:_MAX_CLASSES]]
    else:
        kept = f"The classifier keeps its {len(known)} outputs; each class of the task reads one of them. Mapping: {label}."
        own = (
            f"The classifier has one output for each class: the rows of the pre-trained one's {len(known)} that the "
            f"label mapping chose, unchanged. Mapping: {label}."
        )
        head = [own if source.origin else kept, "", "| class | output | pre-trained as |", "|---|---|---|"]
        rows = [f"| {_cell(name)} | {output} | {_cell(known[index])} |" for name, output, index in pairs[:_MAX_CLASSES]]
    if len(pairs) > _MAX_CLASSES:
        rows.append(f"\n{len(pairs) - _MAX_CLASSES} more in `labels.json`.")
    return "\n".join([*head, *rows])


def _cell(name: str) -> str:
    """Keep a class name (a folder's name) from breaking the table or becoming markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+!|~" else letter for letter in printable(name))


def check_words(source: Source, check: Check, files: Files) -> str:
    """Say what the fresh process found."""
    pictures = "pictures of noise" if source.pictures_are_noise else "pictures of the run"
    views = "with and without the prompt" if source.prompt else "without the prompt"
    threads = f"{check.threads} CPU thread{'s' * (check.threads != 1)}"
    said = []
    if files.states:
        same = check.max_difference == 0
        agreement = "the same logits, bit for bit, as those" if same else f"logits within {check.max_difference:.2g} of those"
        count = {1: "the file", 2: "both files"}.get(len(files.states), f"all {len(files.states)} files")
        said.append(
            f"a fresh process loaded {count} through `example.py` and computed {check.num_pictures}\n{pictures} {views}: "
            f"{agreement} of the run's own network ({threads})"
        )
    if files.onnx:
        said.append(
            f"ONNX Runtime computed the same {pictures} {views}, together and one alone, from what was written: logits within\n"
            f"{check.max_onnx_difference:.2g} of the run's own"
        )
    if files.masks:
        said.append("every bit of the masks was read again and compared")
    return ".\nBesides, ".join(said) if said else "nothing of it could be computed"
