"""The contract of the payment service: in memory, and over the line with Stripe's client, the proxy and localstripe."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterator

import pytest

from provider.payments.gateway import (
    DisputeStatus,
    Forged,
    Gateway,
    Intent,
    IntentStatus,
    NotLetIn,
    Refused,
    Return,
    ReturnStatus,
    Setup,
    SetupStatus,
    Unknown,
    Unreachable,
)
from tests.harness import service_words as words
from tests.harness.card_service import CardService
from tests.harness.fake_service import FakeService
from tests.harness.service_words import Fault, Play, Total

EVER = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardService]:
    with CardService(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(params=["memory", "line"])
def play(request: pytest.FixtureRequest) -> Play:
    if request.param == "memory":
        return FakeService()
    service: CardService = request.getfixturevalue("line")
    service.reset()
    return service


@pytest.fixture
def gateway(play: Play) -> Gateway:
    return play.gateway


@pytest.fixture
def customer(gateway: Gateway) -> str:
    return gateway.create_customer(key=key(), reference="E-1")


def key() -> str:
    return secrets.token_urlsafe(16)


def saved(play: Play, customer: str, number: str = words.GOOD) -> str:
    """Save a card as the browser does; return its id."""
    setup = play.gateway.begin_setup(key=key(), customer_id=customer, reference="CD-1")
    done = play.confirm_setup(setup.id, number)
    assert done.method_id is not None
    return play.gateway.attach(done.method_id, customer).id


def charged(
    play: Play,
    customer: str,
    number: str = words.GOOD,
    *,
    cents: int = 64_900,
    reference: str = "CH-1",
    present: bool = True,
) -> Intent:
    return play.gateway.charge(
        key=key(),
        amount_cents=cents,
        customer_id=customer,
        method_id=saved(play, customer, number),
        reference=reference,
        present=present,
    )


def returned(play: Play, intent: Intent, cents: int, *, reference: str = "PO-1") -> Return:
    return play.gateway.give_back(key=key(), intent_id=intent.id, amount_cents=cents, reference=reference)


def recent(instant: dt.datetime | None) -> bool:
    return instant is not None and abs(dt.datetime.now(dt.UTC) - instant) < dt.timedelta(minutes=2)


# Saving a card


def test_a_setup_is_open_until_the_browser_saved_a_card(play: Play, gateway: Gateway, customer: str) -> None:
    begun = gateway.begin_setup(key=key(), customer_id=customer, reference="CD-1")
    assert begun == Setup(
        id=begun.id,
        status=SetupStatus.OPEN,
        client_secret=begun.client_secret,
        customer_id=customer,
        method_id=None,
        reference="CD-1",
        created_at=begun.created_at,
    )
    assert begun.client_secret.startswith(f"{begun.id}_secret_")
    assert recent(begun.created_at)
    assert gateway.setup(begun.id) == begun
    done = play.confirm_setup(begun.id, words.GOOD)
    assert (done.status, done.method_id is None) == (SetupStatus.SUCCEEDED, False)
    assert gateway.setup(begun.id) == done


@pytest.mark.parametrize("number", sorted(words.REFUSED_WHEN_SAVED))
def test_a_refused_card_leaves_the_setup_open_for_another(
    play: Play, gateway: Gateway, customer: str, number: str
) -> None:
    begun = gateway.begin_setup(key=key(), customer_id=customer, reference="CD-1")
    assert play.confirm_setup(begun.id, number) == begun
    assert gateway.setup(begun.id) == begun
    assert play.confirm_setup(begun.id, words.GOOD).status is SetupStatus.SUCCEEDED


def test_a_bank_that_is_not_answered_leaves_the_setup_open(play: Play, gateway: Gateway, customer: str) -> None:
    begun = gateway.begin_setup(key=key(), customer_id=customer, reference="CD-1")
    assert play.confirm_setup(begun.id, words.ASKS, authenticate=False) == begun
    assert gateway.setup(begun.id) == begun
    assert play.confirm_setup(begun.id, words.ASKS).status is SetupStatus.SUCCEEDED


def test_a_saved_card_shows_what_a_person_may_see(play: Play, gateway: Gateway, customer: str) -> None:
    method = gateway.method(saved(play, customer))
    assert (method.customer_id, method.brand, method.last4) == (customer, "visa", "4242")
    assert (method.exp_month, method.exp_year) == (12, 2034)


def test_attaching_again_changes_nothing(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    assert gateway.attach(method_id, customer) == gateway.attach(method_id, customer) == gateway.method(method_id)


def test_a_card_of_one_customer_does_not_go_to_another(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    other = gateway.create_customer(key=key(), reference="E-2")
    with pytest.raises(Refused):
        gateway.attach(method_id, other)
    assert gateway.method(method_id).customer_id == customer


def test_a_card_is_forgotten_once_and_for_all(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    gateway.detach(method_id)
    gateway.detach(method_id)
    assert gateway.method(method_id).customer_id is None
    with pytest.raises(Refused):
        gateway.attach(method_id, customer)
    with pytest.raises(Refused):
        gateway.charge(
            key=key(), amount_cents=100, customer_id=customer, method_id=method_id, reference="CH-1", present=False
        )


def test_forgetting_an_unknown_card_changes_nothing(gateway: Gateway) -> None:
    gateway.detach("pm_unknown")


# Charging


def test_a_good_card_is_charged(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    intent = gateway.charge(
        key=key(), amount_cents=64_900, customer_id=customer, method_id=method_id, reference="CH-1", present=True
    )
    assert intent == Intent(
        id=intent.id,
        status=IntentStatus.SUCCEEDED,
        amount_cents=64_900,
        currency="usd",
        live=False,
        customer_id=customer,
        method_id=method_id,
        reference="CH-1",
        client_secret=intent.client_secret,
        created_at=intent.created_at,
        charge_id=intent.charge_id,
        charged_at=intent.charged_at,
        failure=None,
    )
    assert intent.charge_id is not None
    assert recent(intent.charged_at)
    assert gateway.intent(intent.id) == intent
    assert play.totals() == {intent.id: Total(captured=64_900, returned=0, disputed=0)}


@pytest.mark.parametrize("present", [True, False], ids=["present", "absent"])
def test_a_card_that_the_bank_turns_down_is_no_error(
    play: Play, gateway: Gateway, customer: str, *, present: bool
) -> None:
    intent = charged(play, customer, words.FAILS_LATER, present=present)
    assert (intent.status, intent.failure) == (IntentStatus.FAILED, "generic_decline")
    assert (intent.charge_id, intent.charged_at, intent.reference) == (None, None, "CH-1")
    assert gateway.intent(intent.id) == intent
    assert play.totals() == {}


@pytest.mark.parametrize("number", [words.ASKS, words.ASKS_ALWAYS], ids=["asks", "asks always"])
def test_the_bank_asks_a_student_who_is_present(play: Play, gateway: Gateway, customer: str, number: str) -> None:
    intent = charged(play, customer, number)
    assert (intent.status, intent.charge_id) == (IntentStatus.NEEDS_ACTION, None)
    assert intent.client_secret is not None
    assert gateway.intent(intent.id) == intent
    done = play.authenticate(intent.id)
    assert (done.status, done.failure) == (IntentStatus.SUCCEEDED, None)
    assert gateway.intent(intent.id) == done


def test_who_fails_to_answer_the_bank_has_paid_nothing(play: Play, gateway: Gateway, customer: str) -> None:
    intent = play.authenticate(charged(play, customer, words.ASKS).id, success=False)
    assert (intent.status, intent.failure) == (IntentStatus.FAILED, "payment_intent_authentication_failure")
    assert gateway.intent(intent.id) == intent


def test_an_answer_to_the_bank_may_be_followed_by_a_decline(play: Play, customer: str) -> None:
    intent = play.authenticate(charged(play, customer, words.ASKS_AND_POOR).id)
    assert (intent.status, intent.failure) == (IntentStatus.FAILED, "insufficient_funds")


def test_the_schedule_charges_what_was_confirmed_when_saved(play: Play, customer: str) -> None:
    assert charged(play, customer, words.ASKS, present=False).status is IntentStatus.SUCCEEDED


def test_the_schedule_cannot_answer_the_bank(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer, words.ASKS_ALWAYS, present=False)
    assert (intent.status, intent.failure) == (IntentStatus.FAILED, "authentication_required")
    assert gateway.intent(intent.id) == intent


@pytest.mark.parametrize("success", [True, False], ids=["captured", "declined"])
def test_a_charge_may_take_its_time(play: Play, gateway: Gateway, customer: str, *, success: bool) -> None:
    play.charge_will(IntentStatus.PROCESSING)
    intent = charged(play, customer)
    assert (intent.status, intent.charged_at) == (IntentStatus.PROCESSING, None)
    assert (gateway.intent(intent.id), play.totals()) == (intent, {})
    done = play.settle_charge(intent.id, success=success)
    assert done.status is (IntentStatus.SUCCEEDED if success else IntentStatus.FAILED)
    assert gateway.intent(intent.id) == done
    assert list(play.totals()) == ([intent.id] if success else [])


@pytest.mark.parametrize("cents", [0, -1, 49, 100_000_000])
def test_an_impossible_amount_is_refused(play: Play, customer: str, cents: int) -> None:
    with pytest.raises(Refused):
        charged(play, customer, cents=cents)
    assert play.charges_by_reference() == {}


@pytest.mark.parametrize("number", [words.ASKS, words.FAILS_LATER], ids=["waits for the student", "declined"])
def test_a_charge_that_took_nothing_is_given_up(play: Play, gateway: Gateway, customer: str, number: str) -> None:
    intent = gateway.cancel(charged(play, customer, number).id)
    assert intent.status is IntentStatus.CANCELED
    assert gateway.intent(intent.id) == gateway.cancel(intent.id) == intent


def test_a_charge_that_took_money_cannot_be_given_up(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    assert gateway.cancel(intent.id) == intent
    play.charge_will(IntentStatus.PROCESSING)
    intent = charged(play, customer)
    assert gateway.cancel(intent.id) == intent


def test_the_charges_of_a_customer_are_listed_newest_first(play: Play, gateway: Gateway, customer: str) -> None:
    other = gateway.create_customer(key=key(), reference="E-2")
    assert gateway.intents_of(customer) == []
    first = charged(play, customer, reference="CH-1")
    charged(play, other, reference="CH-2")
    last = charged(play, customer, words.FAILS_LATER, reference="CH-3")
    assert gateway.intents_of(customer) == [last, first]


# Giving back


def test_money_goes_back_in_parts(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    first = returned(play, intent, 10_000)
    assert first == Return(
        id=first.id,
        status=ReturnStatus.SUCCEEDED,
        intent_id=intent.id,
        amount_cents=10_000,
        currency="usd",
        reference="PO-1",
        created_at=first.created_at,
        failure=None,
    )
    assert recent(first.created_at)
    rest = returned(play, intent, 54_900, reference="PO-2")
    assert gateway.given_back(first.id) == first
    assert gateway.returns_of(intent.id) == [rest, first]
    assert play.totals()[intent.id] == Total(captured=64_900, returned=64_900, disputed=0)
    assert gateway.intent(intent.id) == intent


def test_the_service_keeps_nobody_from_giving_back_too_much(play: Play, customer: str) -> None:
    intent = charged(play, customer, cents=100)
    for _ in range(3):
        returned(play, intent, 80)
    assert play.totals()[intent.id].returned == 240


def test_a_return_may_be_pending_and_fail_days_later(play: Play, gateway: Gateway, customer: str) -> None:
    play.return_will(ReturnStatus.PENDING)
    intent = charged(play, customer)
    begun = returned(play, intent, 64_900)
    assert (begun.status, begun.failure) == (ReturnStatus.PENDING, None)
    assert play.totals()[intent.id].returned == 64_900
    done = play.settle_return(begun.id, ReturnStatus.FAILED, failure="insufficient_funds")
    assert (done.status, done.failure) == (ReturnStatus.FAILED, "insufficient_funds")
    assert gateway.returns_of(intent.id) == [done]
    assert gateway.given_back(begun.id) == done
    assert play.totals()[intent.id].returned == 0


def test_a_return_may_be_pending_and_arrive(play: Play, gateway: Gateway, customer: str) -> None:
    play.return_will(ReturnStatus.PENDING)
    begun = returned(play, charged(play, customer), 64_900)
    done = play.settle_return(begun.id, ReturnStatus.SUCCEEDED)
    assert gateway.given_back(begun.id) == done
    assert (done.status, done.failure) == (ReturnStatus.SUCCEEDED, None)


def test_a_return_may_fail_at_once(play: Play, gateway: Gateway, customer: str) -> None:
    play.return_will(ReturnStatus.FAILED)
    intent = charged(play, customer)
    failed = returned(play, intent, 64_900)
    assert (failed.status, failed.failure) == (ReturnStatus.FAILED, "expired_or_canceled_card")
    assert gateway.returns_of(intent.id) == [failed]


def test_what_is_given_back_in_the_dashboard_carries_no_reference(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    outside = play.return_in_dashboard(intent.id, 10_000)
    assert (outside.reference, outside.amount_cents, outside.intent_id) == (None, 10_000, intent.id)
    assert gateway.returns_of(intent.id) == [outside]


def test_nothing_is_given_back_of_a_charge_that_took_nothing(play: Play, customer: str) -> None:
    with pytest.raises(Refused):
        returned(play, charged(play, customer, words.FAILS_LATER), 100)
    with pytest.raises(Refused):
        returned(play, charged(play, customer, words.ASKS), 100)
    with pytest.raises(Refused):
        returned(play, charged(play, customer), 0)


# Disputes


def test_a_dispute_takes_the_money_until_the_bank_has_decided(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    opened = play.open_dispute(intent.id, 60_000, reason="product_not_received")
    assert (opened.status, opened.intent_id, opened.amount_cents) == (DisputeStatus.OPEN, intent.id, 60_000)
    assert (opened.currency, opened.reason) == ("usd", "product_not_received")
    assert recent(opened.created_at)
    assert opened.respond_by is not None
    assert opened.respond_by > opened.created_at
    assert gateway.dispute(opened.id) == opened
    assert play.totals()[intent.id].disputed == 60_000
    for status, disputed in ((DisputeStatus.LOST, 60_000), (DisputeStatus.WON, 0)):
        closed = play.close_dispute(opened.id, status)
        assert (closed.status, gateway.dispute(opened.id)) == (status, closed)
        assert play.totals()[intent.id].disputed == disputed


def test_a_bank_that_only_asks_holds_no_money(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    play.take_events()
    asked = play.inquire(intent.id)
    assert (asked.status, asked.reason, asked.amount_cents) == (DisputeStatus.INQUIRY, "unrecognized", 64_900)
    assert gateway.dispute(asked.id) == asked
    assert play.totals()[intent.id].disputed == 0
    assert [event.kind for event in play.take_events()] == ["charge.dispute.created"]
    dropped = play.close_dispute(asked.id, DisputeStatus.DROPPED)
    assert (dropped.status, gateway.dispute(asked.id)) == (DisputeStatus.DROPPED, dropped)
    assert play.totals()[intent.id].disputed == 0


def test_what_a_bank_asked_may_become_a_dispute(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    asked = play.inquire(intent.id)
    play.take_events()
    opened = play.escalate(asked.id)
    assert (opened.id, opened.status) == (asked.id, DisputeStatus.OPEN)
    assert gateway.dispute(asked.id) == opened
    assert play.totals()[intent.id].disputed == 64_900
    told = [(event.kind, event.object_id) for event in play.take_events()]
    assert told == [("charge.dispute.updated", asked.id), ("charge.dispute.funds_withdrawn", asked.id)]


# Keys


def test_a_key_does_a_thing_once(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    mine = key()

    def again() -> Intent:
        return gateway.charge(
            key=mine, amount_cents=500, customer_id=customer, method_id=method_id, reference="CH-1", present=True
        )

    assert again() == again() == again()
    assert len(gateway.intents_of(customer)) == 1
    play.forget_keys()
    again()
    assert len(gateway.intents_of(customer)) == 2


def test_a_key_keeps_a_decline(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer, words.FAILS_LATER)
    mine = key()
    tries = [
        gateway.charge(
            key=mine, amount_cents=500, customer_id=customer, method_id=method_id, reference="CH-1", present=False
        )
        for _ in range(2)
    ]
    assert tries[0] == tries[1]
    assert gateway.intents_of(customer) == tries[:1]


def test_a_key_gives_money_back_once(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    mine = key()
    one, two = (gateway.give_back(key=mine, intent_id=intent.id, amount_cents=100, reference="PO-1") for _ in range(2))
    assert one == two
    assert gateway.returns_of(intent.id) == [one]


def test_a_key_of_one_thing_is_none_for_another(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    mine = key()
    one = gateway.give_back(key=mine, intent_id=intent.id, amount_cents=100, reference="PO-1")
    with pytest.raises(Refused):
        gateway.give_back(key=mine, intent_id=intent.id, amount_cents=101, reference="PO-1")
    with pytest.raises(Refused):
        gateway.create_customer(key=mine, reference="E-9")
    assert gateway.returns_of(intent.id) == [one]


def test_a_key_makes_one_customer(gateway: Gateway) -> None:
    mine = key()
    assert gateway.create_customer(key=mine, reference="E-1") == gateway.create_customer(key=mine, reference="E-1")
    assert gateway.create_customer(key=key(), reference="E-1") != gateway.create_customer(key=mine, reference="E-1")


def test_a_call_that_was_refused_may_be_made_right_under_its_key(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    mine = key()
    with pytest.raises(Refused):
        gateway.charge(
            key=mine, amount_cents=1, customer_id=customer, method_id=method_id, reference="CH-1", present=True
        )
    made = gateway.charge(
        key=mine, amount_cents=100, customer_id=customer, method_id=method_id, reference="CH-1", present=True
    )
    assert made.status is IntentStatus.SUCCEEDED


# Faults


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.HANG}))
def test_after_any_fault_the_same_key_does_it_once(play: Play, gateway: Gateway, customer: str, fault: Fault) -> None:
    method_id = saved(play, customer)
    mine = key()

    def again() -> Intent:
        return gateway.charge(
            key=mine, amount_cents=500, customer_id=customer, method_id=method_id, reference="CH-1", present=False
        )

    play.fail_next(fault, call="charge")
    with pytest.raises(Unreachable):
        again()
    assert len(gateway.intents_of(customer)) == int(fault.did_it)
    if fault.kept:
        with pytest.raises(Unreachable):
            again()
    else:
        assert again().status is IntentStatus.SUCCEEDED
    assert len(gateway.intents_of(customer)) == int(fault.did_it or not fault.kept)


CALLS: dict[str, Callable[[Gateway, Intent], object]] = {
    "create_customer": lambda gateway, _: gateway.create_customer(key="k", reference="E-1"),
    "begin_setup": lambda gateway, _: gateway.begin_setup(key="k", customer_id="cus_unknown", reference="CD-1"),
    "setup": lambda gateway, _: gateway.setup("seti_unknown"),
    "method": lambda gateway, intent: gateway.method(str(intent.method_id)),
    "attach": lambda gateway, intent: gateway.attach(str(intent.method_id), str(intent.customer_id)),
    "detach": lambda gateway, intent: gateway.detach(str(intent.method_id)),
    "charge": lambda gateway, intent: gateway.charge(
        key="k",
        amount_cents=100,
        customer_id=str(intent.customer_id),
        method_id=str(intent.method_id),
        reference="CH-2",
        present=False,
    ),
    "intent": lambda gateway, intent: gateway.intent(intent.id),
    "intents_of": lambda gateway, intent: gateway.intents_of(str(intent.customer_id)),
    "cancel": lambda gateway, intent: gateway.cancel(intent.id),
    "give_back": lambda gateway, intent: gateway.give_back(
        key="k", intent_id=intent.id, amount_cents=100, reference="PO-1"
    ),
    "given_back": lambda gateway, _: gateway.given_back("re_unknown"),
    "returns_of": lambda gateway, intent: gateway.returns_of(intent.id),
    "dispute": lambda gateway, _: gateway.dispute("dp_unknown"),
    "intents_between": lambda gateway, _: gateway.intents_between(*EVER),
    "returns_between": lambda gateway, _: gateway.returns_between(*EVER),
    "disputes_between": lambda gateway, _: gateway.disputes_between(*EVER),
}


def test_every_call_of_the_gateway_is_tried_with_faults() -> None:
    named = {name for name in vars(Gateway) if not name.startswith("_")}
    assert set(CALLS) == named - {"read_event"}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BUSY, Fault.BROKEN, Fault.PAGE, Fault.RESET])
def test_every_call_says_when_it_has_no_answer(
    play: Play, gateway: Gateway, customer: str, name: str, fault: Fault
) -> None:
    intent = charged(play, customer)
    play.fail_next(fault, call=name)
    with pytest.raises(Unreachable):
        CALLS[name](gateway, intent)


@pytest.mark.parametrize("name", CALLS)
def test_keys_that_it_does_not_take_are_told_from_a_lost_line(
    play: Play, gateway: Gateway, customer: str, name: str
) -> None:
    intent = charged(play, customer)
    play.fail_next(Fault.KEYS, call=name)
    with pytest.raises(NotLetIn):
        CALLS[name](gateway, intent)


# What it does not know


UNKNOWN: dict[str, Callable[[Gateway], object]] = {
    "setup": lambda gateway: gateway.setup("seti_unknown"),
    "method": lambda gateway: gateway.method("pm_unknown"),
    "intent": lambda gateway: gateway.intent("pi_unknown"),
    "return": lambda gateway: gateway.given_back("re_unknown"),
    "dispute": lambda gateway: gateway.dispute("dp_unknown"),
    "cancel": lambda gateway: gateway.cancel("pi_unknown"),
    "attach": lambda gateway: gateway.attach("pm_unknown", "cus_unknown"),
    "charges": lambda gateway: gateway.intents_of("cus_unknown"),
    "returns": lambda gateway: gateway.returns_of("pi_unknown"),
    "begin setup": lambda gateway: gateway.begin_setup(key=key(), customer_id="cus_unknown", reference="CD-1"),
    "give back": lambda gateway: gateway.give_back(
        key=key(), intent_id="pi_unknown", amount_cents=100, reference="PO-1"
    ),
    "charge": lambda gateway: gateway.charge(
        key=key(), amount_cents=100, customer_id="cus_x", method_id="pm_x", reference="CH-1", present=True
    ),
}


@pytest.mark.parametrize("read", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_object_is_told_from_a_lost_line(gateway: Gateway, read: Callable[[Gateway], object]) -> None:
    with pytest.raises(Unknown):
        read(gateway)


# Lists by time


def test_lists_have_their_first_second_and_not_their_last(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    refund = returned(play, intent, 100)
    dispute = play.open_dispute(intent.id)
    second = dt.timedelta(seconds=1)
    for listed, one in (
        (gateway.intents_between, intent),
        (gateway.returns_between, refund),
        (gateway.disputes_between, dispute),
    ):
        at = one.created_at
        assert one in list(listed(at, at + second))
        assert one not in list(listed(at - 3 * second, at))
        assert one not in list(listed(at + second, at + 3 * second))


def test_lists_are_whole_however_long(play: Play, gateway: Gateway, customer: str) -> None:
    method_id = saved(play, customer)
    made = [
        gateway.charge(
            key=key(), amount_cents=100, customer_id=customer, method_id=method_id, reference=f"CH-{n}", present=False
        )
        for n in range(103)
    ]
    assert gateway.intents_of(customer) == made[::-1]
    assert [one for one in gateway.intents_between(*EVER) if one.customer_id == customer] == made[::-1]
    assert {name: len(found) for name, found in play.charges_by_reference().items()} == {
        f"CH-{n}": 1 for n in range(103)
    }


# Events


def test_everything_that_happens_is_told(play: Play, gateway: Gateway, customer: str) -> None:
    play.take_events()
    intent = charged(play, customer)
    asked = play.authenticate(charged(play, customer, words.ASKS).id)
    failed = charged(play, customer, words.FAILS_LATER)
    gateway.cancel(failed.id)
    play.return_will(ReturnStatus.SUCCEEDED, ReturnStatus.PENDING)
    sent = returned(play, intent, 100)
    pending = returned(play, intent, 100)
    play.settle_return(pending.id, ReturnStatus.FAILED)
    dispute = play.open_dispute(intent.id)
    play.close_dispute(dispute.id, DisputeStatus.LOST)
    told = [(event.kind, event.object_id) for event in play.take_events() if "setup" not in event.kind]
    assert told == [
        ("payment_intent.succeeded", intent.id),
        ("payment_intent.requires_action", asked.id),
        ("payment_intent.succeeded", asked.id),
        ("payment_intent.payment_failed", failed.id),
        ("payment_intent.canceled", failed.id),
        ("refund.created", sent.id),
        ("charge.refunded", intent.charge_id),
        ("refund.created", pending.id),
        ("charge.refunded", intent.charge_id),
        ("refund.updated", pending.id),
        ("refund.failed", pending.id),
        ("charge.dispute.created", dispute.id),
        ("charge.dispute.funds_withdrawn", dispute.id),
        ("charge.dispute.closed", dispute.id),
    ]
    assert list(play.take_events()) == []


def test_an_event_is_read_with_its_claims(play: Play, gateway: Gateway, customer: str) -> None:
    play.take_events()
    intent = charged(play, customer)
    sent = play.take_events()[-1]
    now = dt.datetime.now(dt.UTC)
    event = gateway.read_event(sent.body, sent.signature(play.secret, now), now=now)
    assert (event.id, event.kind, event.object_id) == (sent.id, "payment_intent.succeeded", intent.id)
    assert (event.amount_cents, event.currency, event.customer_id) == (64_900, "usd", customer)
    assert (event.intent_id, event.reference, event.live, event.account) == (intent.id, "CH-1", False, None)
    assert recent(event.created_at)


def test_each_event_of_money_that_goes_back_names_its_charge(play: Play, gateway: Gateway, customer: str) -> None:
    intent = charged(play, customer)
    play.take_events()
    returned(play, intent, 100)
    play.open_dispute(intent.id)
    now = dt.datetime.now(dt.UTC)
    read = [gateway.read_event(one.body, one.signature(play.secret, now), now=now) for one in play.take_events()]
    assert {event.intent_id for event in read} == {intent.id}
    assert read[0].reference == "PO-1"


@pytest.mark.parametrize(
    "secret, moved",
    [("whsec_other", 0), ("", 0), (None, -301), (None, 301), (None, 86_400)],
    ids=["another secret", "empty secret", "301 s old", "301 s ahead", "a day ahead"],
)
def test_a_forged_event_is_not_read(
    play: Play, gateway: Gateway, customer: str, secret: str | None, moved: int
) -> None:
    charged(play, customer)
    sent = play.take_events()[-1]
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    header = sent.signature(play.secret if secret is None else secret, now + dt.timedelta(seconds=moved))
    with pytest.raises(Forged):
        gateway.read_event(sent.body, header, now=now)
    with pytest.raises(Forged):
        gateway.read_event(sent.body.replace(b"64900", b"64901"), sent.signature(play.secret, now), now=now)
    with pytest.raises(Forged):
        gateway.read_event(sent.body, "", now=now)
