import pytest

from provider.search.rules import LONGEST_WORD, beginnings, phone_words, whole_reference

TYPED = {
    "": (),
    "  %_* ": (),
    "Ana": ("ana",),
    "García  josé": ("garcia", "jose"),
    "Smith-Jones": ("smith", "jones"),
    "O’Brien": ("o", "brien"),
    "ANA@Example.ORG ": ("ana@example.org",),
    "ana@exa": ("ana@exa",),
    "@example.org": ("example", "org"),
    "ana ana@example.org": ("ana", "example", "org"),
    "e-7k2m9q4t": ("e-7k2m9q4t",),
    "E-7K2M": ("e", "7k2m"),
    "(555) 010-0199": ("5550100199",),
    "+1 555.010.0199": ("5550100199",),
    "010-0199": ("0100199",),
    "10001": ("10001",),
    "a b c d e f g": ("a", "b", "c", "d", "e"),
    "x" * 100: ("x" * LONGEST_WORD,),
    "'; DROP TABLE person; --": ("drop", "table", "person"),
}


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_what_was_typed_becomes_the_beginnings_of_words(typed: str) -> None:
    assert beginnings(typed) == TYPED[typed]


REFERENCES = {
    "E-7K2M9Q4T": ("E", "E-7K2M9Q4T"),
    "  e-7k2m9q4t ": ("E", "E-7K2M9Q4T"),
    "#PY-7K2M9Q4T": ("PY", "PY-7K2M9Q4T"),
    "t\u20137k2m9q4t": ("T", "T-7K2M9Q4T"),
    "RC 7K2M9Q4T": ("RC", "RC-7K2M9Q4T"),
    "E7K2M9Q4T": ("E", "E-7K2M9Q4T"),
    "E-7K2M9Q4": None,
    "E-7K2M9Q4T9": None,
    "E-7K2M9Q4O": None,
    "7K2M9Q4T": None,
    "ANA-7K2M9Q4T": None,
    "see E-7K2M9Q4T": None,
    "ana": None,
}


@pytest.mark.parametrize("typed", REFERENCES)
def test_a_whole_reference_is_known_in_any_case_and_with_any_dash(typed: str) -> None:
    assert whole_reference(typed) == REFERENCES[typed]


def test_a_telephone_number_is_found_with_and_without_its_area_code() -> None:
    assert phone_words("+1 (555) 010-0199") == ("5550100199", "0100199")
    assert phone_words("0100199") == ("0100199",)
    assert [phone_words(none) for none in (None, "", "12", "no telephone 5550100199")] == [(), (), (), ()]
