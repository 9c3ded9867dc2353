"""How far a mail is believed: only by what the school's own mail server wrote on top of it (RFC 8601); pure.

A sender is proved when that server says that DMARC passed for the domain of From, or that SPF or DKIM passed for that
domain or one above it. A domain above is asked for rather than one below or beside, as DMARC's relaxed alignment would
need the list of public suffixes: whoever may sign for ``example.edu`` is believed about ``mail.example.edu``, not the
other way round.
"""

from collections.abc import Sequence

from authres import AuthenticationResultsHeader
from authres.core import AuthResError

from provider.mailroom.reading import BROKEN
from provider.threads.rules import Standing

_LONGEST = 8_000


def is_proved(headers: Sequence[str], *, authserv_id: str, sender: str | None) -> bool:
    """Say whether the topmost result of our own server proves the domain of the sender's address."""
    domain = (sender or "").rpartition("@")[2].lower()
    if not authserv_id or not domain:
        return False
    for value in headers:
        found = _parsed(value)
        if found is not None and str(found.authserv_id or "").lower() == authserv_id.lower():
            return any(_proves(result, domain) for result in found.results)
    return False


def _parsed(value: str) -> AuthenticationResultsHeader | None:
    try:
        return AuthenticationResultsHeader.parse(f"Authentication-Results: {value[:_LONGEST]}")
    except (AuthResError, *BROKEN):
        return None


def _proves(result: object, domain: str) -> bool:
    if str(getattr(result, "result", "")).lower() != "pass":
        return False
    method = str(getattr(result, "method", "")).lower()
    said = {(one.type, one.name): str(one.value or "") for one in getattr(result, "properties", ())}
    if method == "dmarc":
        return _domain(said.get(("header", "from"), "")) == domain
    if method == "dkim":
        return _aligned(_domain(said.get(("header", "d"), "") or said.get(("header", "i"), "")), domain)
    return method == "spf" and _aligned(_domain(said.get(("smtp", "mailfrom"), "")), domain)


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip(" <>.").lower()


def _aligned(proved: str, domain: str) -> bool:
    return proved == domain or ("." in proved and domain.endswith(f".{proved}"))


def standing(*, proved: bool, known: bool, staff: bool) -> Standing:
    """Return who the writer is believed to be; a member of staff who is not proved may be anybody."""
    if not known:
        return Standing.UNKNOWN
    if proved:
        return Standing.PROVED
    return Standing.STAFF_UNPROVED if staff else Standing.CLAIMED
