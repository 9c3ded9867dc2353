"""Externships: sites and agreements, documents, requests, offers, placements, plans, hours, evaluations, records."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TASKS = (
    "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', "
    "'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person', 'check_card_payment', 'answer_dispute', "
    "'payout_failed', 'outside_refund', 'close_day'"
)
NEW_TASKS = (
    "'check_document', 'place_student', 'site_declined', 'site_offers', 'agreement_ends', 'countersign_agreement', "
    "'placement_held', 'preceptor_asks', 'evaluation_late'"
)


def upgrade() -> None:
    op.create_table(
        "issued_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_reference", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('externship_record')", name=op.f("ck_issued_document_kind_known")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_because IS NULL)", name=op.f("ck_issued_document_revoked_has_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint("code", name=op.f("uq_issued_document_code")),
        sa.UniqueConstraint("reference", name=op.f("uq_issued_document_reference")),
    )
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issued_document_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_issued_document_subject_reference"), ["subject_reference"], unique=False)

    op.create_table(
        "placement_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=True),
        sa.Column("placed", sa.Integer(), nullable=True),
        sa.Column("tenths", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=16), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'solving', 'solved', 'committed', 'dropped', 'failed')",
            name=op.f("ck_placement_plan_state_known"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_placement_plan_progress_percent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_plan")),
        sa.UniqueConstraint("reference", name=op.f("uq_placement_plan_reference")),
    )
    with op.batch_alter_table("placement_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_placement_plan_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_site_closed_has_instant")),
        sa.CheckConstraint("kind IN ('hospital', 'clinic', 'lab', 'other')", name=op.f("ck_site_kind_known")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_site_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
        sa.UniqueConstraint("reference", name=op.f("uq_site_reference")),
    )
    op.create_table(
        "clock_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_clock_pause_ended_after_began")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_clock_pause_clock_id_clock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    with op.batch_alter_table("clock_pause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clock_pause_clock_id_id"), ["clock_id", "id"], unique=False)
        batch_op.create_index(
            "uq_clock_pause_lasting",
            ["clock_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "document_requirement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('tb', 'hepatitis_b', 'mmr', 'varicella', 'tdap', 'influenza', 'background_check', 'drug_screen', 'cpr_card', 'hipaa_training', 'bloodborne_training', 'liability_cover', 'confidentiality_form')",
            name=op.f("ck_document_requirement_kind_known"),
        ),
        sa.CheckConstraint(
            "program_id IS NOT NULL OR site_id IS NOT NULL", name=op.f("ck_document_requirement_somebody_asks")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_document_requirement_program_id_program")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_document_requirement_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_requirement")),
        sa.UniqueConstraint("reference", name=op.f("uq_document_requirement_reference")),
    )
    with op.batch_alter_table("document_requirement", schema=None) as batch_op:
        batch_op.create_index(
            "uq_document_requirement_of_both",
            ["site_id", "program_id", "kind"],
            unique=True,
            sqlite_where=sa.text("site_id IS NOT NULL AND program_id IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("site_id IS NOT NULL AND program_id IS NOT NULL AND ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_document_requirement_of_program",
            ["program_id", "kind"],
            unique=True,
            sqlite_where=sa.text("site_id IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("site_id IS NULL AND ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_document_requirement_of_site",
            ["site_id", "kind"],
            unique=True,
            sqlite_where=sa.text("program_id IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("program_id IS NULL AND ended_at IS NULL"),
        )

    op.create_table(
        "site_location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=64), nullable=False),
        sa.Column("state_code", sa.String(length=2), nullable=False),
        sa.Column("zip", sa.String(length=5), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_site_location_state_known")),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_site_location_coordinates_whole")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_location_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_location")),
        sa.UniqueConstraint("reference", name=op.f("uq_site_location_reference")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_site_location_site_id_name")),
    )
    with op.batch_alter_table("site_location", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_site_location_latitude_longitude"), ["latitude", "longitude"], unique=False
        )

    op.create_table(
        "site_program",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_site_program_program_id_program")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_program_site_id_site")),
        sa.PrimaryKeyConstraint("site_id", "program_id", name=op.f("pk_site_program")),
    )
    op.create_table(
        "student_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.String(length=16), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_student_document_refused_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'uploaded') = (checked_at IS NULL)", name=op.f("ck_student_document_checked_has_instant")
        ),
        sa.CheckConstraint(
            "kind IN ('tb', 'hepatitis_b', 'mmr', 'varicella', 'tdap', 'influenza', 'background_check', 'drug_screen', 'cpr_card', 'hipaa_training', 'bloodborne_training', 'liability_cover', 'confidentiality_form')",
            name=op.f("ck_student_document_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('uploaded', 'accepted', 'refused', 'expired')", name=op.f("ck_student_document_state_known")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_student_document_file_id_file")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_student_document_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_document")),
        sa.UniqueConstraint("file_id", name=op.f("uq_student_document_file_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_student_document_reference")),
    )
    with op.batch_alter_table("student_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_student_document_person_id_kind"), ["person_id", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_student_document_state_expires_on"), ["state", "expires_on"], unique=False)
        batch_op.create_index(
            "ix_student_document_to_check",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'uploaded'"),
            postgresql_where=sa.text("state = 'uploaded'"),
        )

    op.create_table(
        "site_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("supervises", sa.Boolean(), nullable=False),
        sa.Column("signs", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_site_contact_email_lower")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["site_location.id"], name=op.f("fk_site_contact_location_id_site_location")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_contact_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_contact")),
        sa.UniqueConstraint("reference", name=op.f("uq_site_contact_reference")),
        sa.UniqueConstraint("site_id", "email", name=op.f("uq_site_contact_site_id_email")),
    )
    with op.batch_alter_table("site_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_contact_location_id"), ["location_id"], unique=False)

    op.create_table(
        "affiliation_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("renews_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("school_name", sa.String(length=200), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("all_locations", sa.Boolean(), nullable=False),
        sa.Column("all_programs", sa.Boolean(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("signer_id", sa.Integer(), nullable=True),
        sa.Column("signature", sa.String(length=200), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("countersigner_name", sa.String(length=200), nullable=True),
        sa.Column("countersigner_email", sa.String(length=254), nullable=True),
        sa.Column("countersignature", sa.String(length=200), nullable=True),
        sa.Column("countersigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_affiliation_agreement_ended_has_instant")
        ),
        sa.CheckConstraint(
            "state <> 'in_force' OR countersigned_at IS NOT NULL",
            name=op.f("ck_affiliation_agreement_in_force_has_both"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'signed', 'in_force', 'ended')",
            name=op.f("ck_affiliation_agreement_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('signed', 'in_force') OR signed_at IS NOT NULL",
            name=op.f("ck_affiliation_agreement_signed_has_signature"),
        ),
        sa.CheckConstraint(
            "(countersignature IS NULL) = (countersigned_at IS NULL)",
            name=op.f("ck_affiliation_agreement_countersignature_whole"),
        ),
        sa.CheckConstraint(
            "(signature IS NULL) = (signed_at IS NULL)", name=op.f("ck_affiliation_agreement_signature_whole")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_affiliation_agreement_first_before_last")),
        sa.CheckConstraint("notice_days BETWEEN 0 AND 366", name=op.f("ck_affiliation_agreement_notice_allowed")),
        sa.CheckConstraint(
            "terminated_on IS NULL OR terminated_on <= last_on",
            name=op.f("ck_affiliation_agreement_terminated_before_last"),
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_affiliation_agreement_file_id_file")),
        sa.ForeignKeyConstraint(
            ["renews_id"],
            ["affiliation_agreement.id"],
            name=op.f("fk_affiliation_agreement_renews_id_affiliation_agreement"),
        ),
        sa.ForeignKeyConstraint(
            ["signer_id"], ["site_contact.id"], name=op.f("fk_affiliation_agreement_signer_id_site_contact")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_affiliation_agreement_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliation_agreement")),
        sa.UniqueConstraint("reference", name=op.f("uq_affiliation_agreement_reference")),
    )
    with op.batch_alter_table("affiliation_agreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_affiliation_agreement_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_affiliation_agreement_state_last_on"), ["state", "last_on"], unique=False)

    op.create_table(
        "externship_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zip", sa.String(length=5), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("miles", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("earliest_on", sa.Date(), nullable=False),
        sa.Column("site_kind", sa.String(length=32), nullable=True),
        sa.Column("transport_note", sa.Text(), nullable=True),
        sa.Column("early_reason", sa.Text(), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (end_reason IS NOT NULL)", name=op.f("ck_externship_request_withdrawn_has_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('completed', 'withdrawn')) = (ended_at IS NOT NULL)",
            name=op.f("ck_externship_request_ended_has_instant"),
        ),
        sa.CheckConstraint(
            "end_reason IN ('site_closed', 'agreement_ended', 'site_asked', 'student_withdrew', 'refunded', 'withdrawn_from_program', 'coordinator', 'other_dates')",
            name=op.f("ck_externship_request_end_reason_known"),
        ),
        sa.CheckConstraint(
            "site_kind IN ('hospital', 'clinic', 'lab', 'other')", name=op.f("ck_externship_request_site_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'documents', 'ready', 'offered', 'placed', 'running', 'completed', 'lapsed', 'withdrawn')",
            name=op.f("ck_externship_request_state_known"),
        ),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_externship_request_coordinates_whole")
        ),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440",
            name=op.f("ck_externship_request_hours_in_a_day"),
        ),
        sa.CheckConstraint("miles BETWEEN 1 AND 250", name=op.f("ck_externship_request_miles_allowed")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_externship_request_weekdays_known")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_externship_request_enrollment_id_enrollment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_externship_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_externship_request_reference")),
    )
    with op.batch_alter_table("externship_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_externship_request_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_externship_request_state_asked_at_id"), ["state", "asked_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_externship_request_state_latitude_longitude"),
            ["state", "latitude", "longitude"],
            unique=False,
        )
        batch_op.create_index(
            "uq_externship_request_open",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
        )

    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("preceptor_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("bring", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=16), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_opening_state_known")),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440",
            name=op.f("ck_opening_hours_in_a_day"),
        ),
        sa.CheckConstraint(
            "capacity >= 0 AND taken >= 0 AND taken <= capacity", name=op.f("ck_opening_taken_at_most_capacity")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_opening_first_before_last")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_opening_weekdays_known")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["site_location.id"], name=op.f("fk_opening_location_id_site_location")
        ),
        sa.ForeignKeyConstraint(
            ["preceptor_id"], ["site_contact.id"], name=op.f("fk_opening_preceptor_id_site_contact")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_opening_program_id_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("reference", name=op.f("uq_opening_reference")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_opening_preceptor_id"), ["preceptor_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_opening_program_id_state_last_on"), ["program_id", "state", "last_on"], unique=False
        )

    op.create_table(
        "agreement_location",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["affiliation_agreement.id"],
            name=op.f("fk_agreement_location_agreement_id_affiliation_agreement"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["site_location.id"], name=op.f("fk_agreement_location_location_id_site_location")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "location_id", name=op.f("pk_agreement_location")),
    )
    op.create_table(
        "agreement_program",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["affiliation_agreement.id"],
            name=op.f("fk_agreement_program_agreement_id_affiliation_agreement"),
        ),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_agreement_program_program_id_program")),
        sa.PrimaryKeyConstraint("agreement_id", "program_id", name=op.f("pk_agreement_program")),
    )
    op.create_table(
        "externship_preference",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 5", name=op.f("ck_externship_preference_rank_allowed")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["site_location.id"], name=op.f("fk_externship_preference_location_id_site_location")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["externship_request.id"],
            name=op.f("fk_externship_preference_request_id_externship_request"),
        ),
        sa.PrimaryKeyConstraint("request_id", "rank", name=op.f("pk_externship_preference")),
        sa.UniqueConstraint("request_id", "location_id", name=op.f("uq_externship_preference_request_id_location_id")),
    )
    with op.batch_alter_table("externship_preference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_externship_preference_location_id"), ["location_id"], unique=False)

    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=True),
        sa.Column("site_agreed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=16), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("site_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'revoked') = (end_reason IS NOT NULL)", name=op.f("ck_offer_revoked_has_reason")),
        sa.CheckConstraint(
            "(state IN ('declined', 'expired', 'revoked')) = (ended_at IS NOT NULL)",
            name=op.f("ck_offer_ended_has_instant"),
        ),
        sa.CheckConstraint(
            "end_reason IN ('site_closed', 'agreement_ended', 'site_asked', 'student_withdrew', 'refunded', 'withdrawn_from_program', 'coordinator', 'other_dates')",
            name=op.f("ck_offer_end_reason_known"),
        ),
        sa.CheckConstraint("state <> 'sent' OR expires_at IS NOT NULL", name=op.f("ck_offer_sent_expires")),
        sa.CheckConstraint(
            "state IN ('proposed', 'sent', 'accepted', 'confirmed', 'declined', 'expired', 'revoked')",
            name=op.f("ck_offer_state_known"),
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_offer_first_before_last")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_offer_opening_id_opening")),
        sa.ForeignKeyConstraint(["plan_id"], ["placement_plan.id"], name=op.f("fk_offer_plan_id_placement_plan")),
        sa.ForeignKeyConstraint(["replaces_id"], ["offer.id"], name=op.f("fk_offer_replaces_id_offer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["externship_request.id"], name=op.f("fk_offer_request_id_externship_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("reference", name=op.f("uq_offer_reference")),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_opening_id_state"), ["opening_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_state_expires_at"), ["state", "expires_at"], unique=False)
        batch_op.create_index(
            "uq_offer_live",
            ["request_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('proposed', 'sent', 'accepted', 'confirmed')"),
            postgresql_where=sa.text("state IN ('proposed', 'sent', 'accepted', 'confirmed')"),
        )

    op.create_table(
        "plan_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=True),
        sa.Column("next_opening_id", sa.Integer(), nullable=True),
        sa.Column("tenths", sa.Integer(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'offered', 'refused', 'left_out')", name=op.f("ck_plan_row_outcome_known")
        ),
        sa.ForeignKeyConstraint(["next_opening_id"], ["opening.id"], name=op.f("fk_plan_row_next_opening_id_opening")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_plan_row_opening_id_opening")),
        sa.ForeignKeyConstraint(["plan_id"], ["placement_plan.id"], name=op.f("fk_plan_row_plan_id_placement_plan")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["externship_request.id"], name=op.f("fk_plan_row_request_id_externship_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_row")),
        sa.UniqueConstraint("plan_id", "request_id", name=op.f("uq_plan_row_plan_id_request_id")),
    )
    with op.batch_alter_table("plan_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_row_next_opening_id"), ["next_opening_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_row_opening_id"), ["opening_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_row_request_id"), ["request_id"], unique=False)

    op.create_table(
        "placement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("preceptor_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("required_hours", sa.Integer(), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.String(length=32), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_placement_completed_has_instant")
        ),
        sa.CheckConstraint(
            "(state = 'released') = (release_reason IS NOT NULL)", name=op.f("ck_placement_released_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("ck_placement_released_has_instant")
        ),
        sa.CheckConstraint(
            "release_reason IN ('site_closed', 'agreement_ended', 'site_asked', 'student_withdrew', 'refunded', 'withdrawn_from_program', 'coordinator', 'other_dates')",
            name=op.f("ck_placement_release_reason_known"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'running', 'completed', 'released')", name=op.f("ck_placement_state_known")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_placement_first_before_last")),
        sa.CheckConstraint("required_hours >= 0", name=op.f("ck_placement_hours_not_negative")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_placement_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_placement_offer_id_offer")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_placement_opening_id_opening")),
        sa.ForeignKeyConstraint(
            ["preceptor_id"], ["site_contact.id"], name=op.f("fk_placement_preceptor_id_site_contact")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["externship_request.id"], name=op.f("fk_placement_request_id_externship_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_placement_offer_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_placement_reference")),
    )
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_placement_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_placement_opening_id_state"), ["opening_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_placement_preceptor_id"), ["preceptor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_placement_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_placement_state_first_on"), ["state", "first_on"], unique=False)
        batch_op.create_index(
            "uq_placement_active",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'running')"),
            postgresql_where=sa.text("state IN ('planned', 'running')"),
        )

    op.create_table(
        "entry_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signature", sa.String(length=200), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_entry_batch_answered_has_instant")
        ),
        sa.CheckConstraint("state IN ('sent', 'answered')", name=op.f("ck_entry_batch_state_known")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["site_contact.id"], name=op.f("fk_entry_batch_contact_id_site_contact")
        ),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_entry_batch_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_batch")),
        sa.UniqueConstraint(
            "placement_id", "week_on", "number", name=op.f("uq_entry_batch_placement_id_week_on_number")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_entry_batch_reference")),
    )
    with op.batch_alter_table("entry_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_batch_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(
            "ix_entry_batch_waiting",
            ["sent_at"],
            unique=False,
            sqlite_where=sa.text("state = 'sent'"),
            postgresql_where=sa.text("state = 'sent'"),
        )

    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("signature", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_evaluation_done_has_instant")),
        sa.CheckConstraint("kind IN ('mid', 'final', 'of_site')", name=op.f("ck_evaluation_kind_known")),
        sa.CheckConstraint("state IN ('asked', 'done')", name=op.f("ck_evaluation_state_known")),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_evaluation_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("placement_id", "kind", name=op.f("uq_evaluation_placement_id_kind")),
        sa.UniqueConstraint("reference", name=op.f("uq_evaluation_reference")),
    )
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evaluation_asked",
            ["due_on"],
            unique=False,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )

    op.create_table(
        "externship_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=True),
        sa.Column("signature", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["issued_document.id"], name=op.f("fk_externship_record_document_id_issued_document")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_externship_record_placement_id_placement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_externship_record")),
        sa.UniqueConstraint("document_id", name=op.f("uq_externship_record_document_id")),
        sa.UniqueConstraint("placement_id", name=op.f("uq_externship_record_placement_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_externship_record_reference")),
    )
    op.create_table(
        "site_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("by_phone", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_site_visit_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_visit")),
        sa.UniqueConstraint("reference", name=op.f("uq_site_visit_reference")),
    )
    with op.batch_alter_table("site_visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_visit_placement_id"), ["placement_id"], unique=False)

    op.create_table(
        "hours_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("approved_minutes", sa.Integer(), nullable=True),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_minutes IS NOT NULL)", name=op.f("ck_hours_entry_approved_has_minutes")
        ),
        sa.CheckConstraint("source IN ('clock', 'typed')", name=op.f("ck_hours_entry_source_known")),
        sa.CheckConstraint("state = 'entered' OR until_at IS NOT NULL", name=op.f("ck_hours_entry_submitted_is_over")),
        sa.CheckConstraint(
            "state IN ('entered', 'submitted', 'approved', 'returned')", name=op.f("ck_hours_entry_state_known")
        ),
        sa.CheckConstraint("(until_at IS NULL) = (minutes IS NULL)", name=op.f("ck_hours_entry_minutes_when_over")),
        sa.CheckConstraint(
            "approved_minutes IS NULL OR approved_minutes BETWEEN 0 AND 1440",
            name=op.f("ck_hours_entry_approved_in_a_day"),
        ),
        sa.CheckConstraint("break_minutes BETWEEN 0 AND 1440", name=op.f("ck_hours_entry_break_in_a_day")),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes BETWEEN 1 AND 1440", name=op.f("ck_hours_entry_minutes_in_a_day")
        ),
        sa.CheckConstraint("until_at IS NULL OR until_at > from_at", name=op.f("ck_hours_entry_until_after_from")),
        sa.ForeignKeyConstraint(["batch_id"], ["entry_batch.id"], name=op.f("fk_hours_entry_batch_id_entry_batch")),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_hours_entry_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_entry")),
        sa.UniqueConstraint("placement_id", "client_key", name=op.f("uq_hours_entry_placement_id_client_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_hours_entry_reference")),
    )
    with op.batch_alter_table("hours_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hours_entry_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_hours_entry_placement_id_day_on"), ["placement_id", "day_on"], unique=False
        )
        batch_op.create_index(
            "uq_hours_entry_running",
            ["placement_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "procedure_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("placement_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("approved_number", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_number IS NOT NULL)", name=op.f("ck_procedure_entry_approved_has_number")
        ),
        sa.CheckConstraint(
            "kind IN ('venipuncture', 'capillary', 'ekg', 'vitals', 'injection', 'specimen', 'point_of_care', 'patient_intake', 'other')",
            name=op.f("ck_procedure_entry_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('entered', 'submitted', 'approved', 'returned')", name=op.f("ck_procedure_entry_state_known")
        ),
        sa.CheckConstraint(
            "approved_number IS NULL OR approved_number BETWEEN 0 AND 200",
            name=op.f("ck_procedure_entry_approved_allowed"),
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 200", name=op.f("ck_procedure_entry_number_allowed")),
        sa.ForeignKeyConstraint(["batch_id"], ["entry_batch.id"], name=op.f("fk_procedure_entry_batch_id_entry_batch")),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_procedure_entry_placement_id_placement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_entry")),
        sa.UniqueConstraint("placement_id", "client_key", name=op.f("uq_procedure_entry_placement_id_client_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_procedure_entry_reference")),
    )
    with op.batch_alter_table("procedure_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_procedure_entry_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_procedure_entry_placement_id_day_on"), ["placement_id", "day_on"], unique=False
        )

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_seconds", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.alter_column("paused_seconds", server_default=None)
        batch_op.drop_constraint(op.f("ck_clock_ended_when_not_running"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_clock_ended_when_over"), "(state IN ('running', 'paused')) = (ended_at IS NULL)"
        )
        batch_op.create_check_constraint(op.f("ck_clock_paused_not_negative"), "paused_seconds >= 0")
    _allow("clock", "kind", "'refund_payout', 'guarantee'")
    _allow("clock", "state", "'running', 'paused', 'met', 'stopped'")
    _allow("task", "kind", f"{TASKS}, {NEW_TASKS}")


def downgrade() -> None:
    op.execute(f"UPDATE task SET kind = 'follow_up' WHERE kind IN ({NEW_TASKS})")  # noqa: S608 - constants of this file
    op.execute("DELETE FROM clock_pause")
    op.execute("DELETE FROM clock WHERE kind = 'guarantee'")
    op.execute("UPDATE clock SET state = 'running' WHERE state = 'paused'")
    _allow("task", "kind", TASKS)
    _allow("clock", "state", "'running', 'met', 'stopped'")
    _allow("clock", "kind", "'refund_payout'")
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_clock_ended_when_over"), type_="check")
        batch_op.drop_constraint(op.f("ck_clock_paused_not_negative"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_clock_ended_when_not_running"), "(state = 'running') = (ended_at IS NULL)"
        )
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_column("paused_seconds")

    with op.batch_alter_table("procedure_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_procedure_entry_placement_id_day_on"))
        batch_op.drop_index(batch_op.f("ix_procedure_entry_batch_id"))

    op.drop_table("procedure_entry")
    with op.batch_alter_table("hours_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hours_entry_running",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_hours_entry_placement_id_day_on"))
        batch_op.drop_index(batch_op.f("ix_hours_entry_batch_id"))

    op.drop_table("hours_entry")
    with op.batch_alter_table("site_visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_visit_placement_id"))

    op.drop_table("site_visit")
    op.drop_table("externship_record")
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_evaluation_asked", sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'")
        )

    op.drop_table("evaluation")
    with op.batch_alter_table("entry_batch", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_entry_batch_waiting", sqlite_where=sa.text("state = 'sent'"), postgresql_where=sa.text("state = 'sent'")
        )
        batch_op.drop_index(batch_op.f("ix_entry_batch_contact_id"))

    op.drop_table("entry_batch")
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_placement_active",
            sqlite_where=sa.text("state IN ('planned', 'running')"),
            postgresql_where=sa.text("state IN ('planned', 'running')"),
        )
        batch_op.drop_index(batch_op.f("ix_placement_state_first_on"))
        batch_op.drop_index(batch_op.f("ix_placement_request_id"))
        batch_op.drop_index(batch_op.f("ix_placement_preceptor_id"))
        batch_op.drop_index(batch_op.f("ix_placement_opening_id_state"))
        batch_op.drop_index(batch_op.f("ix_placement_enrollment_id"))

    op.drop_table("placement")
    with op.batch_alter_table("plan_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_row_request_id"))
        batch_op.drop_index(batch_op.f("ix_plan_row_opening_id"))
        batch_op.drop_index(batch_op.f("ix_plan_row_next_opening_id"))

    op.drop_table("plan_row")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_offer_live",
            sqlite_where=sa.text("state IN ('proposed', 'sent', 'accepted', 'confirmed')"),
            postgresql_where=sa.text("state IN ('proposed', 'sent', 'accepted', 'confirmed')"),
        )
        batch_op.drop_index(batch_op.f("ix_offer_state_expires_at"))
        batch_op.drop_index(batch_op.f("ix_offer_request_id"))
        batch_op.drop_index(batch_op.f("ix_offer_opening_id_state"))

    op.drop_table("offer")
    with op.batch_alter_table("externship_preference", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_externship_preference_location_id"))

    op.drop_table("externship_preference")
    op.drop_table("agreement_program")
    op.drop_table("agreement_location")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_program_id_state_last_on"))
        batch_op.drop_index(batch_op.f("ix_opening_preceptor_id"))
        batch_op.drop_index(batch_op.f("ix_opening_location_id"))

    op.drop_table("opening")
    with op.batch_alter_table("externship_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_externship_request_open",
            sqlite_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('completed', 'withdrawn')"),
        )
        batch_op.drop_index(batch_op.f("ix_externship_request_state_latitude_longitude"))
        batch_op.drop_index(batch_op.f("ix_externship_request_state_asked_at_id"))
        batch_op.drop_index(batch_op.f("ix_externship_request_enrollment_id"))

    op.drop_table("externship_request")
    with op.batch_alter_table("affiliation_agreement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affiliation_agreement_state_last_on"))
        batch_op.drop_index(batch_op.f("ix_affiliation_agreement_site_id"))

    op.drop_table("affiliation_agreement")
    with op.batch_alter_table("site_contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_contact_location_id"))

    op.drop_table("site_contact")
    with op.batch_alter_table("student_document", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_student_document_to_check",
            sqlite_where=sa.text("state = 'uploaded'"),
            postgresql_where=sa.text("state = 'uploaded'"),
        )
        batch_op.drop_index(batch_op.f("ix_student_document_state_expires_on"))
        batch_op.drop_index(batch_op.f("ix_student_document_person_id_kind"))

    op.drop_table("student_document")
    op.drop_table("site_program")
    with op.batch_alter_table("site_location", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_location_latitude_longitude"))

    op.drop_table("site_location")
    with op.batch_alter_table("document_requirement", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_document_requirement_of_site",
            sqlite_where=sa.text("program_id IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("program_id IS NULL AND ended_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_document_requirement_of_program",
            sqlite_where=sa.text("site_id IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("site_id IS NULL AND ended_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_document_requirement_of_both",
            sqlite_where=sa.text("site_id IS NOT NULL AND program_id IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("site_id IS NOT NULL AND program_id IS NOT NULL AND ended_at IS NULL"),
        )

    op.drop_table("document_requirement")
    with op.batch_alter_table("clock_pause", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_clock_pause_lasting",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_clock_pause_clock_id_id"))

    op.drop_table("clock_pause")
    op.drop_table("site")
    with op.batch_alter_table("placement_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_placement_plan_state_id"))

    op.drop_table("placement_plan")
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issued_document_subject_reference"))
        batch_op.drop_index(batch_op.f("ix_issued_document_about"))

    op.drop_table("issued_document")


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")
