"""Sending the link that proves an address once more, for a student whose letter got lost."""

import datetime as dt

from provider.accounts import queries as people
from provider.accounts.links import make_link, revoke_links
from provider.enrollments import letters, queries
from provider.enrollments.actions import PROVE_EMAIL
from provider.enrollments.rules import PROOF_LETTERS_PER_HOUR
from provider.jobs.actions import enqueue
from provider.kernel.settings import settings
from provider.mail.actions import post

SEND_AGAIN = "enrollments.send_proof_again"
HOUR = dt.timedelta(hours=1)


def ask_again(*, email: str, request: str, at: dt.datetime) -> None:
    """Ask for the letter again; a job finds out whether anybody enrolled with it, so that time does not tell."""
    enqueue(kind=SEND_AGAIN, key=f"{SEND_AGAIN}:{request}", payload={"email": email}, at=at)


def send_again(*, email: str, at: dt.datetime) -> None:
    """Send a new link for each enrollment of an address that nobody proved; the newest link alone opens.

    An enrollment gets three in an hour at most, the one of its first letter included.
    """
    lasts = dt.timedelta(hours=settings().EMAIL_LINK_HOURS)
    for enrollment in queries.unproved_of(email):
        if people.links_made(PROVE_EMAIL, enrollment.reference, at - HOUR) >= PROOF_LETTERS_PER_HOUR:
            continue
        revoke_links(purpose=PROVE_EMAIL, subject=enrollment.reference, at=at)
        link = make_link(purpose=PROVE_EMAIL, subject=enrollment.reference, at=at, lasts=lasts)
        post(letters.prove_email(enrollment, link), at=at)
