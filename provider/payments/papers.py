"""What a receipt or credit note says, written from its frozen content for the page and for the printer alike."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from provider.kernel.days import written
from provider.kernel.money import dollars
from provider.kernel.web import utc, when
from provider.payments.models import Receipt
from provider.payments.rules import ReceiptKind


@dataclass(frozen=True, slots=True)
class Paper:
    """One numbered paper in words; ``lines`` are what was paid, in cents, ``notes`` what follows from it."""

    title: str
    number: str
    issued_at: dt.datetime
    zone: str
    seller: list[str]
    buyer: list[str]
    lines: list[tuple[str, int]]
    total_label: str
    total_cents: int
    facts: list[tuple[str, str]]
    notes: list[str]
    sample: bool

    def as_data(self) -> dict[str, Any]:
        """Return what the printer's template reads: text only."""
        return {
            "title": f"{self.title} {self.number}",
            "issued": [when(self.issued_at, self.zone), utc(self.issued_at)],
            "seller": self.seller,
            "buyer": self.buyer,
            "lines": [[what, dollars(cents)] for what, cents in self.lines],
            "total": [self.total_label, dollars(self.total_cents)],
            "facts": [list(fact) for fact in self.facts],
            "notes": self.notes,
            "sample": self.sample,
        }


def paper(receipt: Receipt) -> Paper:
    """Write a paper from what it froze when it was issued; later changes never reach it."""
    frozen = receipt.content
    is_receipt = receipt.kind is ReceiptKind.RECEIPT
    return Paper(
        title=receipt.kind.label,
        number=f"No. {receipt.number}",
        issued_at=receipt.issued_at,
        zone=frozen["zone"],
        seller=[frozen["school"], frozen["mailbox"]],
        buyer=[frozen["name"], f"Enrollment {frozen['enrollment']}", frozen["program"], frozen["plan"]],
        lines=[(line["what"], line["cents"]) for line in frozen["lines"]],
        total_label="Paid" if is_receipt else "Taken back",
        total_cents=frozen["amount_cents"],
        facts=[
            ("Paid by", frozen["method"]),
            ("Reference", frozen["external_reference"]),
            ("Came in", when(_at(frozen["received_at"]), frozen["zone"])),
            ("Recorded", when(_at(frozen["recorded_at"]), frozen["zone"])),
        ],
        notes=_receipt_notes(frozen) if is_receipt else _credit_notes(frozen),
        sample=frozen["sample"],
    )


def _receipt_notes(frozen: dict[str, Any]) -> list[str]:
    if frozen["for_return"]:
        return ["The enrollment could not take this payment any more. All of it goes back to where it came from."]
    deadline = _at(frozen["deadline_at"])
    until = f"{when(deadline, frozen['zone'])} ({utc(deadline)})"
    notes = [f"You can ask for all of your money back until {until}.", frozen["clause"]]
    if frozen["next_due_on"] is None:
        return [*notes, "Nothing is open."]
    due = written(dt.date.fromisoformat(frozen["next_due_on"]))
    still = f"Still open: {dollars(frozen['open_cents'])}."
    return [*notes, f"{still} Next, {dollars(frozen['next_cents'])} is due on {due}."]


def _credit_notes(frozen: dict[str, Any]) -> list[str]:
    return [
        f"This takes back receipt no. {frozen['receipt_number']}: the payment was recorded in error.",
        f"Reason: {frozen['reason']}",
    ]


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
