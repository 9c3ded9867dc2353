"""What the registries call by name about hours and procedures: the weekly letters, their link, and words of history."""

import datetime as dt

from provider.fieldwork import entries, evaluations, weeks
from provider.fieldwork.week_link import WeekLink
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import retrying
from provider.kernel.registry import Payload, Periodic, Registry, Strand

WEEKS = "fieldwork.weeks"
MORNING = 7  # by the clock of the site: nobody's phone rings at night


def look_at_weeks(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Send the weeks that are over where their site is, and remind of those that wait; each in a unit of its own."""
    for placement_id, week_on in weeks.weeks_due(now - dt.timedelta(hours=MORNING)):
        retrying(lambda placement_id=placement_id, week_on=week_on: _send(placement_id, week_on, now))  # type: ignore[misc]
    for reference, placement_id in [(one.reference, one.placement_id) for one in entries.waiting_batches()]:
        retrying(lambda reference=reference, placement_id=placement_id: _remind(reference, placement_id, now))  # type: ignore[misc]


def _send(placement_id: int, week_on: dt.date, now: dt.datetime) -> None:
    placement = entries.placement_by_id(placement_id, lock=True)
    if weeks.anything_to_send(placement, week_on):  # another worker may have sent it, or it is held
        weeks.submit(placement=placement, week_on=week_on, actor=SYSTEM, at=now)


def _remind(reference: str, placement_id: int, now: dt.datetime) -> None:
    placement = entries.placement_by_id(placement_id, lock=True)
    weeks.remind(batch=entries.batch(reference, lock=True), placement=placement, at=now)


def preceptor_changed(placement_id: int, actor: Actor, at: dt.datetime) -> None:
    """Let the weeks and evaluations that wait go over to whoever supervises now."""
    weeks.follow_preceptor(placement_id, actor, at)
    evaluations.follow_preceptor(placement_id, actor, at)


STORY = Strand(
    "externship",
    "Externship",
    frozenset({"hours_entry", "procedure_entry", "entry_batch"}),
    {
        "hours_entry.entered": ("Hours of {day} entered", "event"),
        "hours_entry.clocked_out": ("Clocked out on {day}", "event"),
        "hours_entry.corrected": ("Hours of {day} corrected", "event"),
        "hours_entry.removed": ("Hours of {day} taken away before anybody saw them", "warn"),
        "hours_entry.submitted": ("Hours sent to the preceptor", "letter"),
        "hours_entry.approved": ("Hours approved", "person"),
        "hours_entry.returned": ("Hours sent back", "warn"),
        "hours_entry.lowered": ("Approved hours lowered from {old} to {new} minutes", "warn"),
        "procedure_entry.entered": ("Procedure of {day} entered", "event"),
        "procedure_entry.corrected": ("Procedure corrected", "event"),
        "procedure_entry.removed": ("Procedure of {day} taken away before anybody saw it", "warn"),
        "procedure_entry.submitted": ("Procedure sent to the preceptor", "letter"),
        "procedure_entry.approved": ("Procedure approved", "person"),
        "procedure_entry.returned": ("Procedure sent back", "warn"),
        "procedure_entry.lowered": ("Approved procedures lowered from {old} to {new}", "warn"),
        "entry_batch.sent": ("Week of {week} sent to the preceptor", "letter"),
        "entry_batch.sent_again": ("Week sent to the preceptor again", "letter"),
        "entry_batch.reminded": ("Preceptor reminded of a week", "letter"),
        "entry_batch.asked": ("Preceptor asked about a week", "person"),
        "entry_batch.answered": ("Week answered by the preceptor", "person"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[WEEK_LINK] = WeekLink()
    registry.jobs[WEEKS] = look_at_weeks
    registry.periodic.append(Periodic(WEEKS, lambda now: f"{now:%Y-%m-%dT%H}"))
    registry.strands.append(STORY)
    registry.preceptor_changed = preceptor_changed
