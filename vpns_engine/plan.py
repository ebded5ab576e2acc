"""From a config to the plan of phases: every method is a row here."""

from vpns_engine.specs.phase import Finetune, Group, HalfStep, MapLabels, Phase, Rewind, Score, Search
from vpns_engine.specs.run import RunConfig


def plan(config: RunConfig) -> tuple[Phase, ...]:
    """Give the phases of a run, level by level. Levels are independent; each starts with a Rewind."""
    return tuple(phase for level, density in enumerate(config.mask.densities) for phase in _level(config, level, density))


def _level(config: RunConfig, level: int, density: float) -> tuple[Phase, ...]:
    start = Rewind(level, density)
    mapping = MapLabels(level, density)
    match config.method:
        case "vpns" | "control":
            search = Search(level, density, config.search_epochs, _halves("scores", config.uses_prompt))
            tune = Finetune(level, density, config.finetune_epochs, _halves("weights", config.uses_prompt))
            return (start, mapping, search, tune)
        case "omp" | "random":
            criterion = Score(level, density, "magnitude" if config.method == "omp" else "random")
            # as many updates in all as a method with a search makes
            epochs = config.search_epochs + config.finetune_epochs
            return (start, criterion, mapping, Finetune(level, density, epochs, _halves("weights", prompted=False)))


def _halves(learns: Group, prompted: bool) -> tuple[HalfStep, ...]:
    """Give the two half-steps of an iteration (spec section 4): the `vp` batch, then the `train` batch.

    Without a prompt the first half still takes the canvas view; only its prompt is absent.
    """
    first: tuple[Group, ...] = (learns, "prompt") if prompted else (learns,)
    return (HalfStep("vp", True, first), HalfStep("train", False, (learns,)))
