import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.cards import pausing, queries
from provider.cards.models import Card, Charge, Dispute
from provider.cards.rules import CHANGE_CARD_LINK, CardState, DisputeState
from provider.cards.schemas import ENTER_CARD
from provider.enrollments.queries import by_reference
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import written
from provider.kernel.web import CONTENT_SECURITY_POLICY
from provider.payments.gateway import IntentStatus, Refused
from provider.payments.queries import of_enrollment
from provider.refunds import actions as refunds
from provider.tasks.models import Task
from provider.tasks.queries import about as tasks_about
from tests.harness.cards import TimedService
from tests.harness.money import BURSAR, PAID, kept, letters, record, rows
from tests.harness.service_words import ASKS, ASKS_ALWAYS, DECLINED, FAILS_LATER, GOOD, Fault
from tests.harness.stories import enroll, prove, someone, timeline, token_for
from tests.harness.visitor import Page, Visitor

UPFRONT, QUARTER = 189_900, 52_500
CARDS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
T = TypeVar("T")
Travel = time_machine.Traveller


@pytest.fixture
def service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    """The payment service; without a context around, since each request has its own."""
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


@pytest.fixture
def moment(service: TimedService) -> Iterator[Travel]:
    """The instant of the tests; the payment service keeps time with it."""
    with time_machine.travel(PAID, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _cards_on(app: Flask, moment: Travel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **CARDS))


def move(moment: Travel, service: TimedService, instant: dt.datetime) -> None:
    moment.move_to(instant)
    service.at = instant


def home(reference: str) -> str:
    return f"/my/enrollments/{reference}"


def enter(visitor: Visitor, service: TimedService, reference: str, number: str = GOOD) -> str:
    """Do what the page's script does: begin to save a card, and let the browser save it; returns our reference."""
    answer = visitor.client.post(f"{home(reference)}/pay/card", headers={"X-CSRFToken": visitor.token()})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    told = answer.get_json()
    assert set(told) == {"card", "client_secret", "publishable_key"}
    service.confirm_setup(told["client_secret"].partition("_secret_")[0], number)
    return str(told["card"])


def pay(
    visitor: Visitor, service: TimedService, reference: str, number: str = GOOD, status: int = 303, **values: str
) -> Page:
    """Open the page, enter a card, press the button and go where it leads."""
    visitor.get(f"{home(reference)}/pay")
    card = enter(visitor, service, reference, number)
    return visitor.submit({"card": card, **values}, status)


def read(visitor: Visitor, work: Callable[[], T]) -> T:
    """Read what is stored, in a context of its own."""
    with visitor.app.app_context():
        return kept(work())


def charges(visitor: Visitor, reference: str) -> list[Charge]:
    """Return the charges of an enrollment, oldest first."""
    return list(read(visitor, lambda: queries.charges(by_reference(reference).id)))[::-1]


def states(visitor: Visitor, reference: str) -> list[str]:
    return [charge.state.value for charge in charges(visitor, reference)]


def kept_card(visitor: Visitor, reference: str) -> Card | None:
    return read(visitor, lambda: queries.kept_card(by_reference(reference).id))


def parts_paid(visitor: Visitor, reference: str) -> list[int]:
    with visitor.app.app_context():
        return [cents for _, _, _, cents in rows(reference)]


def work_off(visitor: Visitor, now: dt.datetime) -> None:
    """Let the worker do what is due."""
    with visitor.app.app_context():
        run_due(now)


def add_payment(visitor: Visitor, reference: str, cents: int) -> None:
    with visitor.app.app_context():
        record(reference, cents)


