"""What a graduate does for an externship, and the coordinator, the site and the preceptor with them."""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from provider.accounts import queries as people
from provider.affiliations import queries as affiliations
from provider.affiliations.rules import EVERY_DAY, SiteKind, days_of, mask
from provider.documents import actions as documents
from provider.documents import queries as papers
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind, DocumentState
from provider.externships import ending, offer_queries, offers, queries, requests, site_answers
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.offer_ends import ANSWER_LINK
from provider.externships.wishes import Wishes
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import day_of
from tests.demo import links, paper
from tests.demo.steps import Player, Step
from tests.demo.supply import ASKED_FOR
from tests.demo.times import ONE_DAY, of_week, zone

WORKDAYS = mask(range(5))
EVERYTHING = (*ASKED_FOR, DocumentKind.LIABILITY_COVER)


def request_of(player: Player) -> ExternshipRequest:
    """Return the student's request."""
    found = queries.newest_of(player.enrollment.id)
    assert found is not None
    return found


def offer_of(player: Player) -> Offer:
    """Return the newest offer of the student's request."""
    return offer_queries.offers_of(request_of(player).id)[0]


def placement_of(player: Player) -> Placement:
    """Return the newest placement of the student's request."""
    return offer_queries.placements_of(request_of(player).id)[0]


def bring(
    *, but: tuple[DocumentKind, ...] = (), only: tuple[DocumentKind, ...] = EVERYTHING, good_for: int | None = None
) -> Step:
    """Upload documents; they are good for so many days from now, or do not expire."""

    def step(player: Player, at: dt.datetime) -> None:
        until = None if good_for is None else day_of(player.now, zone()) + dt.timedelta(days=good_for)
        who = people.by_reference(str(player.student.herself.reference))
        for kind in only:
            if kind not in but:
                page = paper.page(f"{kind.label} (sample)", player.student.name, "Made for a demonstration.")
                documents.upload(
                    person=who, kind=kind, data=page, expires_on=until, actor=player.student.herself, at=at
                )

    return step


def _to_check(player: Player) -> list[StudentDocument]:
    who = people.by_reference(str(player.student.herself.reference))
    query = sa.select(StudentDocument.reference).where(
        StudentDocument.person_id == who.id, StudentDocument.state == DocumentState.UPLOADED
    )
    found = db.session.scalars(query.order_by(StudentDocument.id)).all()
    return [papers.by_reference(reference, lock=True) for reference in found]


def check(player: Player, at: dt.datetime) -> None:
    """Let the coordinator accept whatever was uploaded."""
    for document in _to_check(player):
        documents.accept(document=document, expires_on=document.expires_on, actor=player.coordinator, at=at)


def refuse(kind: DocumentKind, reason: str) -> Step:
    """Let the coordinator refuse one document and accept the others."""

    def step(player: Player, at: dt.datetime) -> None:
        wrong = next(one for one in _to_check(player) if one.kind is kind)
        documents.refuse(document=wrong, reason=reason, actor=player.coordinator, at=at)
        check(player, at)

    return step


def ask(
    *,
    miles: int = 50,
    weekdays: int = WORKDAYS,
    kind: SiteKind | None = None,
    liked: tuple[str, ...] = (),
    note: str | None = None,
) -> Step:
    """Ask for a place from a week after asking on."""

    def step(player: Player, at: dt.datetime) -> None:
        earliest = day_of(at, zone()) + dt.timedelta(days=7)
        places = tuple(player.named[f"location {one}"] for one in liked)
        wanted = Wishes(player.student.zip, miles, weekdays, 6 * 60, 18 * 60, earliest, kind, places, note)
        requests.ask(enrollment=player.enrollment, wanted=wanted, actor=player.student.herself, at=at)

    return step


def ask_early(reason: str) -> Step:
    """Let the coordinator ask for a student who is still in the program (R13)."""

    def step(player: Player, at: dt.datetime) -> None:
        earliest = of_week(player.now, 2, 0)
        wanted = Wishes(player.student.zip, 40, EVERY_DAY, 6 * 60, 22 * 60, earliest)
        requests.ask(enrollment=player.enrollment, wanted=wanted, actor=player.coordinator, at=at, early_reason=reason)

    return step


def withdraw(player: Player, at: dt.datetime) -> None:
    """Take the request back."""
    ending.withdraw(request=request_of(player), actor=player.student.herself, at=at)


def offer(key: str) -> Step:
    """Let the coordinator offer a place by hand."""

    def step(player: Player, at: dt.datetime) -> None:
        place = affiliations.opening(player.named[f"opening {key}"])
        offers.send(request=request_of(player), opening=place, actor=player.coordinator, at=at)

    return step


def say_yes(player: Player, at: dt.datetime) -> None:
    """Accept an offer."""
    offers.accept(offer=offer_of(player), actor=player.student.herself, at=at)


def say_no(words: str) -> Step:
    """Decline an offer."""

    def step(player: Player, at: dt.datetime) -> None:
        offers.decline(offer=offer_of(player), words=words, actor=player.student.herself, at=at)

    return step


def _site(found: Offer) -> Actor:
    return links.holder(ANSWER_LINK, found.reference)


def site_says_yes(player: Player, at: dt.datetime) -> None:
    """Let the site accept the student, by its link."""
    found = offer_of(player)
    site_answers.accept(offer=found, actor=_site(found), at=at)


def site_says_no(reason: str) -> Step:
    """Let the site decline the student."""

    def step(player: Player, at: dt.datetime) -> None:
        found = offer_of(player)
        site_answers.decline(offer=found, reason=reason, actor=_site(found), at=at)

    return step


def site_proposes(days_later: int, words: str) -> Step:
    """Let the site propose to begin so many days later."""

    def step(player: Player, at: dt.datetime) -> None:
        found = offer_of(player)
        first = found.first_on + dt.timedelta(days=days_later)
        last = found.last_on + dt.timedelta(days=days_later)
        site_answers.propose(offer=found, first_on=first, last_on=last, words=words, actor=_site(found), at=at)

    return step


def workdays(placement: Placement, first: dt.date, at: dt.datetime) -> list[dt.date]:
    """Return the days from one on which a placement was and that are over at an instant, where it is."""
    opening = placement.opening
    local = at.astimezone(ZoneInfo(opening.location.zone))
    over = local.hour * 60 + local.minute >= opening.until_minute
    last = min(placement.last_on, local.date() if over else local.date() - ONE_DAY)
    every = (first + ONE_DAY * number for number in range((last - first).days + 1))
    return [one for one in every if one.weekday() in days_of(opening.weekdays)]
