"""What the registries call by name: the link that proves an address, and the jobs about enrollments nobody paid."""

import datetime as dt

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts import sessions
from provider.accounts.email_changes import EMAIL_CHANGED
from provider.accounts.links import use_link
from provider.accounts.rules import Asker, Permission
from provider.enrollments import (
    actions,
    certificate_letters,
    certificate_papers,
    letters,
    lists,
    proof_letters,
    queries,
)
from provider.enrollments.actions import PROVE_EMAIL
from provider.enrollments.rules import REFERENCE_PREFIX, UNPAID_STATES, CancelReason, Joined
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.promises import Queue
from provider.kernel.registry import Payload, Periodic, Registry, Strand, registry
from provider.kernel.settings import settings
from provider.kernel.web import only

UNPAID = "enrollments.unpaid"
CONFIRMED = "Your e-mail address is confirmed."
OUTCOMES = {
    Joined.JOINED: CONFIRMED,
    Joined.ALREADY_ENROLLED: (
        f"{CONFIRMED} You are enrolled in this program already, so the second one has ended. It cost you nothing."
    ),
    Joined.PAID_TWICE: (
        f"{CONFIRMED} You have paid for this program twice: we will send the second payment back and write to you."
    ),
}


class ProveEmail:
    """Proves the address of an enrollment; the button joins it to its person and signs a student in."""

    label = "Confirm the address of an enrollment"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return render_template("enrollments/prove.html", enrollment=queries.by_reference(subject), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        only()
        outcome, person = retrying(lambda: join(subject, token, actor, received_at))
        found = people.by_reference(person)
        if not found.is_staff and people.second_factor(found.id) is None:
            sessions.begin(found.reference)  # a new session: what was to be told before would be lost
        flash(OUTCOMES[outcome])
        if found.is_staff:
            return redirect(url_for("accounts.sign_in", next=url_for("my.index")), code=303)
        if outcome is Joined.JOINED:
            return redirect(url_for("my.enrollment", reference=subject), code=303)
        return redirect(url_for("my.index"), code=303)


def join(reference: str, token: str, actor: Actor, at: dt.datetime) -> tuple[Joined, str]:
    """Use the link up and join the enrollment to the person of its address."""
    use_link(token, purpose=PROVE_EMAIL, at=at)
    enrollment = queries.by_reference(reference, lock=True)
    return actions.join_by_letter(enrollment=enrollment, actor=actor, at=at)


def _is_charged(enrollment_id: int) -> bool:
    """Say whether a payment is being processed: then it is no time to end for want of one."""
    asked = registry().is_charged
    return asked is not None and asked(enrollment_id)


def unpaid(_payload: Payload, *, now: dt.datetime) -> None:
    """Remind whoever has not paid for a week, and cancel what nobody paid for in two."""
    known = settings()
    for reference in queries.unpaid_references(now - dt.timedelta(days=known.UNPAID_CANCEL_DAYS)):
        with unit_of_work():
            enrollment = queries.by_reference(reference, lock=True)
            if enrollment.state in UNPAID_STATES and not _is_charged(enrollment.id):
                actions.cancel(enrollment=enrollment, reason=CancelReason.UNPAID, actor=SYSTEM, at=now)
    for reference in queries.unreminded_references(now - dt.timedelta(days=known.UNPAID_REMINDER_DAYS)):
        with unit_of_work():
            enrollment = queries.by_reference(reference, lock=True)
            if enrollment.state in UNPAID_STATES:
                actions.remind(enrollment=enrollment, at=now)


STORY = Strand(
    "enrollment",
    "Enrollment",
    frozenset({"enrollment"}),
    {
        "enrollment.started": ("Agreement accepted", "document"),
        "enrollment.awaiting_payment": ("E-mail address confirmed, payment awaited", "person"),
        "enrollment.joined": ("E-mail address confirmed", "person"),
        "enrollment.active": ("Enrollment active", "event"),
        "enrollment.completed": ("Program completed", "event"),
        "enrollment.canceled": ("Enrollment canceled", "warn"),
        "enrollment.withdrawn": ("Student withdrawn", "warn"),
        "enrollment.refunded": ("Enrollment ended with a refund", "event"),
        "enrollment.hold": ("On hold: an installment is more than ten days late", "warn"),
        "enrollment.hold_released": ("Hold released", "event"),
        "enrollment.purchase_moved": ("Purchase moved to another payment", "event"),
    },
)


# Unpaid enrollments end by themselves; staff only see how many there are.
QUEUE = Queue(
    "Waiting for payment",
    Permission.SEE_ENROLLMENTS,
    lists.waiting_for_payment,
    lambda: url_for("staff_enrollments.index", state="unpaid"),
    tone="neutral",
    rank=30,
)


def send_again(payload: Payload, *, now: dt.datetime) -> None:
    """Send the link that proves an address once more."""
    with unit_of_work():
        proof_letters.send_again(email=str(payload["email"]), at=now)


def email_changed(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """File a student's enrollments under the address that the account goes by now."""
    with unit_of_work():
        actions.file_under_address(person=people.by_reference(str(payload["person"])))


def _own_page(person_id: int, reference: str) -> str:
    queries.own(Asker(person_id, None), reference)
    return url_for("my.enrollment", reference=reference)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[PROVE_EMAIL] = ProveEmail()
    registry.jobs[UNPAID] = unpaid
    registry.jobs[proof_letters.SEND_AGAIN] = send_again
    registry.jobs[EMAIL_CHANGED] = email_changed
    registry.periodic.append(Periodic(UNPAID, lambda now: f"{now:%Y-%m-%dT%H}"))
    registry.own_pages[REFERENCE_PREFIX] = _own_page
    registry.strands.append(STORY)
    with_certificate = (letters.COMPLETED, certificate_letters.ISSUED)
    registry.attachments |= dict.fromkeys(with_certificate, certificate_papers.attachments)
    registry.queues["awaited"] = QUEUE
