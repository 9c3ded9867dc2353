"""The door of the payment service: what comes in is stored and answered at once; nothing is asked for here."""

import logging

from flask import Response, request

from provider.cards import events
from provider.kernel.database import retrying
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.settings import settings
from provider.kernel.web import LARGEST_TEXT, Complete, client, csrf, received_at, safe_headers
from provider.payments import stripe_events
from provider.payments.gateway import Forged

log = logging.getLogger("provider.security")
door = Door("hooks", __name__, needs=PUBLIC, url_prefix="/hooks")
_SIGNATURE = "Stripe-Signature"


@door.post("/stripe")
@csrf.exempt  # no browser comes here; a signature over the body takes the token's place
def stripe() -> Response:
    found, now = settings(), received_at()
    if not found.cards_on or not found.STRIPE_WEBHOOK_SECRET.strip():
        return _answer("Events are not taken here: no signing secret is set.", 503)
    request.max_content_length = LARGEST_TEXT
    body = request.get_data(cache=False)
    try:
        event = stripe_events.read(
            body, request.headers.get(_SIGNATURE, ""), secret=found.STRIPE_WEBHOOK_SECRET, now=now
        )
    except Forged as reason:
        log.warning("a payment event from %s was refused: %s", client(), reason)
        return _answer("This is no event that can be believed.", 400)
    retrying(lambda: events.receive(event, now=now))
    return _answer("Stored.", 200)


def _answer(words: str, status: int) -> Response:
    headers = [("Content-Type", "text/plain; charset=utf-8"), *safe_headers()]
    return Complete(f"{words}\n", status, headers=headers)
