"""A school sets what it says of itself: in force at once, remembered with what stood there before, refused in words."""

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from config import ConfigError
from provider.history.models import History
from provider.jobs.worker import run_due
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.kernel.settings import settings
from provider.school import actions, following, queries
from provider.school.models import SchoolSetting
from provider.school.rules import Key
from provider.school.showing import School
from tests.harness.statements import statements
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
ADMIN = Actor(ActorKind.STAFF, "P-ADMIN222", "request-1")


def save(values: Mapping[Key, str], *, zone_fixed: bool = False) -> frozenset[Key]:
    """Set something and take it up, as the page does."""
    with unit_of_work():
        changed = actions.save(values=values, zone_fixed=zone_fixed, actor=ADMIN, at=NOON)
    queries.refresh()
    return changed


def elsewhere(app: Flask, key: Key, value: str) -> None:
    """Set something as another process does: this one is not told."""
    with app.app_context(), unit_of_work():
        db.session.add(SchoolSetting(key=key, value=value, set_at=NOON, set_by=None))


def test_what_was_set_is_in_force_at_once_and_remembered(context: AppContext) -> None:
    assert save({Key.NAME: "Bay Health", Key.ZONE: "America/Denver"}) == {Key.NAME, Key.ZONE}
    assert settings().SCHOOL_NAME == "Bay Health"
    assert settings().SCHOOL_ZONE.key == "America/Denver"
    rows = db.session.scalars(sa.select(History).where(History.event == "school.set").order_by(History.id)).all()
    assert [(row.data, row.actor_reference, row.request_id, row.at) for row in rows] == [
        (
            {"setting": "SCHOOL_NAME", "old": "Sample School of Health Careers", "new": "Bay Health"},
            "P-ADMIN222", "request-1", NOON,
        ),
        (
            {"setting": "SCHOOL_ZONE", "old": "America/New_York", "new": "America/Denver"},
            "P-ADMIN222", "request-1", NOON,
        ),
    ]  # fmt: skip


def test_the_same_again_changes_nothing_and_the_default_can_be_confirmed(context: AppContext) -> None:
    assert queries.chosen() == frozenset()
    assert save({Key.ZONE: "America/New_York"}) == {Key.ZONE}
    assert queries.chosen() == {Key.ZONE}
    assert save({Key.ZONE: "America/New_York"}) == frozenset()
    assert db.session.scalar(sa.select(sa.func.count()).where(History.event == "school.set")) == 1


def test_the_zone_stays_once_a_student_has_enrolled(context: AppContext) -> None:
    with pytest.raises(actions.ZoneFixed, match="stays as it is since the first student has enrolled"):
        save({Key.NAME: "Bay Health", Key.ZONE: "America/Denver"}, zone_fixed=True)
    assert queries.read() == {}
    save({Key.NAME: "Bay Health", Key.ZONE: "America/New_York"}, zone_fixed=True)
    assert settings().SCHOOL_NAME == "Bay Health"


def test_what_the_operator_set_is_refused(app: Flask, context: AppContext) -> None:
    held = app.extensions["school"]
    before = held.operators
    held.operators = replace(before, given=frozenset({"SCHOOL_NAME"}))
    try:
        with pytest.raises(actions.SetByOperator, match=r"^The operator of this machine sets this \(SCHOOL_NAME\)\."):
            save({Key.NAME: "Bay Health"})
        assert queries.chosen() == {"SCHOOL_NAME"}
    finally:
        held.operators = before
    assert queries.read() == {}


def test_a_color_that_cannot_be_read_is_refused(context: AppContext) -> None:
    with pytest.raises(actions.Unreadable, match=r"The nearest color that can be read is #816805\.$"):
        save({Key.ACCENT: "#ffd700"})
    assert queries.read() == {}


