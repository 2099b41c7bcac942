"""Contrast of colours as WCAG 2.2 reckons it, and the nearest shade of a colour that can be read."""

import colorsys
import re
from collections.abc import Sequence

LEAST = 4.5
"""What text needs against its ground (success criterion 1.4.3)."""

_HEX = re.compile(r"#[0-9a-f]{6}")


def is_colour(text: str) -> bool:
    """Whether it is written #rrggbb, in small letters."""
    return _HEX.fullmatch(text) is not None


def ratio(one: str, other: str) -> float:
    """1.0 for the same lightness, 21.0 for black on white. Both are written #rrggbb."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def weakest(colour: str, grounds: Sequence[str]) -> float:
    """The lowest contrast of a colour against several grounds."""
    return min(ratio(colour, ground) for ground in grounds)


def nearest(colour: str, grounds: Sequence[str], least: float = LEAST) -> str:
    """The colour itself when it reads on every ground; else the same hue, darker or lighter by as little as it takes.
    The grounds must be all light or all dark, or there may be no such shade (ValueError)."""
    if weakest(colour, grounds) >= least:
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(one / 255 for one in _channels(colour)))
    for step in range(1, 201):
        for moved in (lightness - step / 200, lightness + step / 200):
            shade = _written(colorsys.hls_to_rgb(hue, min(1.0, max(0.0, moved)), saturation))
            if weakest(shade, grounds) >= least:
                return shade
    raise ValueError("no shade reads on all of these grounds")


def _written(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(one * 255):02x}" for one in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(one / 255) for one in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
