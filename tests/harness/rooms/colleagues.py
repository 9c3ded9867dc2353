"""The people of the back office and what they may do."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.accounts.rules import Role
from tests.harness.factors import WITH_FACTOR
from tests.harness.room import Case, Objects, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import INVITED, Stage

FORMS = (
    Case("invite", Role.ADMIN, "/staff/people/new", {"name": "Nia", "email": "nia@example.org", "roles": "editor"}),
    Case("roles", Role.ADMIN, "/staff/people/{colleague}", first=True),
)
BUTTONS = {
    "/staff/people/{colleague}/disable": Role.ADMIN,
    "/staff/people/{colleague}/enable": Role.ADMIN,
    "/staff/people/{colleague}/invitation": Role.ADMIN,
    "/staff/people/{colleague}/invitation/withdrawal": Role.ADMIN,
    "/staff/people/{colleague}/second-factor-reset": Role.ADMIN,
    "/staff/people/{colleague}/sessions/end": Role.ADMIN,
    "/staff/people/{colleague}/sessions/end-all": Role.ADMIN,
}


def _with(email: str) -> sa.Select[str]:
    return sa.select(Person.reference).where(Person.email == email)


def _staff(stage: Stage) -> Iterator[Visit]:
    emails = {"person": stage.season.staff[Role.BURSAR], "person-with-factor": WITH_FACTOR, "person-invited": INVITED}
    found = looked_up(stage.app, lambda: {name: first(_with(email)) for name, email in emails.items()})
    paths = {
        "people": "/staff/people",
        "people-new": "/staff/people/new",
        **{name: f"/staff/people/{reference}" for name, reference in found.items()},
        "access": "/staff/access",
    }
    yield from by_staff(stage, paths, sent_empty=("people-new",))


def _objects(season: Season) -> Objects:
    return {"/staff/people/": {"reference": first(_with(season.staff[Role.BURSAR]))}}


RECORDS = (by_query("colleague", lambda season: _with(season.staff[Role.BURSAR])),)


ROOM = Room(forms=FORMS, buttons=BUTTONS, staff=_staff, records=RECORDS, objects=_objects)
