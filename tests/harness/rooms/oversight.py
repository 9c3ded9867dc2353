"""History, search, disclosures, one’s own data and its erasure."""

from collections.abc import Iterator

from provider.accounts.rules import Role
from tests.harness.room import Case, Objects, Room, Visit, by_staff
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (Case("erase", Role.ADMIN, "/staff/erasures/{settled}"),)
BUTTONS = {
    "/my/account-data": "fresh",
    "/my/account-data/erasure": "fresh",
    "/staff/history/export": Role.AUDITOR,
}


def _student(stage: Stage) -> Iterator[Visit]:
    yield Visit("my-account-data", "/my/account-data", stage.season["settled"].email)
    yield Visit("my-account-data-staff", "/my/account-data", stage.season.staff[Role.EDITOR])


def _staff(stage: Stage) -> Iterator[Visit]:
    season = stage.season
    paths = {
        "history": "/staff/history",
        "history-found": "/staff/history?kind=program&by=system",
        "history-none": "/staff/history?request=69a42dc000000001",
        "search": "/staff/search",
        "search-found": "/staff/search?q=ana",
        "search-none": "/staff/search?q=nobody+at+all",
        "erasures": "/staff/erasures",
        "erasure-possible": f"/staff/erasures/{season['settled'].enrollment}",
        "erasure-not-now": f"/staff/erasures/{season['late'].enrollment}",
        "disclosures": "/staff/disclosures",
        "disclosures-found": f"/staff/disclosures?who={season['completed'].email}",
        "disclosures-none": "/staff/disclosures?who=E-22222222",
    }
    yield from by_staff(stage, paths)
    admin = season.staff[Role.ADMIN]
    yield Visit("staff-history-errors", "/staff/history?since=tomorrow", admin, status=422)
    yield Visit("staff-search-errors", "/staff/search?q=%25", admin, status=422)


def _objects(season: Season) -> Objects:
    return {"/staff/erasures/": {"reference": season["settled"].enrollment}}


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, objects=_objects)
