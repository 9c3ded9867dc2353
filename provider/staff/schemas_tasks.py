"""What staff fill in about tasks and notes."""

from marshmallow import fields

from provider.history.rules import LONGEST_NOTE
from provider.kernel.forms import LongText, Schema, Text
from provider.tasks.rules import LONGEST_SENTENCE, TaskKind

LONGEST_REMARK = 1000
LONGEST_REFERENCE = 16


def _owner(label: str) -> Text:
    return Text(load_default=None, longest=LONGEST_REFERENCE, metadata={"label": label, "widget": "select"})


def _due_on(hint: str = "") -> fields.Date:
    meta = {"label": "Due on", "widget": "date", "hint": hint}
    return fields.Date(load_default=None, error_messages={"invalid": "Write the date like 2026-11-21."}, metadata=meta)


class FindTasks(Schema):
    """What the list of tasks is narrowed to."""

    owner = Text(load_default="", longest=LONGEST_REFERENCE, metadata={"widget": "hidden"})
    state = Text(load_default="", longest=LONGEST_REFERENCE, metadata={"widget": "hidden"})
    kind = Text(
        load_default="",
        longest=32,
        metadata={
            "label": "Kind",
            "widget": "select",
            "choices": [("", "All kinds"), *((kind.value, kind.label) for kind in TaskKind)],
        },
    )
    due = Text(
        load_default="",
        longest=16,
        metadata={"label": "Due", "widget": "select", "choices": [("", "Any day"), ("overdue", "Overdue only")]},
    )


class WriteTask(Schema):
    """A task that somebody writes by hand."""

    sentence = LongText(
        "What is to be done", "In a sentence that a colleague understands.", required=True, longest=LONGEST_SENTENCE
    )
    about = Text(
        load_default=None,
        longest=LONGEST_REFERENCE,
        metadata={
            "label": "About",
            "hint": "The reference of an enrollment (E-…) or of a student (P-…), if it is about one.",
            "attrs": {"size": "16", "spellcheck": "false"},
        },
    )
    due_on = _due_on("Leave it empty if any day will do.")
    owner = _owner("Who does it")


class PlanTask(Schema):
    """Who does a task, and by when."""

    owner = _owner("Who does it")
    due_on = _due_on()


class FinishTask(Schema):
    """What was done."""

    remark = LongText("What was done", load_default=None, longest=LONGEST_REMARK, rows=2)


class WriteNote(Schema):
    """A note about a student."""

    text = LongText(
        "Write a note",
        "For colleagues. The student reads it only in a copy of all that the school holds about them.",
        required=True,
        longest=LONGEST_NOTE,
    )
