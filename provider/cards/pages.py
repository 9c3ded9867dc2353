"""The pages about paying by card, the same for a student and for whoever holds the link of a letter."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, make_response, redirect, render_template, url_for

from provider.cards import paying, queries
from provider.cards.charging import AlreadyActive, NothingOwed
from provider.cards.disputes import InDispute, check_undisputed
from provider.cards.models import Card, Charge
from provider.cards.rules import CardState, ChargeState, Choice, What, consent, fingerprint, to_come, why_failed
from provider.cards.saving import CHARGEABLE_STATES, NotChargeable
from provider.cards.schemas import ChangeCard, PayByCard
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import UNPAID_STATES
from provider.kernel.actors import Actor
from provider.kernel.days import day_of, written
from provider.kernel.errors import NotFound
from provider.kernel.forms import Field, Form
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.kernel.web import received_at, widened_policy
from provider.payments import queries as paid
from provider.payments.rules import OpenInstallment

_STRIPE = "https://js.stripe.com"
_OF_STRIPE = "https://*.js.stripe.com"  # what its guide lets in besides: https://docs.stripe.com/security/guide
_BANKS_OF_STRIPE = "https://hooks.stripe.com"
_ONCE = "Without the tick, the card is used once and then forgotten. What you pay now is not charged again."


@dataclass(frozen=True, slots=True)
class Way:
    """Where the pages of one enrollment lead: to addresses of their own, or always back to the link of a letter."""

    reference: str
    token: str | None = None

    def at(self, page: str, charge: str | None = None) -> str:
        """Return the address of a page: ``show`` (to pay), ``card``, and of one charge ``charge`` and ``state``."""
        named: dict[str, Any] = {} if charge is None else {"charge": charge}
        if self.token is None:
            return url_for(f"cards.{page}", reference=self.reference, **named)
        asked = {} if page == "show" else {"page": page, **named}
        return f"/links/{self.token}" + (f"?{urlencode(asked)}" if asked else "")

    def to(self, step: str, charge: str | None = None) -> str:
        """Return the address that a form of a page posts to."""
        return self.at(step, charge) if self.token is None else f"/links/{self.token}"

    def hidden(self, step: str, charge: str | None = None) -> dict[str, str]:
        """Return what a form sends besides, where the address alone does not say what its button does."""
        if self.token is None:
            return {}
        return {"step": step} | ({} if charge is None else {"charge": charge})

    @property
    def home(self) -> str | None:
        """The enrollment's page, for who may open it."""
        return None if self.token else url_for("my.enrollment", reference=self.reference)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands before a page: the enrollment, the way they came, and as whom history keeps what they do."""

    enrollment: Enrollment
    way: Way
    actor: Actor


@dataclass(frozen=True, slots=True)
class Option:
    """A card that can be charged without being entered; ``kept``: with consent for the installments."""

    value: str
    name: str
    hint: str
    kept: bool
    chosen: bool


def pay_page(caller: Caller, *, form: Form | None = None, told: str = "", status: int = 200) -> Response:
    """Return the page that takes payments, or the charge that is running, or why there is nothing to pay."""
    enrollment, way = caller.enrollment, caller.way
    running = queries.running(enrollment.id)
    if running is not None:
        return _to(way.at("charge", running.reference))
    rows = paying.offered(enrollment, received_at())
    kept = queries.kept_card(enrollment.id)
    closed = _closed(enrollment, rows)
    form = form or Form(PayByCard())
    form.values["shown"] = fingerprint(rows)
    form.values["after"] = queries.newest_charge(enrollment.id) or ""
    form.values.setdefault("what", rows[0].what.value if rows else "")
    options = _options(enrollment.id, kept, form)
    page = render_template(
        "cards/pay.html",
        enrollment=enrollment,
        way=way,
        form=form,
        told=told,
        closed=closed,
        choices=[_described(choice, late=choice is rows[0] and choice.rows[0].due_on < _today()) for choice in rows],
        options=options,
        chosen=next((option for option in options if option.chosen), None),
        keep=_keep_field(form, rows[-1].rows, kept, _ONCE) if to_come(rows) else None,
        kept=kept,
        paused=queries.paused(enrollment.id) is not None,
        key=settings().STRIPE_PUBLISHABLE_KEY,
        script=settings().STRIPE_JS_URL,
    )
    return _answer(page, status, None if closed else _policy())


def _closed(enrollment: Enrollment, rows: list[Choice]) -> str | None:
    """Say why nothing can be paid; None when it can."""
    if enrollment.state not in CHARGEABLE_STATES:
        return NotChargeable.sentence
    if not rows:
        return NothingOwed.sentence
    try:
        check_undisputed(enrollment.id)
    except InDispute as refusal:
        return refusal.sentence
    if enrollment.state in UNPAID_STATES and enrollments.active_elsewhere(enrollment):
        return AlreadyActive.sentence
    return None


def _described(choice: Choice, *, late: bool) -> Mapping[str, str]:
    """Return a choice in words: what it is, its amount, and the dates that it meets."""
    count = len(choice.rows)
    days = " and ".join(written(one.due_on) for one in choice.rows[:2]) if count <= 2 else ""
    label = {
        What.DUE: "What is due now",
        What.NEXT: "The next installment",
        What.REST: "Everything that is open",
    }[choice.what]
    hint = (
        f"Due on {days}." if days else f"{count} installments, the last one due on {written(choice.rows[-1].due_on)}."
    )
    return {
        "value": choice.what.value,
        "label": label,
        "amount": dollars(choice.cents),
        "hint": hint + (" It is late; there is no fee." if late else ""),
    }


def _options(enrollment_id: int, kept: Card | None, form: Form) -> list[Option]:
    """Return the kept card, and one that was entered before the page had to be shown again."""
    found = []
    chosen = str(form.values.get("card", ""))
    if kept is not None:
        hint = f"Good until {kept.exp_month:02d}/{kept.exp_year}." if kept.exp_month else ""
        is_chosen = chosen in {"", kept.reference}
        found.append(Option(kept.reference, kept.named, hint, kept=True, chosen=is_chosen))
    if chosen and (kept is None or chosen != kept.reference):
        entered = _entered(enrollment_id, chosen)
        if entered is None:
            form.values["card"] = ""
        else:
            name = entered.named if entered.last4 else "the card you entered"
            found.append(Option(chosen, name, "You entered it a moment ago.", kept=False, chosen=True))
    return found


def _entered(enrollment_id: int, reference: str) -> Card | None:
    try:
        card = queries.own_card(enrollment_id, reference)
    except NotFound:
        return None
    return card if card.setup_id and card.state in {CardState.PENDING, CardState.SAVED} else None


def _keep_field(form: Form, rows: Sequence[OpenInstallment], kept: Card | None, otherwise: str = "") -> Field:
    """Return the box of the consent, unticked, with its words, and what happens to another card, and otherwise."""
    instead = f"It takes the place of your {kept.named}. " if kept else ""
    words = consent(rows, settings().SCHOOL_NAME)
    return replace(form.field("keep"), label=words, hint=instead + otherwise)


def card_page(caller: Caller, *, form: Form | None = None, told: str = "", status: int = 200) -> Response:
    """Return the page of the kept card: what it will be charged, another one in its place, and taking it away."""
    enrollment = caller.enrollment
    kept, attempts = queries.kept_card(enrollment.id), paying.attempts_to_come(enrollment)
    charged = [one for one, on in attempts if on]
    open_to_cards = bool(charged) and enrollment.state in CHARGEABLE_STATES and settings().cards_on
    form = form or Form(ChangeCard())
    form.values |= {"shown": paying.named(charged), "card": ""}
    page = render_template(
        "cards/card.html",
        enrollment=enrollment,
        way=caller.way,
        form=form,
        told=told,
        kept=kept,
        owed=[one for one, _ in attempts],
        charged=charged,
        again=[(one, on) for one, on in attempts if on and on > one.due_on],
        left=[one for one, on in attempts if not on],
        keep=_keep_field(form, charged, kept) if open_to_cards else None,
        paused=queries.paused(enrollment.id) is not None,
        running=queries.running(enrollment.id),
        key=settings().STRIPE_PUBLISHABLE_KEY,
        script=settings().STRIPE_JS_URL,
    )
    return _answer(page, status, _policy() if open_to_cards else None)


def charge_page(caller: Caller, reference: str) -> Response:
    """Return how one charge stands: paid, processing, waiting for the student's bank, declined, not completed."""
    enrollment = caller.enrollment
    charge = queries.own_charge(enrollment.id, reference)
    owed = sorted(paid.owed(enrollment), key=lambda one: (one.due_on, one.number))
    page = render_template(
        "cards/charge.html",
        enrollment=enrollment,
        way=caller.way,
        charge=charge,
        **_captured(enrollment, charge),
        why=why_failed(charge.failure),
        upcoming=owed[0] if owed else None,
        kept=queries.kept_card(enrollment.id),
        paused=queries.paused(enrollment.id) is not None,
        key=settings().STRIPE_PUBLISHABLE_KEY,
        script=settings().STRIPE_JS_URL,
    )
    asks_us = widened_policy(connect_src=[]) if charge.state is ChargeState.STARTED else None
    return _answer(page, 200, _policy() if charge.waits_for_student else asks_us)


