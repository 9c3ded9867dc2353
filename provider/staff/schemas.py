"""What staff fill in about one enrollment, its money and its ways out, about letters, tasks and people."""

from typing import Any, cast

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.accounts.rules import Role
from provider.externships.rules import CONSENT, FEWEST_MILES, MOST_MILES
from provider.files.inputs import Paper
from provider.kernel.forms import Confirmed, Email, LongText, Schema, Text
from provider.kernel.inputs import Amount, LocalTime, Upload, ZonedSchema
from provider.payments.rules import OFFLINE_METHODS
from provider.search.rules import LONGEST_TYPED

LONGEST_REASON, LONGEST_REFUSAL = 1000, 500
_MILES = f"Choose a distance between {FEWEST_MILES} and {MOST_MILES} miles."
LONGEST_CSV = 1024 * 1024
REASON_HINT = "It is kept with the decision and can be read years later."


def _reason(label: str, hint: str = REASON_HINT) -> Text:
    return LongText(label, hint, required=True, longest=LONGEST_REASON)


class RecordPayment(ZonedSchema):
    """Money that reached the school outside of the card form."""

    method = Text(
        required=True,
        validate=validate.OneOf([method.value for method in OFFLINE_METHODS], error="Choose one of the methods."),
        metadata={
            "label": "How it came",
            "widget": "radio",
            "choices": [(method.value, method.label) for method in OFFLINE_METHODS],
        },
    )
    amount = Amount(required=True, metadata={"label": "Amount in dollars"})
    external_reference = Text(
        required=True,
        longest=120,
        metadata={
            "label": "Reference",
            "hint": "The number of the check or money order, or the bank's reference of the transfer.",
        },
    )
    received_at = LocalTime(
        required=True,
        metadata={
            "label": "Received on",
            "hint": "When the money reached the school, by the clock of the school. The refund window counts from now.",
            "widget": "datetime",
        },
    )
    proof_file = Paper("Proof", "A scan or a statement: PDF, JPEG or PNG, 10 megabytes at most.", load_default=None)
    proof_note = LongText(
        "Or where the proof is",
        "Without a file, say where the proof can be seen.",
        load_default=None,
        longest=LONGEST_REASON,
        rows=2,
    )

    @validates_schema
    def ask_for_proof(self, data: dict[str, Any], **_: object) -> None:
        """Want a file or a note."""
        if data.get("proof_file") is None and not data.get("proof_note"):
            raise ValidationError("Attach the proof, or write where it can be seen.", "proof_note")


class ReversePayment(Schema):
    """Why a payment's record is taken back."""

    reason = _reason("What was wrong with the record", "The student reads it on the credit note, and it is kept.")


class EnterRefundRequest(ZonedSchema):
    """A request for the money back that did not come by the refund page."""

    received_at = LocalTime(
        required=True,
        metadata={
            "label": "Reached the school on",
            "hint": "By the clock of the school. This instant decides, not the one at which you enter it.",
            "widget": "datetime",
        },
    )
    evidence = _reason("Evidence", "How the request came and where it can be seen: the mail, the letter, the call.")
    note = LongText("What the student wrote", load_default=None, longest=500)


class OverrideRefund(Schema):
    """Why a declined request is approved all the same."""

    reason = _reason(
        "Reason for the exception", "The student reads it in the letter, and it is kept with the decision."
    )


def with_placement(schema: type[Schema], placement: str | None) -> Schema:
    """Return a form that ends an enrollment, with a box to confirm if that ends a placement that is running, too."""
    if placement is None:
        return schema()
    label = f"A coordinator has agreed that the running placement {placement} ends now"
    hint = "The site gets a letter at once. Ask the coordinator to call it as well."
    box = Confirmed(required=True, metadata={"label": label, "summary": "The placement", "hint": hint})
    return cast("type[Schema]", schema.from_dict({"placement_ends": box}, name=f"{schema.__name__}WithPlacement"))()


class SendPayout(Schema):
    """By what a payout can be found at the bank."""

    external_reference = Text(
        required=True,
        longest=120,
        metadata={"label": "Reference", "hint": "The check number, or the bank's reference of the transfer."},
    )


class Withdraw(Schema):
    """Why a student leaves after the window, and what becomes of what is still owed."""

    reason = _reason("Reason")
    unpaid = Text(
        required=True,
        validate=validate.OneOf(["waive", "keep"], error="Choose one of the two."),
        metadata={
            "label": "Installments that are not paid yet",
            "widget": "radio",
            "choices": [
                ("waive", "Waive them", "The student owes nothing more."),
                ("keep", "Keep them", "The student still owes them, on the same dates."),
            ],
        },
    )


