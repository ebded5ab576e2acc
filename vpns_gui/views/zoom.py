"""The steps in which kernels are enlarged: from the whole layer in sight down to single weights with their numbers."""

from dataclasses import dataclass

_WEIGHT_PX = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64)
_KERNEL_PX = (1, 2)
"""A kernel as a point of this side, where it has several weights."""


@dataclass(frozen=True)
class Zoom:
    """`block` kernels make a point's side (0: a weight is a point), and a point is `point_px` wide."""

    block: int
    point_px: int

    def kernel_px(self, side: int, gap: int) -> float:
        """Give the pixels from one kernel to the next; `side` is the kernel's."""
        return self.point_px * (side + gap) if self.block == 0 else self.point_px / self.block

    def text(self, side: int) -> str:
        """Say it in words."""
        if self.block > 1:
            return f"{self.block} × {self.block} {'kernels' if side > 1 else 'weights'} a point"
        return f"{self.point_px} px a {'kernel' if self.block else 'weight'}"


def ladder(shape_OIHW: tuple[int, int, int, int], least_px: int = 120) -> tuple[Zoom, ...]:
    """Give the steps for a layer, from the smallest: as small as its longer side in `least_px` pixels."""
    longest, single = max(shape_OIHW[:2]), shape_OIHW[2] * shape_OIHW[3] == 1
    blocks = [size for power in range(1, longest.bit_length()) for size in (2**power, 3 * 2 ** (power - 1))]
    steps = [Zoom(block, 1) for block in reversed(blocks) if longest / block >= least_px]
    if not single:
        steps += [Zoom(1, px) for px in _KERNEL_PX]
    return (*steps, *(Zoom(0, px) for px in _WEIGHT_PX))
