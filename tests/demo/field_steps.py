"""What happens at a site: days and procedures written down, weeks approved, evaluations, visits, and the record."""

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from provider.accounts.rules import Role
from provider.affiliations.rules import field_time
from provider.externships.models import Placement
from provider.fieldwork import approving, clocking, doing, entries, evaluations, records, weeks
from provider.fieldwork.approving import Verdict
from provider.fieldwork.clocking import Typed
from provider.fieldwork.doing import Done
from provider.fieldwork.evaluating import BY_PRECEPTOR, OVERALL, POINTS
from provider.fieldwork.evaluation_queries import by_reference as evaluation_of
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.models import EntryBatch, Evaluation, ExternshipRecord, HoursEntry, ProcedureEntry
from provider.fieldwork.record_queries import by_reference as record_of
from provider.fieldwork.rules import EvaluationKind, EvaluationState, ProcedureKind
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel.database import db
from provider.kernel.days import day_of
from tests.demo import links
from tests.demo.extern_steps import placement_of, workdays
from tests.demo.office import STAFF
from tests.demo.steps import Player, Step
from tests.demo.times import ONE_DAY, of_week, zone

REST = 30
REMARKS = {
    0: "First morning with the new team, then draws on my own.",
    3: "Quiet day. Practiced labels and centrifuge.",
}
OF_CCMA = (
    (ProcedureKind.VITALS, 9),
    (ProcedureKind.VENIPUNCTURE, 2),
    (ProcedureKind.EKG, 1),
    (ProcedureKind.INJECTION, 2),
)
OF_CPT = ((ProcedureKind.VENIPUNCTURE, 6), (ProcedureKind.CAPILLARY, 2), (ProcedureKind.SPECIMEN, 7))
SIGNER = STAFF[Role.COORDINATOR][0]


def _placement(player: Player) -> Placement:
    return entries.placement(placement_of(player).reference, lock=True)


def write_up(player: Player, at: dt.datetime) -> None:
    """Write down the days since the last that is written, as far as they are over."""
    placement = _placement(player)
    written = [one.day_on for one in entries.all_of(placement.id, HoursEntry)]
    first = max(written) + ONE_DAY if written else placement.first_on
    for day in workdays(placement, first, at):
        _write(player, placement, day, at)


def _write(player: Player, placement: Placement, day: dt.date, at: dt.datetime) -> None:
    opening, by = placement.opening, player.student.herself
    begins, ends = (dt.time.fromisoformat(field_time(one)) for one in (opening.from_minute, opening.until_minute))
    key = f"{placement.reference}-{day}"
    typed = Typed(day, begins, ends, REST, REMARKS.get(day.weekday()))
    clocking.enter(placement=placement, client_key=key, typed=typed, actor=by, received_at=at)
    kinds = OF_CPT if player.student.program == "cpt" else OF_CCMA
    for number, (kind, often) in enumerate(kinds):
        if (day.toordinal() + number) % 3:  # not everything every day
            done = Done(day, kind, often + day.toordinal() % 3, None)
            doing.enter(placement=placement, client_key=f"{key}-{kind}", done=done, actor=by, received_at=at)


def write_long_day(player: Player, at: dt.datetime) -> None:
    """Write down a day that the preceptor will remember otherwise, and those before it."""
    placement = _placement(player)
    write_up(player, at)
    last = entries.all_of(placement.id, HoursEntry)[0]
    typed = Typed(last.day_on, dt.time(6), dt.time(19, 30), REST, "Stayed for the late clinic.")
    clocking.correct(placement=placement, entry=last, typed=typed, actor=player.student.herself, at=at)


def send(weeks_from_now: int) -> Step:
    """Send a week to the preceptor."""

    def step(player: Player, at: dt.datetime) -> None:
        monday = of_week(player.now, weeks_from_now, 0)
        if weeks.anything_to_send(placement := _placement(player), monday):
            weeks.submit(placement=placement, week_on=monday, actor=player.student.herself, at=at)

    return step


def write_and_send(weeks_from_now: int) -> Step:
    """Write down a week and send it."""
    sending = send(weeks_from_now)

    def step(player: Player, at: dt.datetime) -> None:
        write_up(player, at)
        sending(player, at)

    return step


