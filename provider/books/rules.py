"""The statement of account: what each posting was in plain words, what it changed for the student, and the balance.

A balance above zero is what the student owes in all, due or not; one below zero is what the school owes the student.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from provider.enrollments.rules import OWED_STATES, InstallmentState
from provider.kernel.money import dollars
from provider.ledger.rules import Account, Line, PostingKind, Side

STUDENTS = frozenset({Account.RECEIVABLE, Account.STUDENT_CREDIT, Account.REFUNDS_PAYABLE})


@dataclass(frozen=True, slots=True)
class Posted:
    """One posting of an enrollment's ledger."""

    kind: PostingKind
    subject: str
    at: dt.datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words of a statement need beside the ledger, by the references of postings.

    ``payments`` say how each came (“check 1017”), ``payouts`` how each went back, ``for_return`` are payments that the
    enrollment could not take. ``installments`` are the references of the installments in their order.
    """

    tuition: str
    installments: Sequence[str] = ()
    payments: Mapping[str, str] = field(default_factory=dict)
    payouts: Mapping[str, str] = field(default_factory=dict)
    for_return: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement: cents above zero add to what is owed, below zero take off; zero only tells."""

    at: dt.datetime
    what: str
    cents: int
    balance: int


def entries(postings: Iterable[Posted], facts: Facts) -> list[Entry]:
    """Return the lines of a statement in the order in which they were posted, with the balance after each."""
    balance, found = 0, []
    for posted in postings:
        for what, cents in _WORDS[posted.kind](posted, facts):
            balance += cents
            found.append(Entry(posted.at, what, cents, balance))
    return found


def effect(lines: Iterable[Line], accounts: frozenset[Account] = STUDENTS) -> int:
    """Return by how many cents a posting changes what the student owes, on some of the student's accounts."""
    return sum(
        line.cents if line.side is Side.DEBIT else -line.cents
        for line in lines
        if line.account in accounts and line.account in STUDENTS
    )


def _moved(posted: Posted) -> int:
    """Return what a posting moved in all, whoever's accounts it stood on."""
    return sum(line.cents for line in posted.lines if line.side is Side.DEBIT)


Words = list[tuple[str, int]]


def _accepted(posted: Posted, facts: Facts) -> Words:
    return [(f"Tuition for {facts.tuition}, as agreed", effect(posted.lines))]


def _captured(posted: Posted, facts: Facts) -> Words:
    late = ". It came when the enrollment could not take it, so it goes back" if _returns(posted, facts) else ""
    return [(f"Payment received by {_payment(posted, facts)}{late}", effect(posted.lines))]


def _returns(posted: Posted, facts: Facts) -> bool:
    return posted.subject in facts.for_return


def _payment(posted: Posted, facts: Facts) -> str:
    return facts.payments.get(posted.subject, posted.subject)


def _reversed(posted: Posted, facts: Facts) -> Words:
    return [(f"Payment by {_payment(posted, facts)} taken back: it was recorded in error", effect(posted.lines))]


def _credit_applied(posted: Posted, _facts: Facts) -> Words:
    return [(f"Your credit of {dollars(_moved(posted))} used for what was open again", effect(posted.lines))]


def _waived(posted: Posted, facts: Facts) -> Words:
    cents = effect(posted.lines)
    if posted.subject in facts.installments:
        number = list(facts.installments).index(posted.subject) + 1
        return [(f"Installment {number} of {len(facts.installments)} waived by the school", cents)]
    if posted.subject in facts.payments:
        return [("Waived as before: the payment taken back had paid a part of what is waived", cents)]
    return [("What was still to be paid, waived when you left the program", cents)]


def _canceled(posted: Posted, _facts: Facts) -> Words:
    return [("Enrollment canceled before a payment: nothing is owed", effect(posted.lines))]


