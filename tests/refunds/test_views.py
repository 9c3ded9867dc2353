import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from provider.accounts.models import Person, SignedLink
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.payments.queries import by_reference
from provider.payments.rules import REFUND_LINK
from provider.refunds import actions, lists, payout_lists, queries
from provider.refunds.models import Refund
from provider.refunds.rules import RefundState
from provider.tasks.queries import about as tasks_about
from tests.harness.money import BURSAR, PAID, books, kept, letters, record, stored
from tests.harness.statements import statements
from tests.harness.stories import ANSWERS, enroll, person, prove, token_for
from tests.harness.visitor import Visitor

DAY = dt.timedelta(days=1)
DEADLINE = PAID + DAY
INSTANT = dt.timedelta(microseconds=1)
UPFRONT = 189_900
QUARTER = 52_500
Travel = time_machine.Traveller


@pytest.fixture
def moment(app: Flask) -> Iterator[Travel]:
    """The instant of the first payment; tests move it."""
    with time_machine.travel(PAID, tick=False) as traveller:
        yield traveller


@pytest.fixture
def paid(app: Flask, visitor: Visitor, moment: Travel) -> str:
    """An enrollment whose student has paid everything at once just now."""
    reference = enroll(visitor)
    with app.app_context():
        record(reference, UPFRONT)
    return reference


def page_of(reference: str) -> str:
    return f"/my/enrollments/{reference}/refund"


def refunds(app: Flask, reference: str) -> list[Refund]:
    with app.app_context():
        return kept(list(queries.of_enrollment(stored(reference).id)))


def test_while_the_window_is_open_the_page_counts_it_down_and_has_one_button(visitor: Visitor, paid: str) -> None:
    page = visitor.get(page_of(paid))
    words = page.words()
    for sentence in (
        "November 22, 2026, 10:00:00 AM EST",
        "2026-11-22 15:00:00 UTC",
        "All $1,899.00 go back, each payment to where it came from.",
        "We send it by December 2, 2026, at the latest by December 7, 2026 (7 to 10 business days).",
        "24 hours from your first payment",
    ):
        assert sentence in words
    (countdown,) = page.all("time[data-countdown]")
    assert countdown.attrs["data-countdown"] == DEADLINE.isoformat()
    assert [button.to_text().strip() for button in page.all("main form button[type=submit]")] == [
        "Give me back $1,899.00"
    ]


def test_the_button_gives_everything_back_and_shows_the_clock(app: Flask, visitor: Visitor, paid: str) -> None:
    visitor.get(page_of(paid))
    page = visitor.submit({"note": "I found\nanother school."})
    (refund,) = refunds(app, paid)
    assert (refund.state.value, refund.channel.value, refund.note) == (
        "approved",
        "page",
        "I found\nanother school.",
    )
    assert page.title == "Your refund"
    for sentence in ("Your money is on its way", "December 2, 2026", "December 7, 2026", "To be sent", "$1,899.00"):
        assert sentence in page.words()
    assert page.all("main form") == []


def test_the_last_instant_is_in_time_through_the_page(app: Flask, visitor: Visitor, paid: str, moment: Travel) -> None:
    moment.move_to(DEADLINE)
    visitor.get(page_of(paid))
    visitor.submit({})
    assert [(one.state.value, one.asked_at) for one in refunds(app, paid)] == [("approved", DEADLINE)]


def test_one_microsecond_later_is_turned_down_with_the_instant(
    app: Flask, visitor: Visitor, paid: str, moment: Travel
) -> None:
    moment.move_to(DEADLINE)
    visitor.get(page_of(paid))
    moment.move_to(DEADLINE + INSTANT)
    page = visitor.submit({})
    assert [(one.state.value, one.asked_at) for one in refunds(app, paid)] == [("declined", DEADLINE + INSTANT)]
    words = page.words()
    for sentence in (
        "The refund window has closed",
        "November 22, 2026, 10:00:00 AM EST",
        "Requests that were turned down",
        "After the window had closed",
        "2026-11-22 15:00:00 UTC",
    ):
        assert sentence in words
    assert page.all("main form") == []
    with app.app_context():
        assert len(letters(paid, "refund_declined")) == 1


def test_a_second_press_is_told_that_the_money_is_on_its_way(app: Flask, visitor: Visitor, paid: str) -> None:
    visitor.get(page_of(paid))
    token = visitor.token()
    visitor.post(page_of(paid), {}, token=token)
    page = visitor.post(page_of(paid), {}, 409, token=token)
    (refund,) = refunds(app, paid)
    assert f"This refund was asked for already: {refund.reference} is on its way." in page.words()
    assert page.all(f"#{refund.reference}") != []


