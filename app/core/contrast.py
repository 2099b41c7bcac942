"""Contrast of colours as WCAG 2.2 reckons it, and the nearest shade of a colour that can be read."""

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
    """The colour itself when it reads on every ground; else mixed with as little black, or as little white, as it
    takes, whichever is less. The grounds must be all light or all dark, or there may be no such shade."""
    for part in range(101):
        for end in (0, 255):
            mixed = _mixed(colour, end, part)
            if weakest(mixed, grounds) >= least:
                return mixed
    raise ValueError("no shade reads on all of these grounds")


def _mixed(colour: str, end: int, part: int) -> str:
    return "#" + "".join(f"{round(one + (end - one) * part / 100):02x}" for one in _channels(colour))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(one / 255) for one in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
