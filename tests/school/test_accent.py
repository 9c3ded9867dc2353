"""The school's color: refused when it cannot be read, and never a shade of it that cannot."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.school import accent
from tests.architecture.test_look import tokens

COLORS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
# What the style sheet reads the four shades on and with, by its tokens.
WORDS = ("ink", "soft", "accent", "accent-strong")


def worn(scheme: str, color: str) -> dict[str, str]:
    """Return the tokens of the style sheet with a school's color in place."""
    both = accent.shades(color)
    own = both.light if scheme == "light" else both.dark
    return tokens(scheme) | {
        "accent": own.accent, "accent-strong": own.strong, "accent-ink": own.ink, "tint": own.tint,
    }  # fmt: skip


def unreadable(scheme: str, color: str) -> list[tuple[str, str, str]]:
    known = {name: "#ffffff" if value == "#fff" else value for name, value in worn(scheme, color).items()}
    pairs = [(word, ground) for word in WORDS for ground in ("ground", "paper", "sunken", "tint")]
    pairs += [("accent-ink", "accent"), ("accent-ink", "accent-strong")]
    return [(color, a, b) for a, b in pairs if accent.contrast(known[a], known[b]) < 4.5]


@pytest.mark.parametrize(
    "one, other, ratio",
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)],
    ids=["most", "none", "the last gray that passes"],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(accent.contrast(one, other), 2) == ratio
    assert accent.contrast(one, other) == accent.contrast(other, one)


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    for scheme, grounds in (("light", accent.LIGHT), ("dark", accent.DARK)):
        known = tokens(scheme)
        written = ["#ffffff" if known[name] == "#fff" else known[name] for name in ("ground", "paper", "sunken")]
        assert written == list(grounds)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_color_that_comes_with_the_software_is_that_of_the_style_sheet(scheme: str) -> None:
    own = accent.DEFAULT.light if scheme == "light" else accent.DEFAULT.dark
    known = tokens(scheme)
    ink = "#ffffff" if known["accent-ink"] == "#fff" else known["accent-ink"]
    assert (known["accent"], known["accent-strong"], ink, known["tint"]) == (own.accent, own.strong, own.ink, own.tint)


@settings(max_examples=50, deadline=None)
@given(COLORS)
def test_no_color_that_is_taken_makes_words_that_cannot_be_read(color: str) -> None:
    taken = accent.nearest(color)
    assert accent.problem(taken) is None
    assert [*unreadable("light", taken), *unreadable("dark", taken)] == []
    dark = accent.shades(taken).dark
    assert accent.contrast(dark.accent, accent.DARK_SHEET) >= 4.5


@settings(max_examples=50, deadline=None)
@given(COLORS)
def test_a_color_is_taken_as_it_is_or_refused_with_one_that_is_taken(color: str) -> None:
    sentence = accent.problem(color)
    if sentence is None:
        assert accent.nearest(color) == color
        assert accent.shades(color).light.accent == color
    else:
        assert sentence.endswith(f"The nearest color that can be read is {accent.nearest(color)}.")


@pytest.mark.parametrize(
    "color",
    ["#000000", "#0b5a63", "#7a1f5c", "#a11d28", "#1d4f86", "#5b21b6"],
    ids=["black", "ours", "plum", "red", "blue", "violet"],
)
def test_a_dark_enough_color_is_taken(color: str) -> None:
    assert accent.problem(color) is None


def test_a_pale_color_is_refused_with_its_contrast_and_the_nearest_one() -> None:
    assert accent.problem("#ffd700") == (
        "Words in #ffd700 are too pale to be read: their contrast is 1.2 to 1, and it has to be 4.5 to 1. "
        "The nearest color that can be read is #816805."
    )


def test_the_proposed_color_is_the_lightest_of_its_hue() -> None:
    last = accent.nearest("#808080")
    assert accent.problem(last) is None
    lighter = "#" + f"{int(last[1:3], 16) + 2:02x}" * 3
    assert accent.problem(lighter) is not None


def test_the_style_sheet_sets_four_tokens_in_both_schemes() -> None:
    both = accent.shades("#7a1f5c")
    assert accent.style_sheet("#7a1f5c") == (
        f":root{{--accent:#7a1f5c;--accent-strong:{both.light.strong};--accent-ink:#ffffff;--tint:{both.light.tint}}}"
        "@media screen and (prefers-color-scheme:dark){:root{"
        f"--accent:{both.dark.accent};--accent-strong:{both.dark.strong};--accent-ink:{both.dark.ink};"
        f"--tint:{both.dark.tint}}}}}"
    )


@pytest.mark.parametrize(
    "value, kept",
    [("#7a1f5c", True), ("#7A1F5C", False), ("7a1f5c", False), ("#7a1f5", False), ("#7a1f5c\n", False), ("red", False)],
    ids=["color", "capitals", "no sign", "short", "line end", "name"],
)
def test_a_color_is_written_in_one_way(value: str, kept: bool) -> None:  # noqa: FBT001 - a column of the table
    assert accent.is_color(value) is kept
