"""A run of VGG-16 as the window finds it on the disk: the masks of three epochs of its search, and no state."""

from pathlib import Path

import numpy as np

from vpns_engine.artifacts import write_arrays
from vpns_engine.events import EpochEnded, LabelsMapped, LayerInfo, PhaseEnded, PhaseInfo, PhaseStarted, RunEnded, RunStarted
from vpns_engine.mask_files import count_ones
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_WIDTHS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
LAYERS = (
    *(
        LayerInfo(name=f"features.{place}", shape=(_WIDTHS[number + 1], _WIDTHS[number], 3, 3))
        for number, place in enumerate(_PLACES)
    ),
    LayerInfo(name="classifier.0", shape=(4096, 25088)),
    LayerInfo(name="classifier.3", shape=(4096, 4096)),
    LayerInfo(name="classifier.6", shape=(1000, 4096)),
)
TOTAL = sum(layer.numel for layer in LAYERS)
NUM_EPOCHS = 3
_HALVINGS = (1, 1, 2, 2, 3, 2, 3, 3, 3, 4, 4, 4, 4, 4, 5, 7)
"""One weight in 2 ** this is kept: early layers denser, under 1 % in the last one."""
_FLIPS = 6
"""One weight in 2 ** this is drawn anew from an epoch to the next."""
DEAD_LAYER, DEAD_ROWS, DEAD_COLUMNS = "features.21", (17, 300, 511), (4, 5)
"""Output and input channels (features.21 is 512 x 512 x 3 x 3) with nothing kept."""
TARGETS = tuple("0123456789")


def make_vgg16_run(runs: Path) -> RunStore:
    """Write the run into a folder of runs."""
    config = RunConfig(
        model=ModelSpec(architecture="vgg16"), mask=MaskSpec(sparsities=(0.9,)), search_epochs=NUM_EPOCHS, name="vgg"
    )
    store = RunStore.create(runs, config)
    masks = [_write_masks(store, epoch, bits) for epoch, bits in enumerate(_epochs())]
    phase = PhaseInfo(kind="search", level=0, density=0.1, epochs=NUM_EPOCHS, iterations=2)
    told = [
        RunStarted(
            method="vpns", phases=(phase,), layers=LAYERS, source_classes=tuple(f"class {n}" for n in range(1000)),
            target_classes=TARGETS, num_train=20, num_validation=10, num_test=10, num_prompt_values=336, half_steps=2,
            device="cpu", threads=1,
        ),
        PhaseStarted(phase=0),
        LabelsMapped(phase=0, level=0, sources=tuple(range(0, 1000, 100)), counts=(5,) * 10),
        *masks,
        PhaseEnded(phase=0),
        RunEnded(status="finished"),
    ]  # fmt: skip
    for seq, event in enumerate(told):
        store.append(event.model_copy(update={"seq": seq, "time": 1e9 + seq}))
    store.close()
    store.write_info(store.read_info().model_copy(update={"status": "finished"}))
    return store


def _epochs():
    """Give the packed masks of each layer, epoch by epoch: a few weights change from one to the next."""
    random = np.random.default_rng(16)
    bits = {layer.name: _some(random, layer, halvings) for layer, halvings in zip(LAYERS, _HALVINGS, strict=True)}
    yield bits
    for _ in range(NUM_EPOCHS - 1):
        for layer, halvings in zip(LAYERS, _HALVINGS, strict=True):
            drawn = random.bytes(layer.numel >> 3 >> _FLIPS)
            places = np.frombuffer(drawn, np.uint8)
            whole = bits[layer.name].copy()
            whole[:: 2**_FLIPS][: len(places)] = _thinned(random, places, halvings)
            bits[layer.name] = _without_dead(layer, whole)
        yield bits


def _some(random: np.random.Generator, layer: LayerInfo, halvings: int):
    first = np.frombuffer(random.bytes((layer.numel + 7) // 8), np.uint8)
    return _without_dead(layer, _thinned(random, first, halvings))


def _thinned(random: np.random.Generator, bits, halvings: int):
    kept = bits
    for _ in range(halvings - 1):
        # random bytes met in another order are as good as fresh ones, and many times as fast
        kept = kept & np.roll(bits, int(random.integers(1, max(2, len(bits)))))
    return kept


def _without_dead(layer: LayerInfo, bits):
    """Clear whole channels of one layer; its kernels are not whole bytes, eight of them are."""
    if layer.name != DEAD_LAYER:
        return bits
    mask = np.unpackbits(bits).reshape(layer.shape)
    mask[list(DEAD_ROWS)] = 0
    mask[:, list(DEAD_COLUMNS)] = 0
    return np.packbits(mask)


def _write_masks(store: RunStore, epoch: int, bits) -> EpochEnded:
    number = epoch + 1
    path = f"{store.density_folder(0.1)}/search/masks_{number:04d}.safetensors"
    write_arrays(store.path(path), bits, {"epoch": number, "shapes": {layer.name: list(layer.shape) for layer in LAYERS}})
    return EpochEnded(
        phase=0, epoch=number, loss=0.5, train_accuracy=0.6, val_accuracy=0.5, threshold=0.02, masks_path=path,
        kept=tuple(count_ones(bits[layer.name], layer.numel) for layer in LAYERS),
    )  # fmt: skip
