"""The page of all changes: filters in the address, before and after in words, and the export."""

import csv
import datetime as dt
import io
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.disclosures.models import Disclosure
from provider.history.actions import note
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.staff import history_words
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import enroll, person, sign_in, staff
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]


class Thing:
    """Something that history can name."""

    __tablename__ = "program"
    reference = "PG-22222222"


def told(page: Page) -> list[str]:
    """Return what each row says happened."""
    cells = [cell.to_text() for cell in page.all("tbody td[data-label=What]")]
    return [" ".join(cell.split()).partition(" Before and after")[0] for cell in cells]


def remember(app: Flask, event: str, *, at: dt.datetime | None = None, **kept: object) -> None:
    with app.app_context(), unit_of_work():
        note(Thing(), event, actor=SYSTEM, at=at or clock.now(), **kept)  # type: ignore[arg-type]


def test_an_auditor_reads_who_changed_what(app: Flask, colleague: Colleague, visitors: Callable[[], Visitor]) -> None:
    auditor, admin = colleague(Role.AUDITOR), visitors()
    email = staff(app, Role.ADMIN)
    sign_in(admin, email)
    bursar = person(app, staff(app, Role.BURSAR))
    admin.get(f"/staff/people/{bursar}")
    admin.submit({"roles": ["editor"]})
    me = person(app, email)
    page = auditor.get(f"/staff/history?who={me}&about={bursar}")
    rows = [" ".join(row.to_text().split()) for row in page.all("tbody tr")]
    assert len(rows) == 2
    given, taken = sorted(rows, key=lambda row: "Role given" not in row)
    assert all(word in given for word in ("Role given", "editor", "Sam Staff", me, bursar))
    assert all(word in taken for word in ("Role taken away", "bursar", "Sam Staff", me, bursar))
    (request,) = {link.attrs["href"] for link in page.all("tbody td[data-label=Request] a")}
    assert len(auditor.get(request).all("tbody tr")) == 2
    by_link = auditor.get(f"/staff/search?q={bursar}", 303).response.headers["Location"]
    assert by_link == f"/staff/people/{bursar}"


def test_a_visitors_change_is_found_by_the_request(app: Flask, visitor: Visitor, colleague: Colleague) -> None:
    reference = enroll(visitor)
    with app.app_context():
        query = sa.select(History.request_id).where(History.subject_reference == reference)
        (request,) = set(db.session.scalars(query)) - {None}
    page = colleague(Role.ADMIN).get(f"/staff/history?request={request}")
    assert [row.to_text().count(reference) for row in page.all("tbody tr")] == [1]
    assert "A visitor, not signed in" in page.words("tbody")
    none = colleague(Role.ADMIN).get("/staff/history?request=69a42dc000000001")
    assert none.words(".empty").startswith("No change carries the number of this request")


def test_before_and_after_are_shown_in_words(app: Flask, colleague: Colleague) -> None:
    remember(app, "thing.changed", data={"number": 3, "old": {"title": "One", "on_sale": False},
                                           "new": {"title": "Two", "on_sale": True}},
             personal={"old": "ana@example.org", "new": None})  # fmt: skip
    page = colleague(Role.ADMIN).get("/staff/history?event=thing.changed")
    (details,) = page.all("details.kept")
    assert [" ".join(row.to_text().split()) for row in details.query("dl > div")] == [
        "Number 3",
        "Title One → Two",
        "On sale no → yes",
        "Value ana@example.org → nothing",
    ]


def test_days_are_those_of_the_school(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    for hour, event in ((4, "last.evening"), (5, "first.instant"), (28, "late.evening"), (29, "next.day")):
        remember(app, event, at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC) + dt.timedelta(hours=hour))  # UTC-5
    assert told(admin.get("/staff/history?since=2026-01-10&until=2026-01-10")) == ["Late evening", "First instant"]


def test_strange_filters_are_told_and_never_fail(colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    wrong = {
        "since=tomorrow": "since",
        "until=9999-12-31": "until",
        "since=0001-01-01": "since",
        "since=2026-02-02&until=2026-02-01": "until",
        "who=" + "a" * 10_000: "who",
        "about=a%00b": "about",
        "request=" + "a" * 33: "request",
    }
    assert {query: list(admin.get(f"/staff/history?{query}", 422).errors) for query in wrong} == {
        query: [name] for query, name in wrong.items()
    }
    for query in ("kind=nonsense", "event=%25", "by=nonsense", "who=%25", "who=nobody", "about=nothing",
                  "request=zz", "before=x", "after=99999999999", "nonsense=1"):  # fmt: skip
        admin.get(f"/staff/history?{query}")


def test_only_who_reads_all_sees_it(colleague: Colleague) -> None:
    for role in Role:
        colleague(role).get("/staff/history", 200 if role in {Role.ADMIN, Role.AUDITOR} else 403)


def test_the_page_costs_the_same_with_one_row_and_with_three(app: Flask, colleague: Colleague) -> None:
    admin, counts = colleague(Role.ADMIN), []
    for added in (1, 2):
        for _ in range(added):
            remember(app, "thing.changed", data={"n": 1}, personal={"m": 2})
        with statements(app) as counted:
            page = admin.get("/staff/history?event=thing.changed")
        counts.append((len(told(page)), len(counted)))
    assert [rows for rows, _ in counts] == [1, 3]
    assert counts[0][1] == counts[1][1] <= 6


def test_the_export_holds_what_is_found_and_is_kept_as_a_disclosure(app: Flask, colleague: Colleague) -> None:
    auditor = colleague(Role.AUDITOR)
    with app.app_context(), unit_of_work():
        for number in range(1_100):
            actor = Actor(ActorKind.STAFF, "P-22222222", "r")
            data = {"word": "=1+1"}
            note(Thing(), "thing.changed", actor=actor, at=clock.now(), data=data, personal={"name": f"Ana {number}"})
    page = auditor.get("/staff/history?event=thing.changed")
    assert len(told(page)) == 50
    answer = auditor.submit({"format": "csv"}, 200)
    assert answer.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.response.get_data(as_text=True).removeprefix("\ufeff"))))
    assert len(rows) == 1_100
    assert rows[0]["Record"] == "PG-22222222"
    assert (rows[0]["Request"], rows[0]["Reference of who"]) == ("r", "P-22222222")
    assert "Ana" not in answer.text
    with app.app_context():
        (kept,) = db.session.scalars(sa.select(Disclosure)).all()
        assert (kept.kind.value, kept.row_count) == ("export", 1_100)
        assert kept.what == "History as CSV. What happened: what somebody typed; Order: Newest first."
        assert kept.actor_reference is not None


def test_every_kind_of_record_and_event_of_a_season_has_words(app: Flask, cardless: Season) -> None:
    with app.app_context():
        kinds = set(db.session.scalars(sa.select(History.subject_kind).distinct()))
        events = set(db.session.scalars(sa.select(History.event).distinct()))
        assert kinds - set(history_words.KINDS) == set()
        assert events - set(history_words.events()) == set()
