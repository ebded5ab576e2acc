"""The JSON files of an export: labels, preprocessing, metrics."""

from typing import Any

import numpy as np

from vpns_engine.density import density_of
from vpns_engine.export.check import RELATIVE_LIMIT, Check
from vpns_engine.export.source import Source
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import margins
from vpns_engine.saved_states import dense_tests, saved_name
from vpns_engine.specs.prompt import PromptSpec


def labels(source: Source) -> dict[str, Any]:
    """Say which of the network's outputs stands for which class of the task."""
    known = source.started.source_classes
    pairs = zip(source.started.target_classes, source.info.mapping, strict=True)
    return {
        "num_outputs": len(known),
        "mapping": source.config.mapping.kind,
        "classes": [{"name": name, "source": index, "source_name": known[index]} for name, index in pairs],
    }


def preprocessing(source: Source) -> dict[str, Any]:
    """Say what happens to a picture before the network sees it."""
    size, prompt = source.config.data.image_size, source.config.effective_prompt
    left, right = margins(prompt.canvas, size)
    wanted = normalization_of(source.config.model.architecture)
    return {
        "image_size": size,
        "resize": "RGB, both sides to image_size (the aspect ratio is not kept), bilinear with antialiasing (Pillow BILINEAR)",
        "value_range": [0, 1],
        "mean": list(wanted.mean),
        "std": list(wanted.std),
        "without_prompt": "normalise the image at image_size x image_size; no canvas",
        "with_prompt": _steps(prompt),
        "canvas": prompt.canvas,
        "image_on_canvas": {"left": left, "right": right, "top": left, "bottom": right},
        "prompt": {"kind": prompt.kind, **prompt.facts(), "where": prompt.how()},
    }


def _steps(prompt: PromptSpec) -> str | None:
    if not prompt.learns:
        return None
    return "put the image on the black canvas, add `added` of prompt.safetensors, clamp to [0, 1], normalise"


def metrics(source: Source, check: Check) -> dict[str, Any]:
    """Give everything that was measured."""
    chosen = source.chosen
    return {
        "run": source.run_name,
        "method": source.config.method,
        "level": source.saved.level,
        "sparsity_asked": round(1 - source.phase.density, 12),
        "stage": source.stage,
        "tuned": source.tuning == "tuned",
        "state": saved_name(source.history, source.saved),
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
        "dense_reference": {tested.stage: tested.accuracy for _, tested in dense_tests(source.history)},
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
            "level": number,
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
    counted = density_of(source.masks, len(source.started.source_classes), source.info.mapping)
    return {
        "mask": counted.share,
        "file": check.num_nonzero / counted.num_scored,
        "without_unused_classifier_rows": counted.without_unused_rows,
    }
