"""Numbers and names as a person reads them."""

from vpns_engine.history import RunHistory
from vpns_engine.specs.phase import DENSE


def percent(value: float | None, *, digits: int = 1) -> str:
    """Write a percentage (0 to 100); a dash where it is not known."""
    return "–" if value is None else f"{value:.{digits}f} %"


def density_percent(density: float) -> str:
    """Write a density (0 to 1) so that small ones stay readable: 0.034 %, 2.1 %, 47 %."""
    value = density * 100
    if value == 0:
        return "0 %"
    if value < 1:
        return f"{value:.2g} %" if value >= 0.001 else "< 0.001 %"
    return f"{value:.1f} %"


def sparsity_name(density: float) -> str:
    """Name a level by its sparsity: `90 %`."""
    return f"{round((1 - density) * 100, 6):g} %"


def level_title(history: RunHistory, level: int) -> str:
    """Name a level of a run, or its dense reference, in full."""
    if level == DENSE:
        return "Dense reference: the whole network, without a prompt"
    density = history.levels[level].density
    place = f"Level {sorted(history.levels).index(level) + 1} of {len(history.levels)}: " if len(history.levels) > 1 else ""
    return f"{place}{'s' if place else 'S'}parsity {sparsity_name(density)} (density {round(density * 100, 6):g} %)"


def duration(seconds: float) -> str:
    """Write a time span: `40 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape: `64 × 3 × 7 × 7`."""
    return " × ".join(str(side) for side in shape)
