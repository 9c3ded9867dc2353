"""What of the settings is the school's own: the operator wins, and what cannot be read changes nothing."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from config import Config
from provider.school.rules import is_domain, is_nobodys, overlaid, written

OPERATORS = Config(SCHOOL_NAME="Sample School", SECRET_KEY="k" * 40)
OWN = {
    "SCHOOL_NAME": "Bay Health",
    "SCHOOL_ZONE": "America/Los_Angeles",
    "MAIL_DOMAIN": "bay.edu",
    "PAYMENT_INSTRUCTIONS": "Bay Bank | 1 Main Street",
    "ACCENT_COLOR": "#7a1f5c",
}


def test_what_the_school_set_takes_the_place_of_the_defaults() -> None:
    assert overlaid(OPERATORS, OWN) == replace(
        OPERATORS,
        SCHOOL_NAME="Bay Health",
        SCHOOL_ZONE=ZoneInfo("America/Los_Angeles"),
        MAIL_DOMAIN="bay.edu",
        PAYMENT_INSTRUCTIONS="Bay Bank | 1 Main Street",
        ACCENT_COLOR="#7a1f5c",
    )


def test_with_nothing_set_the_settings_are_the_very_same() -> None:
    assert overlaid(OPERATORS, {}) is OPERATORS


@pytest.mark.parametrize("key", OWN)
def test_what_the_operator_set_wins(key: str) -> None:
    operators = replace(OPERATORS, given=frozenset({key}))
    assert getattr(overlaid(operators, OWN), key) == getattr(OPERATORS, key)


@pytest.mark.parametrize(
    "key, value",
    [
        ("SCHOOL_ZONE", "Mars/Base"),
        ("SCHOOL_ZONE", "../../etc/passwd"),
        ("ACCENT_COLOR", "#ffd700"),
        ("ACCENT_COLOR", "red; } body { display: none"),
        ("MAIL_DOMAIN", "bay.edu\r\nBcc: eve@evil.example"),
        ("SECRET_KEY", "x"),
        ("MAIL_URL", "smtp://evil.example"),
    ],
    ids=["zone", "path", "pale", "style", "header", "secret", "way out"],
)
def test_a_row_that_no_page_writes_changes_nothing(key: str, value: str) -> None:
    assert overlaid(OPERATORS, {key: value}) == OPERATORS


@pytest.mark.parametrize(
    "domain, fits",
    [
        ("bay.edu", True), ("mail.bay-health.edu", True), ("xn--bcher-kva.example", True), ("bay", False),
        ("Bay.edu", False), ("bay..edu", False), ("-bay.edu", False), ("bay.edu.", False), ("bay.e", False),
        ("bay_x.edu", False), ("bay.edu/x", False), ("a" * 64 + ".edu", False), ("a." * 94 + "ed", True),
        ("a." * 95 + "ed", False),
    ],
)  # fmt: skip
def test_a_domain_is_one_that_mail_can_come_from(domain: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_domain(domain) is fits


@pytest.mark.parametrize(
    "domain, nobodys",
    [
        ("example.org", True),
        ("school.example.com", True),
        ("a.test", True),
        ("myexample.org", False),
        ("bay.edu", False),
    ],
)
def test_a_domain_for_examples_is_known(domain: str, nobodys: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_nobodys(domain) is nobodys


def test_lines_are_kept_as_the_setting_writes_them() -> None:
    assert written("Bay Bank\n\n  account 123456 \n1 Main Street\n") == "Bay Bank | account 123456 | 1 Main Street"
    assert Config(PAYMENT_INSTRUCTIONS=written("A\nB")).payment_lines == ("A", "B")
    assert written(" \n") == ""
