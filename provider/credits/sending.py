"""Sending a credit request to its college: the letter, what it disclosed, and the word to the student."""

import datetime as dt

from provider.credits import letters, queries, registrar
from provider.credits.models import CreditRequest
from provider.credits.refusals import CollegeReplaced, NotPaid
from provider.credits.rules import CreditState
from provider.credits.working import step
from provider.disclosures.actions import record
from provider.disclosures.rules import DisclosureKind
from provider.enrollments import queries as enrollments
from provider.kernel.actors import Actor
from provider.mail.actions import post

TOLD = "Name, certificate, day of the pass and the credit recommended; numbers of student and certificate if known"
BASIS = "Asking for credit: what the student agreed to is kept with the request"


def send(*, request: CreditRequest, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Send the letter to the registrar, keep whom it told what on which consent, and tell the student.

    The college is held, so that it is set right before or afterwards. Raises IllegalTransition for what was not
    verified, CollegeReplaced where its college was set right since, NotPaid where the enrollment is not paid any more.
    """
    if queries.any_college(request.college.reference, lock=True).replaced_by_id is not None:
        raise CollegeReplaced
    if enrollments.by_id(request.enrollment_id).state not in queries.ENTITLING:
        raise NotPaid
    request.sent_at = at
    step(request, CreditState.SENT, actor, at)
    if request.college.written_at is None:
        request.college.written_at = at
    record(
        kind=DisclosureKind.COLLEGE,
        recipient=request.college.name,
        what=TOLD,
        basis=BASIS,
        actor=actor,
        at=at,
        about=request.about,
        consent_at=request.consent_at,
    )
    registrar.send_letter(request, at=at, actor=actor)
    post(letters.sent(request), at=at)
    return request
