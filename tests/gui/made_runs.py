"""Small run folders as a run writes them: two layers, two levels, every artifact in place; no torch."""

from pathlib import Path

import numpy as np

from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.events import (
    EpochEnded,
    LabelsMapped,
    LayerInfo,
    LevelSaved,
    Message,
    PhaseEnded,
    PhaseInfo,
    PhaseStarted,
    RunEnded,
    RunStarted,
    StepDone,
    Tested,
)
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

LAYERS = (LayerInfo(name="conv1", shape=(4, 3, 3, 3)), LayerInfo(name="fc", shape=(12, 4)))
NUM_EPOCHS = 2
SAMPLES = "artifacts/samples.safetensors"


def config(*, method="vpns", sparsities=(0.9,), **values) -> RunConfig:
    """Give the configuration of a made-up run."""
    return RunConfig(method=method, mask=MaskSpec(sparsities=sparsities), **values)


def mask_of(layer: LayerInfo, level: int, epoch: int):
    """Give the mask of a layer after an epoch: different at each."""
    return np.random.default_rng((level, epoch, layer.numel)).random(layer.shape) < 0.3


def delta_of(level: int, epoch: int):
    """Give the learned prompt after an epoch: different at each."""
    return np.random.default_rng((level, epoch)).normal(0, 0.02, (3, 16, 16)).astype(np.float32)


def kept_of(level: int, epoch: int) -> tuple[int, ...]:
    """Give the kept weights of each layer after an epoch."""
    return tuple(int(mask_of(layer, level, epoch).sum()) for layer in LAYERS)


def started(config: RunConfig) -> RunStarted:
    """Give the first event."""
    phases = []
    for level, density in enumerate(config.mask.densities):
        phases.append(PhaseInfo(kind="rewind", level=level, density=density))
        phases.append(PhaseInfo(kind="map", level=level, density=density, epochs=1, iterations=2))
        phases += [
            PhaseInfo(kind=kind, level=level, density=density, epochs=NUM_EPOCHS, iterations=2)
            for kind in ("search", "finetune")
        ]
    return RunStarted(
        method=config.method, phases=tuple(phases), layers=LAYERS, source_classes=tuple("OIZJqSbTBg"),
        target_classes=tuple("0123456789"), num_train=20, num_validation=10, num_test=10,
        num_prompt_values=config.effective_prompt.num_values(16), half_steps=2, device="cpu", threads=1, samples_path=SAMPLES,
    )  # fmt: skip


class MadeRun:
    """Writes a run into a folder, event by event; also hands the events out, for a live one."""

    def __init__(self, runs: Path, config: RunConfig, store: RunStore | None = None) -> None:
        self.config = config
        self.store = store or RunStore.create(runs, config)
        self.first = started(config)

    def events(self, *, levels=None, end="finished"):
        """Give the events in order, each file written before the event that names it."""
        self._samples()
        yield self.first
        yield Message(severity="warning", text="2 broken images are skipped")
        for index, info in enumerate(self.first.phases):
            if levels is not None and info.level >= levels:
                continue
            yield PhaseStarted(phase=index)
            yield from self._phase(index, info)
            yield PhaseEnded(phase=index)
        if end:
            yield RunEnded(status=end, text="the disk is full" if end == "failed" else "")

    def write(self, **choices) -> RunStore:
        """Write the whole run."""
        for seq, event in enumerate(self.events(**choices)):
            self.store.append(event.model_copy(update={"seq": seq, "time": 1e9 + seq}))
        self.store.close()
        end = choices.get("end", "finished")
        self.store.write_info(self.store.read_info().model_copy(update={"status": end or "running"}))
        return self.store

    def _phase(self, index, info):
        if info.kind == "map":
            yield LabelsMapped(phase=index, level=info.level, sources=tuple(range(10)), counts=tuple(range(10)))
        if info.kind not in ("search", "finetune"):
            return
        for epoch in range(info.kind == "finetune", NUM_EPOCHS + 1):
            if epoch:
                yield StepDone(phase=index, epoch=epoch, step=1, losses=(0.5, 0.4), accuracies=(0.5, 0.6))
            yield self._epoch(index, info, epoch)
        yield LevelSaved(
            phase=index, level=info.level, epoch=NUM_EPOCHS, complete=True, state_path=self._state(info, NUM_EPOCHS)
        )
        if info.kind == "finetune":
            for stage, accuracy in (("search", 0.75), ("finetune", 0.875)):
                prompted = 0.8 if self.config.uses_prompt else None
                yield Tested(level=info.level, stage=stage, accuracy=accuracy, accuracy_prompted=prompted)

    def _epoch(self, index, info, epoch):
        folder = f"{self.store.density_folder(info.density)}/{info.kind}"
        tuned = epoch + 100 * (info.kind == "finetune")
        prompt = masks = ""
        if self.config.uses_prompt:
            prompt = f"{folder}/prompt_{epoch:04d}.safetensors"
            delta = delta_of(info.level, tuned)
            write_arrays(self.store.path(prompt), {"delta": delta, "added": delta / 2})
        if info.kind == "search":
            masks = f"{folder}/masks_{epoch:04d}.safetensors"
            bits = {layer.name: pack(mask_of(layer, info.level, epoch)) for layer in LAYERS}
            write_arrays(self.store.path(masks), bits, {"shapes": _shapes()})
        mask_epoch = epoch if info.kind == "search" else NUM_EPOCHS
        return EpochEnded(
            phase=index, epoch=epoch, loss=0.4, train_accuracy=0.6, val_accuracy=0.5 + 0.1 * epoch,
            val_accuracy_prompted=0.55 if prompt else None, kept=kept_of(info.level, mask_epoch), threshold=0.02,
            prompt_path=prompt, masks_path=masks,
        )  # fmt: skip

    def _state(self, info, epoch):
        path = f"{self.store.density_folder(info.density)}/{info.kind}/state.safetensors"
        arrays = {}
        for layer in LAYERS:
            values = np.random.default_rng(layer.numel).normal(size=layer.shape).astype(np.float32)
            arrays[f"weights/{layer.name}.weight"] = values
            arrays[f"scores/{layer.name}"] = values / 10
            arrays[f"masks/{layer.name}"] = pack(mask_of(layer, info.level, epoch))
        if self.config.uses_prompt:
            delta = delta_of(info.level, epoch + 100 * (info.kind == "finetune"))
            arrays |= {"prompt/delta": delta, "prompt/added": delta / 2}
        details = {"phase": info.kind, "density": info.density, "threshold": 0.02, "epoch": epoch, "mapping": list(range(10))}
        write_arrays(self.store.path(path), arrays, {**details, "shapes": _shapes()})
        return path

    def _samples(self):
        images = np.random.default_rng(0).integers(0, 256, (4, 3, 16, 16), dtype=np.uint8)
        write_arrays(self.store.path(SAMPLES), {"images": images, "labels": np.array([0, 3, 7, 9])})


def _shapes():
    return {layer.name: list(layer.shape) for layer in LAYERS}
