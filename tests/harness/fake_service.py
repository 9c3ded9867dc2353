"""The payment service in memory: answers, refusals, keys, faults and events as over the line, in microseconds.

It passes the contract of tests/payments/test_gateway.py, as Stripe's own client in front of localstripe does.
"""
# ruff: noqa: ARG002 - the keys are used by what is around each call

import collections
import datetime as dt
import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from provider.payments import stripe_events
from provider.payments.gateway import (
    Dispute,
    Event,
    Intent,
    IntentStatus,
    Method,
    NotLetIn,
    Refused,
    Return,
    ServiceError,
    Setup,
    Unreachable,
)
from tests.harness.fake_account import Account, found
from tests.harness.service_words import KEY_LIFE, Fault, Sent

SECRET = "whsec_fake"
P = ParamSpec("P")
T = TypeVar("T")
_OVER = frozenset({IntentStatus.SUCCEEDED, IntentStatus.CANCELED, IntentStatus.PROCESSING})


def _over_the_line(
    method: Callable[Concatenate["FakeService", P], T],
) -> Callable[Concatenate["FakeService", P], T]:
    """Make a method a call that may go wrong on its way there or back, and that happens once under a key."""

    @functools.wraps(method)
    def call(self: "FakeService", /, *args: P.args, **kwargs: P.kwargs) -> T:
        name = method.__name__
        with self._lock:
            self.calls.append(name)
            fault = self._next_fault(name)
            answer: T = self._keyed(name, kwargs, fault, lambda: method(self, *args, **kwargs))
        if meanwhile := self.meanwhile.pop(name, None):
            meanwhile()
        if fault is not None:
            raise _failed(fault)
        return answer

    return call


class FakeService(Account):
    """The service. ``calls`` names every call that arrived; ``plan`` may choose a fault for each.

    ``meanwhile`` holds what happens once between a call's effect and its answer, by the name of the call.
    """

    def __init__(
        self, *, secret: str = SECRET, live: bool = False, now: Callable[[], dt.datetime] | None = None
    ) -> None:
        super().__init__(secret=secret, live=live, now=now)
        self.calls: list[str] = []
        self.meanwhile: dict[str, Callable[[], None]] = {}
        self.plan: Callable[[str], Fault | None] = lambda _: None
        self._lock = threading.RLock()
        self._keys: dict[str, tuple[dt.datetime, object, Any]] = {}
        self._faults: collections.deque[tuple[str, Fault]] = collections.deque()

    @property
    def gateway(self) -> "FakeService":
        return self

    def fail_next(self, *faults: Fault, call: str = "") -> None:
        self._faults.extend((call, fault) for fault in faults)

    def forget_keys(self) -> None:
        self._keys.clear()

    def take_events(self) -> list[Sent]:
        taken, self._events = self._events, []
        return taken

    # What the application asks: provider.payments.gateway.Gateway.

    @_over_the_line
    def create_customer(self, *, key: str, reference: str) -> str:
        return self._new_customer(reference)

    @_over_the_line
    def begin_setup(self, *, key: str, customer_id: str, reference: str) -> Setup:
        return self._new_setup(customer_id, reference)

    @_over_the_line
    def setup(self, setup_id: str) -> Setup:
        return found(self._setups, setup_id)

    @_over_the_line
    def method(self, method_id: str) -> Method:
        return found(self._methods, method_id)

    @_over_the_line
    def attach(self, method_id: str, customer_id: str) -> Method:
        method = found(self._methods, method_id)
        found(self._customers, customer_id)
        if method.customer_id != customer_id:  # a setup attaches its card by itself
            raise Refused("this card is another customer's, or was given up")
        return method

    @_over_the_line
    def detach(self, method_id: str) -> None:
        method = self._methods.get(method_id)
        if method is not None and method.customer_id is not None:
            self._forget_card(method)

    @_over_the_line
    def charge(
        self, *, key: str, amount_cents: int, customer_id: str, method_id: str, reference: str, present: bool
    ) -> Intent:
        return self._take(
            cents=amount_cents, customer_id=customer_id, method_id=method_id, reference=reference, present=present
        )

    @_over_the_line
    def intent(self, intent_id: str) -> Intent:
        return found(self._intents, intent_id)

    @_over_the_line
    def intents_of(self, customer_id: str) -> list[Intent]:
        found(self._customers, customer_id)
        return [intent for intent in _newest(self._intents) if intent.customer_id == customer_id]

    @_over_the_line
    def cancel(self, intent_id: str) -> Intent:
        intent = found(self._intents, intent_id)
        return intent if intent.status in _OVER else self._give_up(intent)

    @_over_the_line
    def give_back(self, *, key: str, intent_id: str, amount_cents: int, reference: str) -> Return:
        return self._give_back(intent_id, amount_cents, reference)

    @_over_the_line
    def given_back(self, return_id: str) -> Return:
        return found(self._returns, return_id)

    @_over_the_line
    def returns_of(self, intent_id: str) -> list[Return]:
        found(self._intents, intent_id)
        return [one for one in _newest(self._returns) if one.intent_id == intent_id]

    @_over_the_line
    def dispute(self, dispute_id: str) -> Dispute:
        return found(self._disputes, dispute_id)

    @_over_the_line
    def intents_between(self, start: dt.datetime, end: dt.datetime) -> list[Intent]:
        return [one for one in _newest(self._intents) if start <= one.created_at < end]

    @_over_the_line
    def returns_between(self, start: dt.datetime, end: dt.datetime) -> list[Return]:
        return [one for one in _newest(self._returns) if start <= one.created_at < end]

    @_over_the_line
    def disputes_between(self, start: dt.datetime, end: dt.datetime) -> list[Dispute]:
        return [one for one in _newest(self._disputes) if start <= one.created_at < end]

    def read_event(self, body: bytes, signature: str, *, now: dt.datetime) -> Event:
        return stripe_events.read(body, signature, secret=self.secret, now=now)

    def _next_fault(self, name: str) -> Fault | None:
        for waiting in self._faults:
            if waiting[0] in {"", name}:
                self._faults.remove(waiting)
                return waiting[1]
        return self.plan(name)

    def _keyed(self, name: str, kwargs: Mapping[str, object], fault: Fault | None, act: Callable[[], T]) -> T:
        """Do what a call asks, unless its key was used before; raises Unreachable when it never arrived."""
        if fault is not None and not fault.did_it and not fault.kept:
            raise _failed(fault)
        if "key" not in kwargs:
            if fault is not None and not fault.did_it:
                raise _failed(fault)
            return act()
        key, asked = str(kwargs["key"]), (name, {**kwargs, "key": None})
        used = self._keys.get(key)
        if used is None or self._now() - used[0] > KEY_LIFE:
            answer = Unreachable("a failure that is kept") if fault is Fault.BROKEN_KEPT else act()
            kept = Unreachable("a failure that is kept") if fault is not None and fault.kept else answer
            self._keys[key] = (self._now(), asked, kept)
        elif used[1] != asked:
            raise Refused("this key was used for something else")
        else:
            answer = used[2]
        if isinstance(answer, ServiceError):
            raise answer
        return answer


def _failed(fault: Fault) -> Unreachable:
    return NotLetIn(fault.value) if fault is Fault.KEYS else Unreachable(fault.value)


def _newest(things: Mapping[str, T]) -> list[T]:
    return list(things.values())[::-1]
