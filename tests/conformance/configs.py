"""From a recorded case's settings to the engine's own specs."""

from collections.abc import Mapping
from typing import Any

from vpns_engine.specs.data import DataSpec
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.prompt import PromptKind, PromptSpec
from vpns_engine.specs.run import RunConfig

_KINDS: dict[str, PromptKind] = {
    "pad": "pad",
    "fix": "fix",
    "random": "random",
    "expansive": "expand",
    "expand": "expand",
    "none": "none",
}
_DECAY, _MOMENTUM = 1e-4, 0.9


def run_config(settings: Mapping[str, Any]) -> RunConfig:
    """Give the run configuration of a trajectory, under the published protocol."""
    config = settings["config"]
    prompt = prompt_spec(config["prompt"], config["output"], pad=config.get("pad"), square=config.get("mask"))
    return RunConfig(
        method="control" if prompt.kind == "none" else "vpns",
        prompt=prompt,
        data=DataSpec(image_size=config["size"], batch_size=config["batch"], protocol="paper"),
        mask=MaskSpec(sparsities=tuple(1 - density for density in config["densities"])),
        search_epochs=config["epochs"],
        finetune_epochs=config["epochs"],
        optim=_optimizers(config, settings.get("official_args", {})),
        dense="none",
        seed=config["seed"],
    )


def prompt_spec(kind: str, canvas: int, *, pad: int | None = None, square: int | None = None) -> PromptSpec:
    """Give the spec of a recorded prompt; a size it does not use is left at its default."""
    known = _KINDS[kind]
    sizes = {"pad": {"pad": pad}, "fix": {"square": square}, "random": {"square": square}}.get(known, {})
    return PromptSpec.model_validate({"kind": known, "canvas": canvas, **sizes})


def _optimizers(config: Mapping[str, Any], arguments: Mapping[str, Any]) -> OptimGroups:
    """Give the four groups: the program's own arguments, overridden by what the case sets."""

    def group(official: str, kind: str, rate: str) -> OptimSpec:
        return OptimSpec(
            kind=config.get(kind) or arguments[f"{official}_optimizer"],
            lr=config[rate],
            momentum=arguments.get("momentum", _MOMENTUM),
            weight_decay=arguments.get(f"{official}_weight_decay", _DECAY),
            schedule=arguments.get(f"{official}_scheduler", config["sched"]),
        )

    return OptimGroups(
        scores=group("score", "score_opt", "score_lr"),
        search_prompt=group("score_vp", "score_vp_opt", "score_vp_lr"),
        weights=group("weight", "weight_opt", "weight_lr"),
        finetune_prompt=group("weight_vp", "weight_vp_opt", "weight_vp_lr"),
    )
