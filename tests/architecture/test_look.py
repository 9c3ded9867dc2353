"""The look keeps its promises: colors that can be read in both schemes, and nothing that the content policy refuses."""

import re
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

ROOT = Path(__file__).resolve().parents[2]
STYLE = ROOT / "provider/static/style.css"
PAGES = sorted(p for p in (ROOT / "templates").rglob("*.html") if "mail" not in p.relative_to(ROOT / "templates").parts)

SURFACES = ("ground", "paper", "sunken", "tint")
TINTED = (("good", "good-bg"), ("warn", "warn-bg"), ("bad", "bad-bg"), ("info", "info-bg"))
TEXTS = [(text, surface) for text in ("ink", "soft", "accent", "accent-strong") for surface in SURFACES]
ON_PAPER = [(text, surface) for text in ("good", "warn", "bad") for surface in ("paper", "ground")]
ON_TINTS = [("ink", tint) for _, tint in TINTED]
BUTTON = [("accent-ink", "accent"), ("accent-ink", "accent-strong")]
SHAPES = [(shape, surface) for shape in ("focus", "edge") for surface in ("ground", "paper", "sunken")]


def luminance(color: str) -> float:
    """Return the relative luminance of #rgb or #rrggbb, as WCAG 2.2 defines it."""
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    channels = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def tokens(scheme: str) -> dict[str, str]:
    """Return the color tokens of a scheme; dark overrides light."""
    light, dark = re.findall(r":root \{(.*?)\n\s*\}", STYLE.read_text(), re.DOTALL)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light))
    return found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", dark)) if scheme == "dark" else found


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme: str) -> None:
    colors = tokens(scheme)
    pairs = [*TEXTS, *TINTED, *ON_PAPER, *ON_TINTS, *BUTTON]
    assert [(a, b) for a, b in pairs if contrast(colors[a], colors[b]) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_edge_and_focus_ring_can_be_seen(scheme: str) -> None:
    colors = tokens(scheme)
    assert [(a, b) for a, b in SHAPES if contrast(colors[a], colors[b]) < 3] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_no_page_carries_style_or_script_of_its_own(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text(), flags=re.DOTALL)
    # Linked data runs nothing; the one script of the public front is named in the header by its hash.
    text = re.sub(r'<script type="application/ld\+json">|<script>\{\{ script \}\}</script>', "", text)
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)|javascript:", text) == []


def _left_over(page: Path) -> set[str]:
    """Return what a template imports and never draws."""
    tree = jinja2.Environment(autoescape=True).parse(page.read_text())
    names = (name for found in tree.find_all(nodes.FromImport) for name in found.names)
    drawn = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    return {name if isinstance(name, str) else name[1] for name in names} - drawn


def test_no_template_imports_what_it_does_not_draw(tmp_path: Path) -> None:
    planted = tmp_path / "page.html"
    planted.write_text('{% from "_macros/form.html" import buttons, fields as f, whole_form %}{{ buttons() }}')
    assert _left_over(planted) == {"f", "whole_form"}
    assert {str(page.relative_to(ROOT)): left for page in PAGES if (left := _left_over(page))} == {}
