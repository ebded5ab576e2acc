"""Writers of the sets whose pictures stand in a few large files: CIFAR, MNIST, SVHN."""

import struct
from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.data_sets.old_pickles import write_old_pickle
from tests.data_sets.pictures import Plan, pictures

CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def write_cifar10(root: Path, plan: Plan) -> None:
    """Write the five training batches, the test batch and the names of CIFAR-10."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    train = plan.labels("train")
    for number, labels in enumerate(np.array_split(train, 5), 1):
        write_old_pickle(folder / f"data_batch_{number}", _batch(labels, "labels", f"training batch {number} of 5"))
    write_old_pickle(folder / "test_batch", _batch(plan.labels("test"), "labels", "testing batch 1 of 1"))
    names = [*CIFAR10_NAMES, *(f"thing_{number}" for number in range(10, plan.classes))][: plan.classes]
    write_old_pickle(folder / "batches.meta", {"num_cases_per_batch": 10000, "label_names": names, "num_vis": 3072})


def write_cifar100(root: Path, plan: Plan) -> None:
    """Write the training and the test file and the names of CIFAR-100."""
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    for part in ("train", "test"):
        labels = plan.labels(part)
        batch = _batch(labels, "fine_labels", f"{part}ing batch 1 of 1")
        write_old_pickle(folder / part, {**batch, "coarse_labels": [int(label) // 5 for label in labels]})
    names = [f"fine_thing_{number:03d}" for number in range(plan.classes)]
    coarse = [f"coarse_thing_{number}" for number in range((plan.classes + 4) // 5)]
    write_old_pickle(folder / "meta", {"fine_label_names": names, "coarse_label_names": coarse})


def _batch(labels: np.ndarray, label_key: str, name: str) -> dict[str, object]:
    rows = pictures(labels).transpose(0, 3, 1, 2).reshape(len(labels), -1) if len(labels) else np.empty((0, 3072), np.uint8)
    names = [f"thing_s_{number:06d}.png" for number in range(len(labels))]
    return {"batch_label": name, label_key: labels.tolist(), "data": np.ascontiguousarray(rows), "filenames": names}


def write_svhn(root: Path, plan: Plan) -> None:
    """Write the two MATLAB files of SVHN, compressed, the digit 0 as 10."""
    for part in ("train", "test"):
        labels = plan.labels(part)
        content = {
            "X": pictures(labels).transpose(1, 2, 3, 0),
            "y": np.where(labels == 0, 10, labels).astype(np.uint8)[:, None],
        }
        savemat(root / f"{part}_32x32.mat", content, do_compression=True)


def write_mnist(root: Path, plan: Plan) -> None:
    """Write the four idx files of MNIST."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part, name in (("train", "train"), ("test", "t10k")):
        labels = plan.labels(part)
        write_idx(folder / f"{name}-labels-idx1-ubyte", labels.astype(np.uint8))
        write_idx(
            folder / f"{name}-images-idx3-ubyte", np.stack([_digit(label, number) for number, label in enumerate(labels)])
        )


def _digit(label: int, number: int) -> np.ndarray:
    """Draw a grey picture whose level tells its class."""
    return (12 + 24 * label + np.random.default_rng((label, number)).integers(0, 8, (28, 28))).astype(np.uint8)


def write_idx(path: Path, values: np.ndarray) -> None:
    """Write bytes in the idx format: type, number of dimensions, sizes, values."""
    path.write_bytes(bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes())