def test_before_a_payment_the_page_says_how_to_cancel(visitor: Visitor, moment: Travel) -> None:
    reference = enroll(visitor)
    page = visitor.get(page_of(reference))
    assert "there is nothing to give back" in page.words()
    assert [link.attrs["href"] for link in page.all("main a.button")] == [f"/my/enrollments/{reference}"]
    assert page.all("main form") == []


def test_a_mailed_request_that_came_before_any_payment_is_shown(app: Flask, visitor: Visitor, moment: Travel) -> None:
    reference = enroll(visitor)
    assert "See how my refund stands" not in visitor.get(f"/my/enrollments/{reference}").words()
    with app.app_context():
        unpaid = stored(reference)
    with app.app_context(), unit_of_work():
        actions.enter_mailed_request(
            enrollment=unpaid, received_at=PAID, evidence="A mail of today", actor=BURSAR, at=PAID
        )
    assert "See how my refund stands" in visitor.get(f"/my/enrollments/{reference}").words()


def test_a_settled_refund_says_when_it_was_sent(app: Flask, visitor: Visitor, paid: str, moment: Travel) -> None:
    visitor.get(page_of(paid))
    visitor.submit({})
    with app.app_context():
        payout = queries.of_enrollment(stored(paid).id)[0].payouts[0].reference
    with app.app_context(), unit_of_work():
        actions.send_payout(
            payout=queries.payout(payout), external_reference="wire 77", actor=BURSAR, at=PAID + 3 * DAY
        )
    words = visitor.get(page_of(paid)).words()
    assert "All of it was sent" in words
    assert "wire 77" in words
    assert "November 24, 2026, 10:00:00 AM EST" in words


@pytest.mark.parametrize(
    "values, field",
    [({"note": "x" * 501}, "note"), ({"note": "a\x00b"}, "note"), ({"amount_cents": "1"}, "_schema")],
    ids=["too long", "nul", "unknown field"],
)
def test_a_broken_form_asks_for_nothing(
    app: Flask, visitor: Visitor, paid: str, values: dict[str, str], field: str
) -> None:
    token = visitor.get(page_of(paid)).all("input[name=csrf_token]")[0].attrs["value"]
    page = visitor.post(page_of(paid), values, 422, token=token)
    assert list(page.errors) == [field]
    assert refunds(app, paid) == []


def test_the_refund_page_of_others_and_of_nobody_is_not_there(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor], paid: str
) -> None:
    other = visitors()
    enroll(other, email="other@example.org")
    other.get("/programs/ccma/enroll?plan=upfront")
    token = other.token()
    other.post(page_of(paid), {}, 404, token=token)
    foreign, unknown = other.get(page_of(paid), 404), other.get(page_of("E-22222222"), 404)
    assert foreign.title == unknown.title
    assert refunds(app, paid) == []


def test_a_post_without_the_pages_token_is_refused(app: Flask, visitor: Visitor, paid: str) -> None:
    visitor.post(page_of(paid), {}, 400, token="wrong")
    assert refunds(app, paid) == []


def test_the_signed_in_student_asks_as_such(app: Flask, visitor: Visitor, paid: str) -> None:
    prove(app, visitor, paid)
    visitor.get(page_of(paid))
    visitor.submit({})
    assert refunds(app, paid)[0].decided_by == person(app, ANSWERS["email"])


def test_the_letters_link_opens_the_page_and_only_its_button_asks(
    app: Flask, visitors: Callable[[], Visitor], paid: str, moment: Travel
) -> None:
    scanner, holder = visitors(), visitors()
    token = token_for(app, REFUND_LINK, paid)
    for _ in range(3):
        scanner.get(f"/links/{token}")
    assert refunds(app, paid) == []
    page = holder.get(f"/links/{token}")
    assert "Give me back $1,899.00" in page.words()
    page = holder.submit({})
    (refund,) = refunds(app, paid)
    assert (refund.state.value, refund.channel.value) == ("approved", "link")
    with app.app_context():
        link = db.session.scalars(db.select(SignedLink).where(SignedLink.reference == refund.decided_by)).one()
        assert (link.purpose, link.subject_reference) == (REFUND_LINK, paid)
    assert page.title == "Your refund"
    page = holder.post(f"/links/{token}", {}, 400, token="stale")
    moment.move_to(PAID + 20 * DAY)
    assert "It was promised by now" in holder.get(f"/links/{token}").words()
    moment.move_to(DEADLINE + 30 * DAY)
    holder.get(f"/links/{token}")
    moment.move_to(DEADLINE + 30 * DAY + INSTANT)
    holder.get(f"/links/{token}", 410)