def test_a_good_card_pays_and_the_page_says_until_when_the_money_can_come_back(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor)
    page = visitor.get(f"{home(reference)}/pay")
    assert page.title == "Pay your tuition"
    assert "$1,899.00 Due on November 21, 2026." in page.words()
    assert "The card is used for this one payment and then forgotten." in page.words()
    page = pay(visitor, service, reference)
    assert page.title == "Thank you, $1,899.00 is paid"
    for sentence in (
        "Paid with Visa ending in 4242",
        "Until November 22, 2026, 10:00:00 AM EST (2026-11-22 15:00:00 UTC)",
        "Nothing more is to be paid.",
    ):
        assert sentence in page.words()
    assert read(visitor, lambda: by_reference(reference)).state.value == "active"
    work_off(visitor, PAID)
    (charge,) = charges(visitor, reference)
    assert read(visitor, lambda: queries.card(charge.card.reference)).state is CardState.DETACHED
    assert visitor.get(f"{home(reference)}/pay").words("main .notice") == (
        "Nothing is open any more, so nothing was charged."
    )


def test_the_page_names_no_input_like_what_stands_on_a_card(visitor: Visitor) -> None:
    page = visitor.get(f"{home(enroll(visitor, plan='installments'))}/pay")
    names = {box.attrs.get("name") for box in page.all("main input, main select, main textarea")}
    assert names == {"csrf_token", "shown", "after", "what", "card", "keep"}
    assert page.all("main input[name=card]")[0].attrs["value"] == ""


def test_the_page_lets_the_payment_service_in_and_no_other_page_does(visitor: Visitor) -> None:
    reference = enroll(visitor)
    policy = visitor.get(f"{home(reference)}/pay").response.headers["Content-Security-Policy"]
    said = dict(part.split(" ", 1) for part in policy.split("; "))
    ours = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert {name: value for name, value in said.items() if ours.get(name) != value} == {
        "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
        "connect-src": "'self' https://api.stripe.com https://js.stripe.com",
        "frame-src": "'self' https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    }
    for page in (home(reference), f"{home(reference)}/schedule"):
        assert visitor.get(page).response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_without_scripts_the_page_says_so_and_offers_another_way(visitor: Visitor) -> None:
    page = visitor.get(f"{home(enroll(visitor))}/pay")
    assert "The card fields need JavaScript" in page.text
    assert "hidden" in page.all("main form[data-pay]")[0].attrs
    assert "by bank transfer, check or money order" in page.words("main section:last-of-type")


def test_without_keys_only_the_other_ways_are_offered(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], STRIPE_SECRET_KEY=""))
    reference = enroll(visitor)
    page = visitor.get(f"{home(reference)}/pay")
    assert page.all("main form") == []
    assert page.words("main section") == page.words("main section:last-of-type")
    assert "$1,899.00" in page.words("main section")
    assert page.response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    visitor.get("/contact")
    answer = visitor.client.post(f"{home(reference)}/pay/card", headers={"X-CSRFToken": visitor.token()})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "cards_off")


def test_a_card_is_kept_only_with_the_tick_and_the_words_that_stood_beside_it(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor, plan="installments")
    page = visitor.get(f"{home(reference)}/pay")
    (box,) = page.all("main input[name=keep]")
    assert "checked" not in box.attrs
    words = page.words("label[for=field-keep]")
    page = pay(visitor, service, reference, keep="true")
    assert "Next installment $525.00, due on" in page.words()
    assert "We charge it to your Visa ending in 4242 on that day." in page.words()
    card = kept_card(visitor, reference)
    assert card is not None
    assert (card.consent, card.consented_at) == (words, PAID)
    assert page.words().count("pay it now") == 0


