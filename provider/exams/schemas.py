"""What a student sends about an exam, and what staff read in the evidence."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from provider.exams.rules import HIGHEST_SCORE, LONGEST_NUMBER, Facts
from provider.files.inputs import Paper
from provider.kernel.forms import Schema, Text

PASSED, FAILED = "pass", "fail"
NO_NUMBER = "A failed attempt has no certificate. Leave the number empty."


class ExamFacts(Schema):
    """What a score report says: the day, the result, and what else stands on it."""

    taken_on = fields.Date(
        required=True,
        error_messages={"invalid": "Write the date like 2026-11-21."},
        metadata={"label": "Day of the exam", "hint": "As it stands on the score report.", "widget": "date"},
    )
    result = Text(
        required=True,
        longest=8,
        error_messages={"required": "Choose one of these."},
        validate=validate.OneOf([PASSED, FAILED], error="Choose one of these."),
        metadata={
            "label": "Result",
            "widget": "radio",
            "choices": [(PASSED, "Passed"), (FAILED, "Not passed")],
        },
    )
    score = fields.Integer(
        load_default=None,
        validate=validate.Range(0, HIGHEST_SCORE, error=f"Write a whole number from 0 to {HIGHEST_SCORE:,}."),
        error_messages={"invalid": "Write the score as a whole number, such as 412."},
        metadata={
            "label": "Score",
            "hint": "If the report shows one. You may leave it empty.",
            "inputmode": "numeric",
            "attrs": {"size": "6"},
        },
    )
    certificate_number = Text(
        load_default=None,
        longest=LONGEST_NUMBER,
        metadata={
            "label": "Certificate number",
            "hint": "If you passed and have it already. You may leave it empty.",
            "attrs": {"size": "20", "spellcheck": "false"},
        },
    )

    @ma.validates_schema
    def certificates_are_of_passes(self, data: dict[str, Any], **_: object) -> None:
        """Let only a pass have a certificate."""
        if data.get("result") == FAILED and data.get("certificate_number"):
            raise ma.ValidationError(NO_NUMBER, "certificate_number")


class ReportResult(ExamFacts):
    """Which exam it was, what came of it, and the score report itself."""

    credential = Text(
        required=True,
        longest=64,
        error_messages={"required": "Choose one of these."},
        metadata={"label": "Exam", "widget": "select"},
    )
    evidence = Paper(
        "Your score report or certificate",
        "A PDF, or a photo as JPEG or PNG, of 10 megabytes at most. Name, exam, day and result have to be readable.",
        required=True,
    )

    class Meta(ExamFacts.Meta):
        """Ask for the exam first and for the evidence last."""

        fields = ("credential", "taken_on", "result", "score", "certificate_number", "evidence")


class Renewal(Schema):
    """The next day by which a certificate is renewed."""

    renew_by = fields.Date(
        required=True,
        error_messages={"invalid": "Write the date like 2026-11-21."},
        metadata={
            "label": "The next day by which you renew it",
            "hint": "As the issuing body shows it after your renewal.",
            "widget": "date",
        },
    )


def facts(data: dict[str, Any]) -> Facts:
    """Return what was loaded as the facts of an attempt."""
    return Facts(data["taken_on"], data["result"] == PASSED, data["score"], data["certificate_number"])
