"""What the bursar finds first under Refunds: messages that may ask for the money back, and what the rule says."""

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.enrollments.queries import by_reference, recipient
from provider.kernel.database import db, unit_of_work
from provider.kernel.paging import counted
from provider.mailroom import actions, draft_lists, queries
from provider.payments.models import Payment
from provider.payments.rules import PaymentState
from provider.policies.rules import Refusal
from provider.refunds.actions import ask
from provider.refunds.rules import Channel
from provider.site.actions import send_message
from provider.site.rules import Topic
from tests.harness.mail_in import came, mail
from tests.harness.money import BURSAR, PAID, agreed, record, stored
from tests.harness.statements import statements
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Page, Visitor

HOUR = dt.timedelta(hours=1)
UPFRONT = 189_900
LAST = PAID + 24 * HOUR


def paid() -> tuple[str, str, str]:
    """Return an enrollment that was just paid for, its payment, and its student's address."""
    reference = agreed(at=PAID - HOUR)
    made = record(reference, UPFRONT)
    return reference, made, recipient(by_reference(reference))


def by_mail(sender: str, at: dt.datetime) -> None:
    came(mail("I want a refund.", sender=sender), sender=sender, at=at, filed=at)


def by_form(sender: str, at: dt.datetime) -> None:
    with unit_of_work():
        send_message(
            name="Sam Doe",
            email=sender,
            topic=Topic.OTHER,
            message="I want a refund.",
            client="127.0.0.1",
            asker=None,
            at=at,
        )


def dismissed(reference: str, at: dt.datetime) -> None:
    with unit_of_work():
        actions.dismiss_draft(draft=queries.draft(reference, lock=True), actor=BURSAR, at=at)


def test_the_rule_decides_on_the_instant_of_the_message_however_late_it_is_read(context: AppContext) -> None:
    by_mail(paid()[2], LAST)
    (line,) = draft_lists.open_drafts(50)
    assert (line.received_at, line.decision.approved, line.decision.amount_cents) == (LAST, True, UPFRONT)
    assert (line.decision.deadline, line.sender) == (LAST, recipient(by_reference(line_enrollment(line))))


def line_enrollment(line: draft_lists.DraftLine) -> str:
    return queries.draft(line.reference).enrollment.reference


def test_what_happened_since_then_is_known_to_the_rule(context: AppContext) -> None:
    """Refunded by the page meanwhile; in a dispute; and, beside them, untouched: each by its own payments."""
    refunded, disputed, untouched = (paid() for _ in range(3))
    for number, (_, _, email) in enumerate((refunded, disputed, untouched), start=1):
        by_mail(email, PAID + number * HOUR)
    with unit_of_work():
        enrollment = by_reference(refunded[0], lock=True)
        now = PAID + 5 * HOUR
        ask(enrollment=enrollment, note=None, channel=Channel.PAGE, actor=BURSAR, received_at=now, at=now)
    with unit_of_work():
        held = sa.update(Payment).where(Payment.reference == disputed[1])
        db.session.execute(held.values(state=PaymentState.DISPUTED))
    found = [(one.student, one.decision.refusal) for one in draft_lists.open_drafts(50)]
    assert found == [
        (stored(refunded[0]).legal_name, Refusal.ALREADY_REFUNDED),
        (stored(disputed[0]).legal_name, Refusal.DISPUTED),
        (stored(untouched[0]).legal_name, None),
    ]


@pytest.fixture
def bursar(app: Flask, visitor: Visitor) -> Visitor:
    with time_machine.travel(PAID + 40 * HOUR, tick=False):
        sign_in(visitor, staff(app, Role.BURSAR), follow=False)
    return visitor


def at(visitor: Visitor, path: str, when: dt.datetime = PAID + 40 * HOUR) -> Page:
    with time_machine.travel(when, tick=False):
        return visitor.get(path)


def numbers(page: Page) -> dict[str, str]:
    """Return the tiles of the home page."""
    return {
        " ".join(tile.query(".stat__label")[0].to_text().split()): tile.query(".stat__value")[0].to_text()
        for tile in page.all(".stat")
    }


