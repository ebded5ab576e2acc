"""What of a saved state is exported, and in which formats."""

import re
from typing import Literal

from pydantic import field_validator

from vpns_engine.specs.fields import Spec, option

ExportFormat = Literal["safetensors", "pt", "onnx", "masks", "sparse", "hub", "released"]
Head = Literal["source", "own"]
OnnxInput = Literal["pixels", "normalised"]

FORMAT_LABELS: dict[ExportFormat, str] = {
    "safetensors": "State dict, .safetensors",
    "pt": "State dict, .pt",
    "onnx": "ONNX",
    "masks": "Masks",
    "sparse": "Sparse file",
    "hub": "Model hub folder",
    "released": "Checkpoint of the released code",
}
"""What a person reads for each format."""

FORMAT_ABOUT: dict[ExportFormat, str] = {
    "safetensors": "The plain network, zeros included; the file can hold no code.",
    "pt": "The same as PyTorch's own file; opens with weights_only=True.",
    "onnx": "For ONNX Runtime, without PyTorch; any number of images at once.",
    "masks": "Which weights are kept: one bit for each.",
    "sparse": "One bit for each weight, and the values that are kept.",
    "hub": "Model card with front matter and figures, to upload as it is.",
    "released": "As the authors' code writes it; it does not hold its density.",
}
"""One line on each."""

HEAD_LABELS: dict[Head, str] = {
    "source": "All pre-trained classes, with the mapping beside",
    "own": "Only the task's own classes",
}
ONNX_LABELS: dict[OnnxInput, str] = {
    "pixels": "Inside: it takes images of 0 to 1",
    "normalised": "Outside: it takes what the network gets",
}
PLAIN: tuple[ExportFormat, ...] = ("safetensors", "pt", "masks")
"""What is written unless something else is asked for."""
STATES: tuple[ExportFormat, ...] = ("safetensors", "pt", "sparse")
"""Those that hold a state dict."""
_LICENSE, _MODEL = r"[a-z0-9][a-z0-9.+-]{0,39}", r"[\w.-]{1,96}/[\w.-]{1,96}"


class ExportSpec(Spec):
    """The wish for an export."""

    formats: tuple[ExportFormat, ...] = option(PLAIN, "Formats", words=FORMAT_LABELS, min_length=1)
    """Which files are written."""

    head: Head = option("source", "Classifier", words=HEAD_LABELS)
    """source: the pre-trained classifier with all its outputs, and which of them stands for which class; own: a classifier of
    the task's own classes, made of the mapped rows of the pre-trained one: the same numbers from a smaller file."""

    prompt: bool = option(True, "Take the prompt along")
    """Export the learned prompt and the canvas view with it, beside the view without."""

    onnx_input: OnnxInput = option("pixels", "Prompt and normalisation of ONNX", words=ONNX_LABELS)
    """pixels: prompt and normalisation are inside the file, one file for each view; normalised: who runs it does them."""

    license: str = option("unknown", "Licence", pattern=f"^{_LICENSE}$")
    """How the model hub names the licence, in small letters: mit, apache-2.0, cc-by-nc-4.0. It is for you to know which one."""

    base_model: str = option("", "Base model", pattern=f"^({_MODEL})?$")
    """The page on the model hub, `owner/name`, of what the network started from; empty: torchvision's name of it."""

    @field_validator("formats")
    @classmethod
    def _once(cls, given: tuple[ExportFormat, ...]) -> tuple[ExportFormat, ...]:
        """Name each format once, in the order in which they are offered."""
        return tuple(name for name in FORMAT_LABELS if name in given)

    @property
    def files(self) -> tuple[ExportFormat, ...]:
        """The formats, with a state dict for a model hub that would have no network otherwise."""
        needs = "hub" in self.formats and not {*STATES, "onnx"} & set(self.formats)
        return ("safetensors", *self.formats) if needs else self.formats

    @property
    def released_only(self) -> bool:
        """Nothing is written but the checkpoint of the released code."""
        return self.formats == ("released",)


def is_license(text: str) -> bool:
    """Tell whether a model hub could have such a licence."""
    return re.fullmatch(_LICENSE, text) is not None


def is_base_model(text: str) -> bool:
    """Tell whether a model hub could have such a page; none is fine."""
    return not text or re.fullmatch(_MODEL, text) is not None
