"""How it is said where people's data is held: one entry for the rows of a table that are about somebody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from provider.accounts.models import EmailChange, SignedLink
from provider.credits.models import CreditRequest
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.fieldwork.models import EntryBatch, Evaluation
from provider.history.models import History, HistoryDetail
from provider.kernel.database import Model, table
from provider.kernel.registry import registry
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.mail.models import OutboxLetter
from provider.oversight.personal import Subject
from provider.payments.models import Payment
from provider.refunds.models import Payout, Refund
from provider.tasks.models import Task
from provider.threads.models import Thread

Condition = sa.ColumnElement[bool]

WOULD_OPEN = "It would let whoever reads the copy act in your name."
INSIDE = "A number that only links our tables to each other."
COLLEAGUE = "It names somebody who works here, not you."
SAME = "It says the same as another part of the copy."


class Section(StrEnum):
    """The parts of the page on which somebody reads what is held about them."""

    PERSON = "Who you are"
    ENROLLMENTS = "Enrollments and agreements"
    PAYMENTS = "Installments, payments and receipts"
    REFUNDS = "Refunds and withdrawals"
    EXTERNSHIPS = "Externships"
    EXAMS = "Exams"
    CREDITS = "College credit"
    PROMISES = "What we promised you"
    LETTERS = "Letters we sent you"
    MESSAGES = "Messages from you and about you"
    FILES = "Files"
    TASKS = "Work of our staff for you"
    HISTORY = "What happened"
    SIGN_IN = "How you signed in"
    DISCLOSURES = "What we told others about you"


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one table about somebody.

    ``shown`` columns stand on the page under their label and in the download, ``filed`` ones in the download alone,
    ``hidden`` ones in neither, each for a reason.
    """

    name: str
    model: type[Model]
    section: Section
    finds: Callable[[Subject], Condition]
    shown: Mapping[str, str]
    filed: tuple[str, ...] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        return table(self.model)

    @property
    def handed_out(self) -> tuple[str, ...]:
        """Every column of the download, those of the page first."""
        return (*self.shown, *self.filed)


def _ids(model: type[Model], column: str, condition: Condition) -> sa.Select[Any]:
    return sa.select(table(model).c[column]).where(condition)


def of_enrollment(model: type[Model]) -> Callable[[Subject], Condition]:
    """Find rows by the enrollments they belong to."""
    return lambda subject: table(model).c.enrollment_id.in_(subject.enrollment_ids)


def about(model: type[Model]) -> Callable[[Subject], Condition]:
    """Find rows by the references of the person and the enrollments."""
    return lambda subject: table(model).c.about.in_(subject.references)


def threads(subject: Subject) -> Condition:
    """Find threads by who somebody proved or claimed to be, by the address that wrote, and by whom they are beside.

    What a college or a site wrote of a student stands beside their records. Of an enrollment that nobody proved, only
    what came from its address without being anybody's: the address may have been typed by another.
    """
    wrote = Thread.correspondent == subject.email
    if subject.person_id is None:
        return sa.and_(wrote, Thread.person_id.is_(None))
    credit = _ids(CreditRequest, "reference", CreditRequest.person_id == subject.person_id)
    places = _ids(ExternshipRequest, "reference", ExternshipRequest.enrollment_id.in_(subject.enrollment_ids))
    beside = [Thread.about.in_(records) for records in (subject.references, credit, places)]
    return sa.or_(wrote, Thread.person_id == subject.person_id, *beside)


def about_or_in_threads(model: type[Model]) -> Callable[[Subject], Condition]:
    """Find rows by the references of the person, the enrollments and the threads of their mail."""
    column = table(model).c.about
    return lambda subject: sa.or_(
        column.in_(subject.references), column.in_(_ids(Thread, "reference", threads(subject)))
    )


def of_person(model: type[Model], column: str = "person_id") -> Callable[[Subject], Condition]:
    """Find rows by the id of the person; none for an enrollment that nobody proved."""
    return lambda subject: table(model).c[column] == subject.person_id


def payments(subject: Subject) -> Condition:
    """Find payments by their enrollments."""
    return Payment.enrollment_id.in_(subject.enrollment_ids)


def of_payment(model: type[Model]) -> Callable[[Subject], Condition]:
    """Find rows by the payments they belong to."""
    return lambda subject: table(model).c.payment_id.in_(_ids(Payment, "id", payments(subject)))


def payouts(subject: Subject) -> Condition:
    """Find payouts by the refunds of the enrollments."""
    return Payout.refund_id.in_(_ids(Refund, "id", Refund.enrollment_id.in_(subject.enrollment_ids)))


def entries(subject: Subject) -> Condition:
    """Find the sides of the postings about the enrollments."""
    return LedgerEntry.posting_id.in_(_ids(LedgerPosting, "id", LedgerPosting.about.in_(subject.references)))


def details(subject: Subject) -> Condition:
    """Find the personal values beside what happened."""
    return HistoryDetail.history_id.in_(_ids(History, "id", History.about.in_(subject.references)))


def messages(subject: Subject) -> Condition:
    """Return which letters brought what somebody wrote by the contact form; the school's answers go to that address."""
    return sa.and_(OutboxLetter.reply_to.is_not(None), OutboxLetter.reply_to == subject.email)


def tasks(subject: Subject) -> Condition:
    """Return which tasks were raised for somebody: about an enrollment, or to answer a message."""
    written = _ids(OutboxLetter, "about", messages(subject))
    about_them = _ids(Task, "id", Task.about.in_(subject.references))
    return Task.id.in_(about_them.union(_ids(Task, "id", Task.reference.in_(written))))


def links(subject: Subject) -> Condition:
    """Return which signed links were made for somebody, by purpose first, as they are indexed."""
    changes = _ids(EmailChange, "reference", EmailChange.person_id == subject.person_id)
    known = SignedLink.purpose.in_(list(registry().links))
    written = _ids(Thread, "reference", threads(subject))
    elsewhere = [SignedLink.subject_reference.in_(who) for who in (changes, written, *_of_externships(subject))]
    theirs = [SignedLink.subject_reference.in_(subject.references), *elsewhere]
    return SignedLink.id.in_(sa.union(*(_ids(SignedLink, "id", sa.and_(known, each)) for each in theirs)))


def _mine(model: type[Model], subject: Subject) -> sa.Select[Any]:
    return _ids(model, "id", table(model).c.enrollment_id.in_(subject.enrollment_ids))


def of_request(rows: sa.Table, subject: Subject) -> Condition:
    """Find rows by the externship requests they belong to."""
    return rows.c.request_id.in_(_mine(ExternshipRequest, subject))


def of_placement(rows: sa.Table, subject: Subject) -> Condition:
    """Find rows by the placements they belong to."""
    return rows.c.placement_id.in_(_mine(Placement, subject))


def _of_externships(subject: Subject) -> list[sa.Select[Any]]:
    """Return what of somebody's externships links are made for: to them, and to a site about them."""
    mine = [_ids(model, "reference", table(model).c.enrollment_id.in_(subject.enrollment_ids)) for model in _ASKED]
    offers = _ids(Offer, "reference", of_request(table(Offer), subject))
    return [*mine, offers, *(_ids(one, "reference", of_placement(table(one), subject)) for one in _THERE)]


_ASKED: tuple[type[Model], ...] = (ExternshipRequest, Placement)
_THERE: tuple[type[Model], ...] = (EntryBatch, Evaluation)