def test_the_bursar_finds_them_first_with_writer_instant_decision_and_link(app: Flask, bursar: Visitor) -> None:
    with app.app_context():
        first, second = paid(), paid()
        by_form("sam@example.org", PAID + HOUR)  # nobody's address, and it names no enrollment
        by_form(second[2], PAID + 3 * HOUR)
        by_mail(first[2], PAID + 2 * HOUR)
        mailed, written = draft_lists.open_drafts(50)
    page = at(bursar, "/staff/refunds")
    rows = [" ".join(row.to_text().split()) for row in page.all("main table")[0].query("tbody tr")]
    assert [(first[2] in rows[0]), (second[2] in rows[1]), len(rows)] == [True, True, 2]
    assert "November 21, 2026, 12:00:00 PM EST" in rows[0]
    assert "$1,899.00 go back" in rows[0]
    links = [link.attrs["href"] for link in page.all("main table")[0].query("a")]
    assert links == [f"/staff/refund-drafts/{one.reference}" for one in (mailed, written)]
    assert page.all("h2")[0].to_text() == "Messages that may ask for the money back"
    (menu,) = [link.to_text().split() for link in page.all(".side a") if "Refunds" in link.to_text()]
    assert menu == ["Refunds", "2", "waiting"]
    assert numbers(at(bursar, "/staff"))["Messages that may ask for a refund"] == "2"
    with app.app_context():
        dismissed(mailed.reference, PAID + 4 * HOUR)
    assert [mailed.reference in at(bursar, "/staff/refunds").words(), draft_count(app)] == [False, 1]
    assert written.reference not in at(bursar, "/staff/refunds?state=approved").words()


def test_the_page_of_a_message_says_what_entering_it_would_bring_now(app: Flask, bursar: Visitor) -> None:
    with app.app_context():
        enrollment, made, email = paid()
        by_mail(email, PAID + HOUR)
        (line,) = draft_lists.open_drafts(50)
    path = f"/staff/refund-drafts/{line.reference}"
    assert (
        "the instant at which it came in: $1,899.00 go back, and the student gets a letter." in at(bursar, path).words()
    )
    with app.app_context(), unit_of_work():
        held = sa.update(Payment).where(Payment.reference == made)
        db.session.execute(held.values(state=PaymentState.DISPUTED))
    words = at(bursar, path).words()
    assert (
        "Entered now, nothing goes back, and the student gets a letter that says so. "
        "A bank holds a payment of this student in a dispute, and has not decided yet." in words
    )
    assert Refusal.DISPUTED.sentence not in words
    listed = at(bursar, "/staff/refunds").words("main table")
    assert "Nothing goes back. A bank holds a payment of this student in a dispute" in listed
    assert "Entered, the student gets a letter that says so." in listed
    assert enrollment in words


def draft_count(app: Flask) -> int:
    with app.app_context():
        return counted({"drafts": draft_lists.waiting()})["drafts"]


def test_the_menu_counts_messages_and_payouts_together(context: AppContext) -> None:
    one, other = paid(), paid()
    by_mail(one[2], PAID + HOUR)
    with unit_of_work():
        now = PAID + 2 * HOUR
        enrollment = by_reference(other[0], lock=True)
        ask(enrollment=enrollment, note=None, channel=Channel.PAGE, actor=BURSAR, received_at=now, at=now)
    assert counted({"drafts": draft_lists.waiting(), "all": draft_lists.money_waiting()}) == {"drafts": 1, "all": 2}


def test_the_list_takes_as_many_statements_for_three_as_for_one(app: Flask, bursar: Visitor) -> None:
    counts = []
    for number in (1, 2):
        with app.app_context():
            for _ in range(number):
                by_mail(paid()[2], PAID + HOUR)
        at(bursar, "/staff/refunds")
        with statements(app) as seen:
            page = at(bursar, "/staff/refunds")
        counts.append((len(page.all("main table")[0].query("tbody tr")), len(seen)))
    assert [rows for rows, _ in counts] == [1, 3]
    assert counts[0][1] == counts[1][1]