def approve(*, back: str | None = None) -> Step:
    """Let the preceptor approve the week that waits, by the link; ``back`` sends its last day back with a reason."""

    def step(player: Player, at: dt.datetime) -> None:
        placement = _placement(player)
        batch = entries.waiting_batches(placement.id)[0]
        hours = entries.lines(batch.id, HoursEntry)
        said = {one.reference: Verdict(one.minutes or 0) for one in hours}
        said |= {one.reference: Verdict(one.number) for one in entries.lines(batch.id, ProcedureEntry)}
        if back is not None:
            said[hours[-1].reference] = Verdict(0, back)
        approving.answer(
            batch=entries.batch(batch.reference, lock=True),
            placement=placement,
            verdicts=said,
            signature=placement.preceptor.name,
            actor=links.holder(WEEK_LINK, batch.reference),
            at=at,
        )

    return step


def wonder(question: str) -> Step:
    """Let the preceptor ask the school about the week that waits."""

    def step(player: Player, at: dt.datetime) -> None:
        batch = waiting_week(player)
        approving.ask(
            batch=entries.batch(batch.reference, lock=True),
            placement=_placement(player),
            question=question,
            actor=links.holder(WEEK_LINK, batch.reference),
            at=at,
        )

    return step


def clock_in(player: Player, at: dt.datetime) -> None:
    """Begin a day by the button."""
    placement = _placement(player)
    key = f"{placement.reference}-clock"
    clocking.clock_in(
        placement=placement, client_key=key, claimed_at=None, actor=player.student.herself, received_at=at
    )


def evaluate(kind: EvaluationKind, rating: int, words: str) -> Step:
    """Give an evaluation: the preceptor by the link, the student by the page; asked for now, if it was not before."""

    def step(player: Player, at: dt.datetime) -> None:
        placement = _placement(player)
        found = _evaluation(placement, kind)
        if found is None:
            found = evaluations.ask(placement=placement, kind=kind, actor=player.coordinator, at=at)
        by_preceptor = kind in BY_PRECEPTOR
        evaluations.give(
            evaluation=evaluation_of(found.reference, lock=True),
            answers=_ratings(kind, rating),
            words=words,
            signature=placement.preceptor.name if by_preceptor else None,
            actor=links.holder(EVALUATION_LINK, found.reference) if by_preceptor else player.student.herself,
            at=at,
        )

    return step


def _evaluation(placement: Placement, kind: EvaluationKind) -> Evaluation | None:
    return db.session.scalar(sa.select(Evaluation).filter_by(placement_id=placement.id, kind=kind))


def _ratings(kind: EvaluationKind, rating: int) -> Mapping[str, int]:
    points = {one.key: max(1, rating - (number % 3 == 2)) for number, one in enumerate(POINTS[kind])}
    return {**points, OVERALL: rating}


def visit(words: str, *, by_phone: bool = False) -> Step:
    """Keep what the coordinator saw at the site."""

    def step(player: Player, at: dt.datetime) -> None:
        records.note_visit(
            placement=_placement(player),
            visited_on=day_of(at, zone()),
            by_phone=by_phone,
            words=words,
            actor=player.coordinator,
            at=at,
        )

    return step


def complete(*, reason: str | None = None) -> Step:
    """Let the coordinator complete the placement; the student gets the record."""

    def step(player: Player, at: dt.datetime) -> None:
        records.complete(placement=_placement(player), signature=SIGNER, reason=reason, actor=player.coordinator, at=at)

    return step


def revoke(reason: str, told: str) -> Step:
    """Stop standing by a record."""

    def step(player: Player, at: dt.datetime) -> None:
        records.revoke(
            record=record_of_player(player), reason=reason, public_reason=told, actor=player.coordinator, at=at
        )

    return step


def record_of_player(player: Player) -> ExternshipRecord:
    """Return the record of the student's placement."""
    query = sa.select(ExternshipRecord.reference).where(ExternshipRecord.placement_id == placement_of(player).id)
    return record_of(db.session.scalars(query.order_by(ExternshipRecord.number.desc()).limit(1)).one())


def waiting_week(player: Player) -> EntryBatch:
    """Return the week that waits for the student's preceptor."""
    return entries.waiting_batches(placement_of(player).id)[0]


def waiting_evaluation(player: Player) -> Evaluation:
    """Return the evaluation that waits for the student's preceptor."""
    query = sa.select(Evaluation).where(
        Evaluation.placement_id == placement_of(player).id,
        Evaluation.kind.in_(BY_PRECEPTOR),
        Evaluation.state == EvaluationState.ASKED,
    )
    return db.session.scalars(query.order_by(Evaluation.id.desc()).limit(1)).one()
