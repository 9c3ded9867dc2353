"""Recording that something about people was told, in the transaction that tells it."""

import datetime as dt

from provider.disclosures.models import Disclosure
from provider.disclosures.rules import OUTSIDE, DisclosureKind
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import hold
from provider.kernel.errors import DomainError


class NoConsent(DomainError):
    """Somebody outside of the school was about to be told something without the person's consent."""

    code = "no_consent"
    sentence = "The person has not agreed that this is passed on. Ask them first; nothing was sent."


def record(
    *,
    kind: DisclosureKind,
    recipient: str,
    what: str,
    basis: str,
    actor: Actor,
    at: dt.datetime,
    about: str | None = None,
    rows: int = 1,
    consent_at: dt.datetime | None = None,
) -> Disclosure:
    """Keep who was told what, about whom, and what it rests on; raises NoConsent for somebody outside without one.

    ``about`` is the reference of a person or an enrollment; a list (``EXPORT``) has none. ``what`` and ``basis`` are
    words without personal values: the list and the names of its filters, never a name that somebody searched for.
    """
    if kind in OUTSIDE and (about is None or consent_at is None):
        raise NoConsent
    told = hold(
        Disclosure(
            reference=references.new("D"),
            at=at,
            kind=kind,
            recipient=recipient,
            about=about,
            what=what,
            row_count=rows,
            basis=basis,
            consent_at=consent_at,
            actor_kind=actor.kind,
            actor_reference=actor.reference,
            request_id=actor.request_id,
        )
    )
    note(told, f"disclosure.{kind}", actor=actor, at=at, about=about, data={"rows": rows})
    return told
