"""What the search box finds of money and of the offer: references and numbers, programs and questions by words."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.enrollments.models import Enrollment
from provider.files.models import File
from provider.kernel import text
from provider.kernel.database import db, table
from provider.kernel.finding import Hit, Source, Typed
from provider.kernel.money import dollars
from provider.payments.models import Payment, Receipt
from provider.payments.rules import ReceiptKind
from provider.policies.models import StateFloorRow
from provider.programs import queries as programs
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.search.records import Records, by_reference, leads
from provider.tuition.models import TuitionPlan

P = Permission
LARGEST_NUMBER = 2**31 - 1
_E, _PY, _RC = table(Enrollment).c, table(Payment).c, table(Receipt).c
_R, _PO, _W = table(Refund).c, table(Payout).c, table(Withdrawal).c
_PG, _TP, _SF, _F, _Q = (table(model).c for model in (Program, TuitionPlan, StateFloorRow, File, FaqItem))


def _receipt(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_payments.show", reference=row.payment)
    title = f"{row.kind.label} {row.number}"
    return Hit(row.reference, title, href, f"Payment {row.payment}", at=row.issued_at)


RECEIPTS = Records(
    sa.select(_RC.reference, _RC.kind, _RC.number, _RC.issued_at, _PY.reference.label("payment")).join_from(
        table(Receipt), table(Payment)
    ),
    _RC.reference,
    _receipt,
)


def receipts(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return the receipt and the credit note of a number."""
    number = words[0].beginning if len(words) == 1 else ""
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    # Numbers are counted in series, and the index that keeps them apart begins with the series.
    of_series = _RC.series.in_([kind.series for kind in ReceiptKind])
    return RECEIPTS.read(RECEIPTS.query.where(of_series, _RC.number == min(wanted, LARGEST_NUMBER)).limit(most))


def _payment(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_payments.show", reference=row.reference)
    return Hit(row.reference, dollars(row.amount_cents), href, at=row.recorded_at)


PAYMENTS = Records(sa.select(_PY.reference, _PY.amount_cents, _PY.recorded_at), _PY.reference, _payment)


def _has(words: Sequence[Typed], *texts: str) -> bool:
    """Say whether each word typed begins a word of these texts."""
    there = [word for one in texts for word in (*text.words(one), one.casefold())]
    return bool(words) and all(any(word.startswith(typed.beginning) for word in there) for typed in words)


def offered(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return programs by title or code; there are few, so all are read."""
    found = [one for one in programs.programs() if _has(words, one.code, one.slug, one.versions[0].title)]
    href = {one.reference: url_for("staff_programs.show", reference=one.reference) for one in found}
    return [Hit(one.reference, one.versions[0].title, href[one.reference], one.code) for one in found[:most]]


def questions(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return questions by their words; there are few, so all are read."""
    rows = db.session.execute(sa.select(_Q.slug, _Q.question).order_by(_Q.position, _Q.id))
    found = [row for row in rows if _has(words, row.question)]
    return [Hit(row.slug, row.question, url_for("staff_faq.edit", slug=row.slug)) for row in found[:most]]


def floor(reference: str) -> Hit | None:
    """Return the page of the state laws, where one of this reference stands."""
    found = db.session.scalar(sa.select(_SF.id).where(_SF.reference == reference))
    return None if found is None else Hit(reference, reference, url_for("staff_policies.index"))


_PLAN = sa.select(_TP.reference.label("plan"), _PG.reference).join_from(table(TuitionPlan), table(Program))
_PAYOUT = sa.select(_R.reference).join_from(table(Payout), table(Refund))
_PROOF = sa.select(_F.reference).join_from(table(Payment), table(File), _F.id == _PY.proof_file_id)
_WITHDRAWAL = sa.select(_E.reference).join_from(table(Withdrawal), table(Enrollment))
SOURCES = {
    "receipts": Source(
        "Receipts and credit notes",
        "Receipts and credit notes, by number or reference (RC-…, CN-…)",
        P.SEE_MONEY,
        rank=60,
        prefixes=("RC", "CN"),
        named=RECEIPTS.named,
        worded=receipts,
    ),
    "payments": by_reference("Payments", "PY", PAYMENTS.named, needs=P.SEE_MONEY, rank=61),
    "refunds": by_reference("Refunds", "R", leads(_R.reference, "staff_refunds.show"), needs=P.SEE_MONEY, rank=62),
    "payouts": by_reference(
        "Payouts", "PO", leads(_PO.reference, "staff_refunds.show", _PAYOUT), needs=P.SEE_MONEY, rank=63
    ),
    "withdrawals": by_reference(
        "Withdrawals", "W", leads(_W.reference, "staff_enrollments.show", _WITHDRAWAL), needs=P.SEE_MONEY, rank=64
    ),
    "files": by_reference(
        "Proofs of payments", "F", leads(_F.reference, "staff_files.show", _PROOF), needs=P.SEE_MONEY, rank=65
    ),
    "programs": Source(
        "Programs",
        "Programs, by title, code or reference (PG-…)",
        P.SEE_CATALOG,
        rank=70,
        prefixes=("PG",),
        named=leads(_PG.reference, "staff_programs.show"),
        worded=offered,
    ),
    "plans": by_reference(
        "Tuition plans", "TP", leads(_TP.reference, "staff_programs.edit_plan", _PLAN), needs=P.SEE_CATALOG, rank=71
    ),
    "floors": by_reference("State laws", "SF", floor, needs=P.SEE_CATALOG, rank=72),
    "questions": Source("Questions", "Questions, by their words", P.SEE_CATALOG, rank=73, worded=questions),
}
