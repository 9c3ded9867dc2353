"""Letters, and the signed links in them."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.accounts.models import SignedLink
from provider.accounts.rules import Role
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from tests.harness.room import Objects, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

BUTTONS = {
    "/staff/mail/many": Role.ADMISSIONS,
    "/staff/mail/many/results": Role.ADMISSIONS,
    "/staff/mail/export": Role.BURSAR,
    "/staff/links/{signed}/revoke": Role.ADMIN,
    "/staff/mail/{letter}/resend": Role.ADMISSIONS,
}

FAILED = sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.FAILED)
SENT = sa.select(OutboxLetter.reference).where(OutboxLetter.template == "receipt")
REFUND = sa.select(SignedLink.reference).where(SignedLink.purpose == "refund")


def _public(stage: Stage) -> Iterator[Visit]:
    """Every link that the stage has; that of an evaluation also as it looks when its form was sent empty."""
    for name, path in stage.links.items():
        yield Visit(name, path)
    yield Visit("credit-link-errors", stage.links["credit-link"], sent_empty=True, status=422)
    yield Visit("evaluate-link-errors", stage.links["evaluate-link"], sent_empty=True, status=422)


def _staff(stage: Stage) -> Iterator[Visit]:
    failed, sent, link = looked_up(stage.app, lambda: (first(FAILED), first(SENT), first(REFUND)))
    paths = {
        "mail": "/staff/mail",
        "mail-failed": "/staff/mail?state=failed",
        "letter-failed": f"/staff/mail/{failed}",
        "letter-sent": f"/staff/mail/{sent}",
        "links": "/staff/links",
        "links-refund": "/staff/links?purpose=refund&state=open",
        "links-none": "/staff/links?subject=E-22222222",
        "link": f"/staff/links/{link}",
    }
    yield from by_staff(stage, paths)
    yield Visit("staff-many-letters", "/staff/mail", stage.season.staff[Role.ADMIN], press="See what would happen")


def _objects(season: Season) -> Objects:
    return {
        "/staff/links/": {"reference": first(sa.select(SignedLink.reference))},
        "/staff/mail/": {"reference": first(sa.select(OutboxLetter.reference))},
    }


RECORDS = (
    by_query("signed", sa.select(SignedLink.reference)),
    by_query("letter", FAILED),
)


ROOM = Room(buttons=BUTTONS, public=_public, staff=_staff, records=RECORDS, objects=_objects)
