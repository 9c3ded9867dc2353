"""Where a student clocks in and out, enters days and procedures, corrects what came back, and sends a week."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.externships.models import Placement
from provider.fieldwork import clocking, doing, entries, weeks
from provider.fieldwork.clocking import Typed
from provider.fieldwork.days import to_the_minute, week_of
from provider.fieldwork.doing import Done
from provider.fieldwork.entry_schemas import ClockIn, ClockOut, DayFacts, DoneFacts, EnterDay, EnterProcedure, SendWeek
from provider.fieldwork.models import HoursEntry, ProcedureEntry
from provider.fieldwork.pages import entry_page, hours_page, procedures_page
from provider.kernel.database import Busy, retrying
from provider.kernel.days import written
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, only, received_at

door = Door("fieldwork", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship")


def _own(reference: str) -> Placement:
    return entries.own_placement(sessions.asker(), reference, lock=True)


def _tried(form: Form, work: Callable[[Placement], object], *, at: str = "_schema") -> bool:
    """Do what a form asks for, of one's own placement; a refusal is told beside a field, with all that was typed."""
    if not form.ok:
        return False
    try:
        retrying(lambda: work(_own(form.data["placement"])))
    except DomainError as refusal:
        if isinstance(refusal, (NotFound, Busy)):
            raise
        form.add_error(at if isinstance(refusal, clocking.LooksPersonal) else "_schema", refusal.sentence)
    return form.ok


def _to(endpoint: str, form: Form) -> ResponseReturnValue:
    return redirect(url_for(endpoint, placement=form.data["placement"]), code=303)


@door.get("/hours")
def hours() -> ResponseReturnValue:
    sessions.viewer()
    return hours_page()


@door.post("/hours/clock-in")
def clock_in() -> ResponseReturnValue:
    form = Form(ClockIn()).load_form(request.form)

    def come(placement: Placement) -> None:
        given = form.data
        clocking.clock_in(
            placement=placement,
            client_key=given["client_key"],
            claimed_at=given["at"],
            actor=actor(),
            received_at=received_at(),
        )

    if not _tried(form, come):
        return hours_page(told=form, status=422)
    flash("You are clocked in.")
    return _to("fieldwork.hours", form)


@door.post("/hours/clock-out")
def clock_out() -> ResponseReturnValue:
    form = Form(ClockOut()).load_form(request.form)

    def leave(placement: Placement) -> None:
        given = form.data
        clocking.clock_out(
            placement=placement,
            client_key=given["client_key"],
            break_minutes=given["rest"],
            left_at=given["left"],
            remark=given["note"],
            claimed_at=given["at"],
            actor=actor(),
            received_at=received_at(),
        )

    if not _tried(form, leave, at="note"):
        return hours_page(out=form, status=422)
    flash("You are clocked out.")
    return _to("fieldwork.hours", form)


@door.post("/hours")
def enter() -> ResponseReturnValue:
    form = Form(EnterDay()).load_form(request.form)

    def write(placement: Placement) -> None:
        typed, key = _typed(form), form.data["client_key"]
        clocking.enter(placement=placement, client_key=key, typed=typed, actor=actor(), received_at=received_at())

    if not _tried(form, write, at="remark"):
        return hours_page(day=form, status=422)
    flash(f"{written(form.data['day_on'])} is entered.")
    return _week_of("fieldwork.hours", form)


def _typed(form: Form) -> Typed:
    given = form.data
    return Typed(given["day_on"], given["begins"], given["ends"], given["break_minutes"], given["remark"])


@door.get("/hours/<reference>")
def day(reference: str) -> ResponseReturnValue:
    placement, entry = _shown(reference)
    zone = entries.agreed(placement).zone
    form = Form(
        DayFacts(),
        values={
            "day_on": entry.day_on.isoformat(),
            "begins": f"{to_the_minute(entry.from_at).astimezone(zone):%H:%M}",
            "ends": f"{entry.until_at.astimezone(zone):%H:%M}" if entry.until_at else "",
            "break_minutes": entry.break_minutes,
            "remark": entry.remark or "",
        },
    )
    return entry_page("fieldwork/day.html", form, placement, entry)


def _shown(reference: str) -> tuple[Placement, HoursEntry]:
    placement = entries.own_placement(sessions.asker(), entries.placement_of_entry(HoursEntry, reference))
    entry = entries.one_of(placement, HoursEntry, reference)
    if entry.until_at is None:
        raise NotFound
    return placement, entry


