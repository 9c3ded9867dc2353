"""Reading letters: for the sender, and for staff."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import load_only

from config import ConfigError
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import up_to
from provider.kernel.stretches import Stretch
from provider.mail import gateway, letters
from provider.mail.models import ON_ITS_WAY_ROWS, AddressHealth, OutboxLetter
from provider.mail.rules import (
    ABOUT_SCHOOL,
    LONGEST_OUTAGE_WAIT,
    ON_ITS_WAY,
    TEST,
    AddressState,
    LetterState,
    Outcome,
    copy_event,
)

MOST_NAMED = 500  # values in one IN list


def find(reference: str, *, lock: bool = False) -> OutboxLetter | None:
    """Return one letter, locked if asked for; None when it is not there."""
    query = sa.select(OutboxLetter).where(OutboxLetter.reference == reference)
    return db.session.scalar(query.with_for_update() if lock else query)


def by_reference(reference: str, *, lock: bool = False) -> OutboxLetter:
    """Return one letter; raises NotFound."""
    letter = find(reference, lock=lock)
    if letter is None:
        raise NotFound
    return letter


def by_references(references: Sequence[str]) -> dict[str, OutboxLetter]:
    """Return the letters of these references that there are."""
    found = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.reference.in_(references)))
    return {letter.reference: letter for letter in found}


def by_message_ids(message_ids: Sequence[str]) -> Sequence[OutboxLetter]:
    """Return the letters that left under these Message-IDs, newest first; a bounded number is looked at."""
    query = sa.select(OutboxLetter).where(OutboxLetter.message_id.in_(message_ids[:MOST_NAMED]))
    return db.session.scalars(query.order_by(OutboxLetter.id.desc())).all()


def health(email: str, *, lock: bool = False) -> AddressHealth | None:
    """Return how an address stands, locked if asked for; None for one that nothing is known against."""
    query = sa.select(AddressHealth).where(AddressHealth.email == email)
    return db.session.scalar(query.with_for_update() if lock else query)


def health_by(reference: str, *, lock: bool = False) -> AddressHealth:
    """Return how an address stands by the reference of the entry; raises NotFound."""
    query = sa.select(AddressHealth).where(AddressHealth.reference == reference)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def troubled(emails: Iterable[str | None]) -> dict[str, AddressHealth]:
    """Return which of these addresses letters do not reach, or did not want them, by one statement at most."""
    asked = list(dict.fromkeys(one for one in emails if one))[:MOST_NAMED]
    if not asked:
        return {}
    query = sa.select(AddressHealth).where(AddressHealth.email.in_(asked), AddressHealth.state != AddressState.WORKS)
    return {one.email: one for one in db.session.scalars(query)}


def copies(letter: OutboxLetter) -> int:
    """Return how often a letter was sent again as a new one."""
    return next(number for number in itertools.count() if not _has_copy(letter, number + 1))


def _has_copy(letter: OutboxLetter, number: int) -> bool:
    event = copy_event(letter.event, number)
    return of_event(event=event, recipient=letter.recipient, template=letter.template) is not None


def posted(template: str, events: Sequence[str]) -> frozenset[str]:
    """Return which of these events have had their letter of a template, whoever it went to."""
    found: set[str] = set()
    for some in (events[n : n + MOST_NAMED] for n in range(0, len(events), MOST_NAMED)):
        query = sa.select(OutboxLetter.event).where(OutboxLetter.template == template, OutboxLetter.event.in_(some))
        found.update(db.session.scalars(query))
    return frozenset(found)


_LEFT_AT = sa.func.coalesce(OutboxLetter.sent_at, OutboxLetter.queued_at, type_=OutboxLetter.queued_at.type)
_SHOWN_IN_STORIES = (
    OutboxLetter.reference,
    OutboxLetter.template,
    OutboxLetter.recipient,
    OutboxLetter.about,
    OutboxLetter.subject,
    OutboxLetter.state,
    OutboxLetter.queued_at,
    OutboxLetter.sent_at,
)


def told(abouts: Sequence[str], stretch: Stretch) -> Sequence[OutboxLetter]:
    """Return letters around enrollments and people without their texts, by when they left or were written."""
    query = sa.select(OutboxLetter).where(OutboxLetter.about.in_(abouts)).options(load_only(*_SHOWN_IN_STORIES))
    return db.session.scalars(stretch.apply(query, _LEFT_AT, OutboxLetter.id)).all()


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of letters that wait for staff: those that could not be delivered."""
    return up_to(sa.select(OutboxLetter.id).where(OutboxLetter.state == LetterState.FAILED))


