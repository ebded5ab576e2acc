"""Which pictures, how they are split, and how they are prepared."""

from typing import Literal

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.specs.fields import Spec, option

Dataset = Literal[
    "digits",
    "folder",
    "cifar10",
    "cifar100",
    "dtd",
    "eurosat",
    "flowers102",
    "food101",
    "gtsrb",
    "imagenet",
    "mnist",
    "oxford_pets",
    "stanford_cars",
    "sun397",
    "svhn",
    "tiny_imagenet",
    "unknown",
]
DATASET_LABELS: dict[Dataset, str] = {
    "digits": "Digits (bundled)",
    "folder": "Image folder",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "dtd": "DTD",
    "eurosat": "EuroSAT",
    "flowers102": "Flowers102",
    "food101": "Food101",
    "gtsrb": "GTSRB",
    "imagenet": "ImageNet",
    "mnist": "MNIST",
    "oxford_pets": "OxfordPets",
    "stanford_cars": "StanfordCars",
    "sun397": "SUN397",
    "svhn": "SVHN",
    "tiny_imagenet": "Tiny-ImageNet",
    "unknown": "Not known (imported checkpoint)",
}
"""What a person reads for each data set."""

NAMED: tuple[Dataset, ...] = tuple(name for name in DATASET_LABELS if name not in ("digits", "folder", "unknown"))
"""The data sets that stand below the data root."""

_DRAWN: tuple[Dataset, ...] = tuple(name for name in DATASET_LABELS if name not in ("digits", "dtd", "flowers102", "unknown"))
"""Data sets whose validation images are drawn from the training images."""

_NO_TEST: tuple[Dataset, ...] = ("folder", "eurosat", "sun397")
"""Data sets that may have no test images of their own, or never have."""

Protocol = Literal["held-out", "paper"]


class DataSpec(Spec):
    """The target task's images."""

    dataset: Dataset = option("digits", "Data set", words=DATASET_LABELS)
    """digits: 1,797 scanned digits that come with the program (UCI, CC BY 4.0); folder: your own images, one folder for each
    class, or train / val / test with such folders in each; the others stand below the data root (`vpns data list`)."""

    folder: str = option("", "Image folder", only_with={"dataset": ("folder",)}, path="folder")
    """The folder with your images; used with data set 'folder' only."""

    root: str = option("", "Data root", advanced=True, only_with={"dataset": NAMED}, path="folder")
    """The folder below which data sets stand, laid out as torchvision does it; empty: the one that is set for all runs."""

    image_size: int = option(16, "Image size", unit="px", ge=8, le=1024)
    """Both sides of an image after resizing (s). The network sees s x s images un-prompted, and the canvas prompted."""

    flip: bool = option(False, "Horizontal flip", advanced=True)
    """Mirror half of the training images at random. Right for photographs, wrong for digits and letters."""

    batch_size: int = option(64, "Batch size", advanced=True, ge=1, le=4096)
    """Images in a batch; an iteration takes one batch of each of the two views."""

    micro_batch: int = option(0, "Micro-batch", advanced=True, ge=0, le=4096)
    """Images that go through the network at once; 0: the whole batch. Gradients are summed over a batch's micro-batches before
    an update, so less memory is needed. Without batch-norm and dropout the update is the same; batch-norm sees smaller
    batches."""

    protocol: Protocol = option(
        "held-out", "Protocol", advanced=True, words={"held-out": "Held-out validation", "paper": "As published"}
    )
    """held-out: a validation split chooses the epoch, the test split is read once at the end; paper: as the published numbers
    were measured (all training images, last epoch)."""

    validation_share: float = option(
        0.1,
        "Validation share",
        advanced=True,
        only_with={"dataset": _DRAWN, "protocol": ("held-out",)},
        gt=0,
        le=0.5,
    )
    """Part of the training images kept for validation (stratified, at least 5 per class) where the data set brings no
    validation split of its own. Not used by the paper protocol."""

    test_share: float = option(0.2, "Test share", advanced=True, only_with={"dataset": _NO_TEST}, gt=0, le=0.5)
    """Part of the images kept for the test (stratified, seeded) where the set has none: a folder without test or val folder,
    EuroSAT, SUN397."""

    @field_validator("folder")
    @classmethod
    def _given_when_needed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("dataset") == "folder" and not value.strip():
            raise ValueError("choose the folder with your images")
        return value
