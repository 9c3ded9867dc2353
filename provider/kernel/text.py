"""Text as people type it: kept unchanged but for Unicode form, and refused where it could deceive."""

import re
import unicodedata
from collections.abc import Sequence

_ADDR_SPEC = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\Z"
)
_WORD = re.compile(r"[^\W_]+")
LONGEST_EMAIL = 254
# Overrides and isolates can make a name read backwards in a letter; plain right-to-left letters are fine.
_DECEIVING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def normal(value: str) -> str:
    """Return NFC text without surrounding blanks and with one kind of line end."""
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()


def refused_characters(value: str, *, lines: bool) -> bool:
    """Say whether the text holds control or direction-override characters (line ends only where lines are asked)."""
    if value.isascii() and value.isprintable():
        return False
    allowed = "\n\t" if lines else ""
    return any(
        character in _DECEIVING or (unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed)
        for character in value
    )


def email_address(value: str) -> str | None:
    """Return one normalized addr-spec (lower case, punycode domain), or None when it is not exactly one."""
    local, at, domain = value.strip().rpartition("@")
    if not at or not local.isascii():
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    address = f"{local}@{ascii_domain}".lower()
    if len(address) > LONGEST_EMAIL or ".." in address or local.startswith(".") or local.endswith("."):
        return None
    return address if _ADDR_SPEC.match(address) else None


def words(value: str) -> list[str]:
    """Return the search words of a text: without accents, lower case, each once, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c)).casefold()
    return list(dict.fromkeys(_WORD.findall(plain)))


def listed(names: Sequence[str], last: str = "and") -> str:
    """Write names in one sentence: ``A, B and C``."""
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