class WaiveInstallment(Schema):
    """Why a student need not pay one installment."""

    reason = _reason("Reason", "It is kept with the installment. The student’s letter does not tell it.")


class PauseCharges(Schema):
    """Why the schedule charges nothing for now."""

    reason = _reason("Reason", "It is kept with the enrollment. The student’s page says only that it is paused.")


class CloseDay(Schema):
    """A word that a day's money was looked at, and why it may be closed although it differs."""

    remark = LongText(
        "Remark",
        "Needed when the day does not agree: what the difference is and what becomes of it.",
        load_default=None,
        longest=LONGEST_REASON,
    )


class Cancel(Schema):
    """A word that an unpaid enrollment may end."""

    sure = Confirmed(
        required=True,
        metadata={"label": "Cancel this enrollment", "hint": "Nothing was paid. The student gets a letter."},
    )


class FindAnything(Schema):
    """What somebody looks for in everything there is."""

    q = Text(
        load_default="",
        longest=LONGEST_TYPED,
        metadata={
            "label": "Search everything",
            "hint": "A name, an e-mail address, a telephone number or a reference; the beginnings of words are enough.",
            "widget": "search",
        },
    )


class FindDisclosures(Schema):
    """What the list of disclosures is narrowed to."""

    who = Text(
        load_default="", longest=254, metadata={"label": "Whole e-mail address or reference", "widget": "search"}
    )
    kind = Text(load_default="", longest=32, metadata={"label": "Told to", "widget": "select"})


class FindPerson(Schema):
    """Whose data is meant."""

    who = Text(
        load_default="", longest=254, metadata={"label": "Whole e-mail address or reference", "widget": "search"}
    )


class ErasePerson(Schema):
    """The word that exactly this person is meant."""

    reference = Text(
        required=True,
        longest=16,
        metadata={"label": "Their reference", "hint": "Copy it from the top of the page. This cannot be undone."},
    )


class NotAccepted(Schema):
    """Why something is not accepted that a student sent: a document, a result."""

    reason = LongText(
        "Why it cannot be accepted",
        "The student reads this in a letter. Say what is wrong and what would do instead.",
        required=True,
        longest=LONGEST_REFUSAL,
    )


class CsvFile(Schema):
    """A list to import."""

    csv = Upload(
        required=True,
        most_bytes=LONGEST_CSV,
        metadata={"label": "CSV file", "attrs": {"accept": ".csv,text/csv"}},
    )


class CompletionsFile(Schema):
    """A list of completions from another system."""

    csv = Upload(
        required=True,
        most_bytes=LONGEST_CSV,
        metadata={
            "label": "CSV file",
            "hint": "Its first line names the column reference and, if you like, completed_on (2026-11-21).",
            "attrs": {"accept": ".csv,text/csv"},
        },
    )


_ROLES = fields.List(
    Text(validate=validate.OneOf([role.value for role in Role], error="Choose from the list.")),
    load_default=list,
    metadata={"label": "Roles", "widget": "checkboxes", "choices": [(role.value, role.label) for role in Role]},
)


class InviteStaff(Schema):
    """A new member of staff."""

    name = Text(required=True, longest=120, metadata={"label": "Name"})
    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email"})
    roles = fields.List(
        Text(validate=validate.OneOf([role.value for role in Role], error="Choose from the list.")),
        required=True,
        validate=validate.Length(min=1, error="Choose at least one role."),
        error_messages={"required": "Choose at least one role."},
        metadata={"label": "Roles", "widget": "checkboxes"},
    )


class ChangeRoles(Schema):
    """Which roles a person holds from now on."""

    roles = _ROLES


class AskEarly(Schema):
    """Why a student is placed before the program is completed, and where they set out from."""

    reason = _reason("Why before the program is completed", "It is kept with the request.")
    zip = Text(
        required=True,
        longest=5,
        validate=validate.Regexp(r"[0-9]{5}\Z", error="Write the five digits of the ZIP code, like 10001."),
        metadata={"label": "ZIP code", "inputmode": "numeric", "attrs": {"size": "7"}},
    )
    miles = fields.Integer(
        required=True,
        validate=validate.Range(FEWEST_MILES, MOST_MILES, error=_MILES),
        error_messages={"invalid": _MILES},
        metadata={"label": "Miles", "inputmode": "numeric", "attrs": {"size": "7"}},
    )
    earliest_on = fields.Date(
        required=True,
        error_messages={"invalid": "Write a date, like 2026-12-01."},
        metadata={"label": "The first day the student could begin", "widget": "date"},
    )
    agreed = Confirmed(
        required=True,
        metadata={
            "label": f"The student has asked for it and agrees: “{CONSENT}”",
            "summary": "The student’s consent",
        },
    )
