"""What a catalog file may say: its schemas, and what has to fit together across it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import validate

from provider.kernel.datafiles import Source, Where, read
from provider.kernel.entries import (
    SECURE,
    SLUG,
    WEB,
    Dollars,
    Entry,
    Found,
    Line,
    Prose,
    day,
    flag,
    instant,
    load,
    one_of,
    part,
    several,
    twice,
    whole,
)
from provider.places.rules import STATE_NAMES
from provider.policies.rules import DEFAULT_HOURS, NATIONWIDE, Anchor, Unit
from provider.programs.rules import (
    MOST_CREDITS,
    MOST_EXTERNSHIP_HOURS,
    Availability,
    Inclusion,
    check_inclusions,
)
from provider.tuition.rules import MAX_CLASS_WEEKS, MAX_COUNT, Plan, PlanKind, check_plans


class SourceEntry(Entry):
    """Where something was read."""

    title = Line(required=True)
    url = Line(required=True, longest=500, validate=WEB)
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

    credits = whole(1, MOST_CREDITS, required=True)
    level = Line(load_default=None)
    subject = Line(load_default=None)
    source = Prose(required=True)
    valid_from = day(required=True)
    valid_to = day(load_default=None)
    sample = flag(load_default=False)


class CredentialEntry(Entry):
    """A certificate of an issuing body."""

    code = Line(required=True, longest=16)
    slug = Line(required=True, longest=64, validate=SLUG)
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
    url = Line(required=True, longest=500, validate=SECURE)
    hint = Line(load_default="")


class PlanEntry(Entry):
    """One way of paying."""

    slug = Line(required=True, longest=64, validate=SLUG)
    kind = one_of(PlanKind, required=True)
    title = Line(required=True)
    total = Dollars(required=True)
    count = whole(1, MAX_COUNT, load_default=1)
    sample = flag(load_default=False)


class ProgramEntry(Entry):
    """What the school teaches and sells."""

    slug = Line(required=True, longest=64, validate=SLUG)
    code = Line(required=True, longest=32)
    title = Line(required=True)
    class_weeks = whole(1, MAX_CLASS_WEEKS, required=True)
    externship_hours = whole(1, MOST_EXTERNSHIP_HOURS, load_default=None)
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
    source_url = Line(load_default=None, longest=500, validate=WEB)
    confidence = Line(
        required=True, validate=validate.OneOf(["high", "medium", "low"], error="Write high, medium or low.")
    )
    as_of = day(required=True)


class FaqEntry(Entry):
    """One question with its answer."""

    slug = Line(required=True, longest=64, validate=SLUG)
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


def loaded(path: Path, known_credentials: frozenset[str]) -> tuple[Source, dict[str, Any]]:
    """Return a file and what it says; raises BrokenFile with every problem in it.

    ``known_credentials`` are the codes that a program may lead to without the file saying more of them.
    """
    source = read(path)
    data = load(CatalogFile(), source)
    problems = list(_misfits(data, known_credentials))
    if problems:
        raise source.broken(problems)
    return source, data


def _misfits(data: Mapping[str, Any], known_credentials: frozenset[str]) -> Found:
    yield from twice(data["refund_policies"], ("refund_policies",), "number")
    yield from twice(data["state_floors"], ("state_floors",), "state", "citation")
    yield from twice(data["faq"], ("faq",), "slug")
    for name in ("credentials", "programs"):
        for key in ("slug", "code"):
            yield from twice(data[name], (name,), key)
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
    yield from twice(blueprint["topics"], (*where, "blueprint", "topics"), "name")
    total = sum(topic["items"] for topic in blueprint["topics"])
    if total == 0 or (scored is not None and total != scored):
        yield (*where, "blueprint", "topics"), f"topics: The items add up to {total}, not to {scored} scored items."


def _program_misfits(program: Mapping[str, Any], where: Where, codes: frozenset[str]) -> Found:
    yield from twice(program["inclusions"], (*where, "inclusions"), "key")
    yield from twice(program["plans"], (*where, "plans"), "slug")
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
