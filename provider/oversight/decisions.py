"""Refund decisions, decided again by the rules from what is stored, and compared with what was decided."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from provider.enrollments.models import Agreement, Enrollment
from provider.kernel.database import db
from provider.oversight.checks import Finding, rows
from provider.oversight.money_out import APPROVED
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES
from provider.policies import queries as policies
from provider.policies import rules
from provider.policies.models import StateFloorRow
from provider.policies.rules import Anchor, Decision, PolicyVersion, Refusal, StateFloor, Terms, Unit, Window
from provider.refunds.models import Refund
from provider.refunds.rules import OF_ONE_PAYMENT, RefundBasis, RefundState, basis_of

# A payment that was on its way into the books in the same instant as a request did not count for it.
AT_ONCE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Law:
    """Every policy version, and every floor with the instant from which it is on."""

    versions: Sequence[PolicyVersion]
    floors: Sequence[tuple[StateFloor, dt.datetime]]

    @classmethod
    def read(cls) -> "_Law":
        enabled = db.session.scalars(sa.select(StateFloorRow).where(StateFloorRow.enabled_at.is_not(None)))
        floors = [(policies.floor(row), row.enabled_at) for row in enabled if row.enabled_at is not None]
        return cls(policies.versions(), floors)


def refund_follows_the_policy() -> Iterator[Finding]:
    """Everything goes back if and only if the request came inside the window, or staff made an exception."""
    law = _Law.read()
    query = (
        sa.select(Refund, Enrollment.state_code, Enrollment.zone, Enrollment.purchased_at, Agreement)
        .join(Enrollment, Enrollment.id == Refund.enrollment_id)
        .join(Agreement, Agreement.enrollment_id == Enrollment.id)
        .where(Refund.basis.not_in(OF_ONE_PAYMENT))
    )
    for refund, state, zone, purchased_at, agreement in rows(query):
        terms = _terms(agreement, state, zone, law)
        sentence = "rests on a policy version that is gone" if terms is None else _difference(refund, terms, law)
        if sentence is None and refund.state in APPROVED and refund.purchased_at != purchased_at:
            sentence = "was decided by another purchase than its enrollment's"
        if sentence is not None:
            yield refund.reference, sentence


def _terms(agreement: Agreement, state: str, zone: str, law: _Law) -> Terms | None:
    accepted = next((version for version in law.versions if version.number == agreement.policy_number), None)
    if accepted is None:
        return None
    policy = replace(accepted, hours=agreement.policy_hours)
    return Terms(accepted_at=agreement.accepted_at, policy=policy, state=state, zone=ZoneInfo(zone))


def _difference(refund: Refund, terms: Terms, law: _Law) -> str | None:
    """Say where a stored decision differs from the rules' own; None when it does not."""
    stored = refund.decision
    window = _window(refund, terms, law)
    refusal = stored.get("refusal")
    decision = rules.decide(
        terms=terms,
        window=window,
        asked_at=refund.asked_at,
        captured_cents=stored.get("captured_cents", 0),
        already_refunded=refusal == Refusal.ALREADY_REFUNDED,
        disputed=refusal == Refusal.DISPUTED,
    )
    if refund.basis is RefundBasis.OVERRIDE:
        if not decision.can_be_overridden:
            return "is an exception, though no exception was needed or possible"
        decision = replace(decision, override_reason=refund.override_reason)
    if decision.approved != (refund.state in APPROVED) or refund.state is RefundState.REQUESTED:
        return f"is {refund.state.value}, though the rules say {_said(decision)}"
    return _kept_otherwise(refund, decision, stored)


def _said(decision: Decision) -> str:
    return "approved" if decision.approved or decision.refusal is None else decision.refusal.label.lower()


def _kept_otherwise(refund: Refund, decision: Decision, stored: Mapping[str, Any]) -> str | None:
    """Compare what columns and record keep with the decision."""
    record = decision.as_record()
    named = ("approved", "amount_cents", "refusal", "purchased_at", "deadline", "accepted_at")
    kept = [name for name in named if stored.get(name) != record[name]]
    if stored.get("clause", {}).get("code") != record["clause"]["code"]:
        kept.append("clause")
    columns = (refund.amount_cents, refund.purchased_at, refund.deadline_at, refund.basis)
    if columns != (decision.amount_cents, decision.purchased_at, decision.deadline, basis_of(decision)):
        kept.append("columns")
    return f"keeps other values than the rules give: {', '.join(kept)}" if kept else None


def _window(refund: Refund, terms: Terms, law: _Law) -> Window | None:
    if refund.purchased_at is None:
        return None
    at_purchase = rules.in_force(law.versions, refund.purchased_at) or terms.policy
    floors = [floor for floor, since in law.floors if since <= refund.decided_at]
    kept = refund.decision.get("floor")
    if kept is not None:  # one that was on then may have been turned off since
        floors.append(_floor(kept))
    return rules.window(terms=terms, purchased_at=refund.purchased_at, policy_at_purchase=at_purchase, floors=floors)


def _floor(kept: Mapping[str, Any]) -> StateFloor:
    return StateFloor(
        state=kept["state"],
        anchor=Anchor(kept["anchor"]),
        amount=kept["amount"],
        unit=Unit(kept["unit"]) if kept["unit"] else None,
        citation=kept["citation"],
        source=kept["source"],
        as_of=dt.date.fromisoformat(kept["as_of"]),
        enabled=True,
    )


def refusal_tells_the_truth() -> Iterator[Finding]:
    """A request is turned down for no money only when none had come in, and as refunded only when it was."""
    paid = sa.exists().where(
        Payment.enrollment_id == Refund.enrollment_id,
        Payment.state.in_(PURCHASE_STATES),
        Payment.for_return.is_(False),
        Payment.recorded_at < Refund.asked_at,
    )
    other = aliased(Refund)
    refunded = sa.exists().where(
        other.enrollment_id == Refund.enrollment_id, other.state.in_(APPROVED), other.id < Refund.id
    )
    refusal = Refund.decision["refusal"].as_string()
    for reason, untrue in ((Refusal.NOTHING_CAPTURED, paid), (Refusal.ALREADY_REFUNDED, ~refunded)):
        query = sa.select(
            Refund.reference.label("subject"), Refund.asked_at, Enrollment.purchased_at.label("purchased_at")
        ).join(Enrollment, Enrollment.id == Refund.enrollment_id)
        query = query.where(Refund.state == RefundState.DECLINED, refusal == reason.value, untrue)
        for row in rows(query):
            paid_at = row.purchased_at if reason is Refusal.NOTHING_CAPTURED else None
            if paid_at is None or row.asked_at - paid_at > AT_ONCE:
                yield row.subject, f"was turned down as {reason.label.lower()}, which it was not"


CHECKS = (refund_follows_the_policy, refusal_tells_the_truth)
