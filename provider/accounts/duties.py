"""Which task whose roles permit; pure."""

from provider.accounts.rules import Permission
from provider.tasks.rules import TaskKind

# What it takes to do a task of a kind, any one of these; every other kind takes no more than doing tasks.
NEEDS: dict[TaskKind, frozenset[Permission]] = {
    TaskKind.RETURN_PAYMENT: frozenset({Permission.RECORD_MONEY}),
    TaskKind.PAY_OUT: frozenset({Permission.RECORD_MONEY}),
    TaskKind.CHECK_CARD_PAYMENT: frozenset({Permission.RECORD_MONEY}),
    TaskKind.ANSWER_DISPUTE: frozenset({Permission.RECORD_MONEY}),
    TaskKind.PAYOUT_FAILED: frozenset({Permission.RECORD_MONEY}),
    TaskKind.OUTSIDE_REFUND: frozenset({Permission.RECORD_MONEY}),
    TaskKind.CLOSE_DAY: frozenset({Permission.RECORD_MONEY}),
    TaskKind.PAYMENT_HOLD: frozenset({Permission.CHANGE_ENROLLMENTS, Permission.RECORD_MONEY}),
    TaskKind.ERASE_PERSON: frozenset({Permission.ERASE_PEOPLE}),
    TaskKind.LETTER_FAILED: frozenset({Permission.RESEND_MAIL}),
    TaskKind.CHECK_DOCUMENT: frozenset({Permission.CHECK_DOCUMENTS}),
    TaskKind.END_PLACEMENT: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.PLACE_STUDENT: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.SITE_DECLINED: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.SITE_OFFERS: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.AGREEMENT_ENDS: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.COUNTERSIGN_AGREEMENT: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.PLACEMENT_HELD: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.PRECEPTOR_ASKS: frozenset({Permission.MANAGE_PLACEMENTS}),
    TaskKind.REFUND_BY_MAIL: frozenset({Permission.RECORD_MONEY}),
    TaskKind.CHECK_EXAM_RESULT: frozenset({Permission.CHECK_EXAMS}),
    TaskKind.CHECK_CREDIT_REQUEST: frozenset({Permission.SEND_CREDITS}),
    TaskKind.CREDIT_UNDECIDED: frozenset({Permission.SEND_CREDITS}),
    TaskKind.REGISTRAR_UNREACHED: frozenset({Permission.SEND_CREDITS}),
    TaskKind.CREDIT_ALREADY_SENT: frozenset({Permission.SEND_CREDITS}),
    TaskKind.EVALUATION_LATE: frozenset({Permission.MANAGE_PLACEMENTS}),
}


def can_do(kind: TaskKind, held: frozenset[Permission]) -> bool:
    """Say whether somebody with these permissions may own and do a task of this kind."""
    if Permission.DO_TASKS not in held:
        return False
    return kind not in NEEDS or bool(NEEDS[kind] & held)


def kinds_for(held: frozenset[Permission]) -> tuple[TaskKind, ...]:
    """Return the kinds of tasks that these permissions let somebody do."""
    return tuple(kind for kind in TaskKind if can_do(kind, held))
