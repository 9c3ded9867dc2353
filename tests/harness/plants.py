# ruff: noqa: S608 - statements of our own
"""One contradiction for each invariant, planted past every guard."""

from collections.abc import Mapping
from typing import Protocol

from tests.harness.plants_of_cards import CARD_PLANTS
from tests.harness.plants_of_credit import CREDIT_PLANTS
from tests.harness.plants_of_mail import MAIL_PLANTS
from tests.harness.plants_of_places import PLACE_PLANTS
from tests.harness.vandal import Vandal


class Plant(Protocol):
    """One contradiction."""

    __name__: str

    def __call__(self, vandal: Vandal, /) -> None: ...


ENROLLMENT = "(SELECT id FROM enrollment WHERE reference = :reference)"
LONG_AGO = "(SELECT min(created_at) FROM refund_policy)"


def no_triggers(vandal: Vandal) -> None:
    lite = vandal.connection.dialect.name == "sqlite"
    vandal.do("DROP TRIGGER history_no_update" if lite else "DROP TRIGGER history_no_change ON history")


def unbalanced(vandal: Vandal) -> None:
    vandal.bare("ledger_entry")
    vandal.change(
        "UPDATE ledger_entry SET cents = cents + 1 WHERE account = 'tuition' AND posting_id = "
        "(SELECT id FROM ledger_posting WHERE subject_reference = :reference)",
        reference=vandal.told.active,
    )


def empty_posting(vandal: Vandal) -> None:
    vandal.post("tuition", "tuition", 100)
    vandal.do("DELETE FROM ledger_entry WHERE posting_id = 99999")


def about_nobody(vandal: Vandal) -> None:
    vandal.post("waived", "tuition", 5, about="E-NOBODY")


def other_receivable(vandal: Vandal) -> None:
    vandal.post("waived", "receivable", 5)


def other_cash(vandal: Vandal) -> None:
    vandal.post("cash_offline", "tuition", 5)


def other_payable(vandal: Vandal) -> None:
    vandal.post("tuition", "refunds_payable", 5)


def other_credit(vandal: Vandal) -> None:
    vandal.post("tuition", "student_credit", 5)


def other_total(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE agreement SET total_cents = total_cents + 1 WHERE enrollment_id = {ENROLLMENT}",
        reference=vandal.told.active,
    )


def paid_by_nobody(vandal: Vandal) -> None:
    vandal.bare("installment")
    vandal.change(
        f"UPDATE installment SET paid_cents = paid_cents - 1 WHERE number = 1 AND enrollment_id = {ENROLLMENT}",
        reference=vandal.told.active,
    )


def paid_by_strangers(vandal: Vandal) -> None:
    """Swap what two refunded enrollments' payments of the same sum pay."""
    ids = [
        vandal.one(
            "SELECT allocation.id FROM allocation JOIN payment ON payment.id = payment_id "
            f"WHERE enrollment_id = {ENROLLMENT}",
            reference=reference,
        )
        for reference in (vandal.told.settled, vandal.told.overridden)
    ]
    other = "SELECT installment_id FROM allocation WHERE id = :id"
    targets = [vandal.one(other, id=one) for one in ids]
    for one, target in zip(ids, reversed(targets), strict=True):
        vandal.change("UPDATE allocation SET installment_id = :target WHERE id = :id", id=one, target=target)


def owed_after_all(vandal: Vandal) -> None:
    reference = vandal.told.withdrawn
    cents = vandal.one(
        f"SELECT amount_cents FROM installment WHERE number = 4 AND enrollment_id = {ENROLLMENT}", reference=reference
    )
    number = vandal.one("SELECT id FROM enrollment WHERE reference = :reference", reference=reference)
    vandal.bare("history")
    vandal.change("DELETE FROM history WHERE subject_reference = :reference", reference=f"I-{number}-4")
    vandal.change(
        f"UPDATE installment SET state = 'scheduled' WHERE number = 4 AND enrollment_id = {ENROLLMENT}",
        reference=reference,
    )
    vandal.post("receivable", "waived", int(str(cents)), about=reference)


def two_active(vandal: Vandal) -> None:
    vandal.bare("enrollment")
    email = vandal.one("SELECT claimed_email FROM enrollment WHERE reference = :active", active=vandal.told.active)
    vandal.change(
        "UPDATE enrollment SET claimed_email = :email WHERE reference = :twin", email=email, twin=vandal.told.twin
    )
    vandal.do("UPDATE letter SET recipient = :email WHERE about = :twin", email=email, twin=vandal.told.twin)


def earlier_purchase(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE enrollment SET purchased_at = accepted_at WHERE reference = :reference", reference=vandal.told.active
    )


def right_purchase(vandal: Vandal) -> None:
    """Put right what `earlier_purchase` did."""
    vandal.change(
        "UPDATE enrollment SET purchased_at = "
        "(SELECT min(recorded_at) FROM payment WHERE enrollment_id = enrollment.id) WHERE reference = :reference",
        reference=vandal.told.active,
    )


