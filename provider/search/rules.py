"""What somebody means by what they typed: a reference, an address, a telephone number, or the beginnings of words."""

import re

from provider.kernel import references, text

MOST_WORDS = 5
LONGEST_WORD = 64
LONGEST_TYPED = 200
SHORTEST_PHONE = 7
_PHONE = re.compile(r"[\d\s()+./-]+")
_DASHES = re.compile(r"[\s_\u2010-\u2015\u2212-]+")
_REFERENCE = re.compile(rf"([A-Z]{{1,2}})-?([{references.ALPHABET}]{{{references.LENGTH}}})\Z")


def beginnings(typed: str) -> tuple[str, ...]:
    """Return the beginnings of words to look for, each at most as long as the words that are kept.

    An address is one word, and so are a whole reference and a telephone number, however it is written.
    """
    whole = typed.strip().casefold()
    address = "@" in whole.lstrip("@") and not any(character.isspace() for character in whole)
    if address or references.PATTERN.match(whole.upper()):
        return (whole[:LONGEST_WORD],)
    if digits := phone(whole):
        return (digits,)
    return tuple(word[:LONGEST_WORD] for word in text.words(typed)[:MOST_WORDS])


def phone(typed: str) -> str | None:
    """Return the digits of a telephone number without the country's 1; None when it is not one."""
    digits = "".join(character for character in typed if character in "0123456789")
    if not _PHONE.fullmatch(typed) or len(digits) < SHORTEST_PHONE:
        return None
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits[:LONGEST_WORD]


def phone_words(typed: str | None) -> tuple[str, ...]:
    """Return what a telephone number is found by: its digits, with and without the area code."""
    digits = phone(typed or "")
    return tuple(dict.fromkeys((digits, digits[-SHORTEST_PHONE:]))) if digits else ()


def whole_reference(typed: str) -> tuple[str, str] | None:
    """Return the prefix and the reference that was typed, in any case and with any dash; None for all else."""
    found = _REFERENCE.match(_DASHES.sub("-", typed.strip().lstrip("#").upper()))
    return (found[1], f"{found[1]}-{found[2]}") if found else None
