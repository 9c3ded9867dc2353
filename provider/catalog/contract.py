"""What a catalog file may say: its schemas, and what has to fit together across it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from provider.catalog.source import Source, Where, read
from provider.kernel import money
from provider.kernel.forms import Schema, Text
from provider.places.rules import STATE_NAMES
from provider.policies.rules import DEFAULT_HOURS, NATIONWIDE, Anchor, Unit
from provider.programs.rules import Availability, Inclusion, check_inclusions
from provider.tuition.rules import MAX_CLASS_WEEKS, MAX_COUNT, Plan, PlanKind, check_plans

Messages = dict[str, str | list[Any] | dict[Any, Any]]
_SLUG = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Use small letters, digits and hyphens, like clinical-1.")
_SECURE = validate.Regexp(r"https://[^\s/]+", error="Write the whole address, beginning with https://.")
_WEB = validate.Regexp(r"https?://[^\s/]+", error="Write the whole address, beginning with https:// or http://.")
LONG = 4_000


class Entry(Schema):
    """A part of the file; what it does not know is refused."""

    error_messages = {"unknown": "Nothing of this name belongs here.", "type": "Write this as name: value lines."}  # noqa: RUF012 - as in kernel.forms


class Line(Text):
    """Text on one line; numbers are taken as they are written."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        typed = super()._deserialize(plain, attr, data, **kwargs)
        if self.required and not typed:
            raise self.make_error("required")
        return typed


class Prose(Line):
    """Text of several lines."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(longest=LONG, lines=True, **kwargs)


class Dollars(fields.Field[int]):
    """An amount of dollars, kept as cents."""

    default_error_messages = {"amount": "Write an amount of dollars, like $1,899.00.", "required": "Fill this in."}  # noqa: RUF012 - as in kernel.forms

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:  # noqa: ANN401, ARG002 - marshmallow's signature
        cents = money.parse(str(value))
        if not cents:
            raise self.make_error("amount")
        return cents


def whole(low: int, high: int, **kwargs: Any) -> fields.Integer:  # noqa: ANN401 - passed through
    """Return a field for a whole number within limits."""
    limits = validate.Range(low, high, error=f"Write a whole number from {low:,} to {high:,}.")
    messages: Messages = {"invalid": f"Write a whole number from {low:,} to {high:,}.", "required": "Fill this in."}
    return fields.Integer(strict=True, validate=limits, error_messages=messages, **kwargs)


def one_of(kind: Any, **kwargs: Any) -> fields.Enum[Any]:  # noqa: ANN401 - any of our enums
    """Return a field for one of an enum's values."""
    values = ", ".join(member.value for member in kind)
    messages: Messages = {"unknown": f"Write one of: {values}.", "required": f"Write one of: {values}."}
    return fields.Enum(kind, by_value=True, error_messages=messages, **kwargs)


def day(**kwargs: Any) -> fields.Date:  # noqa: ANN401 - passed through
    """Return a field for a date."""
    messages: Messages = {"invalid": "Write a date like 2026-01-31.", "required": "Write a date like 2026-01-31."}
    return fields.Date(format="iso", error_messages=messages, **kwargs)


def instant(**kwargs: Any) -> fields.AwareDateTime:  # noqa: ANN401 - passed through
    """Return a field for an instant with its zone."""
    sentence = "Write an instant with its zone, like 2026-01-31T05:00:00Z."
    messages: Messages = {"invalid": sentence, "invalid_awareness": sentence, "required": sentence}
    return fields.AwareDateTime(format="iso", error_messages=messages, **kwargs)


def flag(**kwargs: Any) -> fields.Boolean:  # noqa: ANN401 - passed through
    """Return a field for true or false."""
    messages: Messages = {"invalid": "Write true or false.", "required": "Write true or false."}
    return fields.Boolean(truthy={True}, falsy={False}, error_messages=messages, **kwargs)


def several(inner: Any, **kwargs: Any) -> fields.List[Any]:  # noqa: ANN401 - any field
    """Return a field for a list."""
    messages: Messages = {
        "invalid": "Write this as a list, each line with a hyphen.",
        "required": "Fill this in.",
    }
    return fields.List(inner, error_messages=messages, **kwargs)


def part(schema: type[Entry], **kwargs: Any) -> fields.Nested:  # noqa: ANN401 - passed through
    """Return a field for a part of the file."""
    return fields.Nested(schema, error_messages={"required": "This part is missing."}, **kwargs)


class SourceEntry(Entry):
    """Where something was read."""

    title = Line(required=True)
    url = Line(required=True, longest=500, validate=_WEB)
    as_of = Line(load_default="", longest=40)