def lost_number(vandal: Vandal) -> None:
    vandal.change("UPDATE receipt_series SET last_number = last_number + 1 WHERE name = 'receipts'")


def receipt_of_another(vandal: Vandal) -> None:
    vandal.bare("receipt")
    first, second = (
        vandal.one(
            f"SELECT {which}(receipt.id) FROM receipt JOIN payment ON payment.id = payment_id "
            f"WHERE enrollment_id = {ENROLLMENT}",
            reference=vandal.told.active,
        )
        for which in ("min", "max")
    )
    vandal.change(
        "UPDATE receipt SET payment_id = (SELECT payment_id FROM receipt WHERE id = :first) WHERE id = :second",
        first=first,
        second=second,
    )


def more_than_came_in(vandal: Vandal) -> None:
    vandal.bare("payment")
    vandal.do(
        f"UPDATE payment SET refunded_cents = refunded_cents + 1 WHERE enrollment_id = {ENROLLMENT}",
        reference=vandal.told.overridden,
    )


def kept_a_payment(vandal: Vandal) -> None:
    vandal.change("UPDATE payment SET for_return = false WHERE for_return AND refunded_cents = 0")


def other_way_back(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE payout SET method = 'cash' WHERE refund_id = (SELECT id FROM refund WHERE reference = :reference)",
        reference=vandal.told.settled_refund,
    )


def settled_too_early(vandal: Vandal) -> None:
    """Let a refund be settled, history and clock and letter and all, though its payout was not sent."""
    reference = vandal.told.overriding_refund
    vandal.bare("refund", "history", "letter")
    vandal.change(
        "UPDATE refund SET state = 'settled', settled_at = decided_at WHERE reference = :reference", reference=reference
    )
    vandal.copy(
        "history",
        f"subject_reference = '{reference}' AND new_state = 'approved'",
        id="id + 1000000",
        old_state="'approved'",
        new_state="'settled'",
    )
    vandal.change(
        "UPDATE clock SET state = 'met', ended_at = started_at WHERE subject_reference = :reference",
        reference=reference,
    )
    vandal.copy(
        "letter",
        "template = 'refund_settled' AND id = (SELECT min(id) FROM letter WHERE template = 'refund_settled')",
        id="id + 1000000",
        reference="'L-COPY'",
        message_id="'<copy@example.org>'",
        event=f"'{reference}'",
        about="NULL",
    )
    original = "(SELECT reference FROM letter WHERE template = 'refund_settled' AND id < 1000000 ORDER BY id LIMIT 1)"
    vandal.copy("history", f"subject_reference = {original}", id="id + 2000000", subject_reference="'L-COPY'")


def silent_override(vandal: Vandal) -> None:
    vandal.bare("history")
    vandal.change("DELETE FROM history WHERE event = 'refund.overridden'")


def other_promise(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE clock SET due_on = overdue_on WHERE subject_reference = :reference",
        reference=vandal.told.overriding_refund,
    )


def stopped_clock(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE clock SET state = 'stopped', ended_at = started_at WHERE subject_reference = :reference",
        reference=vandal.told.overriding_refund,
    )


def in_time_but_declined(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE refund SET asked_at = purchased_at WHERE reference = :reference", reference=vandal.told.declined_refund
    )


def too_late_but_approved(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE refund SET asked_at = (SELECT asked_at FROM refund WHERE reference = :late) "
        "WHERE reference = :reference",
        reference=vandal.told.settled_refund,
        late=vandal.told.declined_refund,
    )


def needless_exception(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE refund SET asked_at = purchased_at WHERE reference = :reference",
        reference=vandal.told.overriding_refund,
    )


def longer_deadline(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE refund SET deadline_at = asked_at WHERE reference = :reference", reference=vandal.told.settled_refund
    )


def untrue_refusal(vandal: Vandal) -> None:
    cast = "" if vandal.connection.dialect.name == "sqlite" else "::json"
    text = vandal.one(
        "SELECT CAST(decision AS TEXT) FROM refund WHERE reference = :reference", reference=vandal.told.declined_refund
    )
    untrue = str(text).replace('"outside_window"', '"nothing_captured"')
    untrue = untrue.replace('"captured_cents": 189900', '"captured_cents": 0')
    vandal.change(
        f"UPDATE refund SET decision = CAST(:untrue AS TEXT){cast} WHERE reference = :reference",
        untrue=untrue,
        reference=vandal.told.declined_refund,
    )


def illegal_way(vandal: Vandal) -> None:
    """Let the history say that an enrollment began completed, and became active from there."""
    vandal.bare("history")
    begun = "subject_reference = :reference AND old_state IS NULL AND new_state = 'started'"
    vandal.change(f"UPDATE history SET new_state = 'completed' WHERE {begun}", reference=vandal.told.active)
    vandal.change(
        "UPDATE history SET old_state = 'completed' WHERE subject_reference = :reference AND new_state = 'active'",
        reference=vandal.told.active,
    )


def twice_in_history(vandal: Vandal) -> None:
    vandal.bare("history")
    vandal.copy("history", f"subject_reference = '{vandal.told.active}' AND new_state = 'active'", id="id + 1000000")


