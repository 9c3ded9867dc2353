"""What student and staff see of money that goes back to a card."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.cards.models import Dispute
from provider.cards.rules import DisputeState
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.money import dollars
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.models import ServiceCall
from provider.payments.rules import CallKind, CallState, PaymentState
from provider.refunds import another_way, queries
from provider.refunds.models import Payout
from provider.refunds.rules import PayoutState
from tests.harness.audit import assert_clean
from tests.harness.fake_service import FakeService
from tests.harness.money import BURSAR
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

STAYS = "It did not reach your card. We send it again, there or by check or bank transfer; the promised date stays."


def student(school: Flask, season: Season, state: str) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season[state].email)
    visitor.get(f"/my/enrollments/{season[state].enrollment}/refund")
    return visitor


@pytest.fixture
def cards_on(school: Flask) -> Iterator[FakeService]:
    """A school that takes cards; the season's school has no keys."""
    school.extensions["payment_service"] = made = FakeService(now=clock.now)
    yield made
    school.extensions.pop("payment_service", None)


@pytest.fixture
def bursar(school: Flask, season: Season, cards_on: FakeService) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.BURSAR])
    return visitor


@pytest.mark.parametrize(
    "state, sentences",
    [
        ("to_card", ["All of it was sent", "Sent to your Visa ending in 4242 on", "banks show it within 5 to 10"]),
        ("under_way", ["Your money is on its way", "On its way to your Visa ending in 4242; your bank has not"]),
        ("not_taken", ["We are sending your money again", STAYS, "Failed, will be sent again"]),
        ("given_outside", ["Given back by the school", "The school gave $100.00 back on", "Sent to your Visa"]),
    ],
)
def test_a_student_reads_where_the_money_is(school: Flask, season: Season, state: str, sentences: list[str]) -> None:
    page = student(school, season, state).page
    assert page is not None
    assert [sentence for sentence in sentences if sentence not in page.words()] == []


def test_what_did_not_arrive_is_never_called_refunded(school: Flask, season: Season) -> None:
    page = student(school, season, "not_taken").page
    assert page is not None
    assert [word for word in ("All of it was sent", "Paid back", "All sent") if word in page.words()] == []


def failed(school: Flask) -> str:
    with school.app_context():
        return db.session.scalars(sa.select(Payout.reference).where(Payout.state == PayoutState.FAILED)).one()


def test_staff_try_the_card_again_by_one_button(school: Flask, season: Season, bursar: Visitor) -> None:
    payout = failed(school)
    page = bursar.get(f"/staff/refunds/{season['not_taken'].refund}")
    assert "It did not reach Visa ending in 4242. The card has expired or was canceled." in page.words()
    assert [form.attrs["action"] for form in page.all("main form")] == [f"/staff/payouts/{payout}/try-again"]
    page = bursar.submit({})
    assert page.words(".notice--success").startswith("The card is tried again.")
    assert "The payment service is being asked, again and again until it answers." in page.words()
    assert page.all("main form") == []
    bursar.post(f"/staff/payouts/{payout}/try-again", {}, token=bursar.token())
    assert bursar.follow().words(".notice--bad").startswith("This money is on its way to the card, or was sent.")


def test_staff_send_it_another_way_with_reference_and_reason(school: Flask, season: Season, bursar: Visitor) -> None:
    payout = failed(school)
    path = f"/staff/payouts/{payout}/another-way"
    bursar.get(path)
    page = bursar.submit({"method": "check", "external_reference": "1044", "reason": "closed"}, 422)
    assert "Write the reason in at least 10 characters" in page.words(".error-summary")
    assert page.all("input[value='1044']") != []
    page = bursar.submit(
        {"method": "check", "external_reference": "1044", "reason": "The card is closed, as she wrote."}
    )
    assert page.words(".notice--success") == "The payout is recorded as sent. The student gets a letter."
    with school.app_context():
        one = queries.payout(payout)
        assert (one.state.value, one.method.value, one.external_reference) == ("sent", "check", "1044")
    assert "This money was sent already. Do not send it a second time." in bursar.get(path).words()
    story = bursar.get(f"/staff/enrollments/{season['not_taken'].enrollment}").words()
    assert "Refund sent by check, because it could not go to the card" in story
    assert "The card is closed, as she wrote." in story
    told = student(school, season, "not_taken").page
    assert told is not None
    assert "It could not go to your card. Sent by check on" in told.words()
    assert_clean(school)


def test_what_goes_to_a_card_by_itself_is_not_sent_by_hand(school: Flask, season: Season, bursar: Visitor) -> None:
    page = bursar.get(f"/staff/refunds/{season['under_way'].refund}")
    assert "The payment service has sent it; the bank has not confirmed it yet." in page.words()
    assert page.all("main form") == []
    with school.app_context():
        payout = queries.by_reference(season["under_way"].refund).payouts[0].reference
    again = bursar.post(f"/staff/payouts/{payout}", {"external_reference": "Check 89"}, 422, token=bursar.token())
    assert "This money goes back to the card by itself; nobody has to send it." in again.words(".error-summary")