def _captured(enrollment: Enrollment, charge: Charge) -> dict[str, Any]:
    """Return the payment of a charge with its receipt, and the window in which all of the money can come back."""
    if charge.state is not ChargeState.CAPTURED:
        return {"payment": None, "window": None}
    payment = next(one for one in paid.of_enrollment(enrollment.id) if one.id == charge.payment_id)
    window = paid.refund_window(enrollment)
    return {"payment": payment, "window": window if window and window.deadline >= received_at() else None}


def charge_state(caller: Caller, reference: str) -> Mapping[str, object]:
    """Return how one charge stands, for the page that waits for it."""
    charge = queries.own_charge(caller.enrollment.id, reference)
    return {"state": charge.state.value, "waits_for_student": charge.waits_for_student}


def _today() -> dt.date:
    return day_of(received_at(), settings().SCHOOL_ZONE)


def _to(address: str) -> Response:
    return make_response(redirect(address, code=303))


def _answer(page: str, status: int, policy: str | None) -> Response:
    """Answer with a page; one with card fields lets in the payment service, one that waits asks us how it stands."""
    answer = make_response(page, status)
    if policy is not None and settings().cards_on:
        answer.headers["Content-Security-Policy"] = policy
    return answer


def _policy() -> str:
    script, api = _origin(settings().STRIPE_JS_URL), _origin(settings().STRIPE_API_URL)
    theirs = [_OF_STRIPE] if script == _STRIPE else []
    banks = [_BANKS_OF_STRIPE] if script == _STRIPE else []
    return widened_policy(
        script_src=[script, *theirs],
        connect_src=list(dict.fromkeys([api, script])),
        frame_src=[script, *theirs, *banks],
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
