"""What of the school's setup is done and what is missing, read for its pages and for the home page."""

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer, may, signed_in
from provider.enrollments import queries as enrollments
from provider.jobs import queries as jobs
from provider.jobs.rules import JobState
from provider.kernel.days import written
from provider.kernel.paging import counted
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.mail import queries as mail
from provider.mail.actions import SEND
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState, seems_unattended
from provider.school import queries as school
from provider.school.steps import Facts, Step, Trial, progress, steps
from provider.tuition import queries as tuition


def missing() -> tuple[int, int] | None:
    """Return how many of the needed steps are missing and how many there are, for who may take them; else None.

    One statement: it stands on a page that is opened all day.
    """
    viewer = signed_in()
    if viewer is None or not may(Permission.SET_UP_SCHOOL):
        return None
    figures = counted(_figures() | {"counsel": tuition.counsel_count(), "sent": mail.test_sent()})
    counsel = "an administrator" if figures["counsel"] else None
    left, needed = progress(steps(_facts(figures, counsel, Trial.SENT if figures["sent"] else Trial.NONE, viewer)))
    return (left, needed) if left else None


def read(viewer: Viewer) -> list[Step]:
    """Return the steps as they stand for the one who looks; a constant number of statements."""
    counsel = tuition.counsel()
    words = f"{counsel.name} on {written(counsel.confirmed_on)}" if counsel else None
    return steps(_facts(counted(_figures()), words, trial(mail.last_test(), received_at()), viewer))


def _figures() -> dict[str, sa.ScalarSelect[int]]:
    return {
        "real": tuition.programs_on_sale(sample=False),
        "sample": tuition.programs_on_sale(sample=True),
        "staff": people.staff_count(),
        "enrolled": enrollments.first_ever(),
    }


def _facts(figures: Mapping[str, int], counsel: str | None, trial: Trial, viewer: Viewer) -> Facts:
    known = settings()
    return Facts(
        chosen=school.chosen(),
        name=known.SCHOOL_NAME,
        zone=str(known.SCHOOL_ZONE),
        enrolled=figures["enrolled"] > 0,
        domain=known.MAIL_DOMAIN,
        color=known.ACCENT_COLOR,
        payment_lines=len(known.payment_lines),
        cards_on=known.cards_on,
        live_cards=known.live_cards,
        webhook_secret=bool(known.STRIPE_WEBHOOK_SECRET),
        mail_leaves=mail.way_out(known.MAIL_URL).leaves,
        trial=trial,
        real_programs=figures["real"],
        sample_programs=figures["sample"],
        counsel=counsel,
        second_factor=viewer.has_factor,
        staff=figures["staff"],
    )


def trial(letter: OutboxLetter | None, now: dt.datetime) -> Trial:
    """Say what became of the last test letter; a letter that is due and that nobody takes has no worker."""
    if letter is None:
        return Trial.NONE
    if letter.state is LetterState.SENT:
        return Trial.SENT
    if letter.state in {LetterState.FAILED, LetterState.CANCELED}:
        return Trial.FAILED
    job = jobs.by_key(f"{SEND}:{letter.reference}")
    if job is not None and job.state is JobState.QUEUED and seems_unattended(due_at=job.run_at, now=now):
        return Trial.UNATTENDED
    put_off = letter.outcome is not None or (job is not None and job.waits_for is not None)
    return Trial.DELAYED if put_off else Trial.ON_ITS_WAY
