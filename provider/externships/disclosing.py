"""Noting what a site was told about a student, and on which consent."""

import datetime as dt

from provider.disclosures.actions import record
from provider.disclosures.rules import DisclosureKind
from provider.externships.models import ExternshipRequest
from provider.kernel.actors import Actor

CONSENT = "Asking for an externship: the form says what sites are told"
WHO_COMES = "Name, program and days of the externship"
HOW_TO_REACH = "E-mail address and telephone number"


def disclose(request: ExternshipRequest, *, to: str, what: str, actor: Actor, at: dt.datetime) -> None:
    """Note in the transaction of the letter that a site, or somebody there, was told this about a student."""
    record(
        kind=DisclosureKind.SITE,
        recipient=to[:200],
        what=what,
        basis=CONSENT,
        actor=actor,
        at=at,
        about=request.enrollment.reference,
        consent_at=request.asked_at,
    )
