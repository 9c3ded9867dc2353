"""What the calendar does: reminders of an agreement's end, ending what is over, closing openings that are past."""

import datetime as dt

from provider.affiliations import letters, queries
from provider.affiliations.actions import ends_key, finish_agreement, today_of
from provider.affiliations.models import AffiliationAgreement
from provider.affiliations.rules import ONE_DAY, REMINDED, AgreementState, Period, covers, reminder_due
from provider.affiliations.signing import told_of_end
from provider.kernel.actors import SYSTEM
from provider.kernel.days import counted, written
from provider.mail.actions import post, post_once
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind


def tell_notice(agreement: AffiliationAgreement, *, at: dt.datetime) -> AffiliationAgreement:
    """Tell the site by letter on which day its agreement ends and why, unless it never was in force."""
    contact = told_of_end(agreement)
    if agreement.state is AgreementState.IN_FORCE and contact is not None:
        post(letters.notice(agreement, contact), at=at)
    return agreement


def end_over(*, at: dt.datetime) -> int:
    """End the agreements whose last day is over at all of their locations; return how many."""
    ended = 0
    for agreement in queries.ending_by(at.date() + ONE_DAY, lock=True):
        if agreement.until < today_of(agreement, at):
            finish_agreement(agreement, actor=SYSTEM, at=at)
            ended += 1
    return ended


def remind(*, at: dt.datetime) -> int:
    """Remind staff and the site 120, 90 and 30 days before an agreement ends, once each; return how many were told.

    Not when a renewal covers on, and not after notice was given: then all know.
    """
    told = 0
    for agreement in queries.ending_by(at.date() + dt.timedelta(days=max(REMINDED) + 1)):
        today = today_of(agreement, at)
        reminder = reminder_due(today=today, until=agreement.until)
        if reminder is None or agreement.terminated_on is not None or covered_on(agreement):
            continue
        _remind(agreement, reminder, (agreement.until - today).days, at)
        told += 1
    return told


def covered_on(agreement: AffiliationAgreement) -> bool:
    """Say whether other agreements are in force on the day after this one ends, for all that it is for."""
    locations = [one.id for one in queries.scope_locations(agreement)]
    program_ids = queries.scope_programs(agreement) or queries.programs_taken(agreement.site_id)
    next_day = Period(agreement.until + ONE_DAY, agreement.until + ONE_DAY)
    covering = queries.covering(locations)
    pairs = [(location_id, program_id) for location_id in locations for program_id in program_ids]
    return bool(pairs) and all(covers(covering.get(pair, ()), next_day) for pair in pairs)


def _remind(agreement: AffiliationAgreement, reminder: int, days_left: int, at: dt.datetime) -> None:
    for earlier in REMINDED:
        if earlier > reminder:
            finish_by_key(key=ends_key(agreement.reference, earlier), at=at)
    raise_task(
        kind=TaskKind.AGREEMENT_ENDS,
        key=ends_key(agreement.reference, reminder),
        about=agreement.site.reference,
        sentence=f"The agreement {agreement.reference} with {agreement.site.name} ends on {written(agreement.until)}, "
        f"in {counted(days_left, 'day')}, and none covers on. Draft a renewal, or let it end: then nobody is placed "
        "there beyond that day.",
        due_on=agreement.until,
        at=at,
    )
    contact = told_of_end(agreement)
    if contact is not None:
        post_once(letters.ends_soon(agreement, contact, days_left=days_left, reminder=reminder), at=at)
