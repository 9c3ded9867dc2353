"""What staff fill in about messages, and what their list is narrowed to."""

from typing import Any

from marshmallow import fields

from provider.files.inputs import Paper
from provider.history.rules import LONGEST_NOTE
from provider.kernel.forms import LongText, Schema, Text
from provider.mail.rules import Mailbox
from provider.threads.rules import LONGEST_ANSWER, LONGEST_KEY, LONGEST_SUBJECT

LONGEST_REFERENCE = 16


def _hidden(longest: int, *, required: bool = True) -> Text:
    if required:
        return Text(required=True, longest=longest, metadata={"label": "This form", "widget": "hidden"})
    return Text(load_default="", longest=longest, metadata={"label": "Show", "widget": "hidden"})


def _choice(label: str) -> Text:
    return Text(load_default="", longest=32, metadata={"label": label, "widget": "select"})


class FindThreads(Schema):
    """What the list of messages is narrowed to; tabs choose the state."""

    state = _hidden(32, required=False)
    q = Text(load_default="", longest=200, metadata={"label": "Subject, name, e-mail or reference", "widget": "search"})
    mailbox = _choice("Mailbox")
    owner = _choice("Whose")
    standing = _choice("Writer")
    sort = _choice("Order")


def _lines(label: str, hint: str = "", *, longest: int, rows: int, wanted: str) -> Text:
    return LongText(label, hint, required=True, longest=longest, rows=rows, error_messages={"required": wanted})


def _reference(label: str, hint: str, **field: Any) -> Text:  # noqa: ANN401 - of Text
    typed = {"autocapitalize": "characters", "spellcheck": "false"}
    return Text(longest=LONGEST_REFERENCE, metadata={"label": label, "hint": hint, "attrs": typed}, **field)


class AnswerThread(Schema):
    """An answer, what stood on the page when it was written, and the files that go with it."""

    key = _hidden(LONGEST_KEY)
    seen = _hidden(LONGEST_REFERENCE)
    text = _lines(
        "Your answer", "Your name is put under it.", longest=LONGEST_ANSWER, rows=10, wanted="Write your answer."
    )
    file1 = Paper(
        "A file to go with it",
        "PDF, JPEG or PNG; three at most, together no larger than 10 megabytes.",
        load_default=None,
    )
    file2 = Paper("A second file", load_default=None)
    file3 = Paper("A third file", load_default=None)


class NoteOnThread(Schema):
    """A note for colleagues."""

    key = _hidden(LONGEST_KEY)
    text = _lines(
        "Note for colleagues", "It never leaves the house.", longest=LONGEST_NOTE, rows=3, wanted="Write the note."
    )


class AssignThread(Schema):
    """Who looks after the messages."""

    owner = Text(load_default=None, longest=LONGEST_REFERENCE, metadata={"label": "Who answers", "widget": "select"})


class MergeThread(Schema):
    """The messages to put these together with."""

    other = _reference(
        "Reference of the others",
        "Such as TH-7K2M9Q4T. All of them go into the older ones.",
        required=True,
        error_messages={"required": "Write the reference of the other messages."},
    )


class SplitThread(Schema):
    """What a message is called that gets a thread of its own."""

    subject = Text(
        required=True,
        longest=LONGEST_SUBJECT,
        error_messages={"required": "Write what it is about."},
        metadata={"label": "Subject", "hint": "What the message is about."},
    )


class PutBeside(Schema):
    """The record that messages belong to."""

    record = _reference(
        "Reference of a student, an enrollment, a request or a site",
        "Such as P-7K2M9Q4T. Leave it empty to put them beside nothing.",
        load_default=None,
    )


class WriteCanned(Schema):
    """A text for answers."""

    title = Text(required=True, longest=80, metadata={"label": "Title", "hint": "By which it is chosen."})
    mailbox = fields.Enum(
        Mailbox,
        by_value=True,
        load_default=None,
        error_messages={"unknown": "Choose one of these."},
        metadata={
            "label": "For mail to",
            "widget": "select",
            "choices": [("", "Every mailbox"), *((one.value, f"{one}@") for one in Mailbox)],
        },
    )
    text = _lines("Text", longest=LONGEST_ANSWER, rows=12, wanted="Write the text.")
