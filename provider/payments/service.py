"""The one way to call the payment service: outside of any transaction, and never with every web thread waiting."""

import threading
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar, cast

from flask import current_app, has_request_context

from provider.kernel.database import db, in_unit_of_work
from provider.kernel.settings import settings
from provider.payments.gateway import Gateway, NotLetIn, Unreachable

T = TypeVar("T")

SERVICE = "payment service"  # what jobs wait for that could not reach it
_EXTENSION = "payment_service"


class InsideUnit(RuntimeError):
    """The service was about to be called while rows are locked; others would wait for its answer."""


def ask(call: Callable[[Gateway], T]) -> T:
    """Call the service and return its answer. Raises what the gateway raises, and Unreachable when too many wait.

    Without keys nothing is asked (NotLetIn): what was begun under keys that are gone now waits for others.

    Of the threads of a web process half may wait for the service, so that its pages never do; whoever comes then is
    told that the payment is being processed, and the worker takes it on.
    """
    if in_unit_of_work():
        raise InsideUnit
    db.session.rollback()  # a read transaction that waits for a stranger helps nobody
    if not connected():
        raise NotLetIn("the keys of the payment service are not set")
    if not has_request_context():
        return call(gateway())
    slots = _slots()
    if not slots.acquire(blocking=False):
        raise Unreachable("half of this process's threads wait for the payment service already")
    try:
        return call(gateway())
    finally:
        slots.release()


def connected() -> bool:
    """Say whether there is a service to call: its keys are set."""
    return settings().cards_on or _EXTENSION in current_app.extensions


def gateway() -> Gateway:
    """Return the gateway of the running application, made at its first use; stripe is heavy to import."""
    found = current_app.extensions.get(_EXTENSION)
    if found is None:
        found = import_module("provider.payments.stripe_gateway").StripeGateway(settings())
        current_app.extensions[_EXTENSION] = found
    return cast("Gateway", found)


def _slots() -> threading.BoundedSemaphore:
    most = max(1, settings().WEB_THREADS // 2)
    return cast(
        "threading.BoundedSemaphore",
        current_app.extensions.setdefault(f"{_EXTENSION}_slots", threading.BoundedSemaphore(most)),
    )
