"""The hours and procedures of a placement: staff read all, correct with a reason, and send a week again."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.externships.models import Placement
from provider.fieldwork import clocking, correcting, doing, entries, weeks
from provider.fieldwork.clocking import Typed
from provider.fieldwork.days import Oddity, spoken, typed
from provider.fieldwork.doing import Done
from provider.fieldwork.models import HoursEntry, ProcedureEntry
from provider.fieldwork.rules import EntryState
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_entries import CorrectHours, CorrectProcedure, LowerHours, LowerProcedure

door = Door(
    "staff_entries",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/externships/placements",
)


def _home(reference: str) -> str:
    return url_for("staff_entries.index", reference=reference)


@door.get("/<reference>/entries")
def index(reference: str) -> ResponseReturnValue:
    placement = entries.placement(reference)
    hours = entries.all_of(placement.id, HoursEntry)
    return render_template(
        "staff/externships/entries.html",
        placement=placement,
        zone=entries.agreed(placement).zone,
        hours=hours,
        sums=entries.minutes(hours),
        procedures=entries.all_of(placement.id, ProcedureEntry),
        batches=entries.batches(placement.id),
        spoken=spoken,
        oddity=Oddity,
    )


@door.get("/<reference>/entries/<entry>")
def show(reference: str, entry: str) -> ResponseReturnValue:
    placement = entries.placement(reference)
    found = _entry(placement, entry)
    return _page(placement, found, _form(placement, found))


@door.post("/<reference>/entries/<entry>")
def correct(reference: str, entry: str) -> ResponseReturnValue:
    placement = entries.placement(reference)
    form = Form(_form(placement, _entry(placement, entry)).schema).load_form(request.form)
    attempt(form, lambda: _correct(reference, entry, form))
    if not form.ok:
        placement = entries.placement(reference)
        return _page(placement, _entry(placement, entry), form), 422
    return done("The entry is corrected. The reason is kept.", _home(reference))


@door.post("/<reference>/weeks/<week>/resend")
def resend(reference: str, week: str) -> ResponseReturnValue:
    def again() -> None:
        placement = entries.placement(reference, lock=True)
        batch = entries.batch(week, lock=True)
        if batch.placement_id != placement.id:
            raise NotFound
        weeks.send_again(batch=batch, placement=placement, actor=actor(), at=received_at())

    return try_to(again, "The week is on its way again, with a new link. The link before is closed.", _home(reference))


def _entry(placement: Placement, reference: str) -> HoursEntry | ProcedureEntry:
    if reference.startswith("H"):
        return entries.one_of(placement, HoursEntry, reference)
    return entries.one_of(placement, ProcedureEntry, reference)


def _form(placement: Placement, entry: HoursEntry | ProcedureEntry) -> Form:
    """Return the form of an entry as it stands: lower what was approved, or correct what is open."""
    approved = entry.state is EntryState.APPROVED
    if isinstance(entry, ProcedureEntry):
        if approved:
            return Form(LowerProcedure(), values={"counts": entry.approved_number})
        values = {"kind": entry.kind.value, "number": entry.number, "day_on": entry.day_on.isoformat()}
        return Form(CorrectProcedure(), values=values | {"remark": entry.remark or ""})
    if approved:
        return Form(LowerHours(), values={"counts": typed(entry.approved_minutes or 0)})
    zone = entries.agreed(placement).zone
    ends = f"{entry.until_at.astimezone(zone):%H:%M}" if entry.until_at else ""
    times = {"begins": f"{entry.from_at.astimezone(zone):%H:%M}", "ends": ends, "break_minutes": entry.break_minutes}
    return Form(CorrectHours(), values={"day_on": entry.day_on.isoformat(), "remark": entry.remark or ""} | times)


def _correct(reference: str, entry: str, form: Form) -> None:
    placement = entries.placement(reference, lock=True)
    found, given, now = _entry(placement, entry), form.data, received_at()
    if "counts" in given:
        correcting.lower(
            placement=placement, entry=found, counts=given["counts"], reason=given["reason"], actor=actor(), at=now
        )
    elif isinstance(found, HoursEntry):
        times = Typed(given["day_on"], given["begins"], given["ends"], given["break_minutes"], given["remark"])
        clocking.correct(placement=placement, entry=found, typed=times, actor=actor(), at=now, reason=given["reason"])
    else:
        what = Done(given["day_on"], given["kind"], given["number"], given["remark"])
        doing.correct(placement=placement, entry=found, done=what, actor=actor(), at=now, reason=given["reason"])


def _page(placement: Placement, entry: HoursEntry | ProcedureEntry, form: Form) -> str:
    return render_template(
        "staff/externships/entry.html",
        placement=placement,
        entry=entry,
        form=form,
        can_correct=entry.state is not EntryState.SUBMITTED
        and (not isinstance(entry, HoursEntry) or entry.minutes is not None),
        spoken=spoken,
    )
