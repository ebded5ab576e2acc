"""How much of the network is kept."""

from typing import Annotated

from pydantic import AfterValidator, field_validator

from vpns_engine.specs.fields import Spec, option


def _in_range(value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"sparsity {value * 100:g} % is out of range: 0 % or more, below 100 %")
    return value


Sparsity = Annotated[float, AfterValidator(_in_range)]


def num_dropped(density: float, total: int) -> int:
    """Give k = int((1 - d) * N), in double precision as the released code computes it."""
    return int((1 - density) * total)


class MaskSpec(Spec):
    """The levels of a run; each is independent of the others."""

    sparsities: tuple[Sparsity, ...] = option((0.9,), "Sparsity", unit="%", max_length=64)
    """Share of the scored weights (all convolutions and linear layers together) that is set to zero. Several values, separated
    by commas, are independent levels of one run. At least one, but where the dense reference is tuned."""

    @field_validator("sparsities")
    @classmethod
    def _each_once(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        twice = next((sparsity for sparsity in value if value.count(sparsity) > 1), None)
        if twice is not None:
            raise ValueError(f"sparsity {twice * 100:g} % is listed more than once: each level once")
        return value

    @property
    def densities(self) -> tuple[float, ...]:
        """Kept share of each level, 1 - sparsity, as the decimal number a person would write (0.1 for 90 %)."""
        return tuple(round(1 - sparsity, 12) for sparsity in self.sparsities)
