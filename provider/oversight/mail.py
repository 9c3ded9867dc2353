"""Letters: one for each event of money, to its own student, with links that lead home."""

import datetime as dt
import re
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, aliased

from provider.accounts.models import EmailChange, Person
from provider.affiliations.models import Opening, Site, SiteContact, SiteLocation
from provider.credits.models import College, CreditRequest
from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipRequest, Offer
from provider.history.models import History, HistoryDetail
from provider.kernel import clock
from provider.mail.models import OutboxLetter
from provider.mail.rules import ERASED_DOMAIN, Mailbox
from provider.oversight.checks import Finding, findings, rows
from provider.oversight.money_out import APPROVED
from provider.payments.models import Receipt
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.refunds.rules import PayoutState, RefundBasis, RefundState
from provider.school.queries import domains_ever

_LINK = re.compile(r"https?://[^\s\"'<>]*")
_TAILS = ("/", '"', "<", "\n")
_BY_VISITORS = "contact_message"  # carries what a visitor wrote, to the school itself
# Older letters may carry the address that the school had before.
_LINKS_CHECKED = dt.timedelta(days=7)


def letter_once_per_event() -> Iterator[Finding]:
    """An event has one letter to a recipient from a template."""
    query = (
        sa.select(sa.func.min(OutboxLetter.reference).label("subject"), sa.func.count().label("number"))
        .group_by(OutboxLetter.event, OutboxLetter.recipient, OutboxLetter.template)
        .having(sa.func.count() > 1)
    )
    return findings(query, "is one of {number} letters of the same event")


def letter_message_id_unique() -> Iterator[Finding]:
    """No two letters share a Message-ID."""
    query = (
        sa.select(sa.func.min(OutboxLetter.reference).label("subject"), OutboxLetter.message_id.label("id"))
        .group_by(OutboxLetter.message_id)
        .having(sa.func.count() > 1)
    )
    return findings(query, "shares its Message-ID {id} with another letter")


def letter_for_each_event_of_money() -> Iterator[Finding]:
    """Each agreement, receipt, credit note, decision, payout and withdrawal is told by its letter.

    What was given back at the payment service itself is told by one letter, when it is found.
    """
    outside = Refund.basis == RefundBasis.OUTSIDE
    events: list[tuple[sa.Select[str], str]] = [
        (sa.select(Enrollment.reference), "enrollment_received"),
        (sa.select(Receipt.reference).where(Receipt.kind == "receipt"), "receipt"),
        (sa.select(Receipt.reference).where(Receipt.kind == "credit_note"), "credit_note"),
        (sa.select(Refund.reference).where(Refund.state.in_(APPROVED), ~outside), "refund_approved"),
        (sa.select(Refund.reference).where(Refund.state.in_(APPROVED), outside), "refund_outside"),
        (sa.select(Refund.reference).where(Refund.state == RefundState.DECLINED), "refund_declined"),
        (sa.select(Payout.reference).join(Refund).where(Payout.state == PayoutState.SENT, ~outside), "payout_sent"),
        (sa.select(Payout.reference).where(Payout.state == PayoutState.FAILED), "payout_failed"),
        (sa.select(Refund.reference).where(Refund.state == RefundState.SETTLED, ~outside), "refund_settled"),
        (sa.select(Withdrawal.reference), "withdrawal"),
    ]
    for happened, template in events:
        event = happened.subquery()
        told = sa.exists().where(OutboxLetter.event == event.c.reference, OutboxLetter.template == template)
        query = sa.select(event.c.reference.label("subject")).where(~told)
        yield from findings(query, f"has no letter “{template}”")


