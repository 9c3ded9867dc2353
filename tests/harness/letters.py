"""A full set of values for every letter there is, and letters to post with them."""

import datetime as dt
from collections.abc import Mapping

from provider.mail.rules import Letter, Value

POSTED = dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC)
LINK = "K-7K2M9Q4T"
_AT = "2026-11-21T23:31:59+00:00"
_ONE: dict[str, Value] = {
    "name": "Ana Ñúñez",
    "program": "Certified Clinical Medical Assistant",
    "reference": "E-7K2M9Q4T",
    "zone": "America/Los_Angeles",
    "sample": True,
}
VALUES: Mapping[str, dict[str, Value]] = {
    "enrollment_received": {
        **_ONE,
        "plan": "Four installments",
        "total_cents": 129_900,
        "prove_link": LINK,
        "expires_at": _AT,
        "rows": [{"due_on": "2026-11-21", "amount_cents": 65_000}, {"due_on": "2026-12-21", "amount_cents": 64_900}],
        "lapses_on": "2026-12-05",
        "refund_sentence": "You can have all your money back within 24 hours of your first payment.",
    },
    "prove_email": {
        **_ONE,
        "plan": "Four installments",
        "total_cents": 129_900,
        "prove_link": LINK,
        "expires_at": _AT,
    },
    "payment_reminder": {
        **_ONE,
        "plan": "Four installments",
        "total_cents": 129_900,
        "first_cents": 65_000,
        "lapses_on": "2026-12-05",
        "enrollment_path": "/my/enrollments/E-7K2M9Q4T",
    },
    "enrollment_canceled": {**_ONE, "reason": "unpaid"},
    "installment_reminder": {**_ONE, "number": 2, "due_on": "2026-12-21", "amount_cents": 64_900, "kind": "ahead"},
    "card_declined": {
        **_ONE,
        "number": 2,
        "amount_cents": 64_900,
        "card": "Visa ending in 4242",
        "why": "There was not enough money on the card.",
        "again_on": "2026-12-22",
        "card_link": LINK,
    },
    "receipt": {
        **_ONE,
        "receipt_number": "2026-000017",
        "receipt_reference": "Q-7K2M9Q4T",
        "amount_cents": 65_000,
        "method": "bank_transfer",
        "recorded_at": _AT,
        "purchase": True,
        "for_return": False,
        "deadline_at": "2026-11-22T23:31:59+00:00",
        "deadline_clause": "Refund policy version 1, which you accepted with the agreement.",
        "refund_link": LINK,
        "enrollment_path": "/my/enrollments/E-7K2M9Q4T",
        "open_cents": 64_900,
        "next_due_on": "2026-12-21",
    },
    "credit_note": {**_ONE, "number": "2026-000018", "amount_cents": 65_000, "reason": "Recorded for another student."},
    "refund_approved": {
        **_ONE,
        "refund_reference": "R-7K2M9Q4T",
        "amount_cents": 65_000,
        "payouts": [{"amount_cents": 65_000, "method": "check"}],
        "due_on": "2026-12-03",
        "overdue_on": "2026-12-08",
        "asked_at": _AT,
        "clause": "Refund policy version 1, which you accepted with the agreement.",
        "refund_link": LINK,
        "override": False,
        "basis": "window",
    },
    "refund_declined": {
        **_ONE,
        "refund_reference": "R-7K2M9Q4T",
        "asked_at": "2026-11-22T23:32:00+00:00",
        "deadline_at": "2026-11-22T23:31:59+00:00",
        "purchased_at": _AT,
        "refusal_sentence": "Your request reached us after the refund window had closed.",
        "clause": "Refund policy version 1, which you accepted with the agreement.",
    },
    "payout_sent": {
        **_ONE,
        "amount_cents": 65_000,
        "method": "card",
        "external_reference": "re_7K2M9Q4T",
        "card": "Visa ending in 4242",
        "disputed": False,
    },
    "payout_failed": {
        **_ONE,
        "amount_cents": 65_000,
        "card": "Visa ending in 4242",
        "failure": "The card has expired or was canceled.",
        "overdue_on": "2026-12-08",
    },
    "refund_outside": {
        **_ONE,
        "refund_reference": "R-7K2M9Q4T",
        "amount_cents": 65_000,
        "card": "Visa ending in 4242",
        "ended": True,
        "goes_on": False,
    },
    "refund_settled": {**_ONE, "amount_cents": 65_000, "settled_at": _AT},
    "withdrawal": {**_ONE, "waived_cents": 64_900, "still_owed_cents": 0, "reason": "Moving away."},
    "installment_waived": {
        **_ONE,
        "number": 2,
        "of": 4,
        "due_on": "2026-12-21",
        "waived_cents": 52_500,
        "still_owed_cents": 105_000,
        "next_due_on": "2027-01-21",
        "next_cents": 52_500,
    },
    "program_completed": _ONE,
    "password_link": {"name": "Ana Ñúñez", "password_link": LINK, "expires_at": _AT, "zone": "America/Los_Angeles"},
    "erasure_asked": {"name": "Ana Ñúñez", "due_on": "2027-01-05", "data_path": "/my/account-data"},
    "erasure_done": {
        "name": "Ana Ñúñez",
        "reference": "P-7K2M9Q4T",
        "erased_at": _AT,
        "zone": "America/Los_Angeles",
        "kept": ["Numbered receipts, with the name on them: they may not change."],
    },
    "password_changed": {"name": "Ana Ñúñez", "changed_at": _AT, "zone": "America/Los_Angeles"},
    "email_change": {"change_link": LINK, "expires_at": _AT, "zone": "America/Los_Angeles"},
    "email_change_asked": {
        "name": "Ana Ñúñez",
        "new_email": "ana.nunez@example.net",
        "stop_link": LINK,
        "expires_at": _AT,
        "zone": "America/Los_Angeles",
    },
    "email_changed": {
        "name": "Ana Ñúñez",
        "new_email": "ana.nunez@example.net",
        "stop_link": LINK,
        "expires_at": _AT,
        "zone": "America/Los_Angeles",
    },
    "email_taken": {"name": "Ana Ñúñez"},
    "second_factor": {
        "name": "Sam Staff",
        "what": "recovery_code_used",
        "codes_left": 9,
        "required": True,
        "happened_at": _AT,
        "zone": "America/New_York",
    },
    "staff_invitation": {
        "name": "Sam Staff",
        "inviter": "Kim Admin",
        "roles": ["bursar", "credit_officer"],
        "password_link": LINK,
        "expires_at": _AT,
        "zone": "America/New_York",
    },
    "contact_message": {
        "name": "Ana Ñúñez",
        "email": "ana@example.com",
        "topic": "Externship",
        "message": "Good morning,\n\nis there a place near Napa?\n\nAna",
        "received_at": _AT,
    },
    "test_letter": {"name": "Kim Admin", "asked_at": _AT},
    "staff_notice": {
        "title": "Two refunds are due",
        "sentence": "Two refunds are due today.",
        "path": "/staff/refunds",
    },
}


def a_letter(event: str = "N-1", **changed: object) -> Letter:
    """Return a letter without links, ready to be posted."""
    known: dict[str, object] = {
        "template": "staff_notice",
        "recipient": "ana@example.com",
        "event": event,
        "about": "E-7K2M9Q4T",
        "values": VALUES["staff_notice"],
    }
    return Letter(**(known | changed))  # type: ignore[arg-type]