@door.post("/hours/<reference>")
def correct(reference: str) -> ResponseReturnValue:
    placement, _ = _shown(reference)
    form = Form(DayFacts()).load_form(request.form)
    form.data["placement"] = placement.reference

    def change(placement: Placement) -> None:
        entry = entries.one_of(placement, HoursEntry, reference)
        clocking.correct(placement=placement, entry=entry, typed=_typed(form), actor=actor(), at=received_at())

    if not _tried(form, change, at="remark"):
        return entry_page("fieldwork/day.html", form, *_shown(reference), status=422)
    flash("The day is corrected. Send the week when you are done.")
    return _week_of("fieldwork.hours", form)


def _week_of(endpoint: str, form: Form) -> ResponseReturnValue:
    week = form.data["day_on"].isoformat()
    return redirect(url_for(endpoint, placement=form.data["placement"], week=week), code=303)


@door.post("/hours/<reference>/removal")
def remove(reference: str) -> ResponseReturnValue:
    only()
    return _removed(reference, HoursEntry, clocking.remove, "fieldwork.hours")


def _removed(
    reference: str, kind: type[entries.E], remove: Callable[..., object], endpoint: str
) -> ResponseReturnValue:
    def take() -> str:
        placement = _own(entries.placement_of_entry(kind, reference))
        entry = entries.one_of(placement, kind, reference)
        remove(placement=placement, entry=entry, actor=actor(), at=received_at())
        return placement.reference

    try:
        placement = retrying(take)
    except clocking.Settled as refusal:
        flash(refusal.sentence, "error")
        return redirect(url_for(endpoint), code=303)
    flash("The entry is taken away.")
    return redirect(url_for(endpoint, placement=placement), code=303)


@door.get("/procedures")
def procedures() -> ResponseReturnValue:
    sessions.viewer()
    return procedures_page()


@door.post("/procedures")
def do() -> ResponseReturnValue:
    form = Form(EnterProcedure()).load_form(request.form)

    def write(placement: Placement) -> None:
        done, key = _done(form), form.data["client_key"]
        doing.enter(placement=placement, client_key=key, done=done, actor=actor(), received_at=received_at())

    if not _tried(form, write, at="remark"):
        return procedures_page(form=form, status=422)
    flash(f"{form.data['number']} × {form.data['kind'].label} on {written(form.data['day_on'])} entered.")
    return _week_of("fieldwork.procedures", form)


def _done(form: Form) -> Done:
    return Done(form.data["day_on"], form.data["kind"], form.data["number"], form.data["remark"])


def _procedure(reference: str) -> tuple[Placement, ProcedureEntry]:
    placement = entries.own_placement(sessions.asker(), entries.placement_of_entry(ProcedureEntry, reference))
    return placement, entries.one_of(placement, ProcedureEntry, reference)


@door.get("/procedures/<reference>")
def procedure(reference: str) -> ResponseReturnValue:
    placement, entry = _procedure(reference)
    values = {
        "kind": entry.kind.value,
        "number": entry.number,
        "day_on": entry.day_on.isoformat(),
        "remark": entry.remark or "",
    }
    return entry_page("fieldwork/procedure.html", Form(DoneFacts(), values=values), placement, entry)


@door.post("/procedures/<reference>")
def correct_procedure(reference: str) -> ResponseReturnValue:
    placement, _ = _procedure(reference)
    form = Form(DoneFacts()).load_form(request.form)
    form.data["placement"] = placement.reference

    def change(placement: Placement) -> None:
        entry = entries.one_of(placement, ProcedureEntry, reference)
        doing.correct(placement=placement, entry=entry, done=_done(form), actor=actor(), at=received_at())

    if not _tried(form, change, at="remark"):
        return entry_page("fieldwork/procedure.html", form, *_procedure(reference), status=422)
    flash("The entry is corrected. Send the week when you are done.")
    return _week_of("fieldwork.procedures", form)


@door.post("/procedures/<reference>/removal")
def remove_procedure(reference: str) -> ResponseReturnValue:
    only()
    return _removed(reference, ProcedureEntry, doing.remove, "fieldwork.procedures")


@door.post("/weeks")
def send() -> ResponseReturnValue:
    form = Form(SendWeek()).load_form(request.form)

    def submit(placement: Placement) -> None:
        week_on = week_of(form.data["week"])
        weeks.submit(placement=placement, week_on=week_on, actor=actor(), at=received_at())

    if not _tried(form, submit):
        return hours_page(told=form, status=422)
    flash("The week is on its way to your preceptor. You get a letter if something comes back.")
    return redirect(
        url_for("fieldwork.hours", placement=form.data["placement"], week=form.data["week"].isoformat()), code=303
    )
