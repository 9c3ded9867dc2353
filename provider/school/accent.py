"""The school's own color: whether words in it and on it can be read, and the shades that pages and letters need.

Contrast is that of WCAG 2.2, success criterion 1.4.3: 4.5 to 1. Shades are made in OKLab (Björn Ottosson, 2020), where
a lighter or darker color keeps its hue to the eye.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LEAST_CONTRAST = 4.5
# What words of the color are read on, beside its own tint; a test compares them with the tokens of the style sheet.
LIGHT = ("#f3f7f7", "#ffffff", "#e8efef")
DARK = ("#0c1618", "#132124", "#0a1214")
# The paper of letters in the dark.
DARK_SHEET = "#162224"
# In the dark the color is made lighter until it stands out as clearly as the one that comes with the software.
DARK_CONTRAST = 6.5
# Changes when the shades of a color change, so that no browser keeps those of an earlier version.
EDITION = 1
_TINT = 0.1
_STEP = 0.005
_COLOR = re.compile(r"#[0-9a-f]{6}\Z")

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shades:
    """The color in one scheme: itself, stronger (under the pointer), what is written on it, and a pale ground."""

    accent: str
    strong: str
    ink: str
    tint: str


@dataclass(frozen=True, slots=True)
class Accent:
    """The color in both schemes."""

    light: Shades
    dark: Shades


# What pages and letters wear as long as a school has chosen nothing.
DEFAULT = Accent(Shades("#0b5a63", "#063f46", "#ffffff", "#dff0f0"), Shades("#74cdd3", "#a5e3e7", "#04262b", "#16353a"))


def is_color(value: str) -> bool:
    """Say whether a text is a color as we keep it: # and six hexadecimal digits in lower case."""
    return _COLOR.match(value) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def weakest(color: str) -> float:
    """Return the least contrast of words in this color on the light pages; white words on it have no less."""
    return _least(color, (*LIGHT, _mixed(color, "#ffffff", _TINT)))


def problem(color: str) -> str | None:
    """Return a sentence that names the nearest color when this one cannot be read; None when it can."""
    found = weakest(color)
    if found >= LEAST_CONTRAST:
        return None
    return (
        f"Words in {color} are too pale to be read: their contrast is {int(found * 10) / 10} to 1, and it has to be "
        f"{LEAST_CONTRAST} to 1. The nearest color that can be read is {nearest(color)}."
    )


def nearest(color: str) -> str:
    """Return the lightest color of the same hue that can be read; the color itself when it can."""
    lightness = _oklab(color)[0]
    while weakest(color) < LEAST_CONTRAST:
        lightness -= _STEP
        color = _at_lightness(color, lightness)
    return color


@lru_cache(maxsize=64)
def shades(color: str) -> Accent:
    """Return every shade of a color that can be read."""
    dark = _dark(color)
    lightness, lifted = _oklab(color)[0], _oklab(dark)[0]
    return Accent(
        Shades(color, _at_lightness(color, lightness * 0.72), "#ffffff", _mixed(color, "#ffffff", _TINT)),
        Shades(dark, _at_lightness(dark, (lifted + 1) / 2), _at_lightness(color, 0.16), _mixed(dark, DARK[1], _TINT)),
    )


def style_sheet(color: str) -> str:
    """Return the style sheet that puts a color in place of the one that comes with the software."""
    both = shades(color)
    return (
        f":root{{{_tokens(both.light)}}}@media screen and (prefers-color-scheme:dark){{:root{{{_tokens(both.dark)}}}}}"
    )


def _tokens(one: Shades) -> str:
    return f"--accent:{one.accent};--accent-strong:{one.strong};--accent-ink:{one.ink};--tint:{one.tint}"


def _dark(color: str) -> str:
    lightness = _oklab(color)[0]
    while _least(color, (*DARK, DARK_SHEET, _mixed(color, DARK[1], _TINT))) < DARK_CONTRAST:
        lightness += _STEP
        color = _at_lightness(color, lightness)
    return color


def _least(color: str, grounds: Iterable[str]) -> float:
    return min(contrast(color, ground) for ground in grounds)


def _luminance(color: str) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(color: str) -> Triple:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _opened(red), _opened(green), _opened(blue)


def _opened(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _closed(channel: float) -> int:
    value = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return round(value * 255)


def _mixed(color: str, ground: str, share: float) -> str:
    """Lay a share of a color over a ground, as a browser does."""
    pairs = [(int(color[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(above * share + below * (1 - share)):02x}" for above, below in pairs)


def _oklab(color: str) -> Triple:
    red, green, blue = _linear(color)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _at_lightness(color: str, lightness: float) -> str:
    """Return a color of the same hue at an OKLab lightness from 0 to 1, as colorful as a screen can show it there."""
    _, a, b = _oklab(color)
    lightness = min(max(lightness, 0.0), 1.0)
    share = 1.0
    while share > 0:
        channels = _linear_of(lightness, a * share, b * share)
        if all(-0.0005 <= channel <= 1.0005 for channel in channels):
            return _written(channels)
        share -= 0.02
    return _written(_linear_of(lightness, 0.0, 0.0))


def _written(channels: Triple) -> str:
    return "#" + "".join(f"{_closed(min(max(channel, 0.0), 1.0)):02x}" for channel in channels)


def _linear_of(lightness: float, a: float, b: float) -> Triple:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
