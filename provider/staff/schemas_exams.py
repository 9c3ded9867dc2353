"""What staff fill in about exam results."""

from marshmallow import validate

from provider.exams.rules import LONGEST_REASON, ExamState
from provider.exams.schemas import ExamFacts
from provider.kernel.forms import LongText, Schema, Text
from provider.kernel.inputs import Upload
from provider.staff.schemas import LONGEST_CSV


class FindExams(Schema):
    """What the list of results is narrowed to."""

    state = Text(
        load_default="",
        longest=16,
        validate=validate.OneOf(["", *(state.value for state in ExamState)], error="Choose one of these."),
        metadata={"widget": "hidden"},
    )


class ExamsFile(Schema):
    """A CSV file of results."""

    csv = Upload(
        required=True,
        most_bytes=LONGEST_CSV,
        metadata={"label": "CSV file", "attrs": {"accept": ".csv,text/csv"}},
    )


class VerifyResult(ExamFacts):
    """The facts of an attempt, as staff read them in the evidence."""


class RejectResult(Schema):
    """Why a result is not accepted."""

    reason = LongText(
        "Why it cannot be accepted",
        "The student reads this in a letter. Say what is wrong and what would do instead.",
        required=True,
        longest=LONGEST_REASON,
    )
