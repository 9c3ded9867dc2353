"""What the buttons of the pages about cards do, for a student and for whoever holds the link of a letter."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Response, current_app, flash, jsonify, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from provider.cards import charging, paying, queries, saving
from provider.cards.pages import Caller, card_page, pay_page
from provider.cards.paying import Order
from provider.cards.rules import What
from provider.cards.saving import CardGone
from provider.cards.schemas import ChangeCard, PayByCard
from provider.enrollments import queries as enrollments
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError, NotFound, TooMany
from provider.kernel.forms import Form, Schema
from provider.kernel.settings import settings
from provider.kernel.web import only, received_at
from provider.payments import outages
from provider.payments.gateway import NotLetIn, ServiceError, Unreachable
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

NO_SUCH_CARD = "This card cannot be used here. Enter it again, or use another one."


class CardsOff(DomainError):
    """The school takes no cards, or no more."""

    code = "cards_off"
    sentence = "The school takes no cards at the moment, so nothing was taken. Please pay in another way."


class ServiceAway(DomainError):
    """The payment service does not answer; whatever was begun is safe to repeat."""

    status = 503
    code = "service_away"
    sentence = (
        "The payment service cannot be reached just now, so nothing was taken. Try again in a minute, or pay in "
        "another way."
    )


class CardsRefused(DomainError):
    """The payment service answers, and will not; staff have to look into it."""

    status = 503
    code = "cards_refused"
    sentence = (
        "The payment service did not take the card, and nothing was taken from it. Try again later, or pay in another "
        "way."
    )


def begin(caller: Caller) -> Response:
    """Prepare the saving of a card; the page's script does the rest with the payment service itself."""
    try:
        only(*caller.way.hidden("begin"))
        _check_on()
        with _reaching(caller):
            begun = saving.begin(enrollment_id=caller.enrollment.id, actor=caller.actor, now=received_at())
    except DomainError as refusal:
        return _told(refusal)
    key = settings().STRIPE_PUBLISHABLE_KEY
    return jsonify(card=begun.reference, client_secret=begun.client_secret, publishable_key=key)


def _told(refusal: DomainError) -> Response:
    answer = make_response(jsonify(error=refusal.sentence, code=refusal.code), refusal.status)
    if isinstance(refusal, TooMany):
        answer.headers.extend(refusal.headers)
    return answer


def create(caller: Caller) -> Response:
    """Charge a card; the answer leads to the page of the charge, the same one however often it is sent."""
    form = _loaded(PayByCard(), caller, "create")
    if not form.ok:
        return pay_page(caller, form=form, status=422)
    order = Order(
        card=form.data["card"],
        what=What(form.data["what"]),
        keep=form.data["keep"],
        shown=form.data["shown"],
        after=form.data["after"],
    )
    try:
        _check_on()
        with _reaching(caller):
            charge = paying.pay(enrollment=caller.enrollment, order=order, actor=caller.actor, now=received_at())
    except NotFound:
        form.add_error("card", NO_SUCH_CARD)
        return pay_page(_again(caller), form=form, status=422)
    except DomainError as refusal:
        return pay_page(_again(caller), form=form, told=refusal.sentence, status=refusal.status)
    return _to(caller.way.at("charge", charge))


def check(caller: Caller, reference: str) -> Response:
    """Ask how a charge stands, after the student has answered their bank."""
    only(*caller.way.hidden("check", reference))
    queries.own_charge(caller.enrollment.id, reference)
    try:
        charging.follow(reference, now=received_at())
    except ServiceError as error:  # the page says that it is being processed, and a job asks again
        current_app.logger.warning("charge %s could not be asked about: %s", reference, error)
    return _to(caller.way.at("charge", reference))


def give_up(caller: Caller, reference: str) -> Response:
    """Start over: a charge that the student's bank wants to have confirmed is given up."""
    only(*caller.way.hidden("give_up", reference))
    queries.own_charge(caller.enrollment.id, reference)
    try:
        with _reaching(caller):
            charging.give_up(reference, now=received_at())
    except DomainError as refusal:
        flash(refusal.sentence, "warn")
    return _to(caller.way.at("charge", reference))


def change(caller: Caller) -> Response:
    """Keep another card for the installments."""
    form = _loaded(ChangeCard(), caller, "change")
    if not form.ok:
        return card_page(caller, form=form, status=422)
    data = form.data
    try:
        _check_on()
        with _reaching(caller):
            paying.change(
                enrollment=caller.enrollment,
                card=data["card"],
                shown=data["shown"],
                actor=caller.actor,
                now=received_at(),
            )
    except NotFound:
        form.add_error("card", NO_SUCH_CARD)
        return card_page(_again(caller), form=form, status=422)
    except DomainError as refusal:
        return card_page(_again(caller), form=form, told=refusal.sentence, status=refusal.status)
    flash("Your card is kept. Your installments are charged to it on their days.")
    return _to(caller.way.at("card"))


def remove(caller: Caller) -> Response:
    """Take the kept card away."""
    only(*caller.way.hidden("remove"))
    enrollment_id = caller.enrollment.id
    try:
        retrying(lambda: saving.remove(enrollment_id=enrollment_id, actor=caller.actor, at=received_at()))
    except CardGone as gone:
        return card_page(_again(caller), told=gone.sentence, status=gone.status)
    flash("Your card is taken away. Nothing is charged to it any more.")
    return _to(caller.way.at("card"))


def _check_on() -> None:
    if not settings().cards_on:
        raise CardsOff


@contextmanager
def _reaching(caller: Caller) -> Iterator[None]:
    """Turn what the payment service says or does not say into a refusal that a person may read."""
    enrollment = caller.way.reference
    try:
        yield
    except NotLetIn as error:
        with unit_of_work():
            outages.tell_keys(error, at=received_at())
        raise CardsRefused from error
    except Unreachable as error:
        raise ServiceAway from error
    except ServiceError as error:
        with unit_of_work():
            raise_task(
                kind=TaskKind.CHECK_CARD_PAYMENT,
                key=f"cards_refused:{day_of(received_at(), settings().SCHOOL_ZONE)}",
                about=enrollment,
                sentence=f"The payment service refused a card of {enrollment}: {error}. Nothing was taken. Look the "
                "card up there.",
                at=received_at(),
            )
        raise CardsRefused from error


def _loaded(schema: Schema, caller: Caller, step: str) -> Form:
    """Load a form without what only says which button it is."""
    besides = caller.way.hidden(step)
    return Form(schema).load_form(MultiDict((k, v) for k, v in request.form.items(multi=True) if k not in besides))


def _again(caller: Caller) -> Caller:
    """Return the caller with the enrollment as it is now; what was read before a refusal is not."""
    return replace(caller, enrollment=enrollments.by_reference(caller.way.reference))


def _to(address: str) -> Response:
    return make_response(redirect(address, code=303))