def letter_goes_to_its_own_student() -> Iterator[Finding]:
    """A letter about somebody goes to an address that they claimed, proved or asked for, or to one of ours.

    A letter about a student may also go to a contact of a site where they were offered a place, and to the registrar
    of a college that they asked to be told.
    """
    joined = aliased(Person)
    ours = [f"{mailbox}@{domain}" for mailbox in Mailbox for domain in sorted(domains_ever())]
    asked_for = sa.exists().where(
        EmailChange.person_id == Person.id,
        sa.or_(EmailChange.old_email == OutboxLetter.recipient, EmailChange.new_email == OutboxLetter.recipient),
    )
    once_theirs = sa.exists().where(
        EmailChange.person_id == Enrollment.person_id, EmailChange.new_email == OutboxLetter.recipient
    )
    query = (
        sa.select(OutboxLetter.reference.label("subject"), OutboxLetter.about.label("about"))
        .outerjoin(Enrollment, Enrollment.reference == OutboxLetter.about)
        .outerjoin(joined, joined.id == Enrollment.person_id)
        .outerjoin(Person, Person.reference == OutboxLetter.about)
        .where(
            sa.or_(Enrollment.id.is_not(None), Person.id.is_not(None)),
            OutboxLetter.recipient.not_in(ours),
            OutboxLetter.recipient.not_like(f"%@{ERASED_DOMAIN}"),
            OutboxLetter.recipient.is_distinct_from(Enrollment.claimed_email),
            OutboxLetter.recipient.is_distinct_from(joined.email),
            OutboxLetter.recipient.is_distinct_from(Person.email),
            ~asked_for,
            ~once_theirs,
            ~_of_their_site(),
            ~_of_their_college(),
        )
    )
    return findings(query, "is about {about} and goes to somebody else's address")


def _of_their_college() -> sa.ColumnElement[bool]:
    """Say whether a letter goes to a registrar who was written to, and its student asked that a college be told.

    Which college that was is not asked: the letter may have been taken back, and the request have gone on to another.
    """
    return sa.exists().where(
        CreditRequest.about == OutboxLetter.about,
        College.registrar_email == OutboxLetter.recipient,
        College.written_at.is_not(None),
    )


def _of_their_site() -> sa.ColumnElement[bool]:
    """Say whether a letter goes to an address that a contact has, or had, of a site that its student was offered."""
    had = HistoryDetail.data["new"]["email"].as_string()
    return sa.exists(
        sa.select(Offer.id)
        .join(ExternshipRequest, ExternshipRequest.id == Offer.request_id)
        .join(Opening, Opening.id == Offer.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .join(Site, Site.id == SiteLocation.site_id)
        .join(History, sa.and_(History.about == Site.reference, History.subject_kind == SiteContact.__tablename__))
        .join(HistoryDetail, HistoryDetail.history_id == History.id)
        .where(ExternshipRequest.enrollment_id == Enrollment.id, had == OutboxLetter.recipient)
        .correlate(Enrollment, OutboxLetter)
    )


def letter_links_lead_home() -> Iterator[Finding]:
    """Every link of a letter begins with the school's own address of the day it was written."""
    home = sa.func.coalesce(OutboxLetter.base_url, "")
    texts = (OutboxLetter.body_text, OutboxLetter.body_html)
    elsewhere = sa.or_(*(_without(text, home).like("%http%://%") for text in texts))
    query = sa.select(OutboxLetter.reference, OutboxLetter.base_url, *texts).where(
        OutboxLetter.queued_at > clock.now() - _LINKS_CHECKED, OutboxLetter.template != _BY_VISITORS, elsewhere
    )
    for row in rows(query):
        reference, own, *written = row
        links = {link for text in written for link in _LINK.findall(text or "")}
        away = sorted(link for link in links if link != own and not link.startswith(f"{own}/"))
        if away:
            yield reference, f"has a link to {away[0][:100]}"


def _without(
    text: sa.ColumnElement[str] | InstrumentedAttribute[str | None], home: sa.ColumnElement[str]
) -> sa.ColumnElement[str]:
    """Return a text without the links that lead home, so that the database finds the few letters with others."""
    rest: sa.ColumnElement[str] = sa.func.coalesce(text, "")
    for tail in _TAILS:
        rest = sa.func.replace(rest, home + tail, "")
    return rest


CHECKS = (
    letter_once_per_event,
    letter_message_id_unique,
    letter_for_each_event_of_money,
    letter_goes_to_its_own_student,
    letter_links_lead_home,
)
