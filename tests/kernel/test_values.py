"""Money and references, as they are written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.kernel import money, references


@given(st.integers(0, money.MOST_CENTS))
def test_an_amount_is_read_as_it_was_written(cents: int) -> None:
    assert money.parse(money.dollars(cents)) == cents


@pytest.mark.parametrize(
    "cents, written",
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (129_900, "$1,299.00"),
        (-5, "-$0.05"),
        (-129_900, "-$1,299.00"),
        (10**9, "$10,000,000.00"),
    ],
)
def test_amounts_are_written_as_people_read_them(cents: int, written: str) -> None:
    assert money.dollars(cents) == written


@pytest.mark.parametrize(
    "typed, cents",
    [
        ("1299", 129_900),
        ("1,299", 129_900),
        ("$ 1,299.00", 129_900),
        (" 0.01 ", 1),
        ("9,999,999.99", 999_999_999),
        ("10000000", None),
        ("1.5", None),
        ("1,29", None),
        ("12,99.00", None),
        ("-1", None),
        ("1e3", None),
        ("1.000,00", None),
        ("NaN", None),
        ("", None),
        ("1299 USD", None),
        ("0x10", None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(typed: str, cents: int | None) -> None:
    assert money.parse(typed) == cents


def test_a_reference_has_no_letter_that_is_misread() -> None:
    made = [references.new("PY") for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert all(references.PATTERN.match(one) and one.startswith("PY-") for one in made)
    assert not set("".join(one.removeprefix("PY-") for one in made)) & set("01ILOU")
    assert len(references.ALPHABET) ** references.LENGTH > 2**39


@pytest.mark.parametrize("typed", ["E-7K2M9Q4", "E-7K2M9Q4TT", "E-7K2M9Q4O", "e-7k2m9q4t", "7K2M9Q4T", "E-7K2M9Q4T\n"])
def test_what_is_no_reference_does_not_look_like_one(typed: str) -> None:
    assert references.PATTERN.match(typed) is None
