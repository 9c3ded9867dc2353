"""Codes as people write, type and follow them."""

import pytest

from provider.kernel.references import ALPHABET
from provider.verification.rules import CODE_LENGTH, IssuedKind, typed_code, written_code

CODE = "23456789ABCDEFGH"


@pytest.mark.parametrize(
    "typed",
    [CODE, "2345-6789-ABCD-EFGH", "2345 6789 abcd efgh", "  2345-6789-\tabcdEFGH\n", "2-3-4-5-6-7-8-9-A-B-C-D-E-F-G-H"],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert typed_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", CODE[:-1], f"{CODE}J", CODE.replace("2", "0"), CODE.replace("H", "I"), "é" * 16])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert typed_code(typed) is None


def test_it_is_written_in_groups() -> None:
    assert written_code(CODE) == "2345-6789-ABCD-EFGH"
    assert typed_code(written_code(CODE)) == CODE


def test_nobody_finds_one_by_trying() -> None:
    assert len(ALPHABET) ** CODE_LENGTH > 2**78


@pytest.mark.parametrize("kind", IssuedKind)
def test_every_kind_is_explained_to_strangers(kind: IssuedKind) -> None:
    assert kind.explained.endswith(".")
    assert kind.label
