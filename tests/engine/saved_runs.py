"""Run folders with real saved states, written without training: quick enough for every test.

Scores, prompt and part of the weights are drawn from a seed; threshold, masks and files are made by the engine's own classes.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.events import EpochEnded, LabelsMapped, LevelSaved, PhaseInfo, RunEnded, RunStarted, Tested
from vpns_engine.nn.models import plain_network
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.plan import plan
from vpns_engine.specs.phase import epochs_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

MAPPING = (14, 8, 25, 9, 34, 18, 28, 19, 1, 31)


def saved_run(
    runs: Path, config: RunConfig, *, num_source: int = 37, stages: Sequence[str] = ("search", "finetune")
) -> RunStore:
    """Write a finished run's folder for `config`, each of its levels with the given saved stages."""
    torch.manual_seed(0)
    store = RunStore.create(runs, config)
    network = SparseNetwork(plain_network(config.model.architecture, num_source).eval())
    phases = [
        PhaseInfo(kind=phase.kind, level=phase.level, density=phase.density, epochs=epochs_of(phase), iterations=4)
        for phase in plan(config)
    ]
    store.append(_started(store, config, network, phases, num_source))
    for index, phase in enumerate(phases):
        if phase.kind == "map":
            store.append(LabelsMapped(phase=index, level=phase.level, sources=MAPPING, counts=(20,) * 10))
        if phase.kind in stages:
            _save(store, network, index, phase)
    store.append(RunEnded(status="finished"))
    store.close()
    store.write_info(store.read_info().model_copy(update={"status": "finished"}))
    return store


def _started(store, config, network, phases, num_source) -> RunStarted:
    size = config.data.image_size
    images = np.random.default_rng(1).integers(0, 256, (6, 3, size, size), dtype=np.uint8)
    write_arrays(store.folder / "artifacts/samples.safetensors", {"images": images, "labels": np.arange(6)})
    return RunStarted(
        method=config.method,
        phases=tuple(phases),
        layers=network.layers,
        source_classes=tuple(f"s{index}" for index in range(num_source)),
        target_classes=tuple(str(digit) for digit in range(10)),
        num_train=200,
        num_validation=300,
        num_test=600,
        num_prompt_values=config.effective_prompt.num_values(size),
        half_steps=2,
        device="cpu",
        threads=1,
        samples_path="artifacts/samples.safetensors",
    )


def _save(store: RunStore, network: SparseNetwork, index: int, phase: PhaseInfo) -> None:
    config = store.config
    network.set_scores([torch.randn_like(score) for score in network.scores])
    network.set_density(phase.density)
    prompt = build_prompt(config.effective_prompt, config.data.image_size, lambda: (0, 0))
    with torch.no_grad():
        prompt.delta.normal_(0, 0.3)
    arrays = {f"weights/{name}": value.numpy() for name, value in network.plain_state(masked=False).items()}
    shapes = {}
    for layer, score, mask in zip(network.layers, network.scores, network.masks(), strict=True):
        arrays[f"scores/{layer.name}"] = score.numpy()
        arrays[f"masks/{layer.name}"] = pack(mask.numpy())
        shapes[layer.name] = list(layer.shape)
    arrays["prompt/delta"] = prompt.delta.detach().numpy()
    arrays["prompt/added"] = prompt.added(fixed=True).detach().numpy()
    path = f"{store.density_folder(phase.density)}/{phase.kind}.safetensors"
    info = {
        "phase": phase.kind,
        "density": phase.density,
        "threshold": network.threshold,
        "epoch": phase.epochs,
        "mapping": MAPPING,
        "shapes": shapes,
    }
    write_arrays(store.folder / path, arrays, info)
    store.append(EpochEnded(phase=index, epoch=phase.epochs, val_accuracy=0.5, val_accuracy_prompted=0.25, kept=network.kept()))
    store.append(LevelSaved(phase=index, level=phase.level, epoch=phase.epochs, complete=True, state_path=path))
    store.append(Tested(level=phase.level, stage=phase.kind, accuracy=0.75, accuracy_prompted=0.5))
