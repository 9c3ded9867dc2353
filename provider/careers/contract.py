"""What a file of careers may say: its schemas. Numbers stand in figures; a text cites them and types none."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import fields, validate

from provider.careers.figures import Confidence, Measures, Metric, Period, Statistic, Why
from provider.kernel.entries import SLUG, WEB, Entry, Line, Prose, day, flag, one_of, part, several
from provider.places.rules import STATE_NAMES

CITED = re.compile(r"\{([^{}]*)\}")
_KEY = re.compile(r"[A-Za-z0-9 ()/.-]+\Z")
_YEARS = re.compile(r"\b(19|20)\d\d\b")
_CODE = validate.Regexp(r"[0-9A-Za-z.-]{4,12}\Z", error="Write the occupation’s code, like 31-9092.")
_NAME = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Use small letters, digits and hyphens, like median-2024.")
_STATE = validate.OneOf(list(STATE_NAMES), error="Write a state as two letters.")


class Text(Prose):
    """A text that cites figures as ``{id}`` and types no digit of its own, so that each number shown has a source."""

    default_error_messages = {  # noqa: RUF012 - as in kernel.forms
        # marshmallow formats these, so braces stand twice
        "digit": "Cite a figure, like {{median}}, instead of typing a number here.",
        "cited": "Write the name of a figure between the braces, like {{median}}.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        typed = super()._deserialize(value, attr, data, **kwargs)
        if any(not _KEY.match(name) for name in CITED.findall(typed)):
            raise self.make_error("cited")
        if any(letter.isdigit() for letter in self._bare(CITED.sub("", typed))):
            raise self.make_error("digit")
        return typed

    def _bare(self, typed: str) -> str:
        return typed


class Reason(Text):
    """A reason in the history, which may also name years."""

    def _bare(self, typed: str) -> str:
        return _YEARS.sub("", typed)


class Number(fields.Field[Decimal]):
    """A number as it was read: whole or with decimals, never a float."""

    default_error_messages = {"number": "Write a number, like 44200 or 21.25.", "required": "Write a number."}  # noqa: RUF012 - as in kernel.forms

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:  # noqa: ANN401, ARG002 - marshmallow's signature
        try:
            number = Decimal(value if isinstance(value, (int, str)) and not isinstance(value, bool) else "")
        except InvalidOperation as error:
            raise self.make_error("number") from error
        if not number.is_finite() or abs(number) > 10**12:
            raise self.make_error("number")
        return number


class Time(fields.Field[Period]):
    """A period."""

    default_error_messages = {  # noqa: RUF012 - as in kernel.forms
        "period": "Write a period: 2024-05, 2024, 2024-2034 or read 2026-07.",
        "required": "Say which period the figure speaks of; without one it belongs into the history.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Period:  # noqa: ANN401, ARG002 - marshmallow's signature
        try:
            return Period.parse(str(value))
        except ValueError as error:
            raise self.make_error("period") from error


def texts(**kwargs: Any) -> fields.List[Any]:  # noqa: ANN401 - passed through
    """Return a field for a list of texts."""
    return several(Text(required=True), validate=validate.Length(min=1, error="Write at least one line."), **kwargs)


def sources(**kwargs: Any) -> fields.List[Any]:  # noqa: ANN401 - passed through
    """Return a field for the sources of a text."""
    at_least = validate.Length(min=1, error="Name at least one source.")
    return several(Line(required=True), required=True, validate=at_least, **kwargs)


class SourceEntry(Entry):
    """Where something was read."""

    id = Line(required=True, longest=64, validate=_NAME)
    title = Line(required=True)
    short = Line(required=True, longest=40)
    url = Line(load_default="", longest=500, validate=WEB)
    vintage = Line(load_default="", longest=120)
    read = Time(required=True)
    copy = flag(load_default=False)
    official = flag(load_default=False)


class FigureEntry(Entry):
    """A number that may be shown."""

    id = Line(required=True, longest=64, validate=_NAME)
    metric = one_of(Metric, required=True)
    statistic = one_of(Statistic, required=True)
    value = Number(load_default=None)
    low = Number(load_default=None)
    high = Number(load_default=None)
    period = Time(required=True)
    place = Line(load_default="US", validate=validate.OneOf(["US", *STATE_NAMES], error="Write US or a state."))
    industry = Line(load_default="")
    source = Line(required=True)
    confidence = one_of(Confidence, required=True)
    note = Text(load_default="")


class HistoryEntry(FigureEntry):
    """A number that is kept and not shown among the others, with the reason."""

    period = Time(load_default=None)
    why = one_of(Why, required=True)
    reason = Reason(required=True)
    note = Reason(load_default="")


class ToldEntry(Entry):
    """What is said in words, and where it was read."""

    items = texts(required=True)
    sources = sources()


class DutiesEntry(ToldEntry):
    """Duties under a heading."""

    heading = Text(required=True)


class OccupationEntry(Entry):
    """The official occupation whose figures are shown."""

    code = Line(required=True, validate=_CODE)
    name = Line(required=True)
    measures = one_of(Measures, required=True)
    note = Text(load_default="")
    source = Line(required=True)


class TypicalEntry(Entry):
    """What official statistics call typical for starting."""

    education = Text(required=True)
    experience = Text(required=True)
    training = Text(required=True)
    period = Time(required=True)
    source = Line(required=True)


class StepEntry(Entry):
    """A rung of the ladder."""

    name = Text(required=True)
    how = Text(load_default="")


class LadderEntry(Entry):
    """The rungs of the ladder, lowest first."""

    steps = several(part(StepEntry), required=True)
    sources = sources()


class MoveEntry(Entry):
    """A way to another career."""

    to = Line(load_default="")
    name = Line(load_default="")
    how = Text(required=True)
    sources = sources()


class CareerEntry(Entry):
    """One career."""

    slug = Line(required=True, longest=64, validate=SLUG)
    name = Text(required=True)
    plural = Text(required=True)
    updated_on = day(required=True)
    summary = Text(required=True)
    role = Text(required=True)
    hours_in_short = Text(required=True)
    occupation = part(OccupationEntry, required=True)
    figures = several(part(FigureEntry), load_default=list)
    history = several(part(HistoryEntry), load_default=list)
    entry = part(TypicalEntry, load_default=None)
    duties = several(part(DutiesEntry), required=True)
    skills = part(ToldEntry, required=True)
    training = part(ToldEntry, required=True)
    credentials = several(Line(required=True), load_default=list)
    leads_here = several(Line(required=True), load_default=list)
    program_note = Text(load_default="")
    licensing = part(ToldEntry, required=True)
    places = part(ToldEntry, required=True)
    hours = part(ToldEntry, required=True)
    specialties = part(ToldEntry, load_default=None)
    ladder = part(LadderEntry, required=True)
    moves = several(part(MoveEntry), load_default=list)
    challenges = part(ToldEntry, required=True)
    fit = fields.Dict(keys=Line(), values=Line(), load_default=dict)


class BodyEntry(Entry):
    """An issuing body."""

    id = Line(required=True, longest=64, validate=_NAME)
    name = Line(required=True)
    short = Line(required=True, longest=40)


class CredentialEntry(Entry):
    """A credential."""

    code = Line(required=True, longest=40)
    name = Line(required=True)
    body = Line(required=True)
    asks = part(ToldEntry, required=True)
    figures = several(part(FigureEntry), load_default=list)
    history = several(part(HistoryEntry), load_default=list)


class LicenseEntry(Entry):
    """What a state asks."""

    state = Line(required=True, validate=_STATE)
    careers = several(
        Line(required=True), required=True, validate=validate.Length(min=1, error="Name at least one career.")
    )
    name = Line(required=True)
    kind = Line(
        required=True,
        validate=validate.OneOf(
            ["license", "credential", "training", "notice"], error="Write license, credential, training or notice."
        ),
    )
    disputed = flag(load_default=False)
    items = texts(required=True)
    sources = sources()
    as_of = day(required=True)
    confidence = one_of(Confidence, required=True)
    figures = several(part(FigureEntry), load_default=list)


class AnswerEntry(Entry):
    """An answer to a question."""

    id = Line(required=True, longest=40, validate=_NAME)
    label = Text(required=True)


class QuestionEntry(Entry):
    """A question that helps to choose."""

    id = Line(required=True, longest=40, validate=_NAME)
    ask = Text(required=True)
    answers = several(part(AnswerEntry), required=True)


class ChoiceEntry(Entry):
    """When one of the careers is the better one."""

    career = Line(required=True)
    when = texts(required=True)


class FaqEntry(Entry):
    """A question that visitors ask, with its answer."""

    question = Text(required=True)
    answer = Text(required=True)


class ComparisonEntry(Entry):
    """An edited comparison."""

    careers = several(Line(required=True), required=True)
    title = Text(required=True)
    updated_on = day(required=True)
    intro = texts(required=True)
    choose = several(part(ChoiceEntry), required=True)
    faq = several(part(FaqEntry), load_default=list)


class DataFile(Entry):
    """One file; what it holds is said by its parts, and it may hold several."""

    sources = several(part(SourceEntry), load_default=list)
    bodies = several(part(BodyEntry), load_default=list)
    credentials = several(part(CredentialEntry), load_default=list)
    licensing = several(part(LicenseEntry), load_default=list)
    questions = several(part(QuestionEntry), load_default=list)
    career = part(CareerEntry, load_default=None)
    comparison = part(ComparisonEntry, load_default=None)