def never_in_history(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE enrollment SET state = 'completed' WHERE reference = :reference", reference=vandal.told.active
    )


def nameless(vandal: Vandal) -> None:
    vandal.bare("history")
    vandal.change(
        "UPDATE history SET actor_reference = NULL WHERE event = 'enrollment.withdrawn'",
    )


def letter_twice(vandal: Vandal) -> None:
    vandal.bare("letter", "history")
    reference = vandal.one("SELECT min(reference) FROM letter WHERE template = 'receipt'")
    vandal.copy(
        "letter",
        f"reference = '{reference}'",
        id="id + 1000000",
        reference="'L-COPY'",
        message_id="'<copy@example.org>'",
    )
    vandal.copy("history", f"subject_reference = '{reference}'", id="id + 1000000", subject_reference="'L-COPY'")


def shared_message_id(vandal: Vandal) -> None:
    vandal.bare("letter")
    vandal.change(
        "UPDATE letter SET message_id = (SELECT message_id FROM letter WHERE id = (SELECT min(id) FROM letter)) "
        "WHERE id = (SELECT max(id) FROM letter)"
    )


def untold(vandal: Vandal) -> None:
    vandal.change("UPDATE letter SET template = 'password_changed' WHERE template = 'refund_declined'")


def to_eve(vandal: Vandal) -> None:
    vandal.change("UPDATE letter SET recipient = 'eve@example.org' WHERE template = 'refund_declined'")


def away(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE letter SET body_text = body_text || ' https://evil.example/x' WHERE template = 'refund_declined'"
    )


def nearly_home(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE letter SET body_html = body_html || 'http://127.0.0.1:8000.evil.example/x' "
        "WHERE template = 'refund_declined'"
    )


def stuck_letter(vandal: Vandal) -> None:
    vandal.bare("letter", "history")
    reference = vandal.one("SELECT reference FROM letter WHERE template = 'refund_declined'")
    vandal.change(
        f"UPDATE letter SET state = 'queued', sent_at = NULL, give_up_at = {LONG_AGO} WHERE reference = :reference",
        reference=reference,
    )
    vandal.do("DELETE FROM history WHERE subject_reference = :reference AND new_state <> 'queued'", reference=reference)


def sent_untried(vandal: Vandal) -> None:
    vandal.bare("letter")
    vandal.change("UPDATE letter SET attempts = 0 WHERE template = 'refund_declined'")


def stuck_job(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE job SET state = 'queued', ended_at = NULL, run_at = {LONG_AGO} WHERE id = (SELECT min(id) FROM job)"
    )


PLANTS: Mapping[Plant, str] = {
    no_triggers: "append_only_tables_are_guarded",
    unbalanced: "ledger_posting_balances",
    empty_posting: "ledger_posting_balances",
    about_nobody: "ledger_names_an_enrollment",
    other_receivable: "ledger_receivable_is_what_is_owed",
    other_cash: "ledger_cash_is_what_came_in",
    other_payable: "ledger_payable_is_what_must_go_out",
    other_credit: "ledger_credit_is_what_pays_nothing",
    other_total: "installments_sum_to_the_agreement",
    paid_by_nobody: "installment_is_paid_as_allocated",
    paid_by_strangers: "allocation_is_of_its_own_payment",
    owed_after_all: "nothing_is_owed_after_the_end",
    two_active: "one_active_enrollment",
    earlier_purchase: "purchase_is_the_first_payment",
    lost_number: "receipt_numbers_have_no_gaps",
    receipt_of_another: "payment_has_its_papers",
    more_than_came_in: "payment_is_refunded_as_paid_out",
    kept_a_payment: "refund_is_everything_captured",
    other_way_back: "payout_goes_back_whole_to_its_payment",
    settled_too_early: "payouts_come_to_their_refund",
    silent_override: "override_is_audited",
    other_promise: "refund_has_its_clock",
    stopped_clock: "refund_has_its_clock",
    in_time_but_declined: "refund_follows_the_policy",
    too_late_but_approved: "refund_follows_the_policy",
    needless_exception: "refund_follows_the_policy",
    longer_deadline: "refund_follows_the_policy",
    untrue_refusal: "refusal_tells_the_truth",
    illegal_way: "only_published_transitions",
    twice_in_history: "history_has_each_change_once",
    never_in_history: "history_ends_in_the_present",
    nameless: "history_names_who_it_was",
    letter_twice: "letter_once_per_event",
    shared_message_id: "letter_message_id_unique",
    untold: "letter_for_each_event_of_money",
    to_eve: "letter_goes_to_its_own_student",
    away: "letter_links_lead_home",
    nearly_home: "letter_links_lead_home",
    stuck_letter: "letter_never_stuck",
    sent_untried: "letter_sent_as_stored",
    stuck_job: "job_never_stuck",
    **CARD_PLANTS,
    **MAIL_PLANTS,
    **PLACE_PLANTS,
    **CREDIT_PLANTS,
}
