"""The link of a letter about a declined installment: its holder pays and changes the card without signing in."""

import datetime as dt

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from provider.accounts.links import open_link
from provider.cards import steps
from provider.cards.pages import Caller, Way, card_page, charge_page, charge_state, pay_page
from provider.enrollments import queries as enrollments
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.errors import NotFound


class CardLink:
    """Opens the page to pay, the one of the kept card, and each charge; only their buttons decide."""

    label = "Pay or change the card"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        caller = Caller(enrollments.by_reference(subject), Way(subject, token), SYSTEM)
        page, charge = request.args.get("page", "show"), request.args.get("charge", "")
        if page == "show":
            return pay_page(caller)
        if page == "card":
            return card_page(caller)
        if page == "charge":
            return charge_page(caller, charge)
        if page == "state":
            return jsonify(charge_state(caller, charge))
        raise NotFound

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        caller = Caller(enrollments.by_reference(subject), Way(subject, token), holder)
        step, charge = request.form.get("step", ""), request.form.get("charge", "")
        plain = {"begin": steps.begin, "create": steps.create, "change": steps.change, "remove": steps.remove}
        of_charge = {"check": steps.check, "give_up": steps.give_up}
        if step in plain:
            return plain[step](caller)
        if step in of_charge:
            return of_charge[step](caller, charge)
        raise NotFound