def test_two_administrators_at_once_leave_one_row_and_both_in_history(app: Flask, context: AppContext) -> None:
    start, found = threading.Barrier(2), list[str]()

    def set_name(name: str) -> None:
        with app.app_context():
            start.wait()
            retrying(lambda: actions.save(values={Key.NAME: name}, zone_fixed=False, actor=ADMIN, at=NOON))
            found.append(name)

    threads = [threading.Thread(target=set_name, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["One", "Two"]
    news = db.session.scalars(sa.select(History.data).where(History.event == "school.set").order_by(History.id)).all()
    assert news[1]["old"] == news[0]["new"]
    assert queries.read() == {"SCHOOL_NAME": news[1]["new"]}


def test_remembered_public_pages_and_macros_say_the_new_name_at_once(app: Flask, visitor: Visitor) -> None:
    for path in ("/", "/contact", "/careers"):
        assert "Sample School of Health Careers" in visitor.get(path).text
        visitor.get(path)
    with app.app_context():
        save({Key.NAME: "Bay Health", Key.DOMAIN: "bay.edu"})
    for path in ("/", "/careers"):
        page = visitor.get(path)
        assert "Bay Health" in page.text
        assert "Sample School" not in page.text
    assert "enquiries@bay.edu" in visitor.get("/contact").text


def test_a_public_page_asks_for_nothing_to_know_the_school(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        save({Key.NAME: "Bay Health", Key.ACCENT: "#7a1f5c"})
    visitor.get("/")
    with statements(app) as asked:
        visitor.get("/")
        visitor.get("/careers/medical-assistant")
    assert asked.statements == []


def test_another_process_follows_and_drops_its_remembered_pages(app: Flask, visitor: Visitor) -> None:
    visitor.get("/")
    elsewhere(app, Key.NAME, "Bay Health")
    assert "Sample School" in visitor.get("/").text
    stop = following.follow(app, every=0.05)
    try:
        assert "Bay Health" in visitor.get("/").text
        with app.app_context(), unit_of_work():
            db.session.execute(sa.update(SchoolSetting).values(value="Bay Health Careers"))
        end = time.monotonic() + 5
        while "Bay Health Careers" not in visitor.get("/").text:
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        stop.set()


def test_a_database_that_is_away_leaves_the_settings_that_are_known(app: Flask) -> None:
    with app.app_context():
        save({Key.NAME: "Bay Health"})
        with unit_of_work():
            db.session.execute(sa.text("DROP TABLE school_setting"))
    stop = following.follow(app, every=60)
    stop.set()
    with app.app_context():
        assert settings().SCHOOL_NAME == "Bay Health"


def test_the_worker_knows_the_school_before_each_job(app: Flask, context: AppContext) -> None:
    elsewhere(app, Key.NAME, "Bay Health")
    assert settings().SCHOOL_NAME == "Sample School of Health Careers"
    run_due(NOON)
    assert settings().SCHOOL_NAME == "Bay Health"


def test_mailboxes_of_an_earlier_domain_are_still_known_as_ours(context: AppContext) -> None:
    save({Key.DOMAIN: "bay.edu"})
    save({Key.DOMAIN: "bay-health.edu"})
    assert queries.domains_ever() == {"example.org", "bay.edu", "bay-health.edu"}


def test_without_a_color_pages_load_what_they_loaded_before(app: Flask, visitor: Visitor) -> None:
    assert [link.attrs["href"] for link in visitor.get("/").all("link[rel=stylesheet]")] == ["/static/style.css"]


def test_a_color_comes_as_a_style_sheet_of_its_own_that_is_kept_for_long(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        save({Key.ACCENT: "#7a1f5c"})
    page = visitor.get("/")
    sheets = [link.attrs["href"] for link in page.all("link[rel=stylesheet]")]
    assert sheets == ["/static/style.css", "/static/accents/1-7a1f5c.css"]
    assert "fill='%237a1f5c'" in page.text
    answer = visitor.client.get(sheets[1])
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200, "text/css", "public, max-age=31536000, immutable",
    )  # fmt: skip
    assert "--accent:#7a1f5c" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "name",
    ["1-ffd700.css", "2-7a1f5c.css", "1-7A1F5C.css", "1-7a1f5c", "1-7a1f5c.css.css", "-.css", "1-}body{.css", "x"],
    ids=["pale", "edition", "capitals", "no ending", "twice", "empty", "style", "rubbish"],
)
def test_no_other_style_sheet_is_served(visitor: Visitor, name: str) -> None:
    assert School.color_of(name) is None
    visitor.get(f"/static/accents/{name}", 404)


@pytest.mark.parametrize(
    "color, sentence",
    [("red", "ACCENT_COLOR is “red”; write it like #7a1f5c"), ("#ffd700", "ACCENT_COLOR cannot be used. Words in")],
    ids=["no color", "too pale"],
)
def test_an_operators_color_that_cannot_be_worn_stops_the_start(app: Flask, color: str, sentence: str) -> None:
    bare = Flask("bare")
    with pytest.raises(ConfigError) as refused:
        queries.install(bare, replace(app.extensions["settings"], ACCENT_COLOR=color))
    assert str(refused.value).startswith(sentence)