class TopicEntry(Entry):
    """One topic of an exam."""

    name = Line(required=True)
    items = whole(0, 1_000, required=True)


class BlueprintEntry(Entry):
    """The topics of an exam in one version."""

    version = Line(required=True, longest=64)
    topics = several(part(TopicEntry), required=True, validate=validate.Length(min=1, error="Name the topics."))


class ExamEntry(Entry):
    """The plain facts of an exam."""

    minutes = whole(1, 1_000, load_default=None)
    scored_items = whole(1, 1_000, load_default=None)
    unscored_items = whole(0, 1_000, load_default=None)
    options_per_item = whole(2, 10, load_default=None)
    blueprint = part(BlueprintEntry, load_default=None)


class RecommendationEntry(Entry):
    """A recommended number of credits; it becomes confirmed by a person, never by a file."""

    credits = whole(1, 60, required=True)
    source = Prose(required=True)
    valid_from = day(required=True)
    valid_to = day(load_default=None)
    sample = flag(load_default=False)


class CredentialEntry(Entry):
    """A certificate of an issuing body."""

    code = Line(required=True, longest=16)
    slug = Line(required=True, longest=64, validate=_SLUG)
    name = Line(required=True)
    body = Line(required=True)
    renewal_months = whole(1, 600, load_default=None)
    exam = part(ExamEntry, load_default=dict)
    notes = several(Prose(), load_default=list)
    sources = several(part(SourceEntry), load_default=list)
    recommendation = part(RecommendationEntry, load_default=None)


class InclusionEntry(Entry):
    """Whether tuition includes one thing."""

    key = Line(required=True, longest=40)
    label = Line(required=True)
    status = one_of(Inclusion, required=True)
    note = Prose(load_default="")


class StateRuleEntry(Entry):
    """What holds for residents of one state."""

    state = Line(required=True, validate=validate.OneOf(STATE_NAMES, error="Write a state as two letters, like CA."))
    availability = one_of(Availability, required=True)
    sentence = Prose(required=True)
    source = Line(required=True, longest=500)
    as_of = day(required=True)


class LinkEntry(Entry):
    """A place on the web for students of a program."""

    label = Line(required=True)
    url = Line(required=True, longest=500, validate=_SECURE)
    hint = Line(load_default="")


class PlanEntry(Entry):
    """One way of paying."""

    slug = Line(required=True, longest=64, validate=_SLUG)
    kind = one_of(PlanKind, required=True)
    title = Line(required=True)
    total = Dollars(required=True)
    count = whole(1, MAX_COUNT, load_default=1)
    sample = flag(load_default=False)


class ProgramEntry(Entry):
    """What the school teaches and sells."""

    slug = Line(required=True, longest=64, validate=_SLUG)
    code = Line(required=True, longest=32)
    title = Line(required=True)
    class_weeks = whole(1, MAX_CLASS_WEEKS, required=True)
    sample = flag(load_default=False)
    on_sale = flag(load_default=True)
    summary = Prose(required=True)
    teaching = Prose(required=True)
    outcome = Prose(required=True)
    credentials = several(Line(), required=True)
    inclusions = several(part(InclusionEntry), required=True)
    prerequisites = several(Prose(), load_default=list)
    state_rules = several(part(StateRuleEntry), load_default=list)
    links = several(part(LinkEntry), load_default=list)
    plans = several(part(PlanEntry), required=True)


class PolicyEntry(Entry):
    """One version of the refund policy."""

    number = whole(1, 10_000, required=True)
    hours = whole(DEFAULT_HOURS, 10_000, required=True)
    effective_from = instant(required=True)
    summary = Prose(required=True)


class FloorEntry(Entry):
    """A state's law as it was read."""

    state = Line(
        required=True,
        validate=validate.OneOf([*STATE_NAMES, NATIONWIDE], error="Write a state as two letters, or US."),
    )
    citation = Line(required=True)
    rule = Prose(required=True)
    anchor = one_of(Anchor, required=True)
    amount = whole(1, 1_000, load_default=None)
    unit = one_of(Unit, load_default=None)
    keeps_money = flag(load_default=False)
    source = Line(required=True, longest=500)
    source_url = Line(load_default=None, longest=500, validate=_WEB)
    confidence = Line(
        required=True, validate=validate.OneOf(["high", "medium", "low"], error="Write high, medium or low.")
    )
    as_of = day(required=True)