def test_a_card_payment_is_neither_reversed_nor_returned_by_hand(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    page = bursar.get(f"/staff/payments/{season['given_outside'].payments[0]}")
    assert [each.to_text() for each in page.all("main .button")] == []
    with school.app_context(), unit_of_work():
        payments.by_reference(season["given_outside"].payments[0]).for_return = True
        payments.by_reference(season["given_outside"].payments[0]).refunded_cents = 0
    page = bursar.get(f"/staff/payments/{season['given_outside'].payments[0]}")
    assert "It goes back to the card by itself within minutes." in page.words()
    assert page.all("main form") == []


def untried(school: Flask, season: Season) -> str:
    """Let the money of `not_taken` be asked for once more, under keys that are gone; return the payout."""
    with school.app_context():
        (payout,) = queries.by_reference(season["not_taken"].refund).payouts
        with unit_of_work():
            another_way.try_card_again(payout=queries.payout(payout.reference), actor=BURSAR, at=clock.now())
        del school.extensions["payment_service"]
        return payout.reference


def test_a_school_without_keys_is_told_what_will_not_go_by_itself_and_sends_it_by_transfer(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    payout = untried(school, season)
    page = bursar.get(f"/staff/refunds/{season['not_taken'].refund}")
    assert "The school takes no cards any more, so this money does not go to the card by itself" in page.words()
    assert "Nobody has to do anything." not in page.words()
    assert (page.all("main form"), page.words("main .button")) == ([], "Sent another way")
    page = bursar.get(f"/staff/payouts/{payout}/another-way")
    assert "the payment service was never asked to send this money to Visa ending in 4242" in page.words()
    page = bursar.submit(
        {"method": "bank_transfer", "external_reference": "TR-9", "reason": "We left the payment service in May."}
    )
    assert page.words(".notice--success") == "The payout is recorded as sent. The student gets a letter."
    told = student(school, season, "not_taken").page
    assert told is not None
    assert "It could not go to your card. Sent by bank transfer on" in told.words()
    assert_clean(school)


def test_what_may_have_gone_is_not_offered_another_way_and_says_what_to_do(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    payout = untried(school, season)
    with school.app_context(), unit_of_work():
        open_call = sa.update(ServiceCall).where(ServiceCall.subject == payout, ServiceCall.state == CallState.OPEN)
        db.session.execute(open_call.values(tried_at=clock.now()))
    page = bursar.get(f"/staff/refunds/{season['not_taken'].refund}")
    assert "its answer is not known: it may have arrived. Do not send it from here." in page.words()
    assert (page.all("main form"), page.all("main .button")) == ([], [])
    form = {"method": "check", "external_reference": "1044", "reason": "The card is closed, as she wrote."}
    refused = bursar.post(f"/staff/payouts/{payout}/another-way", form, 422, token=bursar.token())
    assert "Have the operator set the keys of the service again" in refused.words(".error-summary")
    with school.app_context():
        assert queries.payout(payout).state is PayoutState.SENDING


def test_what_failed_and_may_have_been_sent_all_the_same_is_offered_neither_way(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    payout = failed(school)
    with school.app_context(), unit_of_work():
        calls.store(kind=CallKind.GIVE_BACK, subject=payout, at=clock.now())
        open_call = sa.update(ServiceCall).where(ServiceCall.subject == payout, ServiceCall.state == CallState.OPEN)
        db.session.execute(open_call.values(tried_at=clock.now()))
    page = bursar.get(f"/staff/refunds/{season['not_taken'].refund}")
    assert "its answer is not known: it may have arrived. Do not send it from here." in page.words()
    assert (page.all("main form"), page.all("main .button")) == ([], [])
    bursar.post(f"/staff/payouts/{payout}/try-again", {}, token=bursar.token())
    assert "its answer is not known: it may have arrived." in bursar.follow().words(".notice--bad")


def test_without_keys_what_the_service_took_waits_for_keys_and_not_for_a_word_that_nobody_asks_for(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    del school.extensions["payment_service"]
    page = bursar.get(f"/staff/refunds/{season['under_way'].refund}")
    assert "The keys of the service are not set, so nobody asks whether it arrived." in page.words()
    assert "Have the operator set the keys once more, and it is asked." in page.words()
    assert "Wait until it does" not in page.words()


def test_of_what_a_bank_gave_back_in_part_the_pages_name_the_rest(
    school: Flask, season: Season, bursar: Visitor
) -> None:
    payout = failed(school)
    with school.app_context(), unit_of_work():
        one = queries.payout(payout)
        one.payment.state = PaymentState.LOST
        now = clock.now()
        db.session.add(
            Dispute(
                reference="DP-22222222",
                service_id="dp_part",
                payment_id=one.payment_id,
                amount_cents=10_000,
                reason="general",
                state=DisputeState.LOST,
                opened_at=now,
                ended_at=now,
            )
        )
        rest = dollars(one.amount_cents - 10_000)
    page = bursar.get(f"/staff/refunds/{season['not_taken'].refund}")
    assert f"Given back by the bank $100.00 Still to be sent {rest}" in page.words()
    assert (page.all("main form"), page.words("main .button")) == ([], "Sent another way")
    assert f"{rest} for" in bursar.get(f"/staff/payouts/{payout}/another-way").words()
