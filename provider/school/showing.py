"""What every template may say about the school, always as the settings are at that moment."""

from collections.abc import MutableMapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from config import Config
from provider.school import accent

_SUFFIX = ".css"


class School:
    """The school in templates.

    Templates keep it, and their macros keep what they found at first, so that it may hold nothing itself.
    """

    def __init__(self, app: Flask) -> None:
        self._extensions: MutableMapping[str, Any] = app.extensions

    @property
    def _known(self) -> Config:
        found: Config = self._extensions["settings"]
        return found

    @property
    def name(self) -> str:
        """Its name on pages."""
        return self._known.SCHOOL_NAME

    @property
    def zone(self) -> ZoneInfo:
        """The zone that its dates count in."""
        return self._known.SCHOOL_ZONE

    @property
    def base_url(self) -> str:
        """The address people use."""
        return self._known.BASE_URL

    @property
    def enquiries(self) -> str:
        """The mailbox for everything."""
        return self._known.mailbox("enquiries")

    @property
    def externship(self) -> str:
        """The mailbox for externships."""
        return self._known.mailbox("externship")

    @property
    def college_credits(self) -> str:
        """The mailbox for college credit."""
        return self._known.mailbox("collegecredits")

    @property
    def payment_lines(self) -> tuple[str, ...]:
        """Where to pay, line by line."""
        return self._known.payment_lines

    @property
    def cards_on(self) -> bool:
        """Whether students may pay by card."""
        return self._known.cards_on

    @property
    def demonstration(self) -> bool:
        """Whether it is none: no money moves, and its students are invented."""
        return self._known.DEMONSTRATION

    @property
    def color(self) -> str:
        """The color of the icon in the browser."""
        return self._known.ACCENT_COLOR or accent.DEFAULT.light.accent

    @property
    def style_sheet(self) -> str | None:
        """The address of the style sheet with its own color, or None when it wears ours."""
        color = self._known.ACCENT_COLOR
        return f"/static/accents/{accent.EDITION}-{color.removeprefix('#')}{_SUFFIX}" if color else None

    @staticmethod
    def color_of(name: str) -> str | None:
        """Return the color of a style sheet by the last part of its address, or None when it names none."""
        edition, _, digits = name.removesuffix(_SUFFIX).partition("-")
        color = f"#{digits}"
        known = name.endswith(_SUFFIX) and edition == str(accent.EDITION) and accent.is_color(color)
        return color if known and accent.problem(color) is None else None