class FaqEntry(Entry):
    """One question with its answer."""

    slug = Line(required=True, longest=64, validate=_SLUG)
    question = Line(required=True)
    answer = Prose(required=True)
    updated_at = instant(load_default=None)


class CatalogFile(Entry):
    """The whole file; a part that is missing changes nothing."""

    refund_policies = several(part(PolicyEntry), load_default=list)
    state_floors = several(part(FloorEntry), load_default=list)
    credentials = several(part(CredentialEntry), load_default=list)
    programs = several(part(ProgramEntry), load_default=list)
    faq = several(part(FaqEntry), load_default=list)


Found = Iterator[tuple[Where, str]]


def loaded(path: Path, known_credentials: frozenset[str]) -> tuple[Source, dict[str, Any]]:
    """Return a file and what it says; raises BrokenFile with every problem in it.

    ``known_credentials`` are the codes that a program may lead to without the file saying more of them.
    """
    source = read(path)
    try:
        data: dict[str, Any] = CatalogFile().load(source.data)
    except ma.ValidationError as error:
        raise source.broken(list(_flat(error.normalized_messages()))) from error
    problems = list(_misfits(data, known_credentials))
    if problems:
        raise source.broken(problems)
    return source, data


def _flat(messages: Any, where: Where = ()) -> Found:  # noqa: ANN401 - marshmallow nests dicts and lists
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, where if name == "_schema" else (*where, name))
        return
    names = [str(step) for step in where if isinstance(step, str)]
    label = ".".join(names) or "This file"
    for sentence in messages if isinstance(messages, list) else [messages]:
        yield where, f"{label}: {sentence}"


def _misfits(data: Mapping[str, Any], known_credentials: frozenset[str]) -> Found:
    yield from _twice(data["refund_policies"], ("refund_policies",), "number")
    yield from _twice(data["state_floors"], ("state_floors",), "state", "citation")
    yield from _twice(data["faq"], ("faq",), "slug")
    for name in ("credentials", "programs"):
        for key in ("slug", "code"):
            yield from _twice(data[name], (name,), key)
    for number, floor in enumerate(data["state_floors"]):
        if (floor["amount"] is None) != (floor["unit"] is None):
            yield ("state_floors", number), "state_floors: Give amount and unit, or neither."
    for number, credential in enumerate(data["credentials"]):
        yield from _exam_misfits(credential["exam"], ("credentials", number, "exam"))
    codes = known_credentials | {credential["code"] for credential in data["credentials"]}
    for number, program in enumerate(data["programs"]):
        yield from _program_misfits(program, ("programs", number), codes)


def _exam_misfits(exam: Mapping[str, Any], where: Where) -> Found:
    blueprint, scored = exam.get("blueprint"), exam.get("scored_items")
    if blueprint is None:
        return
    yield from _twice(blueprint["topics"], (*where, "blueprint", "topics"), "name")
    total = sum(topic["items"] for topic in blueprint["topics"])
    if total == 0 or (scored is not None and total != scored):
        yield (*where, "blueprint", "topics"), f"topics: The items add up to {total}, not to {scored} scored items."


def _program_misfits(program: Mapping[str, Any], where: Where, codes: frozenset[str]) -> Found:
    yield from _twice(program["inclusions"], (*where, "inclusions"), "key")
    yield from _twice(program["plans"], (*where, "plans"), "slug")
    if not program["credentials"]:
        yield (*where, "credentials"), "credentials: Name at least one credential that the program leads to."
    for number, code in enumerate(program["credentials"]):
        if code not in codes:
            yield (*where, "credentials", number), f"credentials: “{code}” is no credential of this file or the school."
    for sentence in check_inclusions({line["key"]: line["status"] for line in program["inclusions"]}):
        yield (*where, "inclusions"), f"inclusions: {sentence}"
    for number, plan in enumerate(program["plans"]):
        if plan["kind"] is PlanKind.UPFRONT and plan["count"] != 1:
            yield (*where, "plans", number, "count"), "count: Paying all at once is one payment; take the count out."
    plans = [Plan(plan["kind"], plan["total"], plan["count"]) for plan in program["plans"]]
    for sentence in dict.fromkeys(check_plans(plans, program["class_weeks"])):
        yield (*where, "plans"), f"plans: {sentence}"


def _twice(entries: Sequence[Mapping[str, Any]], where: Where, *keys: str) -> Found:
    seen = set()
    for number, entry in enumerate(entries):
        named = tuple(entry[key] for key in keys)
        if named in seen:
            words = " ".join(str(value) for value in named)
            yield (*where, number), f"{where[-1]}: “{words}” is given twice; keep one of them."
        seen.add(named)
