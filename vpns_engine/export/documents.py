"""The JSON files of an export: labels, preprocessing, metrics."""

from typing import Any

import numpy as np

from vpns_engine.export.check import RELATIVE_LIMIT, Check
from vpns_engine.export.source import Source
from vpns_engine.nn.normalization import MEAN, STD
from vpns_engine.nn.prompts import margins
from vpns_engine.specs.prompt import PromptSpec


def labels(source: Source) -> dict[str, Any]:
    """Say which of the network's outputs stands for which class of the task."""
    known = source.started.source_classes
    pairs = zip(source.started.target_classes, source.info.mapping, strict=True)
    return {
        "num_outputs": len(known),
        "classes": [{"name": name, "source": index, "source_name": known[index]} for name, index in pairs],
    }


def preprocessing(source: Source) -> dict[str, Any]:
    """Say what happens to a picture before the network sees it."""
    size, prompt = source.config.data.image_size, source.config.effective_prompt
    left, right = margins(prompt.canvas, size)
    return {
        "image_size": size,
        "resize": "RGB, both sides to image_size (the aspect ratio is not kept), bilinear with antialiasing (Pillow BILINEAR)",
        "value_range": [0, 1],
        "mean": list(MEAN),
        "std": list(STD),
        "without_prompt": "normalise the image at image_size x image_size; no canvas",
        "with_prompt": _steps(prompt),
        "canvas": prompt.canvas,
        "image_on_canvas": {"left": left, "right": right, "top": left, "bottom": right},
        "prompt": _prompt(prompt),
    }


def _steps(prompt: PromptSpec) -> str | None:
    if prompt.kind == "none":
        return None
    return "put the image on the black canvas, add `added` of prompt.safetensors, clamp to [0, 1], normalise"


def _prompt(prompt: PromptSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": prompt.kind}
    if prompt.kind == "pad":
        found["pad"] = prompt.pad
    if prompt.kind in ("fix", "random"):
        row, column = square_place(prompt)
        found.update(square=prompt.square, square_at={"row": row, "column": column})
    return found | {"where": where(prompt)}


def square_place(prompt: PromptSpec) -> tuple[int, int]:
    """Give row and column of the square's top-left corner in `added`: the middle of the canvas for prompt 'random'."""
    middle = (prompt.canvas - prompt.square) // 2 if prompt.kind == "random" else 0
    return middle, middle


def where(prompt: PromptSpec) -> str:
    """Say in words where the prompt acts, and how `added` comes from `delta`."""
    canvas = f"the {prompt.canvas} x {prompt.canvas} px canvas"
    match prompt.kind:
        case "pad":
            return f"a ring of {prompt.pad} px at the border of {canvas}; added = delta there, 0 elsewhere"
        case "fix":
            side = prompt.square
            return f"a square of {side} x {side} px at the top left of {canvas}; added = sigmoid(delta) there, 0 elsewhere"
        case "random":
            side, (row, column) = prompt.square, square_place(prompt)
            return (
                f"a square of {side} x {side} px on {canvas}. In training it was at a new place in each pass: its top-left "
                f"corner uniform in rows and columns 0 to {prompt.canvas - side - 1}, added = sigmoid(delta) in the square, 0 "
                f"elsewhere. For validation, test and this export it is in the middle, corner at row {row}, column {column}; "
                "for another place, cut sigmoid(delta) there"
            )
        case "expand":
            return f"everything on {canvas} outside the centred image; added = sigmoid(delta) there, 0 elsewhere"
        case "none":
            return "nowhere: the method has no prompt"


def metrics(source: Source, check: Check) -> dict[str, Any]:
    """Give everything that was measured."""
    chosen = source.chosen
    return {
        "run": source.run_name,
        "method": source.config.method,
        "level": source.saved.level + 1,
        "sparsity_asked": round(1 - source.phase.density, 12),
        "stage": source.stage,
        "tuned": source.tuned,
        "complete": source.saved.complete,
        "chosen_epoch": source.saved.epoch,
        "planned_epochs": source.phase.epochs,
        "protocol": source.config.data.protocol,
        "validation": {
            "accuracy": chosen.val_accuracy if chosen else None,
            "accuracy_prompted": chosen.val_accuracy_prompted if chosen else None,
        },
        "test": _test(source),
        "tests_of_the_run": _tests(source),
        "scored_weights": source.num_scored,
        "kept_weights": source.num_kept,
        "nonzero_weights_in_file": check.num_nonzero,
        "density": density(source, check),
        "layers": [
            {"name": layer, "shape": list(mask.shape), "kept": int(np.count_nonzero(mask)), "nonzero": check.nonzero[layer]}
            for layer, mask in source.masks.items()
        ],
        "check": {
            "pictures": check.num_pictures,
            "pictures_are_noise": source.pictures_are_noise,
            "threads": check.threads,
            "max_logit_difference": check.max_difference,
            "relative_limit": RELATIVE_LIMIT,
        },
    }


def _test(source: Source) -> dict[str, float | None] | None:
    """Give the test result of the exported state; None where it was not measured."""
    tested = source.history.levels[source.saved.level].test(source.phase.kind)
    return None if tested is None else {"accuracy": tested.accuracy, "accuracy_prompted": tested.accuracy_prompted}


def _tests(source: Source) -> list[dict[str, Any]]:
    return [
        {
            "level": number + 1,
            "sparsity": round(1 - level.density, 12),
            "stage": tested.stage,
            "accuracy": tested.accuracy,
            "accuracy_prompted": tested.accuracy_prompted,
        }
        for number, level in sorted(source.history.levels.items())
        for tested in level.tested
    ]


def density(source: Source, check: Check) -> dict[str, float | None]:
    """Give the kept share: of the mask, of the written file, and without the classifier rows that no class uses."""
    unused = unused_rows(source)
    left = source.num_scored - (0 if unused is None else unused.size)
    kept = source.num_kept - (0 if unused is None else int(np.count_nonzero(unused)))
    return {
        "mask": source.num_kept / source.num_scored,
        "file": check.num_nonzero / source.num_scored,
        "without_unused_classifier_rows": kept / left if unused is not None and left else None,
    }


def unused_rows(source: Source) -> np.ndarray | None:
    """Give the masks of the classifier's rows that no class of the task uses; None where the last layer is no classifier."""
    last = list(source.masks.values())[-1]
    if last.ndim != 2 or last.shape[0] != len(source.started.source_classes):
        return None
    rows: np.ndarray = np.delete(last, list(source.info.mapping), axis=0)
    return rows
