"""How a request ends before its externship is completed: by the student, or with the enrollment (R5, R14)."""

import datetime as dt

from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships import guarantee, letters, offers, placements, queries
from provider.externships.models import ExternshipRequest, Placement
from provider.externships.requests import step
from provider.externships.rules import ENDED_REQUESTS, OPEN_OFFERS, PlacementState, ReleaseReason, RequestState
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind


class RequestOver(DomainError):
    """It has ended already: a second click, or somebody else was first."""

    code = "request_over"
    sentence = "This request has ended already. Reload the page to see how it stands."


class PlacementRuns(DomainError):
    """A running placement ends with an enrollment only once a coordinator has agreed, so that the site is spoken to."""

    status = 422
    code = "placement_runs"
    sentence = "A placement of this student is running. Ask a coordinator, reload the page, and confirm that it ends."


def withdraw(*, request: ExternshipRequest, actor: Actor, at: dt.datetime) -> ExternshipRequest:
    """Let a student withdraw: what was offered or given goes back, and the site is told. Raises RequestOver."""
    request = queries.by_reference(request.reference, lock=True)
    if request.state in ENDED_REQUESTS:
        raise RequestOver
    _end(request, ReleaseReason.STUDENT_WITHDREW, actor, at)
    return request


def end_for(enrollment: Enrollment, *, reason: ReleaseReason, actor: Actor, at: dt.datetime) -> None:
    """End the externship of an enrollment that ends, in its transaction: offer, placement, request and clock (R5)."""
    request = queries.open_of(enrollment.id, lock=True)
    if request is None:
        return
    _end(request, reason, actor, at)
    payments.hold(enrollment.id)  # reading offer and placement anew has let the installments go, which the caller reads


def end_canceled(enrollment_id: int, actor: Actor, at: dt.datetime) -> None:
    """End the externship of an enrollment that was canceled; one that has begun is put before the coordinators."""
    enrollment = enrollments.by_id(enrollment_id)
    tell_coordinators(enrollment, at=at)
    end_for(enrollment, reason=ReleaseReason.ENROLLMENT_CANCELED, actor=actor, at=at)


def agree(enrollment: Enrollment, *, agreed: bool, actor: Actor, at: dt.datetime) -> None:
    """Remember that a coordinator agreed to the end of a running placement; raises PlacementRuns where nobody did.

    Asked where staff decide. Where the rule decides, nobody has to agree: `tell_coordinators`.
    """
    placement = running(enrollment.id)
    if placement is None:
        return
    if not agreed:
        raise PlacementRuns
    note(placement, "placement.end_agreed", actor=actor, at=at, about=enrollment.reference)


def tell_coordinators(enrollment: Enrollment, *, at: dt.datetime) -> None:
    """Put a running placement before the coordinators that ends without their word: by a rule, or with its payment."""
    placement = running(enrollment.id)
    if placement is None:
        return
    site = placement.opening.location.site.name
    raise_task(
        kind=TaskKind.END_PLACEMENT,
        key=f"end_placement:{placement.reference}",
        about=enrollment.reference,
        sentence=f"The running placement {placement.reference} of {enrollment.legal_name} at {site} ended with the "
        "enrollment. The site has a letter. Call it, so that nobody waits for the student.",
        at=at,
    )


def running(enrollment_id: int) -> Placement | None:
    """Return the placement of an enrollment that has begun and not ended; ending it needs a coordinator's word."""
    found = queries.active_placement(enrollment_id)
    return found if found is not None and found.state is PlacementState.RUNNING else None


def running_place(enrollment_id: int) -> str | None:
    """Name the running placement of an enrollment for whoever is asked whether it ends; None when there is none."""
    found = running(enrollment_id)
    if found is None:
        return None
    location = found.opening.location
    return f"at {location.site.name}, {location.name} ({found.reference})"


def _end(request: ExternshipRequest, reason: ReleaseReason, actor: Actor, at: dt.datetime) -> None:
    place = _give_back(request, reason, actor, at)
    request.ended_at, request.end_reason, request.missing_since = at, reason, None
    step(request, RequestState.WITHDRAWN, actor=actor, at=at)
    db.session.flush()
    guarantee.keep(request, at=at)
    recipient = enrollments.recipient(request.enrollment)
    post(letters.withdrawn(request, recipient=recipient, place=place), at=at)


def _give_back(request: ExternshipRequest, reason: ReleaseReason, actor: Actor, at: dt.datetime) -> str | None:
    """Give back what a student has of a place; return the name of one that the student was to go to, or None."""
    placement = queries.active_placement(request.enrollment_id, lock=True)
    if placement is not None:
        location = placement.opening.location
        placements.release(placement=placement, reason=reason, actor=actor, at=at)
        return f"{location.site.name}, {location.name}"
    offer = queries.live_offer(request.id, lock=True)
    if offer is not None and offer.state in OPEN_OFFERS:
        offers.revoke(offer=offer, reason=reason, actor=actor, at=at)
    return None
