"""The desk of a student, and the page of one enrollment."""

from collections.abc import Sequence

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.cards import queries as cards
from provider.cards.models import Card, Charge, Dispute
from provider.cards.rules import DisputeState
from provider.credits import queries as credit_requests
from provider.enrollments import certificate_papers
from provider.enrollments import queries as enrollments
from provider.enrollments.actions import lapses_on
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, UNPAID_STATES
from provider.externships import queries as externships
from provider.kernel.doors import Door
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.mail import queries as mail
from provider.mail.models import AddressHealth
from provider.payments.models import Payment
from provider.payments.rules import PaymentState
from provider.programs import queries as programs
from provider.programs.rules import Link
from provider.refunds import queries as refunds

door = Door("my", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my")


@door.get("")
def index() -> ResponseReturnValue:
    asker = sessions.asker()
    unproved = enrollments.of_browser(asker.browser) if asker.browser else []
    if asker.person_id is None and not unproved:
        return redirect(url_for("accounts.sign_in", next=url_for("my.index")), code=303)
    mine = [*unproved, *(enrollments.of_person(asker.person_id) if asker.person_id else [])]
    outlooks = {enrollment.reference: refunds.outlook(enrollment, received_at()) for enrollment in mine}
    processing = cards.enrollments_running([one.id for one in mine]) if settings().cards_on else frozenset()
    return render_template(
        "my/index.html",
        enrollments=mine,
        outlooks=outlooks,
        processing=processing,
        unpaid=UNPAID_STATES,
        externships=externships.newest_of_each([one.id for one in mine]) if mine else {},
        credits=credit_requests.active_of_student(asker.person_id) if asker.person_id else (),
        now=received_at(),
        returned=_returned(asker.person_id),
    )


def _returned(person_id: int | None) -> AddressHealth | None:
    """Return what is wrong with the student's address, when letters to it come back."""
    if person_id is None:
        return None
    _, email = people.reference_and_email(person_id)
    return mail.troubled([email]).get(email)


@door.get("/enrollments/<reference>")
def enrollment(reference: str) -> ResponseReturnValue:
    found = enrollments.own(sessions.asker(), reference)
    running, kept = _cards(found)
    outlook = refunds.outlook(found, received_at())
    return render_template(
        "my/enrollment.html",
        enrollment=found,
        outlook=outlook,
        disputes=_disputes(found, outlook.payments),
        links=_classroom(found),
        unpaid=found.state in UNPAID_STATES,
        lapses_on=lapses_on(found),
        paused=found.state in CLASSROOM_STATES and cards.paused(found.id) is not None,
        running=running,
        kept=kept,
        certificates=certificate_papers.of_enrollment(reference) if found.completed_at else [],
        externship=externships.newest_of(found.id) if found.person_id else None,
        now=received_at(),
    )


def _cards(found: Enrollment) -> tuple[Charge | None, Card | None]:
    """Return the card payment that is under way, and the card kept for installments, if there are any."""
    if not settings().cards_on:
        return None, None
    return cards.running(found.id), cards.kept_card(found.id) if found.state in CLASSROOM_STATES else None


def _disputes(found: Enrollment, payments: Sequence[Payment]) -> list[Dispute]:
    """Return the disputes in which a bank holds money of an enrollment, or has kept it; asked only where one is."""
    if not any(payment.state in {PaymentState.DISPUTED, PaymentState.LOST} for payment in payments):
        return []
    return [one for one in cards.disputes(found.id) if one.state is not DisputeState.WON]


def _classroom(found: Enrollment) -> tuple[Link, ...]:
    """Return the program's links, which are open while the enrollment is active or completed."""
    if found.state not in CLASSROOM_STATES:
        return ()
    return programs.content(programs.latest(found.program_id)).links
