"""Places offered, accepted and confirmed, through the actions that the pages call. Needs an application context."""

import datetime as dt

import sqlalchemy as sa

from provider.affiliations import queries as affiliations
from provider.affiliations.models import Opening
from provider.externships import offer_queries, offers, placements, queries, site_answers
from provider.externships.models import Offer, Placement
from provider.externships.rules import ReleaseReason
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying
from provider.mail.models import OutboxLetter
from tests.harness.externs import ASKED, COORDINATOR, STUDENT
from tests.harness.money import kept
from tests.harness.sites import Supply

SITE = Actor(ActorKind.LINK, "K-22222222")


def offer(request: str, opening: str, *, at: dt.datetime = ASKED, actor: Actor = COORDINATOR) -> str:
    """Offer a place of an opening to a request; returns the offer's reference."""

    def send() -> str:
        wanted, place = queries.by_reference(request), affiliations.opening(opening)
        return offers.send(request=wanted, opening=place, actor=actor, at=at).reference

    return retrying(send)


def accept(reference: str, *, at: dt.datetime, actor: Actor = STUDENT) -> str:
    """Let the student say yes; returns the state it comes to."""
    return retrying(lambda: offers.accept(offer=offer_queries.offer(reference), actor=actor, at=at).state.value)


def decline(reference: str, *, at: dt.datetime, words: str | None = None) -> None:
    """Let the student say no."""
    retrying(lambda: offers.decline(offer=offer_queries.offer(reference), words=words, actor=STUDENT, at=at))


def answer_yes(reference: str, *, at: dt.datetime) -> str:
    """Let the site say yes; returns the state the offer comes to."""
    return retrying(lambda: site_answers.accept(offer=offer_queries.offer(reference), actor=SITE, at=at).state.value)


def answer_no(reference: str, *, at: dt.datetime, reason: str = "Our preceptor is away.") -> None:
    """Let the site say no."""
    retrying(lambda: site_answers.decline(offer=offer_queries.offer(reference), reason=reason, actor=SITE, at=at))


def propose(reference: str, first_on: dt.date, last_on: dt.date, *, at: dt.datetime) -> str:
    """Let the site propose other days; returns the reference of the new offer."""

    def other() -> str:
        found = offer_queries.offer(reference)
        made = site_answers.propose(offer=found, first_on=first_on, last_on=last_on, words=None, actor=SITE, at=at)
        return made.reference

    return retrying(other)


def revoke(reference: str, reason: ReleaseReason = ReleaseReason.COORDINATOR, *, at: dt.datetime) -> None:
    """Take an offer back."""
    retrying(lambda: offers.revoke(offer=offer_queries.offer(reference), reason=reason, actor=COORDINATOR, at=at))


def placed(request: str, opening: str, *, at: dt.datetime = ASKED) -> str:
    """Let a request come to a confirmed place; returns the placement's reference."""
    reference = offer(request, opening, at=at)
    accept(reference, at=at)
    answer_yes(reference, at=at)
    return kept(offer_queries.placements_of(offered(reference).request_id)[0]).reference


def start(reference: str, *, at: dt.datetime) -> bool:
    """Begin a placement, as the job does."""
    placement_id = placement(reference).id
    return retrying(lambda: placements.start(placement_id, now=at))


def release(reference: str, reason: ReleaseReason = ReleaseReason.COORDINATOR, *, at: dt.datetime) -> None:
    """Release a placement."""
    retrying(
        lambda: placements.release(
            placement=offer_queries.placement(reference), reason=reason, actor=COORDINATOR, at=at
        )
    )


def complete(reference: str, *, at: dt.datetime) -> None:
    """Complete a placement."""
    retrying(lambda: placements.complete(placement=offer_queries.placement(reference), actor=COORDINATOR, at=at))


def offered(reference: str) -> Offer:
    """Return an offer as it stands in the database."""
    return kept(offer_queries.offer(reference))


def placement(reference: str) -> Placement:
    """Return a placement as it stands in the database."""
    return kept(offer_queries.placement(reference))


def taken(made: Supply) -> int:
    """Return how many places of an opening are taken."""
    return db.session.scalars(sa.select(Opening.taken).where(Opening.id == made.opening_id)).one()


def sent_to(request: str, *, site: bool | None = None) -> list[str]:
    """Return the letters about a request's enrollment since it was asked for, oldest first, by template.

    ``site``: only those to the site, or only those to the student.
    """
    enrollment = kept(queries.by_reference(request)).enrollment
    query = sa.select(OutboxLetter.template, OutboxLetter.recipient).where(
        OutboxLetter.about == enrollment.reference, OutboxLetter.mailbox == "externship"
    )
    found = db.session.execute(query.order_by(OutboxLetter.id)).all()
    return [template for template, recipient in found if site is None or recipient.endswith("@clinic.example") is site]
