"""Drives the engine's phases over a recorded trajectory and records the same quantities under the same names.

Shapes: S level, E epoch, B batch, H half-step, L layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.conformance.cases import DTYPES, TARGET, Array, Case, Precision
from tests.conformance.configs import run_config
from tests.conformance.feeds import DENSE, FixedFeed, RecordedFeed, pictures, train_passes, vp_passes
from tests.conformance.networks import network_of_case
from vpns_engine.events import EpochEnded, LabelsMapped, LevelSaved
from vpns_engine.nn.mappings import count_predictions
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.plan import plan
from vpns_engine.specs.phase import MapLabels, Phase, Rewind, Search, epochs_of
from vpns_engine.training.feeds import Feeds
from vpns_engine.training.phases import execute
from vpns_engine.training.state import HalfResult, TrainState
from vpns_engine.training.steps import evaluate, evaluation_logits

_STAGES = {"search": "prune", "finetune": "ft"}
_SAVED = {"search": "prune", "finetune": "final"}


@dataclass
class Replay:
    """One trajectory at one precision. `found` fills while it runs."""

    case: Case
    precision: Precision
    expected: dict[str, Array] = field(init=False)
    found: dict[str, Array] = field(default_factory=dict)
    states: dict[str, dict[str, Array]] = field(default_factory=dict)
    """Whole states by recorded name (`s1.prune`), with `mask` as packed bits."""

    def __post_init__(self) -> None:
        self.expected = self.case.arrays(f"expected_{TARGET}_{self.precision}")
        self.config = run_config(self.case.settings)
        self.dtype = DTYPES[self.precision]
        network, self.digest = network_of_case(self.case)
        self._offsets = self._recorded_offsets()
        self._train, self._vp, self._test = self._feeds()
        self.state = self._make_state(network)
        self._level = DENSE
        self._evaluations: list[tuple[Tensor, float, float]] = []
        self._dense_mapping_T: Tensor | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the scored layers."""
        return tuple(layer.name for layer in self.state.network.layers)

    def run(self) -> None:
        """Do the whole trajectory: the dense network's mapping, then every level."""
        self._keep_initial()
        self._follow(Rewind(0, density=1.0))
        self._map(MapLabels(0, density=1.0))
        self._dense_mapping_T = self.state.mapping_T
        for phase in plan(self.config):
            self._begin(phase)
            match phase:
                case MapLabels():
                    self._map(phase)
                case _:
                    self._follow(phase)
            self._finish(phase)
        self.found["offsets_left"] = np.array(sum(1 for _ in self._offsets))

    def _begin(self, phase: Phase) -> None:
        """Measure what the authors' program measures between two levels, before the new threshold is set."""
        if not isinstance(phase, Rewind):
            return
        self._level = phase.level
        self._train.level = self._vp.level = phase.level
        threshold = self.state.network.threshold
        self.state.rewind(1.0)
        # the authors' program measures "before" with the dense network's mapping and the last level's threshold still set
        self.state.mapping_T = self._dense_mapping_T
        self.state.network.set_threshold(threshold)
        self._evaluate()

    def _finish(self, phase: Phase) -> None:
        match phase:
            case Rewind():
                self._put("thr_init", self._threshold())
                self._put("kept_init", self.state.network.kept())
            case MapLabels():
                return
            case _:
                self._evaluate()
        if phase.kind == "finetune":
            self._keep_evaluations()

    def _follow(self, phase: Phase) -> None:
        for event in execute(0, phase, self.state):
            match event:
                case EpochEnded() if event.epoch > 0:
                    self._keep_epoch(phase, event)
                case LevelSaved():
                    self.states[f"s{self._level + 1}.{_SAVED[phase.kind]}"] = self._whole_state()

    def _map(self, phase: MapLabels) -> None:
        passes: list[Tensor] = []
        hook = self.state.network.register_forward_hook(lambda _module, _input, logits: passes.append(logits))
        mapped = [event for event in execute(0, phase, self.state) if isinstance(event, LabelsMapped)]
        hook.remove()
        logits = torch.cat(passes)
        order = torch.from_numpy(self._train.orders_PN[self._train.used[-1]].astype(np.int64))
        predicted = logits.argmax(1)
        counts = count_predictions(predicted, self._train.y_N[order], self.state.num_source, self.state.num_target)
        call = self._level + 1
        self._put("flm_argmax", predicted, call)
        self._put("flm_dist", counts, call)
        self._put("flm_top2", logits.topk(2, dim=1, sorted=True).values.flip(1), call)
        self._put("flm_map", mapped[0].sources, call)

    def _observe(self, phase: Phase, epoch: int, step: int, half: int, result: HalfResult) -> None:
        place = (self._level, epoch - 1, step - 1, half)
        stage, network, delta = _STAGES[phase.kind], self.state.network, self.state.prompt.delta.detach()
        self._put(f"{stage}_loss", result.loss, *place)
        self._put(f"{stage}_fx", _padded(result.logits_BT, self.config.data.batch_size), *place)
        self._put(f"{stage}_prompt_norm", torch.linalg.vector_norm(delta.double()), *place)
        self._put(f"{stage}_prompt_samp", delta.flatten()[torch.from_numpy(self.expected["prompt_idx"])], *place)
        if isinstance(phase, Search):
            self._put("prune_thr", self._threshold(), *place)
            self._put("prune_kept", network.kept(), *place)
            self._put("prune_score_abs_sum", [float(score.abs().double().sum()) for score in network.scores], *place)

    def _keep_epoch(self, phase: Phase, event: EpochEnded) -> None:
        stage, place = _STAGES[phase.kind], (self._level, event.epoch - 1)
        _, accuracy, loss_sum = self._evaluate()
        self._put(f"{stage}_train_acc", event.train_accuracy, *place)
        self._put(f"{stage}_val_acc", accuracy, *place)
        self._put(f"{stage}_val_loss_sum", loss_sum, *place)
        rates, own = event.learning_rates, "score" if stage == "prune" else "weight"
        self._put(f"{stage}_lr_{own}", rates[f"{own}s"], *place)
        self._put(f"{stage}_lr_vp", rates.get("prompt", float("nan")), *place)

    def _evaluate(self) -> tuple[Tensor, float, float]:
        measured = evaluate(self.state, self._test, prompted=False)
        logits = [evaluation_logits(self.state, batch, prompted=False) for batch in self._test.batches("", 0)]
        self._evaluations.append((torch.cat(logits), measured.accuracy, measured.loss * measured.count))
        return self._evaluations[-1]

    def _keep_evaluations(self) -> None:
        """Take a level's evaluations in the order they were made: before, each epoch, after the stage, and so on."""
        done, self._evaluations = self._evaluations, []
        after_prune = 1 + self.config.search_epochs
        for number, (logits, accuracy, loss_sum) in enumerate(done):
            self._put("eval_fx", logits, self._level, number)
            self._put("eval_acc", accuracy, self._level, number)
            self._put("eval_loss_sum", loss_sum, self._level, number)
        for name, number in (("acc_before", 0), ("acc_after_prune", after_prune), ("acc_final", -1)):
            self._put(name, done[number][1])

    def _keep_initial(self) -> None:
        for name, score in zip(self.layers, self.state.network.scores, strict=True):
            self.found[f"score_init.{name}"] = score.numpy().copy()

    def _whole_state(self) -> dict[str, Array]:
        network = self.state.network
        arrays = {name: value.numpy() for name, value in network.plain_state(masked=False).items()}
        arrays |= {f"{name}.popup_scores": s.numpy().copy() for name, s in zip(self.layers, network.scores, strict=True)}
        arrays["program"] = self.state.prompt.delta.detach().numpy().copy()
        arrays["mask_packed"] = np.packbits(torch.cat([mask.flatten() for mask in network.masks()]).numpy())
        return arrays

    def _threshold(self) -> float:
        threshold = self.state.network.threshold
        return float("nan") if threshold is None else threshold

    def _put(self, name: str, value: Any, *place: int) -> None:
        """Set the entry of an array at its place (by default at the level), in an array shaped as the recorded one."""
        if name not in self.expected:
            return
        if name not in self.found:
            self.found[name] = _blank(self.expected[name])
        self.found[name][place or (self._level,)] = np.asarray(value)

    def _recorded_offsets(self) -> Iterator[tuple[int, int]]:
        recorded = self.expected.get("random_offsets", np.empty((0, 2), dtype=np.int64))
        return ((int(row), int(column)) for row, column in recorded)

    def _feeds(self) -> tuple[RecordedFeed, RecordedFeed, FixedFeed]:
        given, config = self.case.inputs, self.case.settings["config"]
        batch, epochs = config["batch"], config["epochs"]
        view = {part: pictures(given[f"{part}_x"], self.dtype) for part in ("train", "vp", "test")}
        label = {part: torch.from_numpy(given[f"{part}_y"].astype(np.int64)) for part in ("train", "vp", "test")}
        train = RecordedFeed(view["train"], label["train"], given["train_order"], batch, train_passes(epochs))
        vp = RecordedFeed(view["vp"], label["vp"], given["vp_order"], batch, vp_passes(epochs))
        return train, vp, FixedFeed(view["test"], label["test"], config.get("eval_batch", batch))

    def _make_state(self, network: nn.Module) -> TrainState:
        config = self.case.settings["config"]
        prompt = build_prompt(self.config.effective_prompt, self.config.data.image_size, lambda: next(self._offsets))
        return TrainState(
            network=SparseNetwork(network.to(self.dtype)),
            prompt=prompt.to(self.dtype),
            feeds=Feeds(train=self._train, vp=self._vp, validation=None, test=self._test),
            optim=self.config.optim,
            num_source=config["n_src"],
            num_target=config["n_tgt"],
            seed=self.config.seed,
            device=torch.device("cpu"),
            observe=self._observe,
        )


def num_updates(replay: Replay) -> int:
    """Count the half-steps of one stage of one level."""
    return 2 * len(replay.state.feeds.train) * max(epochs_of(phase) for phase in plan(replay.config))


def _padded(logits_BT: Tensor, batch_size: int) -> Tensor:
    """Fill a short batch up with rows of NaN."""
    return nn.functional.pad(logits_BT, (0, 0, 0, batch_size - len(logits_BT)), value=float("nan"))


def _blank(like: Array) -> Array:
    return np.full(like.shape, np.nan) if like.dtype.kind == "f" else np.full(like.shape, -1, dtype=np.int64)
