"""The link in a preceptor's letter: a week to approve, correct, send back or ask about; only its buttons decide."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields

from provider.accounts.links import open_link
from provider.externships.models import Placement
from provider.fieldwork import approving, entries
from provider.fieldwork.approving import AlreadyAnswered, PageOutdated, Verdict
from provider.fieldwork.clocking import LooksPersonal
from provider.fieldwork.days import Oddity, spoken, typed
from provider.fieldwork.entry_schemas import Duration, number_from
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import BatchState
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.forms import Form, LongText, Schema, Text

COUNTS, BACK = "counts_", "back_"
ASK, ANSWER = "ask", "answer"
LONGEST_REASON = 500
LONGEST_SIGNATURE = 120
NEWER = (
    "This link does not work any more: a newer letter about this week has the one that does. If you cannot find it, "
    "answer any of our letters, and we send it again."
)
_HIDDEN: Mapping[str, Any] = {"widget": "hidden"}


class AskAboutWeek(Schema):
    """What a preceptor wants to know before they answer."""

    step = fields.String(required=True, metadata=_HIDDEN)
    question = LongText(
        "Your question",
        "It goes to the school, not to the student. Nothing about patients, please.",
        required=True,
        longest=LONGEST_REASON,
    )


def _reason() -> Text:
    hint = "The student reads it. Then this line does not count."
    return LongText("Or send it back because", hint, load_default=None, longest=LONGEST_REASON, rows=2)


def _duration() -> Duration:
    hint = "Hours and minutes, such as 7:30."
    return Duration(
        required=True, longest=20, metadata={"label": "Time that counts", "hint": hint, "attrs": {"size": "8"}}
    )


class Week:
    """A week as its page shows it: the batch, whose it is, and its lines."""

    def __init__(self, batch: EntryBatch) -> None:
        self.batch = batch
        self.placement: Placement = entries.placement_by_id(batch.placement_id)
        self.hours = entries.lines(batch.id, HoursEntry)
        self.procedures = entries.lines(batch.id, ProcedureEntry)
        self.zone = ZoneInfo(self.placement.opening.location.zone)

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """Return what the preceptor is asked for in short: minutes, days, procedures, and days that are marked."""
        marked = sum(bool(one.exceptions) for one in self.hours)
        return (
            sum(one.minutes or 0 for one in self.hours),
            len({one.day_on for one in self.hours}),
            sum(one.number for one in self.procedures),
            marked,
        )

    @property
    def approved_minutes(self) -> int:
        """Return what was approved of the hours."""
        return sum(one.approved_minutes or 0 for one in self.hours)

    @property
    def schema(self) -> Schema:
        """The form of this week: how much of each line counts, or why it goes back, and the signature."""
        declared: dict[str, fields.Field[Any]] = {"step": fields.String(required=True, metadata=_HIDDEN)}
        for line in self.hours:
            declared |= {COUNTS + line.reference: _duration(), BACK + line.reference: _reason()}
        for done in self.procedures:
            declared |= {
                COUNTS + done.reference: number_from(0, "How often it counts"),
                BACK + done.reference: _reason(),
            }
        declared["signature"] = Text(
            required=True,
            longest=LONGEST_SIGNATURE,
            metadata={
                "label": "Sign with your full name",
                "hint": "Your typed name is your signature.",
                "autocomplete": "name",
            },
        )
        return cast("Schema", Schema.from_dict(declared, name="AnswerWeek")())

    @property
    def form(self) -> Form:
        """The form as it is opened: everything counts as it was entered."""
        values: dict[str, object] = {"step": ANSWER}
        values |= {COUNTS + line.reference: typed(line.minutes or 0) for line in self.hours}
        values |= {COUNTS + done.reference: done.number for done in self.procedures}
        return Form(self.schema, values=values)


class WeekLink:
    """Opens the week for its preceptor; afterwards it says what was answered."""

    label = "Approve a week of an externship"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return _page(Week(entries.batch(subject)), token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        if request.form.get("step") == ASK:
            return _ask(subject, token, holder, received_at)
        return _answer(subject, token, holder, received_at)

    def over(self, subject: str, made_at: dt.datetime) -> str | None:
        week = Week(entries.batch(subject))
        answered_at = week.batch.answered_at
        if answered_at is not None:
            on = written(day_of(answered_at, week.zone))
            return f"This week was answered on {on}. There is nothing left for you to do."
        return entries.handed_over(week.placement, made_at) or NEWER


def _answer(subject: str, token: str, holder: Actor, at: dt.datetime) -> ResponseReturnValue:
    week = Week(entries.batch(subject))
    form = Form(week.schema).load_form(request.form)
    if week.batch.state is BatchState.ANSWERED:
        return _page(week, token, told=AlreadyAnswered(week.batch).sentence, status=AlreadyAnswered.status)
    if form.ok:
        try:
            retrying(lambda: _decide(subject, form, holder, at))
        except (AlreadyAnswered, PageOutdated) as refusal:
            return _page(Week(entries.batch(subject)), token, told=refusal.sentence, status=refusal.status)
        except LooksPersonal as refusal:
            form.add_error("_schema", refusal.sentence)
    if not form.ok:
        return _page(Week(entries.batch(subject)), token, form=form, status=422)
    flash("Thank you. Your answer is saved, and the student sees it.")
    return redirect(f"/links/{token}", code=303)


def _decide(subject: str, form: Form, holder: Actor, at: dt.datetime) -> None:
    batch = entries.batch(subject, lock=True)
    verdicts = {
        name.removeprefix(COUNTS): Verdict(counts, form.data[BACK + name.removeprefix(COUNTS)])
        for name, counts in form.data.items()
        if name.startswith(COUNTS)
    }
    approving.answer(
        batch=batch,
        placement=entries.placement_by_id(batch.placement_id),
        verdicts=verdicts,
        signature=form.data["signature"],
        actor=holder,
        at=at,
    )


def _ask(subject: str, token: str, holder: Actor, at: dt.datetime) -> ResponseReturnValue:
    asked = Form(AskAboutWeek()).load_form(request.form)
    if asked.ok:
        try:
            retrying(lambda: _put(subject, asked.data["question"], holder, at))
        except LooksPersonal as refusal:
            asked.add_error("question", refusal.sentence)
        except DomainError as refusal:
            return _page(Week(entries.batch(subject)), token, told=refusal.sentence, status=refusal.status)
    if not asked.ok:
        return _page(Week(entries.batch(subject)), token, asked=asked, status=422)
    flash(
        "Your question is with the school. We answer by e-mail or phone; you can approve the week when you are ready."
    )
    return redirect(f"/links/{token}", code=303)


def _put(subject: str, question: str, holder: Actor, at: dt.datetime) -> None:
    batch = entries.batch(subject, lock=True)
    placement = entries.placement_by_id(batch.placement_id)
    approving.ask(batch=batch, placement=placement, question=question, actor=holder, at=at)


def _page(
    week: Week, token: str, *, form: Form | None = None, asked: Form | None = None, told: str = "", status: int = 200
) -> ResponseReturnValue:
    return render_template(
        "fieldwork/week.html",
        week=week,
        open=week.batch.state is BatchState.SENT,
        form=form or week.form,
        asked=asked or Form(AskAboutWeek(), values={"step": ASK}),
        summary=asked or form,
        told=told,
        token=token,
        spoken=spoken,
        oddity=Oddity,
    ), status
