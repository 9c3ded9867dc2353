"""What erasure does to each table of the map: what it blanks, what it removes, what it keeps, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from provider.mail.rules import ERASED_DOMAIN
from provider.oversight.personal_finders import Condition
from provider.payments.models import Payment

NOWHERE_ZIP = "00000"
Value = Callable[[sa.Table, str], Any]


def words(_table: sa.Table, text: str) -> str:
    """Put the words of the erasure in its place."""
    return text


def words_for(column: str) -> Value:
    """Put the words of the erasure where something was written, and leave empty what was empty."""
    return lambda table, text: sa.case((table.c[column].is_not(None), text))


def address(table: sa.Table, _text: str) -> sa.ColumnElement[str]:
    """Put an address in its place that can never receive mail, and differs from row to row."""
    return sa.func.lower(table.c.reference) + f"@{ERASED_DOMAIN}"


def address_if_any(table: sa.Table, text: str) -> sa.ColumnElement[str]:
    """Put such an address where there was one."""
    return sa.case((table.c.sender.is_not(None), address(table, text)))


def constant(value: Any) -> Value:  # noqa: ANN401 - whatever the column holds
    """Put one value in its place."""
    return lambda _table, _text: value


NOTHING = constant(None)


def _unneeded(table: sa.Table) -> Condition:
    """Return which files prove no payment."""
    proofs = sa.select(Payment.proof_file_id).where(Payment.proof_file_id.is_not(None))
    return table.c.id.not_in(proofs)


@dataclass(frozen=True, slots=True)
class Erasing:
    """What happens to the rows of one entry of the map.

    ``unpaid_blanks`` are blanked only where no money was ever paid, ``blanked`` says in words what goes and ``kept``
    what stays and why; ``removes`` are rows that go whole, those of ``only`` where not all of them.
    """

    kept: str = ""
    blanked: str = ""
    blanks: Mapping[str, Value] = field(default_factory=dict)
    unpaid_blanks: Mapping[str, Value] = field(default_factory=dict)
    removes: bool = False
    only: Callable[[sa.Table], Condition] | None = None


_BOOKS = "The books of the school: money that came in and went back must be provable for years."
_THERE = "What was done at a site and approved there: the school has to be able to say what it confirmed."
_ISSUED = "Papers the school issued with a code, with the name on them: others may have them in hand and check them."
_DECIDED = "A decision about money and what it rests on must be explainable years later."
# Of an externship: what it came to stays, what somebody wrote about themselves or was written about them goes.
_EXTERNSHIPS: Mapping[str, Erasing] = {
    "student_documents": Erasing(
        blanked="Documents uploaded for an externship, and what they show",
        removes=True,
    ),
    "externship_requests": Erasing(
        kept="That an externship was asked for, when, and what came of it: a guarantee hangs on it.",
        blanked="ZIP code, notes and reasons of requests for an externship",
        blanks={
            "zip": constant(NOWHERE_ZIP), "latitude": NOTHING, "longitude": NOTHING, "transport_note": NOTHING,
            "early_reason": NOTHING,
        },
    ),
    "externship_preferences": Erasing(blanked="Locations that were asked for", removes=True),
    "plan_rows": Erasing(
        kept="That a plan looked for a place, and what became of it.",
        blanked="Reasons and remarks of plans",
        blanks={"reasons": constant([]), "remark": NOTHING, "tenths": NOTHING},
    ),
    "offers": Erasing(
        kept="Which places were offered, on which days, and how they were answered.",
        blanked="What student and site wrote with their answers to an offer, and distances",
        blanks={"words": NOTHING, "tenths": NOTHING},
    ),
    "entry_batches": Erasing(
        kept=_THERE, blanked="Questions of preceptors", blanks={"question": NOTHING}
    ),
    "hours_entries": Erasing(
        kept=_THERE, blanked="Remarks beside hours", blanks={"remark": NOTHING, "returned_because": NOTHING}
    ),
    "procedure_entries": Erasing(
        kept=_THERE, blanked="Remarks beside procedures", blanks={"remark": NOTHING, "returned_because": NOTHING}
    ),
    "evaluations": Erasing(
        kept="That an evaluation was given, and when.",
        blanked="Answers, words and signatures of evaluations",
        blanks={"answers": constant({}), "words": NOTHING, "signature": NOTHING},
    ),
    "site_visits": Erasing(
        kept="That somebody visited the site, and when.",
        blanked="Notes of visits to the site",
        blanks={"words": words},
    ),
    "externship_records": Erasing(kept=_ISSUED),
    "issued_documents": Erasing(kept=_ISSUED),
    "placements": Erasing(kept="Where somebody was placed, and on which days: school and site answer for it."),
    "promise_pauses": Erasing(kept="That a promise was made, and whether it was met."),
}  # fmt: skip
# In this order: rows that are found by others come before them.
ERASES: Mapping[str, Erasing] = {
    "tasks": Erasing(
        kept="That there was a task of this kind, and when it was done.",
        blanked="The sentences and remarks of tasks",
        blanks={"sentence": words, "done_note": NOTHING},
    ),
    "messages": Erasing(
        kept="That a message came, and when.",
        blanked="The text of messages, with name and address",
        blanks={
            "values": constant({}), "subject": words, "body_text": words, "body_html": NOTHING, "last_reply": NOTHING,
            "reply_to": NOTHING, "in_reply_to": NOTHING,
        },
    ),
    "incoming_mails": Erasing(
        kept="That a mail came in, when, and how large it was.",
        blanked="Mails as they came in, with their addresses",
        blanks={"raw": NOTHING, "envelope_from": NOTHING, "recipient": constant("")},
    ),
    "refund_drafts": Erasing(
        kept="That a message may have asked for the money back, when it came in, and what was made of it.",
        blanked="The words of a message that may have asked for the money back",
        blanks={"words": words},
    ),
    "thread_messages": Erasing(
        kept="That a message came or went, and when.",
        blanked="The texts of mail, with names and addresses",
        blanks={
            "text": words, "sender": address_if_any, "sender_name": NOTHING, "message_id": NOTHING,
            "attachments": constant([]),
        },
    ),
    "address_health": Erasing(blanked="How letters to the address arrived", removes=True),
    "letters": Erasing(
        kept="That a letter of this kind was sent, and when: it proves that a decision was told.",
        blanked="The text, subject and address of letters",
        blanks={
            "values": constant({}), "subject": words, "body_text": words, "body_html": NOTHING, "last_reply": NOTHING,
            "reply_to": NOTHING, "in_reply_to": NOTHING, "recipient": address,
        },
    ),
    "history_details": Erasing(blanked="Old and new personal values of changes", blanks={"data": constant({})}),
    "history": Erasing(kept="What happened and when, by references, states and amounts alone."),
    **_EXTERNSHIPS,
    "exam_results": Erasing(
        kept="That an exam was taken, when, and what came of it: credit that a college gave hangs on it.",
        blanked="Scores, certificate numbers and score reports of exams",
        blanks={
            "score": NOTHING, "certificate_number": NOTHING, "file_id": NOTHING, "rejection": words_for("rejection"),
        },
    ),
    "credit_requests": Erasing(
        kept="Which college was told of which certificate, on which consent, and what it decided.",
        blanked="Names, student numbers, questions, answers and words of credit requests",
        blanks={
            "legal_name": words, "student_number": NOTHING, "asked_for": words_for("asked_for"), "answer": NOTHING,
            "decision_reason": words_for("decision_reason"), "decision_by": NOTHING, "decision_evidence": NOTHING,
            "end_words": NOTHING,
        },
    ),
    "files": Erasing(
        kept="Proofs of payments: they belong to the books.",
        blanked="Uploaded files that prove no payment",
        removes=True,
        only=_unneeded,
    ),
    "sessions": Erasing(blanked="Browsers and network addresses of sessions", removes=True),
    "second_factor": Erasing(blanked="The second factor", removes=True),
    "recovery_codes": Erasing(blanked="Recovery codes", removes=True),
    "email_changes": Erasing(blanked="Earlier addresses of the account", removes=True),
    "links": Erasing(kept="That a personal link was made and used: a consent or a request came through it."),
    "agreements": Erasing(
        kept="The terms that were accepted, and when. Where money was paid, also the signature and the network "
        "address: the contract has to stay provable.",
        blanked="The signature and network address of agreements that nobody ever paid for",
        unpaid_blanks={"signature": words, "client_address": constant("")},
    ),
    "installments": Erasing(kept=_BOOKS),
    "payments": Erasing(kept=_BOOKS),
    "allocations": Erasing(kept=_BOOKS),
    "receipts": Erasing(kept="Numbered receipts, with the name on them: they may not change."),
    "ledger_postings": Erasing(kept=_BOOKS),
    "ledger_entries": Erasing(kept=_BOOKS),
    "refunds": Erasing(
        kept=_DECIDED, blanked="What was written when asking for a refund", blanks={"note": NOTHING}
    ),
    "payouts": Erasing(kept=_BOOKS),
    "card_customers": Erasing(kept=_BOOKS),
    "cards": Erasing(
        kept="That a card was used, and the consent to charge it: what it paid has to stay provable.",
        blanked="Brand, last digits and date of cards",
        blanks={"brand": NOTHING, "last4": NOTHING, "exp_month": NOTHING, "exp_year": NOTHING},
    ),
    "charges": Erasing(kept=_BOOKS),
    "disputes": Erasing(kept=_BOOKS),
    "charge_pauses": Erasing(kept=_DECIDED),
    "withdrawals": Erasing(kept=_DECIDED),
    "promises": Erasing(kept="That a promise was made, and whether it was met."),
    "disclosures": Erasing(kept="What was told to whom, and on which consent: others may have to hear of the erasure."),
    "enrollments": Erasing(
        kept="The program, its state and dates, and the state and time zone by which decisions were made.",
        blanked="Name, e-mail address, telephone and ZIP code of enrollments",
        blanks={
            "legal_name": words, "claimed_email": address, "phone": NOTHING, "zip": constant(NOWHERE_ZIP),
            "submission_key": constant("erased"), "answers_digest": constant("erased"),
        },
    ),
    "roles": Erasing(kept="Nothing: somebody with a role is not erased."),
    "person": Erasing(
        kept="That there was an account, and since when: other records name its reference.",
        blanked="Name, e-mail address, telephone, time zone and password of the account",
        blanks={
            "name": words, "email": address, "phone": NOTHING, "zone": constant("UTC"), "password_hash": NOTHING,
        },
    ),
    "threads": Erasing(
        kept="That there was mail of this kind, and how long it waited.",
        blanked="The subjects of mail, with names and addresses",
        blanks={"subject": words, "correspondent": address, "correspondent_name": constant("")},
    ),
}  # fmt: skip
# What holds traces for a short while, and goes by itself.
SHORT_LIVED = "Counts of tries and background work may name an address for up to 30 days. They go by themselves."


def changed(model: sa.Table, erasing: Erasing, *, paid: bool, text: str) -> dict[str, Any]:
    """Return the new value of each column that is blanked."""
    blanks = {**erasing.blanks, **({} if paid else erasing.unpaid_blanks)}
    return {column: value(model, text) for column, value in blanks.items()}
