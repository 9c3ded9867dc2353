"""The kinds of tasks and the queues they wait in."""

from enum import StrEnum


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
        }[self.value]


class TaskState(StrEnum):
    """Open or done."""

    OPEN = "open"
    DONE = "done"