def _refund_approved(posted: Posted, _facts: Facts) -> Words:
    """Tell apart what goes back and what need not be paid any more."""
    unpaid = effect(posted.lines, frozenset({Account.RECEIVABLE}))
    back = sum(line.cents for line in posted.lines if (line.account, line.side) == _OWED_BACK)
    told: Words = [(f"Refund approved: {dollars(back)} goes back to you", effect(posted.lines) - unpaid)]
    return [*told, ("What was still to be paid, canceled with the refund", unpaid)] if unpaid else told


_OWED_BACK = (Account.REFUNDS_PAYABLE, Side.CREDIT)


def _paid_out(posted: Posted, facts: Facts) -> Words:
    """Tell apart what was sent and what of it a bank had given back; one that a bank gave back whole is one line."""
    what, cents = f"Refund sent by {_payout(posted, facts)}", effect(posted.lines)
    by_bank = sum(line.cents for line in posted.lines if (line.account, line.side) == _BY_BANK)
    if by_bank == cents:
        return [(what, cents)]
    told: Words = [(what, cents - by_bank)]
    return [*told, ("Given back to you by your bank in a dispute", by_bank)] if by_bank else told


_BY_BANK = (Account.DISPUTED, Side.CREDIT)


def _payout(posted: Posted, facts: Facts) -> str:
    """Name how a payout goes back; a second try of it stands under its reference, a dot and the number of the try."""
    reference = posted.subject.partition(".")[0]
    return facts.payouts.get(reference, reference)


def _payout_failed(posted: Posted, facts: Facts) -> Words:
    what = f"Refund by {_payout(posted, facts)} did not arrive. The school sends it again"
    return [(what, effect(posted.lines))]


def _disputed(posted: Posted, _facts: Facts) -> Words:
    held = dollars(_moved(posted))
    return [(f"Your bank took {held} back because a card payment was disputed, and decides about it", 0)]


def _dispute_won(posted: Posted, _facts: Facts) -> Words:
    return [(f"The bank decided the dispute: the payment of {dollars(_moved(posted))} stands", 0)]


_K = PostingKind
_WORDS: dict[PostingKind, Callable[[Posted, Facts], Words]] = {
    _K.ACCEPTED: _accepted,
    _K.CAPTURED: _captured,
    _K.REVERSED: _reversed,
    _K.CREDIT_APPLIED: _credit_applied,
    _K.WAIVED: _waived,
    _K.CANCELED: _canceled,
    _K.REFUND_APPROVED: _refund_approved,
    _K.PAID_OUT: _paid_out,
    _K.PAYOUT_FAILED: _payout_failed,
    _K.DISPUTED: _disputed,
    _K.DISPUTE_WON: _dispute_won,
}


@dataclass(frozen=True, slots=True)
class Due:
    """An installment as a statement counts it."""

    due_on: dt.date
    open_cents: int
    state: InstallmentState


@dataclass(frozen=True, slots=True)
class Standing:
    """What a student owes at a date, in cents: ``now`` is due today or late, ``later`` is not due yet.

    ``credit`` is more than was owed, ``on_its_way`` goes back to the student.
    """

    now: int
    later: int
    next_due_on: dt.date | None
    next_cents: int
    credit: int
    on_its_way: int


def standing(installments: Iterable[Due], balances: Mapping[Account, int], *, today: dt.date) -> Standing:
    """Say what is owed today, what comes next, and what the school owes; ``today`` is a date in the school's zone."""
    owed = sorted((one for one in installments if one.state in OWED_STATES), key=lambda one: one.due_on)
    coming = [one for one in owed if one.due_on > today]
    return Standing(
        now=sum(one.open_cents for one in owed if one.due_on <= today),
        later=sum(one.open_cents for one in coming),
        next_due_on=coming[0].due_on if coming else None,
        next_cents=coming[0].open_cents if coming else 0,
        credit=-balances.get(Account.STUDENT_CREDIT, 0),
        on_its_way=-balances.get(Account.REFUNDS_PAYABLE, 0),
    )
