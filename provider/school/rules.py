"""What of the settings a school sets for itself in the back office, what it may write there, and what is missing."""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import Config
from provider.school import accent

# How history names the school.
REFERENCE = "SCHOOL"
EVENT = "school.set"
LONGEST_NAME = 120
LONGEST_DOMAIN = 190
MOST_PAYMENT_LINES = 12
LONGEST_PAYMENT_LINE = 120
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
# Domains that belong to nobody (RFC 2606, RFC 6761): mail to them reaches no school.
_NOBODYS = re.compile(r"(?:.*\.)?(?:example\.(?:com|net|org)|example|invalid|test|localhost)\Z")
BAR = "|"


class Key(StrEnum):
    """The settings that a page may set; each is named as in `config.py`."""

    NAME = "SCHOOL_NAME"
    ZONE = "SCHOOL_ZONE"
    DOMAIN = "MAIL_DOMAIN"
    PAYMENT = "PAYMENT_INSTRUCTIONS"
    ACCENT = "ACCENT_COLOR"


def overlaid(operators: Config, stored: Mapping[str, str]) -> Config:
    """Return the settings with what the school set for itself; what the operator set in the environment wins.

    A value that cannot be read, such as a zone that this machine does not know, leaves the default in force.
    """
    own: dict[str, Any] = {}
    for key in Key:
        if key in stored and key not in operators.given and (value := _value(key, stored[key])) is not None:
            own[key.value] = value
    return replace(operators, **own) if own else operators


def _value(key: Key, text: str) -> str | ZoneInfo | None:
    if key is Key.ZONE:
        try:
            return ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError):
            return None
    if key is Key.ACCENT:
        return text if not text or (accent.is_color(text) and accent.problem(text) is None) else None
    if key is Key.DOMAIN:
        return text if is_domain(text) else None
    return text


def is_domain(text: str) -> bool:
    """Say whether a text is a domain that mail can be sent from, in lower case and ASCII."""
    return len(text) <= LONGEST_DOMAIN and _DOMAIN.match(text) is not None


def is_nobodys(domain: str) -> bool:
    """Say whether a domain is one of those that are set aside for examples."""
    return _NOBODYS.match(domain) is not None


def written(lines: str) -> str:
    """Return typed lines as the setting keeps them: without empty ones, parted by bars."""
    return f" {BAR} ".join(line.strip() for line in lines.splitlines() if line.strip())