def test_asking_by_the_letters_link_proves_the_address_and_opening_it_does_not(
    app: Flask, visitors: Callable[[], Visitor], paid: str
) -> None:
    holder = visitors()
    holder.get(f"/links/{token_for(app, REFUND_LINK, paid)}")
    with app.app_context():
        assert stored(paid).person_id is None
    holder.submit({})
    with app.app_context():
        joined = db.session.get_one(Person, stored(paid).person_id)
        assert (joined.email, joined.name, joined.email_proved_at) == (ANSWERS["email"], ANSWERS["legal_name"], PAID)


def test_the_letters_link_after_the_window_is_turned_down_and_a_second_press_is_told_so(
    app: Flask, visitors: Callable[[], Visitor], paid: str, moment: Travel
) -> None:
    holder = visitors()
    token = token_for(app, REFUND_LINK, paid)
    holder.get(f"/links/{token}")
    csrf = holder.token()
    holder.post(f"/links/{token}", {"note": "x" * 501}, 422, token=csrf)
    holder.post(f"/links/{token}", {}, token=csrf)
    assert holder.post(f"/links/{token}", {}, 409, token=csrf).title == "Your refund"
    assert [one.state.value for one in refunds(app, paid)] == ["approved"]


def test_money_that_came_too_late_is_shown_on_its_way_back(app: Flask, visitor: Visitor, moment: Travel) -> None:
    reference = enroll(visitor)
    visitor.post(f"/my/enrollments/{reference}/cancel", {})
    with app.app_context():
        paid = record(reference, UPFRONT)
        with unit_of_work():
            actions.return_late_payment(payment=by_reference(paid), actor=BURSAR, at=PAID)
        assert books(reference) == {"cash_offline": UPFRONT, "refunds_payable": -UPFRONT}
    words = visitor.get(page_of(reference)).words()
    assert "A payment that came too late" in words
    assert "at the latest by December 7, 2026" in words


def test_refunds_that_are_late_become_tasks_once_and_end_with_the_payout(
    app: Flask, visitor: Visitor, paid: str, moment: Travel
) -> None:
    visitor.get(page_of(paid))
    visitor.submit({})
    (refund,) = refunds(app, paid)

    def tasks() -> list[tuple[str, str]]:
        return [(task.sentence, task.state.value) for task in kept(tasks_about(paid))[::-1]]

    with app.app_context():
        run_due(dt.datetime(2026, 12, 3, 4, 59, tzinfo=dt.UTC))  # still December 2 at the school
        assert tasks() == []
        run_due(dt.datetime(2026, 12, 3, 5, 1, tzinfo=dt.UTC))
        due = f"The refund {refund.reference} is due. Send it today."
        assert tasks() == [(due, "open")]
        run_due(dt.datetime(2026, 12, 8, 5, 1, tzinfo=dt.UTC))
        run_due(dt.datetime(2026, 12, 9, 5, 1, tzinfo=dt.UTC))
        late = f"The refund {refund.reference} was promised until December 7, 2026 and is overdue. Send it today."
        assert tasks() == [(due, "open"), (late, "open")]
        with unit_of_work():
            payout = queries.payout(refund.payouts[0].reference)
            actions.send_payout(payout=payout, external_reference="w", actor=BURSAR, at=PAID + 20 * DAY)
        assert tasks() == [(due, "done"), (late, "done")]


def test_lists_of_refunds_and_payouts_take_the_same_few_statements(
    app: Flask, visitors: Callable[[], Visitor], moment: Travel
) -> None:
    counts = []
    for number in range(3):
        student = visitors()
        reference = enroll(student, email=f"list{number}@example.org")
        with app.app_context():
            record(reference, UPFRONT)
        student.get(page_of(reference))
        student.submit({})
        with app.app_context(), statements(app) as counted:
            assert len(payout_lists.staff_page(payout_lists.Filters()).rows) == number + 1
            assert [one.refund.enrollment.agreement.sample for one in queries.payouts_waiting()] == [True] * (
                number + 1
            )
            assert len(lists.staff_page(lists.Filters()).rows) == number + 1
            assert lists.staff_page(lists.Filters(state=RefundState.APPROVED)).rows[0].enrollment == reference
        counts.append(len(counted))
    assert len(set(counts)) == 1
