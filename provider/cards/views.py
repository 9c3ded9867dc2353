"""Where a student pays by card, watches a payment, and looks after the card that is kept."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.cards import steps
from provider.cards.pages import Caller, Way, card_page, charge_page, charge_state, pay_page
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.web import actor

door = Door("cards", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/enrollments")


def _caller(reference: str) -> Caller:
    return Caller(enrollments.own(sessions.asker(), reference), Way(reference), actor())


@door.get("/<reference>/pay")
def show(reference: str) -> ResponseReturnValue:
    return pay_page(_caller(reference))


@door.post("/<reference>/pay/card")
def begin(reference: str) -> ResponseReturnValue:
    return steps.begin(_caller(reference))


@door.post("/<reference>/pay")
def create(reference: str) -> ResponseReturnValue:
    return steps.create(_caller(reference))


@door.get("/<reference>/pay/<charge>")
def charge(reference: str, charge: str) -> ResponseReturnValue:
    return charge_page(_caller(reference), charge)


@door.get("/<reference>/pay/<charge>/state")
def state(reference: str, charge: str) -> ResponseReturnValue:
    return jsonify(charge_state(_caller(reference), charge))


@door.post("/<reference>/pay/<charge>/check")
def check(reference: str, charge: str) -> ResponseReturnValue:
    return steps.check(_caller(reference), charge)


@door.post("/<reference>/pay/<charge>/give-up")
def give_up(reference: str, charge: str) -> ResponseReturnValue:
    return steps.give_up(_caller(reference), charge)


@door.get("/<reference>/card")
def card(reference: str) -> ResponseReturnValue:
    return card_page(_caller(reference))


@door.post("/<reference>/card")
def change(reference: str) -> ResponseReturnValue:
    return steps.change(_caller(reference))


@door.post("/<reference>/card/remove")
def remove(reference: str) -> ResponseReturnValue:
    return steps.remove(_caller(reference))
