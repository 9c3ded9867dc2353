"""The list of payment events that staff page through, with what each is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.cards.models import TO_LOOK_AT_ROWS, Charge, PaymentEvent
from provider.cards.rules import EventState
from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from provider.kernel.paging import Page, keyset


@dataclass(frozen=True, slots=True)
class About:
    """The charge that an event means, and its student."""

    charge: str
    enrollment: str
    legal_name: str


def staff_page(
    state: EventState | None = None, *, before: int | None = None, after: int | None = None
) -> Page[PaymentEvent]:
    """Return a page of events, newest first; parked, refused and waiting ones by the index that holds only those."""
    query = sa.select(PaymentEvent)
    if state is not None:
        query = query.where(TO_LOOK_AT_ROWS, PaymentEvent.state == state)
    return keyset(query, PaymentEvent.id, before=before, after=after)


def meant(events: Sequence[PaymentEvent]) -> Mapping[int, About]:
    """Return what each of a page of events is about, in one statement; what is not known here is left out."""
    intents = {event.intent_id for event in events if event.intent_id}
    references = {event.our_reference for event in events if event.our_reference}
    query = (
        sa.select(Charge.intent_id, Charge.reference, Enrollment.reference, Enrollment.legal_name)
        .join(Enrollment, Enrollment.id == Charge.enrollment_id)
        .where(sa.or_(Charge.intent_id.in_(intents), Charge.reference.in_(references)))
    )
    by_name: dict[str | None, About] = {}
    for intent, charge, enrollment, name in db.session.execute(query):
        by_name[intent] = by_name[charge] = About(charge, enrollment, name)
    by_name.pop(None, None)
    found = {event.id: by_name.get(event.intent_id) or by_name.get(event.our_reference) for event in events}
    return {number: about for number, about in found.items() if about is not None}
