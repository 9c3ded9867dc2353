"""Which call of the gateway a request of the fault proxy is, and what answers it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.harness.proxied_account import Answer, Params, ProxiedAccount, Refusal

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; ``params`` flat, ``json`` where the browser sent it so."""

    method: str
    path: str
    params: Params
    json: Mapping[str, Any]
    key: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, by the names of the gateway's methods that ask it; the browser's calls have none."""

    names: frozenset[str]
    act: Callable[[ProxiedAccount], Answer]


def understood(request: Request) -> Call:
    """Return the call that a request is; raises Refusal for what we never call."""
    for method, pattern, names, make in _ROUTES:
        if method == request.method and (found := re.fullmatch(pattern, request.path)):
            return Call(_names(names, request), partial(_act, make, request, found.groups()))
    raise Refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def _act(make: "_Make", request: Request, things: tuple[str, ...], account: ProxiedAccount) -> Answer:
    return make(account, request, *things)


def _names(names: str, request: Request) -> frozenset[str]:
    """Return the names of a call; a list is told by what it asks for."""
    found = names.split()
    if names.startswith("intents"):
        found = ["intents_of" if "customer" in request.params else "intents_between"]
    elif names.startswith("returns"):
        found = ["returns_of" if "payment_intent" in request.params else "returns_between"]
    return frozenset(found)


def _intent(account: ProxiedAccount, request: Request, answer: Mapping[str, Any]) -> Answer:
    whole = any(value in {"latest_charge", "data.latest_charge"} for value in request.params.values())
    return account.seen(answer, whole_charge=whole)


def _charge(account: ProxiedAccount, request: Request) -> Answer:
    return _intent(account, request, account.charge(request.params))


def _one_intent(account: ProxiedAccount, request: Request, intent_id: str) -> Answer:
    return _intent(account, request, account.intent(intent_id))


def _cancel(account: ProxiedAccount, request: Request, intent_id: str) -> Answer:
    return _intent(account, request, account.cancel(intent_id))


def _authenticate(account: ProxiedAccount, request: Request, intent_id: str) -> Answer:
    return account.seen(account.authenticate(intent_id, request.json, success=request.params.get("success") == "true"))


def _intents(account: ProxiedAccount, request: Request) -> Answer:
    """List charges by customer and time, both of which localstripe cannot."""
    customer = request.params.get("customer")
    if customer is not None:
        account.known_customer(customer)
    found = (one for one in account.intents.values() if customer in {None, one["customer"]})
    return _page(request, found, lambda one: _intent(account, request, one))


def _refunds(account: ProxiedAccount, request: Request) -> Answer:
    intent = request.params.get("payment_intent")
    if intent is not None and intent not in account.intents:
        raise Refusal(400, f"No such payment_intent: '{intent}'", code="resource_missing", param="payment_intent")
    return _page(request, (one for one in account.refunds.values() if intent in {None, one["payment_intent"]}), dict)


def _disputes(account: ProxiedAccount, request: Request) -> Answer:
    return _page(request, account.disputes.values(), dict)


def _page(request: Request, found: Iterable[Mapping[str, Any]], shown: Callable[[Mapping[str, Any]], Answer]) -> Answer:
    """Return a page of a list, newest first, within ``created``."""
    limit = int(request.params.get("limit", "10"))
    if not 1 <= limit <= MOST_AT_ONCE:
        raise Refusal(400, "This value must be between 1 and 100.", param="limit")
    first = int(request.params.get("created[gte]", "0"))
    end = int(request.params.get("created[lt]", str(2**40)))
    rows = [one for one in found if first <= one["created"] < end][::-1]
    if after := request.params.get("starting_after"):
        ids = [one["id"] for one in rows]
        rows = rows[ids.index(after) + 1 :]
    return {
        "object": "list",
        "url": request.path,
        "has_more": len(rows) > limit,
        "data": [shown(one) for one in rows[:limit]],
    }


_Make = Callable[..., Answer]
_ROUTES: tuple[tuple[str, str, str, _Make], ...] = (
    ("POST", "/v1/customers", "create_customer", lambda account, request: account.create_customer(request.params)),
    ("POST", "/v1/setup_intents", "begin_setup", lambda account, request: account.begin_setup(request.params)),
    ("GET", r"/v1/setup_intents/(\w+)", "setup", lambda account, _, name: account.setup(name)),
    (
        "POST",
        r"/v1/setup_intents/(\w+)/confirm",
        "",
        lambda account, request, name: account.confirm_setup(name, request.json),
    ),
    (
        "POST",
        r"/v1/setup_intents/(\w+)/cancel",
        "",
        lambda account, request, name: account.cancel_setup(name, request.json),
    ),
    ("GET", r"/v1/payment_methods/(\w+)", "method attach", lambda account, _, name: account.method(name)),
    (
        "POST",
        r"/v1/payment_methods/(\w+)/attach",
        "attach",
        lambda account, request, name: account.attach(name, request.params),
    ),
    ("POST", r"/v1/payment_methods/(\w+)/detach", "detach", lambda account, _, name: account.detach(name)),
    ("POST", "/v1/payment_intents", "charge", _charge),
    ("GET", "/v1/payment_intents", "intents", _intents),
    ("GET", r"/v1/payment_intents/(\w+)", "intent", _one_intent),
    ("POST", r"/v1/payment_intents/(\w+)/cancel", "cancel", _cancel),
    ("POST", r"/v1/payment_intents/(\w+)/_authenticate", "", _authenticate),
    ("POST", "/v1/refunds", "give_back", lambda account, request: account.give_back(request.params)),
    ("GET", "/v1/refunds", "returns", _refunds),
    ("GET", r"/v1/refunds/(\w+)", "given_back", lambda account, _, name: account.given_back(name)),
    ("GET", "/v1/disputes", "disputes_between", _disputes),
    ("GET", r"/v1/disputes/(\w+)", "dispute", lambda account, _, name: account.dispute(name)),
)
