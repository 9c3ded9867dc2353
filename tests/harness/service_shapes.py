"""Our values spelled as Stripe spells its objects, for the events of the service in memory."""

import datetime as dt
from typing import Any

from provider.payments.gateway import (
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Method,
    Return,
    Setup,
    SetupStatus,
)

Shaped = Setup | Method | Intent | Return | Dispute

_SETUPS = {SetupStatus.OPEN: "requires_payment_method"}
_INTENTS = {IntentStatus.NEEDS_ACTION: "requires_action", IntentStatus.FAILED: "requires_payment_method"}
_DISPUTES = {
    DisputeStatus.OPEN: "needs_response",
    DisputeStatus.INQUIRY: "warning_needs_response",
    DisputeStatus.DROPPED: "warning_closed",
}


def shape(value: Shaped) -> dict[str, Any]:
    """Return an object as it stands in an event."""
    match value:
        case Setup():
            return _setup(value)
        case Method():
            return {"id": value.id, "object": "payment_method", "customer": value.customer_id, "type": "card"}
        case Intent():
            return _intent(value)
        case Return():
            return _given_back(value)
        case Dispute():
            return _dispute(value)


def charge(intent: Intent, returned: int) -> dict[str, Any]:
    """Return the charge of an intent, as ``charge.refunded`` carries it."""
    return {
        "id": intent.charge_id,
        "object": "charge",
        "amount": intent.amount_cents,
        "amount_refunded": returned,
        "created": _seconds(intent.charged_at),
        "currency": intent.currency,
        "customer": intent.customer_id,
        "livemode": intent.live,
        "metadata": _metadata(intent.reference),
        "payment_intent": intent.id,
        "status": "succeeded",
    }


def _setup(setup: Setup) -> dict[str, Any]:
    return {
        "id": setup.id,
        "object": "setup_intent",
        "client_secret": setup.client_secret,
        "created": _seconds(setup.created_at),
        "customer": setup.customer_id,
        "metadata": _metadata(setup.reference),
        "payment_method": setup.method_id,
        "status": _SETUPS.get(setup.status, setup.status.value),
    }


def _intent(intent: Intent) -> dict[str, Any]:
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount_cents,
        "client_secret": intent.client_secret,
        "created": _seconds(intent.created_at),
        "currency": intent.currency,
        "customer": intent.customer_id,
        "last_payment_error": {"code": intent.failure} if intent.failure else None,
        "latest_charge": intent.charge_id,
        "livemode": intent.live,
        "metadata": _metadata(intent.reference),
        "payment_method": intent.method_id,
        "status": _INTENTS.get(intent.status, intent.status.value),
    }


def _given_back(one: Return) -> dict[str, Any]:
    return {
        "id": one.id,
        "object": "refund",
        "amount": one.amount_cents,
        "created": _seconds(one.created_at),
        "currency": one.currency,
        "failure_reason": one.failure,
        "metadata": _metadata(one.reference),
        "payment_intent": one.intent_id,
        "status": one.status.value,
    }


def _dispute(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount_cents,
        "created": _seconds(dispute.created_at),
        "currency": dispute.currency,
        "evidence_details": {"due_by": _seconds(dispute.respond_by)},
        "metadata": {},
        "payment_intent": dispute.intent_id,
        "reason": dispute.reason,
        "status": dispute_word(dispute.status),
    }


def dispute_word(status: DisputeStatus) -> str:
    """Return what Stripe calls it."""
    return _DISPUTES.get(status, status.value)


def _metadata(reference: str | None) -> dict[str, str]:
    return {} if reference is None else {"reference": reference}


def _seconds(instant: dt.datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())
