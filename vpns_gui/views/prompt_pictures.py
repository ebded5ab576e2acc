"""From arrays to pictures of the prompt: pure numpy.

Shapes: C canvas side, S image side, N pictures; colours are uint8 (height, width, 3).
"""

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]
Channel = Literal["mean", "red", "green", "blue", "colour"]

CHANNELS: dict[Channel, str] = {"mean": "Mean", "red": "Red", "green": "Green", "blue": "Blue", "colour": "Colour"}

# blue - grey - orange, even in lightness on both sides: told apart by every kind of colour vision
_LIGHT_ENDS = ((5, 74, 145), (246, 246, 246), (176, 62, 0))
_DARK_ENDS = ((120, 200, 255), (34, 38, 44), (255, 168, 82))
_LIGHT_HEAT = ((250, 250, 252), (94, 150, 190), (12, 34, 74))
_DARK_HEAT = ((22, 25, 30), (48, 120, 160), (214, 240, 255))
_STEPS = 512
"""Colours on each side of zero."""


def shown_values(values_3CC: FloatArray, channel: Channel) -> FloatArray:
    """Give what a picture of that channel draws: one value a pixel, or all three for `colour`."""
    match channel:
        case "colour":
            return values_3CC
        case "mean":
            return np.asarray(values_3CC.mean(axis=0), dtype=np.float32)
        case _:
            return np.asarray(values_3CC[("red", "green", "blue").index(channel)], dtype=np.float32)


def suggested_amplification(shown: FloatArray, largest: int = 64) -> int:
    """Give the largest power of two, up to `largest`, at which no value goes beyond the full colour."""
    peak = float(np.abs(shown).max(initial=0.0))
    factor = 1
    while factor < largest and peak * factor * 2 <= 1.0:
        factor *= 2
    return factor


def picture(values_3CC: FloatArray, channel: Channel, amplification: float, *, dark: bool) -> Rgb:
    """Draw a prompt so that its sign is seen: one channel or the mean in two hues around zero, or as colour around grey."""
    scaled = shown_values(values_3CC, channel).astype(np.float32) * amplification
    if channel == "colour":
        return np.asarray(np.round(np.clip(0.5 + scaled / 2, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
    return diverging(scaled, dark=dark)


def diverging(values: npt.NDArray[np.floating], *, dark: bool) -> Rgb:
    """Colour values of -1 to 1: one hue below zero, another above, the ground at zero; beyond, the full colour."""
    steps = np.round(np.clip(values, -1, 1) * _STEPS).astype(np.int16) + _STEPS
    return np.asarray(np.take(_ramp(dark), steps, axis=0), dtype=np.uint8)


@cache
def _ramp(dark: bool) -> Rgb:
    """Give the colours from -1 to 1: looking them up is faster than mixing each."""
    low, middle, high = (np.array(colour, np.float32) for colour in (_DARK_ENDS if dark else _LIGHT_ENDS))
    share = np.linspace(-1, 1, 2 * _STEPS + 1, dtype=np.float32)[:, None]
    ends = np.where(share < 0, low, high)
    return np.asarray(np.round(middle + (ends - middle) * np.abs(share)), dtype=np.uint8)


def sequential(shares: npt.NDArray[np.floating], *, dark: bool) -> Rgb:
    """Colour shares of 0 to 1 in one hue: the ground at 0, strongest at 1, ever farther from the ground in lightness."""
    steps = np.round(np.clip(shares, 0, 1) * _STEPS).astype(np.int16)
    return np.asarray(np.take(_heat(dark), steps, axis=0), dtype=np.uint8)


@cache
def _heat(dark: bool) -> Rgb:
    ground, middle, end = (np.array(colour, np.float32) for colour in (_DARK_HEAT if dark else _LIGHT_HEAT))
    share = np.linspace(0, 2, _STEPS + 1, dtype=np.float32)[:, None]
    mixed = np.where(share < 1, ground + (middle - ground) * share, middle + (end - middle) * (share - 1))
    return np.asarray(np.round(mixed), dtype=np.uint8)


def scale_strip(channel: Channel, steps: int, *, dark: bool) -> Rgb:
    """Draw the colour bar, greatest value at the top, as (steps, 1, 3)."""
    ramp = np.linspace(1, -1, steps, dtype=np.float32)
    if channel == "colour":
        return np.repeat(np.round((0.5 + ramp / 2) * 255).astype(np.uint8)[:, None, None], 3, axis=2)
    return diverging(ramp[:, None], dark=dark)


def zero_pad(images_NHW3: Rgb, canvas: int) -> Rgb:
    """Centre images on a black canvas, as the prompt does: left and top (C - S + 1) // 2."""
    height, width = images_NHW3.shape[1:3]
    top, left = (canvas - height + 1) // 2, (canvas - width + 1) // 2
    result = np.zeros((images_NHW3.shape[0], canvas, canvas, 3), np.uint8)
    result[:, top : top + height, left : left + width] = images_NHW3
    return result
