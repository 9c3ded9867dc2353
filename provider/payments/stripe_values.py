"""Stripe's objects, as its answers spell them, read into our values; raises KeyError and the like for other shapes."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from provider.payments.gateway import (
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Method,
    Return,
    ReturnStatus,
    Setup,
    SetupStatus,
)

Answer = Mapping[str, Any]

_SETUPS = {"succeeded": SetupStatus.SUCCEEDED, "canceled": SetupStatus.CANCELED}
_INTENTS = {
    "requires_payment_method": IntentStatus.FAILED,
    "requires_confirmation": IntentStatus.NEEDS_ACTION,
    "requires_action": IntentStatus.NEEDS_ACTION,
    "requires_capture": IntentStatus.PROCESSING,  # we never hold money back; whoever does it by hand will finish it
    "processing": IntentStatus.PROCESSING,
    "succeeded": IntentStatus.SUCCEEDED,
    "canceled": IntentStatus.CANCELED,
}
_RETURNS = {
    "pending": ReturnStatus.PENDING,
    "requires_action": ReturnStatus.PENDING,
    "succeeded": ReturnStatus.SUCCEEDED,
    "failed": ReturnStatus.FAILED,
    "canceled": ReturnStatus.FAILED,
}
_DISPUTES = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.DROPPED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.LOST,  # settled with the cardholder's bank before it began: the money is gone
}


def setup(answer: Answer) -> Setup:
    """Read a SetupIntent; whatever is neither done nor given up is open, a declined card too: another may be tried."""
    return Setup(
        id=answer["id"],
        status=_SETUPS.get(answer["status"], SetupStatus.OPEN),
        client_secret=answer["client_secret"],
        customer_id=_id(answer["customer"]) or "",
        method_id=_id(answer.get("payment_method")) if answer["status"] == "succeeded" else None,
        reference=_reference(answer),
        created_at=_instant(answer["created"]),
    )


def method(answer: Answer) -> Method:
    """Read a PaymentMethod that is a card."""
    card = answer["card"]
    return Method(
        id=answer["id"],
        customer_id=_id(answer["customer"]),
        brand=card["brand"],
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
    )


def intent(answer: Answer) -> Intent:
    """Read a PaymentIntent; its latest charge has to be expanded where it succeeded, or its instant is not known."""
    status = _INTENTS[answer["status"]]
    charge = answer.get("latest_charge") if status is IntentStatus.SUCCEEDED else None
    failure = answer.get("last_payment_error") or {}
    return Intent(
        id=answer["id"],
        status=status,
        amount_cents=answer["amount"],
        currency=answer["currency"],
        live=answer["livemode"],
        customer_id=_id(answer.get("customer")),
        method_id=_id(answer.get("payment_method")),
        reference=_reference(answer),
        client_secret=answer.get("client_secret"),
        created_at=_instant(answer["created"]),
        charge_id=None if charge is None else charge["id"],
        charged_at=None if charge is None else _instant(charge["created"]),
        failure=failure.get("decline_code") or failure.get("code"),
    )


def given_back(answer: Answer) -> Return:
    """Read a Refund; one that waits for the cardholder (requires_action) is pending, a canceled one has failed."""
    status = _RETURNS[answer["status"]]
    return Return(
        id=answer["id"],
        status=status,
        intent_id=_id(answer.get("payment_intent")),
        amount_cents=answer["amount"],
        currency=answer["currency"],
        reference=_reference(answer),
        created_at=_instant(answer["created"]),
        failure=(answer.get("failure_reason") or answer["status"]) if status is ReturnStatus.FAILED else None,
    )


def dispute(answer: Answer) -> Dispute:
    """Read a Dispute, or the inquiry that comes before one; open until the bank has decided."""
    due_by = (answer.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=answer["id"],
        status=_DISPUTES.get(answer["status"], DisputeStatus.OPEN),
        intent_id=_id(answer.get("payment_intent")),
        amount_cents=answer["amount"],
        currency=answer["currency"],
        reason=answer["reason"],
        created_at=_instant(answer["created"]),
        respond_by=None if due_by is None else _instant(due_by),
    )


def _id(value: Any) -> str | None:  # noqa: ANN401 - an id, or the object itself where it was expanded
    found: str | None = value["id"] if isinstance(value, Mapping) else value
    return found


def _reference(answer: Answer) -> str | None:
    reference: str | None = (answer.get("metadata") or {}).get("reference")
    return reference


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