def test_without_the_tick_an_installment_plan_keeps_no_card(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    page = pay(visitor, service, reference)
    assert kept_card(visitor, reference) is None
    assert "You can also pay it now" in page.words()


def test_paying_everything_at_once_keeps_no_card_whatever_is_ticked(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, what="rest", keep="true")
    assert parts_paid(visitor, reference) == [QUARTER] * 4
    assert (kept_card(visitor, reference), [one.consent for one in charges_cards(visitor, reference)]) == (None, [None])


def charges_cards(visitor: Visitor, reference: str) -> list[Card]:
    return [charge.card for charge in charges(visitor, reference)]


def test_a_kept_card_pays_the_next_installment_by_a_plain_button(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    page = visitor.get(f"{home(reference)}/pay")
    form = page.all("main form[data-pay]")[0]
    assert "hidden" not in form.attrs
    assert page.words("main form[data-pay] button") == "Pay with Visa ending in 4242"
    page = visitor.submit({})
    assert page.title == "Thank you, $525.00 is paid"
    assert parts_paid(visitor, reference) == [QUARTER, QUARTER, 0, 0]


def test_the_last_installment_names_its_amount_on_the_button(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    add_payment(visitor, reference, 2 * QUARTER)
    page = visitor.get(f"{home(reference)}/pay")
    assert page.words("main form[data-pay] button") == "Pay $525.00 with Visa ending in 4242"


def test_the_same_post_twice_takes_the_money_once_and_leads_to_the_same_page(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    page = visitor.get(f"{home(reference)}/pay")
    sent = {box.attrs["name"]: box.attrs.get("value", "") for box in page.all("main form[data-pay] input[type=hidden]")}
    sent |= {"what": "next", "card": str(page.all("input[name=card]")[0].attrs["value"])}
    token = sent.pop("csrf_token")
    first = visitor.post(f"{home(reference)}/pay", sent, token=token)
    again = visitor.post(f"{home(reference)}/pay", sent, token=token)
    assert again.response.headers["Location"] == first.response.headers["Location"]
    assert states(visitor, reference) == ["captured", "captured"]
    assert parts_paid(visitor, reference) == [QUARTER, QUARTER, 0, 0]


def test_a_second_tab_is_led_to_the_payment_that_runs(
    service: TimedService, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference = enroll(visitor)
    visitor.get(f"{home(reference)}/pay")
    card = enter(visitor, service, reference)
    other = enter(visitor, service, reference)
    page = visitor.page
    service.charge_will(IntentStatus.PROCESSING)
    visitor.submit({"card": card})
    visitor.page = page
    page = visitor.submit({"card": other})
    assert page.title == "Your payment is being processed"
    assert states(visitor, reference) == ["started"]
    assert (
        visitor.get(f"{home(reference)}/pay", 303)
        .response.headers["Location"]
        .endswith(charges(visitor, reference)[0].reference)
    )


def test_a_payment_that_is_processing_is_never_called_unpaid(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor)
    service.charge_will(IntentStatus.PROCESSING)
    page = pay(visitor, service, reference)
    assert page.title == "Your payment is being processed"
    assert "You need not do anything, and need not pay again." in page.words()
    assert "connect-src 'self'" in page.response.headers["Content-Security-Policy"]
    assert "stripe.com" not in page.response.headers["Content-Security-Policy"]
    (poll,) = page.all("[data-poll]")
    assert visitor.client.get(poll.attrs["data-poll"]).get_json() == {"state": "started", "waits_for_student": False}
    service.settle_charge(charges(visitor, reference)[0].intent_id or "")
    with time_machine.travel(PAID + dt.timedelta(seconds=30), tick=False):
        work_off(visitor, PAID + dt.timedelta(seconds=30))
    assert visitor.client.get(poll.attrs["data-poll"]).get_json()["state"] == "captured"
    assert visitor.get(page.path).title == "Thank you, $1,899.00 is paid"


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.BROKEN, Fault.PAGE])
def test_an_answer_that_is_lost_is_processing_and_a_job_settles_it_once(
    service: TimedService, visitor: Visitor, fault: Fault
) -> None:
    reference = enroll(visitor)
    service.fail_next(fault, call="charge")
    page = pay(visitor, service, reference)
    assert page.title == "Your payment is being processed"
    later = PAID + dt.timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        service.at = later
        work_off(visitor, later)
    assert states(visitor, reference) == ["captured"]
    assert sum(total.captured for total in service.totals().values()) == UPFRONT


def test_a_card_that_the_bank_declines_says_why_and_that_nothing_was_taken(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor)
    page = pay(visitor, service, reference, FAILS_LATER)
    assert page.title == "Your card was declined"
    assert "Nothing was taken from your Visa ending in 0341." in page.words()
    again = [link.attrs["href"] for link in page.all("main a.button") if link.to_text() == "Try again"]
    assert again == [f"{home(reference)}/pay"]
    assert pay(visitor, service, reference).title == "Thank you, $1,899.00 is paid"


def test_a_card_that_was_not_saved_is_asked_for_again(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    page = pay(visitor, service, reference, DECLINED, 422, what="rest")
    assert "The card was not saved. Nothing was taken." in page.words()
    assert states(visitor, reference) == []
    chosen = [box.attrs["value"] for box in page.all("main input[name=what]") if "checked" in box.attrs]
    assert chosen == ["rest"]


def test_without_a_card_the_form_says_what_to_do(visitor: Visitor) -> None:
    visitor.get(f"{home(enroll(visitor))}/pay")
    page = visitor.submit({}, 422)
    assert page.errors == {"card": [f"Your card: {ENTER_CARD}"]}


def test_when_the_service_is_away_nothing_is_lost_and_the_card_need_not_be_entered_again(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor, plan="installments")
    visitor.get(f"{home(reference)}/pay")
    card = enter(visitor, service, reference)
    service.fail_next(Fault.LOST_BEFORE, call="setup")
    page = visitor.submit({"card": card, "keep": "true"}, 503)
    assert "The payment service cannot be reached just now, so nothing was taken." in page.words()
    (box,) = page.all("main input[name=keep]")
    assert "checked" in box.attrs
    assert visitor.submit({}).title == "Thank you, $525.00 is paid"
    assert kept_card(visitor, reference) is not None


def test_the_script_is_told_in_json_why_no_card_can_be_entered(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor)
    visitor.get(f"{home(reference)}/pay")
    headers = {"X-CSRFToken": visitor.token()}
    service.fail_next(Fault.LOST_BEFORE)
    away = visitor.client.post(f"{home(reference)}/pay/card", headers=headers)
    assert (away.status_code, away.get_json()["code"]) == (503, "service_away")
    statuses = {visitor.client.post(f"{home(reference)}/pay/card", headers=headers).status_code for _ in range(12)}
    assert statuses == {200}
    full = visitor.client.post(f"{home(reference)}/pay/card", headers=headers)
    assert (full.status_code, full.get_json()["code"]) == (429, "too_many")
    assert int(full.headers["Retry-After"]) > 0
    assert visitor.client.post(f"{home(reference)}/pay/card").status_code == 400


def test_a_service_that_refuses_our_keys_is_a_task_of_staff(service: TimedService, visitor: Visitor) -> None:
    service.fail_next(Fault.KEYS)
    reference = enroll(visitor)
    visitor.get(f"{home(reference)}/pay")
    answer = visitor.client.post(f"{home(reference)}/pay/card", headers={"X-CSRFToken": visitor.token()})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "cards_refused")
    (task,) = read(
        visitor, lambda: db.session.scalars(sa.select(Task).where(Task.key.startswith("keys_refused:"))).all()
    )
    assert "does not take the school's keys" in task.sentence


def test_a_service_that_refuses_a_card_is_a_task_of_staff(
    service: TimedService, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> str:
        raise Refused("No such customer")

    monkeypatch.setattr(service, "create_customer", refuse)
    reference = enroll(visitor)
    visitor.get(f"{home(reference)}/pay")
    answer = visitor.client.post(f"{home(reference)}/pay/card", headers={"X-CSRFToken": visitor.token()})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "cards_refused")
    (task,) = read(visitor, lambda: tasks_about(reference))
    assert "No such customer" in task.sentence


def test_what_has_changed_since_the_page_was_made_is_never_charged(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    visitor.get(f"{home(reference)}/pay")
    card = enter(visitor, service, reference)
    add_payment(visitor, reference, QUARTER)
    page = visitor.submit({"card": card, "what": "due"}, 409)
    assert "What is open has changed since this page was made. Nothing was charged." in page.words()
    assert states(visitor, reference) == []
    page = visitor.submit({"what": "next"})
    assert page.title == "Thank you, $525.00 is paid"


@pytest.mark.parametrize("agree", [True, False], ids=["agrees", "does not"])
def test_a_bank_that_asks_is_answered_and_the_page_shows_what_came_of_it(
    service: TimedService, visitor: Visitor, *, agree: bool
) -> None:
    reference = enroll(visitor)
    page = pay(visitor, service, reference, ASKS)
    assert page.title == "Your bank asks you to confirm"
    (charge,) = charges(visitor, reference)
    (form,) = page.all("form[data-confirm]")
    assert (form.attrs["data-key"], form.attrs["data-secret"]) == ("pk_test_1", charge.client_secret)
    assert "https://hooks.stripe.com" in page.response.headers["Content-Security-Policy"]
    service.authenticate(charge.intent_id or "", success=agree)
    page = visitor.submit({})
    if agree:
        assert page.title == "Thank you, $1,899.00 is paid"
    else:
        assert page.title == "Your card was declined"
        assert "Your bank wanted you to confirm the payment, and that did not happen." in page.words()


def test_starting_over_gives_the_payment_up_at_the_service_too(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor)
    pay(visitor, service, reference, ASKS)
    page = visitor.submit({}, form=1)
    assert page.title == "This payment was not completed"
    assert page.words("main .lead") == "The payment was not confirmed, so nothing was taken."
    assert [one.status for one in service._intents.values()] == [IntentStatus.CANCELED]
    assert pay(visitor, service, reference).title == "Thank you, $1,899.00 is paid"


def test_starting_over_after_the_bank_has_agreed_takes_the_money_in(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor)
    pay(visitor, service, reference, ASKS)
    service.authenticate(charges(visitor, reference)[0].intent_id or "")
    assert visitor.submit({}, form=1).title == "Thank you, $1,899.00 is paid"


def test_starting_over_while_the_service_is_away_says_so_and_changes_nothing(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor)
    pay(visitor, service, reference, ASKS)
    service.fail_next(Fault.LOST_BEFORE, call="cancel")
    page = visitor.submit({}, form=1)
    assert "cannot be reached just now" in page.words()
    assert page.title == "Your bank asks you to confirm"
    service.fail_next(Fault.LOST_BEFORE, call="intent")
    assert visitor.submit({}).title == "Your bank asks you to confirm"


def test_a_disputed_a_canceled_and_a_second_enrollment_each_say_why_there_is_nothing_to_pay(
    app: Flask, service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference)
    dispute_of(visitor, reference)
    page = visitor.get(f"{home(reference)}/pay")
    assert page.words("main .notice").startswith("Your bank is looking into an earlier payment.")
    assert page.all("main form") == []
    with visitor.app.app_context(), unit_of_work():
        db.session.execute(sa.update(Dispute).values(state=DisputeState.LOST, ended_at=PAID))
    words = visitor.get(f"{home(reference)}/pay").words("main .notice")
    assert words.startswith("Your bank has given an earlier payment back after a dispute, so no card is charged")
    canceled = enroll(visitor, program="cpt")
    visitor.submit({})
    assert visitor.get(f"{home(canceled)}/pay").words("main .notice") == (
        "This enrollment has ended, so there is nothing to pay."
    )


def dispute_of(visitor: Visitor, reference: str) -> None:
    with visitor.app.app_context(), unit_of_work():
        payment = of_enrollment(by_reference(reference).id)[0]
        db.session.add(
            Dispute(
                reference="D-22222222",
                service_id="dp_1",
                payment_id=payment.id,
                amount_cents=payment.amount_cents,
                reason="fraudulent",
                opened_at=PAID,
            )
        )


def test_a_pause_is_told_and_the_student_may_pay_all_the_same(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    with visitor.app.app_context(), unit_of_work():
        pausing.pause(enrollment=by_reference(reference, lock=True), reason="Waits for pay day", actor=BURSAR, at=PAID)
    assert "The school has paused automatic payments." in visitor.get(f"{home(reference)}/pay").words()
    assert visitor.submit({}).title == "Thank you, $525.00 is paid"


def test_the_kept_card_is_shown_changed_and_taken_away(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    page = visitor.get(f"{home(reference)}/card")
    for words in ("Card Visa ending in 4242", "You agreed November 21, 2026", "Take the card away", "$525.00"):
        assert words in page.words()
    card = enter(visitor, service, reference, ASKS)
    assert visitor.submit({"card": card}, 422).errors == {
        "keep": ["Keeping this card: Tick this box, or the card cannot be kept."]
    }
    page = visitor.submit({"card": card, "keep": "true"})
    assert "Card Visa ending in 3155" in page.words()
    page = visitor.submit({}, form=1)
    assert "No card is kept for this enrollment." in page.words()
    assert kept_card(visitor, reference) is None
    stale = visitor.post(f"{home(reference)}/card/remove", {}, 409)
    assert "This card is not saved any more." in stale.words()


def test_who_left_and_still_owes_reads_how_to_pay(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference)
    with visitor.app.app_context(), unit_of_work():
        refunds.withdraw(
            enrollment=by_reference(reference, lock=True),
            reason="Moves abroad, agreed by telephone",
            waive=False,
            actor=BURSAR,
            at=PAID,
        )
    page = visitor.get(home(reference))
    assert page.words("#due") == "Your next payment"
    visitor.get(f"{home(reference)}/pay")
    card = enter(visitor, service, reference)
    assert visitor.submit({"card": card, "what": "rest"}).title == "Thank you, $1,575.00 is paid"
    assert visitor.get(home(reference)).all("#due") == []


def test_nothing_of_another_student_is_there(
    service: TimedService, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference = enroll(visitor)
    pay(visitor, service, reference)
    (charge,) = charges(visitor, reference)
    stranger = visitors()
    theirs = enroll(stranger, **someone())
    for path in ("/pay", "/card", f"/pay/{charge.reference}", f"/pay/{charge.reference}/state"):
        stranger.client.get(home(theirs))
        assert stranger.client.get(home(reference) + path).status_code == 404
    assert stranger.client.get(f"{home(theirs)}/pay/{charge.reference}").status_code == 404
    stranger.get(f"{home(theirs)}/pay")
    foreign = stranger.submit({"card": charge.card.reference}, 422).errors
    assert foreign == stranger.submit({"card": "CD-22222222"}, 422).errors
    assert foreign == {"card": ["Your card: This card cannot be used here. Enter it again, or use another one."]}
    token = visitors_token(stranger, theirs)
    for path in (f"/pay/{charge.reference}/check", f"/pay/{charge.reference}/give-up"):
        stranger.post(home(theirs) + path, {}, 404, token=token)


def visitors_token(visitor: Visitor, reference: str) -> str:
    visitor.get(f"{home(reference)}/pay")
    return visitor.token()


def test_once_the_address_is_proved_the_browser_alone_pays_no_more(
    app: Flask, service: TimedService, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference = enroll(visitor)
    assert visitor.get(f"{home(reference)}/pay").title == "Pay your tuition"
    prove(app, visitors(), reference)
    visitor.get(f"{home(reference)}/pay", 404)


@pytest.fixture
def declined(app: Flask, service: TimedService, visitor: Visitor, moment: Travel) -> tuple[str, str]:
    """An enrollment whose second installment the kept card could not pay, and the token of the letter about it."""
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    visitor.get(f"{home(reference)}/card")
    card = enter(visitor, service, reference, FAILS_LATER)
    visitor.submit({"card": card, "keep": "true"})
    due_on = read(visitor, lambda: by_reference(reference)).installments[1].due_on
    move(moment, service, dt.datetime.combine(due_on, dt.time(15), tzinfo=dt.UTC))
    work_off(visitor, service.at)
    assert states(visitor, reference) == ["captured", "failed"]
    with app.app_context():
        assert len(letters(reference, "card_declined")) == 1
    return reference, token_for(app, CHANGE_CARD_LINK, reference)


def test_the_letter_about_a_declined_installment_opens_the_page_to_pay_and_to_change_the_card(
    service: TimedService, visitors: Callable[[], Visitor], declined: tuple[str, str]
) -> None:
    reference, token = declined
    holder = visitors()
    page = holder.get(f"/links/{token}")
    assert page.title == "Pay your tuition"
    assert "https://js.stripe.com" in page.response.headers["Content-Security-Policy"]
    headers = {"X-CSRFToken": holder.token()}
    told = holder.client.post(f"/links/{token}", headers=headers, data={"step": "begin"}).get_json()
    service.confirm_setup(told["client_secret"].partition("_secret_")[0], GOOD)
    page = holder.submit({"card": told["card"], "keep": "true", "what": "due"})
    assert page.title == "Thank you, $525.00 is paid"
    assert [link.attrs["href"] for link in page.all("main a")] == [f"/links/{token}?page=card"]
    page = holder.get(f"/links/{token}?page=card")
    assert "Card Visa ending in 4242" in page.words()
    assert saved_by(holder, reference) == ["visitor", "visitor", "link"]
    assert "No card is kept" in holder.submit({}, form=1).words()


def test_what_was_declined_on_all_its_days_is_paid_by_its_student_and_not_promised_to_a_new_card(
    service: TimedService, visitors: Callable[[], Visitor], declined: tuple[str, str], moment: Travel
) -> None:
    reference, token = declined
    holder = visitors()
    due = read(holder, lambda: [one.due_on for one in by_reference(reference).installments])
    page = holder.get(f"/links/{token}?page=card")
    tomorrow = written(due[1] + dt.timedelta(days=1))
    assert f"was declined. We charge the card that is kept here again on {tomorrow}." in page.words("main .notice")
    for _ in range(8):
        move(moment, service, clock.now() + dt.timedelta(days=1))
        work_off(holder, clock.now())
    page = holder.get(f"/links/{token}?page=card")
    assert page.words("main .notice").startswith("This is not charged by itself any more $525.00 was due on")
    assert written(due[1]) not in page.words("main table")
    assert written(due[2]) in page.words("main table")
    headers = {"X-CSRFToken": holder.token()}
    told = holder.client.post(f"/links/{token}", headers=headers, data={"step": "begin"}).get_json()
    service.confirm_setup(told["client_secret"].partition("_secret_")[0], GOOD)
    holder.submit({"card": told["card"], "keep": "true"})
    new = kept_card(holder, reference)
    assert new is not None
    assert new.consent is not None
    assert (written(due[1]) in new.consent, written(due[2]) in new.consent) == (False, True)
    holder.get(f"/links/{token}")
    assert holder.submit({"what": "due"}).title == "Thank you, $525.00 is paid"
    assert parts_paid(holder, reference) == [QUARTER, QUARTER, 0, 0]
    assert holder.get(f"/links/{token}?page=card").all("main .notice") == []


def saved_by(visitor: Visitor, reference: str) -> list[str]:
    """Return who saved the cards of an enrollment, oldest first."""
    with visitor.app.app_context():
        return [one.actor_kind for one in timeline(reference) if one.event == "card.saved"]


def test_the_holder_of_the_letter_confirms_and_starts_over(
    service: TimedService, visitors: Callable[[], Visitor], declined: tuple[str, str]
) -> None:
    _, token = declined
    holder = visitors()
    for form, title in ((1, "This payment was not completed"), (0, "Thank you, $525.00 is paid")):
        holder.get(f"/links/{token}")
        headers = {"X-CSRFToken": holder.token()}
        told = holder.client.post(f"/links/{token}", headers=headers, data={"step": "begin"}).get_json()
        service.confirm_setup(told["client_secret"].partition("_secret_")[0], ASKS_ALWAYS)
        page = holder.submit({"card": told["card"], "what": "due"})
        assert page.title == "Your bank asks you to confirm"
        charge = re.search(r"charge=(CH-\w{8})", page.path)
        assert charge is not None
        state = holder.client.get(f"/links/{token}?page=state&charge={charge[1]}").get_json()
        assert state == {"state": "started", "waits_for_student": True}
        if form == 0:
            (intent,) = service.charges_by_reference()[charge[1]]
            service.authenticate(intent.id)
        assert holder.submit({}, form=form).title == title


def test_a_link_does_nothing_that_its_pages_do_not_offer(
    visitors: Callable[[], Visitor], declined: tuple[str, str]
) -> None:
    _, token = declined
    holder = visitors()
    holder.get(f"/links/{token}")
    kept_token = holder.token()
    holder.post(f"/links/{token}", {"step": "refund"}, 404, token=kept_token)
    holder.post(f"/links/{token}", {}, 404, token=kept_token)
    holder.post(f"/links/{token}", {"step": "check", "charge": "CH-22222222"}, 404, token=kept_token)
    holder.get(f"/links/{token}?page=refund", 404)
    holder.get(f"/links/{token}?page=charge&charge=CH-22222222", 404)


def test_the_reminder_before_an_installment_names_the_kept_card_and_none_that_is_paused(
    service: TimedService, visitor: Visitor, moment: Travel
) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    installments = read(visitor, lambda: by_reference(reference)).installments
    for number, card in ((1, "Visa ending in 4242"), (2, None)):
        ahead = installments[number].due_on - dt.timedelta(days=3)
        move(moment, service, dt.datetime.combine(ahead, dt.time(15), tzinfo=dt.UTC))
        work_off(visitor, service.at)
        with visitor.app.app_context():
            last = letters(reference, "installment_reminder")[-1]
        assert (last.values["number"], last.values["kind"], last.values["card"]) == (number + 1, "ahead", card)
        with visitor.app.app_context(), unit_of_work():
            enrollment = by_reference(reference, lock=True)
            if number == 1:
                pausing.pause(enrollment=enrollment, reason="Waits for pay day", actor=BURSAR, at=service.at)


def test_desk_and_enrollment_say_processing_instead_of_unpaid(service: TimedService, visitor: Visitor) -> None:
    reference = enroll(visitor)
    links = [link.attrs["href"] for link in visitor.get(home(reference)).all("main a.button")]
    assert f"{home(reference)}/pay" in links
    service.charge_will(IntentStatus.PROCESSING)
    pay(visitor, service, reference)
    words = visitor.get(home(reference)).words()
    assert "Your payment is being processed $1,899.00 from your Visa ending in 4242. You need not pay again." in words
    assert "Without a payment this enrollment ends" not in words
    desk = visitor.get("/my").words()
    assert "Your payment is being processed. You need not pay again." in desk
    assert "Waiting for your first payment" not in desk


def test_the_enrollment_says_when_the_kept_card_is_charged_and_whether_it_is_paused(
    service: TimedService, visitor: Visitor
) -> None:
    reference = enroll(visitor, plan="installments")
    pay(visitor, service, reference, keep="true")
    words = visitor.get(home(reference)).words("section[aria-labelledby=due]")
    assert "We charge it to your Visa ending in 4242 on that day; you need not do anything." in words
    with visitor.app.app_context(), unit_of_work():
        pausing.pause(enrollment=by_reference(reference, lock=True), reason="Waits for pay day", actor=BURSAR, at=PAID)
    words = visitor.get(home(reference)).words("section[aria-labelledby=due]")
    assert "The school has paused automatic payments" in words
    assert "Your Visa ending in 4242 is kept for your installments." in words
    assert "We charge it" not in words
