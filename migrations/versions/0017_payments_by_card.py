"""Payments by card: cards, charges, the service's events, disputes, and what they post and raise."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


POSTINGS = "'accepted', 'captured', 'reversed', 'credit_applied', 'waived', 'canceled', 'refund_approved', 'paid_out'"
NEW_POSTINGS = "'payout_failed', 'disputed', 'dispute_won'"
TASKS = "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', 'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person'"
NEW_TASKS = "'check_card_payment', 'answer_dispute', 'payout_failed', 'outside_refund', 'close_day'"
BASES = "'window', 'state_floor', 'override', 'late_payment'"
CHANNELS = "'page', 'link', 'staff', 'mail'"


def upgrade() -> None:
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("intent_id", sa.String(length=200), nullable=True),
        sa.Column("our_reference", sa.String(length=200), nullable=True),
        sa.Column("customer_id", sa.String(length=200), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=8), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'received') = (settled_at IS NULL)", name=op.f("ck_payment_event_settled_has_instant")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'applied', 'ignored', 'parked', 'refused')",
            name=op.f("ck_payment_event_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint("service_id", name=op.f("uq_payment_event_service_id")),
    )
    with op.batch_alter_table("payment_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_event_object_id"), ["object_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_event_received_at"), ["received_at"], unique=False)
        batch_op.create_index(
            "ix_payment_event_to_look_at",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state IN ('received', 'parked', 'refused')"),
            postgresql_where=sa.text("state IN ('received', 'parked', 'refused')"),
        )

    op.create_table(
        "service_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("object_id", sa.String(length=200), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_service_call_ended_has_instant")),
        sa.CheckConstraint(
            "kind IN ('customer', 'setup', 'charge', 'give_back')", name=op.f("ck_service_call_kind_known")
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR object_id IS NOT NULL", name=op.f("ck_service_call_answered_has_object")
        ),
        sa.CheckConstraint(
            "state <> 'expired' OR looked_up_at IS NOT NULL", name=op.f("ck_service_call_expired_was_looked_up")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'refused', 'expired')", name=op.f("ck_service_call_state_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_call")),
        sa.UniqueConstraint("key", name=op.f("uq_service_call_key")),
        sa.UniqueConstraint("subject", "kind", "number", name=op.f("uq_service_call_subject_kind_number")),
    )
    with op.batch_alter_table("service_call", schema=None) as batch_op:
        batch_op.create_index(
            "uq_service_call_open",
            ["subject", "kind"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=200), nullable=False),
        sa.Column("setup_id", sa.String(length=200), nullable=True),
        sa.Column("method_id", sa.String(length=200), nullable=True),
        sa.Column("brand", sa.String(length=32), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=True),
        sa.Column("exp_month", sa.Integer(), nullable=True),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detached_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'detached') = (detached_at IS NOT NULL)", name=op.f("ck_card_detached_has_instant")
        ),
        sa.CheckConstraint("state <> 'saved' OR method_id IS NOT NULL", name=op.f("ck_card_saved_has_method")),
        sa.CheckConstraint("state IN ('pending', 'saved', 'released', 'detached')", name=op.f("ck_card_state_known")),
        sa.CheckConstraint("(consent IS NULL) = (consented_at IS NULL)", name=op.f("ck_card_consent_has_instant")),
        sa.CheckConstraint("NOT kept OR consent IS NOT NULL", name=op.f("ck_card_kept_with_consent")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_card_enrollment_id_enrollment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("reference", name=op.f("uq_card_reference")),
        sa.UniqueConstraint("setup_id", name=op.f("uq_card_setup_id")),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(
            "ix_card_unsettled",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'released')"),
            postgresql_where=sa.text("state IN ('pending', 'released')"),
        )
        batch_op.create_index(
            "uq_card_kept",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("kept AND state = 'saved'"),
            postgresql_where=sa.text("kept AND state = 'saved'"),
        )

    op.create_table(
        "card_customer",
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_card_customer_enrollment_id_enrollment")
        ),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_card_customer")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_card_customer_customer_id")),
    )
    op.create_table(
        "charge_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String(length=16), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_charge_pause_enrollment_id_enrollment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_pause")),
        sa.UniqueConstraint("reference", name=op.f("uq_charge_pause_reference")),
    )
    with op.batch_alter_table("charge_pause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charge_pause_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(
            "uq_charge_pause_running",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("installment_number", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("intent_id", sa.String(length=200), nullable=True),
        sa.Column("client_secret", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'schedule') = (installment_number IS NOT NULL)", name=op.f("ck_charge_scheduled_has_number")
        ),
        sa.CheckConstraint(
            "(state = 'captured') = (payment_id IS NOT NULL)", name=op.f("ck_charge_captured_has_payment")
        ),
        sa.CheckConstraint("(state = 'started') = (ended_at IS NULL)", name=op.f("ck_charge_ended_has_instant")),
        sa.CheckConstraint("purpose IN ('student', 'schedule')", name=op.f("ck_charge_purpose_known")),
        sa.CheckConstraint(
            "state IN ('started', 'captured', 'failed', 'canceled')", name=op.f("ck_charge_state_known")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_charge_amount_positive")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_charge_card_id_card")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_charge_enrollment_id_enrollment")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_charge_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint(
            "enrollment_id",
            "installment_number",
            "attempt",
            name=op.f("uq_charge_enrollment_id_installment_number_attempt"),
        ),
        sa.UniqueConstraint("intent_id", name=op.f("uq_charge_intent_id")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_charge_payment_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_charge_reference")),
    )
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charge_card_id"), ["card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_charge_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(
            "uq_charge_running",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("state = 'started'"),
            postgresql_where=sa.text("state = 'started'"),
        )

    op.create_table(
        "dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("service_id", sa.String(length=200), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_dispute_ended_has_instant")),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_dispute_state_known")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_dispute_amount_positive")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("reference", name=op.f("uq_dispute_reference")),
        sa.UniqueConstraint("service_id", name=op.f("uq_dispute_service_id")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(
            "ix_dispute_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_dispute_payment_id"), ["payment_id"], unique=False)

    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.alter_column("tries", server_default=None)
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index("uq_refund_running")
    _allow("refund", "basis", f"{BASES}, 'outside'")
    _allow("refund", "channel", f"{CHANNELS}, 'service'")
    _one_running("basis NOT IN ('late_payment', 'outside')")
    _allow("task", "kind", f"{TASKS}, {NEW_TASKS}")
    _allow("ledger_posting", "kind", f"{POSTINGS}, {NEW_POSTINGS}")


def downgrade() -> None:
    _refuse_to_lose_money()
    op.execute(f"UPDATE task SET kind = 'follow_up' WHERE kind IN ({NEW_TASKS})")  # noqa: S608 - constants of this file
    _allow("ledger_posting", "kind", POSTINGS)
    _allow("task", "kind", TASKS)
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index("uq_refund_running")
    _allow("refund", "channel", CHANNELS)
    _allow("refund", "basis", BASES)
    _one_running("basis <> 'late_payment'")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_column("tries")

    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_payment_id"))
        batch_op.drop_index(
            "ix_dispute_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("dispute")
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_charge_running",
            sqlite_where=sa.text("state = 'started'"),
            postgresql_where=sa.text("state = 'started'"),
        )
        batch_op.drop_index(batch_op.f("ix_charge_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_charge_card_id"))

    op.drop_table("charge")
    with op.batch_alter_table("charge_pause", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_charge_pause_running",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_charge_pause_enrollment_id"))

    op.drop_table("charge_pause")
    op.drop_table("card_customer")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_card_kept",
            sqlite_where=sa.text("kept AND state = 'saved'"),
            postgresql_where=sa.text("kept AND state = 'saved'"),
        )
        batch_op.drop_index(
            "ix_card_unsettled",
            sqlite_where=sa.text("state IN ('pending', 'released')"),
            postgresql_where=sa.text("state IN ('pending', 'released')"),
        )
        batch_op.drop_index(batch_op.f("ix_card_enrollment_id"))

    op.drop_table("card")
    with op.batch_alter_table("service_call", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_service_call_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("service_call")
    with op.batch_alter_table("payment_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_payment_event_to_look_at",
            sqlite_where=sa.text("state IN ('received', 'parked', 'refused')"),
            postgresql_where=sa.text("state IN ('received', 'parked', 'refused')"),
        )
        batch_op.drop_index(batch_op.f("ix_payment_event_received_at"))
        batch_op.drop_index(batch_op.f("ix_payment_event_object_id"))

    op.drop_table("payment_event")


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")


def _one_running(which: str) -> None:
    running = sa.text(f"state IN ('requested', 'approved', 'settled') AND {which}")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(
            "uq_refund_running", ["enrollment_id"], unique=True, sqlite_where=running, postgresql_where=running
        )


def _refuse_to_lose_money() -> None:
    """Stop before what the older version has no place for: postings that nothing may remove, and refunds."""
    for table, column, values in (
        ("ledger_posting", "kind", NEW_POSTINGS),
        ("refund", "basis", "'outside'"),
        ("refund", "channel", "'service'"),
    ):
        if op.get_bind().scalar(sa.text(f"SELECT 1 FROM {table} WHERE {column} IN ({values})")):  # noqa: S608 - the same
            message = f"{table} holds rows that the version before cannot keep; restore a backup instead."
            raise RuntimeError(message)
