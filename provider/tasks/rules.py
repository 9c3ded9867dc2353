"""The kinds of tasks, the queues they wait in, their two states, and the order in which their turn comes."""

import datetime as dt
from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle

LONGEST_SENTENCE = 1000
MOST_DAYS_AHEAD = 366


class TaskKind(StrEnum):
    """What has to be done."""

    ANSWER_MESSAGE = "answer_message"
    RETURN_PAYMENT = "return_payment"
    LETTER_FAILED = "letter_failed"
    JOB_FAILED = "job_failed"
    PAYMENT_HOLD = "payment_hold"
    PAY_OUT = "pay_out"
    END_PLACEMENT = "end_placement"
    CREDIT_ALREADY_SENT = "credit_already_sent"
    AUDIT_BREACH = "audit_breach"
    FOLLOW_UP = "follow_up"
    ERASE_PERSON = "erase_person"
    CHECK_CARD_PAYMENT = "check_card_payment"
    ANSWER_DISPUTE = "answer_dispute"
    PAYOUT_FAILED = "payout_failed"
    OUTSIDE_REFUND = "outside_refund"
    CLOSE_DAY = "close_day"
    CHECK_DOCUMENT = "check_document"
    PLACE_STUDENT = "place_student"
    SITE_DECLINED = "site_declined"
    SITE_OFFERS = "site_offers"
    AGREEMENT_ENDS = "agreement_ends"
    COUNTERSIGN_AGREEMENT = "countersign_agreement"
    PLACEMENT_HELD = "placement_held"
    PRECEPTOR_ASKS = "preceptor_asks"
    EVALUATION_LATE = "evaluation_late"
    CHECK_EXAM_RESULT = "check_exam_result"
    CHECK_CREDIT_REQUEST = "check_credit_request"
    CREDIT_UNDECIDED = "credit_undecided"
    REGISTRAR_UNREACHED = "registrar_unreached"
    REFUND_BY_MAIL = "refund_by_mail"
    STAFF_UNPROVED = "staff_unproved"

    @property
    def label(self) -> str:
        """The task in words."""
        return {
            "answer_message": "Answer a message",
            "return_payment": "Return a payment",
            "letter_failed": "A letter could not be delivered",
            "job_failed": "A background job failed",
            "payment_hold": "An installment is more than ten days late",
            "pay_out": "Pay out a refund that is late",
            "end_placement": "End a running placement",
            "credit_already_sent": "Tell a college about a refund",
            "audit_breach": "The nightly audit found a contradiction",
            "follow_up": "Follow up",
            "erase_person": "Erase what is held about a person",
            "check_card_payment": "Look into a card payment",
            "answer_dispute": "Answer a dispute",
            "payout_failed": "A refund to a card failed",
            "outside_refund": "A refund was made outside of this system",
            "close_day": "A day’s money differs from the payment service",
            "check_document": "Check a document",
            "place_student": "Find a place for a student",
            "site_declined": "A site declined a student",
            "site_offers": "A site offers places",
            "agreement_ends": "An affiliation agreement ends soon",
            "countersign_agreement": "A site signed an affiliation agreement",
            "placement_held": "A placement is held for a document",
            "preceptor_asks": "A preceptor has a question",
            "evaluation_late": "An evaluation is late",
            "check_exam_result": "Check an exam result",
            "check_credit_request": "Check a credit request",
            "credit_undecided": "Ask a college for its decision",
            "registrar_unreached": "Find the right mailbox of a registrar",
            "refund_by_mail": "A mail asks for money back",
            "staff_unproved": "A mail claims to come from staff",
        }[self.value]


# What has a clock of its own stands once in the list of what runs, unless somebody has taken the task.
TIMED = frozenset({TaskKind.PAY_OUT, TaskKind.CHECK_CREDIT_REQUEST})


class TaskState(StrEnum):
    """Open or done."""

    OPEN = "open"
    DONE = "done"


LIFECYCLE: Lifecycle[TaskState] = Lifecycle(
    {TaskState.OPEN: frozenset({TaskState.DONE}), TaskState.DONE: frozenset({TaskState.OPEN})}
)


def turn(*, raised_on: dt.date, due_on: dt.date | None) -> dt.date:
    """Return the day by which an open task comes up: its due date, or the day it was raised when any day will do.

    So what has no date never waits behind what is due later.
    """
    return due_on or raised_on


def can_be_due(due_on: dt.date, *, today: dt.date) -> bool:
    """Say whether a task may be made due on a day: today or later, a year ahead at most."""
    return today <= due_on <= today + dt.timedelta(days=MOST_DAYS_AHEAD)


KEYS_PER_DAY = 2**31


def place(turn_on: dt.date, task_id: int) -> int:
    """Return where a task stands in a list as one number, by which its address opens the page from there."""
    return turn_on.toordinal() * KEYS_PER_DAY + task_id


def place_of(key: int) -> tuple[dt.date, int]:
    """Return day and id of a place; a number that is none stands at an end of all lists."""
    ordinal, task_id = divmod(key, KEYS_PER_DAY)
    return dt.date.fromordinal(min(max(ordinal, 1), dt.date.max.toordinal())), task_id
