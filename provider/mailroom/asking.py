"""Whether a mail asks for the money back, by plain words; pure.

It finds more than was meant: what it finds becomes a draft that a person reads, so a question about refunds costs a
minute, and a request that is not found may cost a student their right. It cannot see what stands in a picture or in an
enclosed file, and it knows English and Spanish only; such a request is entered by whoever answers the mail, with the
instant at which it came in.
"""

import re
import unicodedata

from provider.threads.quoting import folded

_ASKS = re.compile(
    r"\brefund(?:s|ed|ing)?\b"
    r"|\breimburse(?:d|ment)?\b"
    r"|\bmoney[ -]?back\b"
    r"|\b(?:return|give|send|get|want|need|have)(?: me)? (?:back )?my (?:money|tuition|payment|deposit)\b"
    r"|\bmy (?:money|tuition|payment|deposit)(?: \w+){0,3} (?:back|returned)\b"
    r"|\bcancel(?:l?ed|l?ing)? (?:\w+ )?(?:my|the|this) (?:\w+ )?"
    r"(?:enrollment|enrolment|program|course|class|order|purchase|payment)\b"
    r"|\b(?:changed my mind|right of withdrawal|chargeback|charge back)\b"
    r"|\breembols(?:o|ar|en|e)\b"
    r"|\b(?:devoluci[oó]n|devu[eé]lvan|devolver)(?: (?:de|me|mi|el|la|todo))* (?:dinero|matr[ií]cula|pago)\b"
)
_NOT_ITS_OWN = re.compile(r"^\s*(?:re|aw|fw|fwd|wg|rv)\s*:", re.IGNORECASE)
_ENROLLMENT = re.compile(r"\bE-[2-9A-HJKMNP-TV-Z]{8}\b", re.IGNORECASE)
_LONGEST = 20_000
_MOST_NAMED = 5


def asks_for_money_back(subject: str, text: str) -> str | None:
    """Return the words that ask for it, or None; a subject that only answers ours, and what is quoted, do not count."""
    said = own_words(text)
    if not _NOT_ITS_OWN.match(subject):
        said = f"{subject}\n{said}"
    found = _ASKS.search(_plain(said))
    return found[0].strip() if found else None


def own_words(text: str) -> str:
    """Return what the writer of an answer wrote, without what they quote; all of it when that leaves nothing."""
    reply, _ = folded(text[:_LONGEST])
    own = "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith(">"))
    return own if own.strip() else text[:_LONGEST]


def enrollments_named(subject: str, text: str) -> tuple[str, ...]:
    """Return the references of enrollments that a mail names."""
    found = _ENROLLMENT.findall(f"{subject}\n{text[:_LONGEST]}")
    return tuple(dict.fromkeys(one.upper() for one in found))[:_MOST_NAMED]


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().replace("’", "'").split())
