"""From a config to the plan of phases: every method is a row here."""

from vpns_engine.specs.phase import DENSE, Finetune, Group, HalfStep, Load, MapLabels, Phase, Rewind, Score, Search, Test
from vpns_engine.specs.run import RunConfig


def plan(config: RunConfig) -> tuple[Phase, ...]:
    """Give the phases of a run: the dense reference, then level by level. Each is independent and starts with a Rewind."""
    levels = (_level(config, level, density) for level, density in enumerate(config.mask.densities))
    return (*_dense(config), *(phase for phases in levels for phase in phases))


def _dense(config: RunConfig) -> tuple[Phase, ...]:
    """Plan what the unpruned network reaches without a prompt; a run that goes on from a state has its own before it."""
    if config.dense == "none" or config.start_from:
        return ()
    start = Rewind(DENSE, 1.0)
    find, again = _mappings(config, DENSE, 1.0, prompted=False)
    mapped: tuple[Phase, ...] = (start, *find, Test(DENSE, 1.0)) if find else ()  # a new head that has not learned says nothing
    if config.dense == "mapped":
        return mapped
    halves = (HalfStep("vp", False, ("weights",)), HalfStep("train", False, ("weights",)))
    return (*(mapped or (start,)), Finetune(DENSE, 1.0, config.search_epochs + config.finetune_epochs, halves, again))


def _mappings(
    config: RunConfig, level: int, density: float, *, prompted: bool = True
) -> tuple[tuple[MapLabels, ...], MapLabels | None]:
    """Give how a level finds its label mapping: at its start (a new head needs none), and at each epoch."""
    rule = config.mapping.kind
    found = MapLabels(level, density, prompted, rule)
    return () if rule == "head" else (found,), found if rule == "ilm" else None


def _level(config: RunConfig, level: int, density: float) -> tuple[Phase, ...]:
    start = Rewind(level, density)
    mapping, again = _mappings(config, level, density)
    tune = Finetune(level, density, config.finetune_epochs, _halves(("weights",), config.uses_prompt), again)
    if config.start_from:
        return (Load(level, density, config.start_from), tune)
    match config.method:
        case "vpns" | "control":
            learns: tuple[Group, ...] = ("scores", "head") if config.mapping.kind == "head" else ("scores",)
            search = Search(level, density, config.search_epochs, _halves(learns, config.uses_prompt), again)
            return (start, *mapping, search, tune)
        case "omp" | "random":
            criterion = Score(level, density, "magnitude" if config.method == "omp" else "random")
            # as many updates in all as a method with a search makes
            epochs = config.search_epochs + config.finetune_epochs
            return (start, criterion, *mapping, Finetune(level, density, epochs, _halves(("weights",), prompted=False), again))


def _halves(learns: tuple[Group, ...], prompted: bool) -> tuple[HalfStep, ...]:
    """Give the two half-steps of an iteration (spec section 4): the `vp` batch, then the `train` batch.

    Without a prompt the first half still takes the canvas view; only its prompt is absent.
    """
    first: tuple[Group, ...] = (*learns, "prompt") if prompted else learns
    return (HalfStep("vp", True, first), HalfStep("train", False, learns))
