"""The JSON files of an export: labels, preprocessing, metrics."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from vpns_engine.density import density_of
from vpns_engine.export.check import ONNX_LIMIT, RELATIVE_LIMIT, Check
from vpns_engine.export.onnx_parts import OnnxPart
from vpns_engine.export.saving import Saving
from vpns_engine.export.source import Source
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import margins
from vpns_engine.saved_states import dense_tests, saved_name

_STEPS = "put the image on the black canvas, add `added` of prompt.safetensors, clamp to [0, 1], normalise"


def labels(source: Source) -> dict[str, Any]:
    """Say which of the network's outputs stands for which class of the task, and which pre-trained class that is."""
    saved = source.saved_as
    known = saved.started.source_classes
    rows = zip(source.started.target_classes, source.info.mapping, saved.info.mapping, strict=True)
    return {
        "num_outputs": len(source.started.source_classes),
        "mapping": source.config.mapping.kind,
        "classes": [
            {"name": name, "output": output, "source": index, "source_name": known[index]} for name, output, index in rows
        ],
    }


def preprocessing(source: Source, onnx: Sequence[OnnxPart] = ()) -> dict[str, Any]:
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
        "with_prompt": _STEPS if source.prompt else None,
        "canvas": prompt.canvas,
        "image_on_canvas": {"left": left, "right": right, "top": left, "bottom": right},
        "prompt": {"kind": prompt.kind, **prompt.facts(), "where": prompt.how()},
        "onnx": [asdict(part) for part in onnx],
    }


def metrics(source: Source, check: Check, *, has_states: bool = True, saving: Saving | None = None) -> dict[str, Any]:
    """Give everything that was measured.

    Args:
        source: what is exported.
        check: what the fresh process found.
        has_states: there is a state dict among the files, whose logits were compared.
        saving: what the sparse file saves.
    """
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
        "classifier": "own" if source.origin else "source",
        "size_bytes": asdict(saving) if saving else None,
        "layers": [
            {"name": layer, "shape": list(mask.shape), "kept": int(np.count_nonzero(mask)), "nonzero": check.nonzero[layer]}
            for layer, mask in source.masks.items()
        ],
        "check": {
            "pictures": check.num_pictures,
            "pictures_are_noise": source.pictures_are_noise,
            "threads": check.threads,
            "max_logit_difference": check.max_difference if has_states else None,
            "relative_limit": RELATIVE_LIMIT,
            "max_onnx_difference": check.max_onnx_difference,
            "relative_onnx_limit": ONNX_LIMIT,
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
