"""The numbered papers of payments: what they freeze, and how they get a number without a gap."""

import datetime as dt
from typing import Any

from provider.enrollments.models import Enrollment
from provider.kernel import references
from provider.kernel.database import db, insert_unless
from provider.kernel.days import written
from provider.kernel.settings import settings
from provider.payments.models import Payment, Receipt, ReceiptSeries
from provider.payments.rules import Allocated, OpenInstallment, ReceiptKind
from provider.policies.rules import Window


def receipt(
    payment: Payment,
    enrollment: Enrollment,
    *,
    spread: Allocated,
    window: Window | None,
    purchase: bool,
    owed: list[OpenInstallment],
    at: dt.datetime,
) -> Receipt:
    """Issue the receipt of a payment: what it paid, what is open, and until when all of it can come back."""
    content = _content(payment, enrollment) | {
        "lines": _lines(spread, enrollment, for_return=payment.for_return),
        "purchase": purchase,
        "deadline_at": window.deadline.isoformat() if window else None,
        "clause": window.clause.text if window else None,
        "open_cents": sum(one.open_cents for one in owed),
        "next_due_on": owed[0].due_on.isoformat() if owed else None,
        "next_cents": owed[0].open_cents if owed else None,
    }
    return _issue(ReceiptKind.RECEIPT, payment, content, at)


def credit_note(
    payment: Payment, enrollment: Enrollment, *, original: Receipt, reason: str, at: dt.datetime
) -> Receipt:
    """Issue the credit note of a payment that was recorded in error; it names the receipt it takes back."""
    content = _content(payment, enrollment) | {
        "lines": [{"what": "Payment recorded in error", "cents": payment.amount_cents}],
        "reason": reason,
        "receipt_number": original.number,
    }
    return _issue(ReceiptKind.CREDIT_NOTE, payment, content, at)


def _content(payment: Payment, enrollment: Enrollment) -> dict[str, Any]:
    return {
        "school": settings().SCHOOL_NAME,
        "mailbox": settings().mailbox("enquiries"),
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "plan": enrollment.agreement.plan_title,
        "enrollment": enrollment.reference,
        "payment": payment.reference,
        "method": payment.method.label,
        "external_reference": payment.external_reference,
        "amount_cents": payment.amount_cents,
        "received_at": payment.received_at.isoformat(),
        "recorded_at": payment.recorded_at.isoformat(),
        "zone": enrollment.zone,
        "for_return": payment.for_return,
        "sample": enrollment.agreement.sample,
    }


def _lines(spread: Allocated, enrollment: Enrollment, *, for_return: bool) -> list[dict[str, Any]]:
    due = {installment.number: installment for installment in enrollment.installments}
    lines = []
    for share in spread.shares:
        part = "" if share.cents == due[share.number].amount_cents else ", in part"
        what = f"Payment {share.number} of {len(due)}, due {written(due[share.number].due_on)}{part}"
        lines.append({"what": what, "cents": share.cents})
    if spread.rest_cents:
        late = "Came too late for this enrollment, to be returned"
        lines.append({"what": late if for_return else "Your credit: more than was owed", "cents": spread.rest_cents})
    return lines


def _issue(kind: ReceiptKind, payment: Payment, content: dict[str, Any], at: dt.datetime) -> Receipt:
    """Store a paper under the next number; all else is written before, so that others hardly wait for it."""
    db.session.flush()
    paper = Receipt(
        reference=references.new(kind.prefix),
        kind=kind,
        series=kind.series,
        number=_next_number(kind.series),
        payment_id=payment.id,
        issued_at=at,
        content=content,
    )
    db.session.add(paper)
    return paper


def _next_number(series: str) -> int:
    """Take the next number; a transaction that is rolled back gives it back, so none is ever missing."""
    first = insert_unless(ReceiptSeries).values(name=series, last_number=1)
    following = first.on_conflict_do_update(
        index_elements=["name"], set_={"last_number": ReceiptSeries.last_number + 1}
    )
    return int(db.session.execute(following.returning(ReceiptSeries.last_number)).scalar_one())