def of_event(*, event: str, recipient: str, template: str) -> OutboxLetter | None:
    """Return the letter of an event to a recipient."""
    query = sa.select(OutboxLetter).where(
        OutboxLetter.event == event, OutboxLetter.recipient == recipient, OutboxLetter.template == template
    )
    return db.session.scalar(query)


_TESTS = sa.and_(OutboxLetter.about == ABOUT_SCHOOL, OutboxLetter.template == TEST)


def last_test() -> OutboxLetter | None:
    """Return the last letter by which the school tried its mail, or None."""
    return db.session.scalar(sa.select(OutboxLetter).where(_TESTS).order_by(OutboxLetter.id.desc()).limit(1))


def test_sent() -> sa.ScalarSelect[int]:
    """Return the count of last test letters that were sent: 1 or 0."""
    last = sa.select(OutboxLetter.state).where(_TESTS).order_by(OutboxLetter.id.desc()).limit(1).subquery()
    return up_to(sa.select(last.c.state).where(last.c.state == LetterState.SENT))


@dataclass(frozen=True, slots=True)
class WayOut:
    """How letters leave, in words that hold no secret; ``leaves`` says whether they leave this machine at all."""

    leaves: bool
    words: str


def way_out(url: str) -> WayOut:
    """Return how letters leave by a MAIL_URL; one that cannot be used says why, without its password."""
    try:
        way = gateway.transport(url)
    except ConfigError as error:
        return WayOut(leaves=False, words=str(error))
    if not isinstance(way, gateway.Smtp):
        return WayOut(leaves=False, words="A folder of this machine. Nobody gets what is put there.")
    safety = {"implicit": "encrypted from the first byte", "required": "encrypted, or not at all"}
    signed = "signed in with a password" if way.user else "without signing in"
    words = f"The mail server {way.host}, port {way.port}, {safety.get(way.tls or '', 'not encrypted')}, {signed}."
    return WayOut(leaves=True, words=words)


def has_earlier(letter: OutboxLetter) -> bool:
    """Say whether an earlier letter to the same recipient is being sent, or waits for the server like this one.

    One that the server itself put off does not hold up later ones.
    """
    query = sa.select(OutboxLetter.id).where(
        OutboxLetter.recipient == letter.recipient,
        OutboxLetter.id < letter.id,
        ON_ITS_WAY_ROWS,
        sa.or_(
            OutboxLetter.state == LetterState.SENDING,
            OutboxLetter.outcome.is_(None),
            OutboxLetter.outcome == Outcome.UNREACHABLE,
        ),
    )
    return db.session.scalar(query.limit(1)) is not None


def past_giving_up(now: dt.datetime, *, most: int) -> Sequence[OutboxLetter]:
    """Return letters that wait although their hours are over, oldest first, a bounded number."""
    query = sa.select(OutboxLetter).where(OutboxLetter.state == LetterState.QUEUED, OutboxLetter.give_up_at <= now)
    return db.session.scalars(query.order_by(OutboxLetter.id).limit(most).with_for_update(skip_locked=True)).all()


def stuck(now: dt.datetime, lease: dt.timedelta) -> Sequence[OutboxLetter]:
    """Return letters that neither left nor failed although their hours are long over."""
    overdue = now - lease - LONGEST_OUTAGE_WAIT
    query = sa.select(OutboxLetter).where(OutboxLetter.state.in_(ON_ITS_WAY), OutboxLetter.give_up_at < overdue)
    return db.session.scalars(query.order_by(OutboxLetter.id)).all()


def sent_without_text() -> Sequence[str]:
    """Return letters that are sent although nothing shows what was sent, or that it was tried."""
    incomplete = sa.or_(OutboxLetter.subject.is_(None), OutboxLetter.body_text.is_(None), OutboxLetter.attempts < 1)
    query = sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.SENT, incomplete)
    return db.session.scalars(query.order_by(OutboxLetter.id)).all()


def stored_open_links() -> Sequence[str]:
    """Return letters whose stored text holds the address of a signed link."""
    opens = sa.or_(*(body.contains("/links/") for body in (OutboxLetter.body_text, OutboxLetter.body_html)))
    return db.session.scalars(sa.select(OutboxLetter.reference).where(opens).order_by(OutboxLetter.id)).all()


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as staff read it: every personal link is only said to be there."""

    letter: OutboxLetter
    subject: str
    text: str


def shown(letter: OutboxLetter) -> Shown:
    """Return what was sent, or what would be; a letter that cannot be written shows why."""
    if letter.subject is not None:
        return Shown(letter, letter.subject, letters.shown(letter, letter.body_text))
    try:
        written = letters.write(letter)
    except letters.Unsendable as error:
        return Shown(letter, letter.template.replace("_", " ").capitalize(), str(error))
    return Shown(letter, written.subject, letters.shown(letter, written.text))
