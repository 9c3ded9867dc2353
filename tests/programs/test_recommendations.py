"""Recommendations of credit: one on a day, never rewritten once used, ended and begun, confirmed by a person."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.catalog import queries as catalog
from provider.history.models import History
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, retrying, unit_of_work
from provider.kernel.registry import registry
from provider.programs import queries, recommendations
from provider.programs.models import Recommendation
from provider.programs.recommendations import Advice, RecommendationRefused, RecommendationUsed
from provider.programs.rules import in_words, overlap, stretch
from tests.harness.html import faults
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 17, tzinfo=dt.UTC)
JANUARY, MAY, JUNE = dt.date(2026, 1, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 1)
LAST = dt.date(2026, 12, 31)
on_one_database = pytest.mark.one_database("sqlite")


@pytest.mark.parametrize(
    "first, second, common",
    [
        ((JANUARY, MAY), (JUNE, None), False),
        ((JANUARY, JUNE), (JUNE, None), True),
        ((JANUARY, None), (JUNE, LAST), True),
        ((JUNE, LAST), (JANUARY, MAY), False),
        ((JUNE, LAST), (JANUARY, None), True),
        ((JANUARY, None), (JUNE, None), True),
        ((JUNE, JUNE), (JUNE, JUNE), True),
    ],
    ids=["day after", "same day", "without end", "before", "before without end", "both without end", "one day"],
)
def test_first_and_last_day_are_its_own(first: object, second: object, *, common: bool) -> None:
    assert overlap(first, second) is common  # type: ignore[arg-type] # pairs of days


@pytest.mark.parametrize(
    "on, said",
    [(MAY, "begins"), (JUNE, "holds"), (LAST, "holds"), (LAST + dt.timedelta(days=1), "ended")],
    ids=["the day before", "first day", "last day", "the day after"],
)
def test_it_stands_as_its_days_say(on: dt.date, said: str) -> None:
    assert stretch(JUNE, LAST, on) == said
    assert in_words(JUNE, LAST) == "from June 1, 2026 to December 31, 2026"
    assert in_words(JUNE, None) == "from June 1, 2026 on"


def advice(credits_: int = 6, valid_from: dt.date = JUNE, valid_to: dt.date | None = None) -> Advice:
    return Advice(
        credits=credits_,
        level="Lower division",
        subject=None,
        source="ACE’s record of 2026",
        valid_from=valid_from,
        valid_to=valid_to,
        sample=False,
    )


def begin(said: Advice, code: str = "CCMA") -> str:
    with unit_of_work():
        credential = queries.credential_by_code(code)
        return recommendations.begin(credential=credential, advice=said, actor=SYSTEM, at=NOON).reference


def sample() -> str:
    """Return the recommendation of the sample catalog for CCMA: 5 from January 2026 on."""
    return next(one.reference for one in queries.recommendations() if one.credential.code == "CCMA")


def end(reference: str, last_on: dt.date) -> None:
    with unit_of_work():
        found = queries.recommendation(reference, lock=True)
        recommendations.end(recommendation=found, last_on=last_on, actor=SYSTEM, at=NOON)


def change(reference: str, said: Advice) -> None:
    with unit_of_work():
        found = queries.recommendation(reference, lock=True)
        recommendations.change(recommendation=found, advice=said, actor=SYSTEM, at=NOON)


@pytest.fixture
def used(context: AppContext, monkeypatch: pytest.MonkeyPatch) -> dt.date:
    """Let a request rest on every recommendation, for an exam passed in the middle of May."""
    day = dt.date(2026, 5, 15)
    monkeypatch.setattr(registry(), "recommendation_used", lambda _: day)
    return day


@on_one_database
def test_the_sample_rows_are_those_of_the_rules_and_unconfirmed(context: AppContext) -> None:
    rows = {one.credential.code: (one.credits, one.confirmed_on, one.sample) for one in queries.recommendations()}
    assert rows == {"CCMA": (5, None, True), "CPT": (2, None, True), "CPCT/A": (1, None, True)}


def test_a_new_one_begins_only_after_the_one_before_was_ended(context: AppContext) -> None:
    with pytest.raises(RecommendationRefused) as refused:
        begin(advice())
    assert refused.value.sentence == (
        "For CCMA a recommendation of 5 credits holds from January 1, 2026 on, and there is one on a day at most. End "
        "that one on May 31, 2026 at the latest, or choose a later first day."
    )
    db.session.rollback()
    end(sample(), MAY)
    begin(advice())
    assert [(one.credits, one.valid_from, one.valid_to) for one in queries.recommendations()][:2] == [
        (6, JUNE, None),
        (5, JANUARY, MAY),
    ]
    with pytest.raises(RecommendationRefused, match=r"Let this one end on December 31, 2025 at the latest\.\Z"):
        begin(advice(valid_from=dt.date(2025, 1, 1), valid_to=JANUARY))
    db.session.rollback()
    begin(advice(valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 12, 31)))
    begin(advice(), code="CET")


@pytest.mark.parametrize("last_on", [dt.date(2025, 12, 31)], ids=["before its first day"])
def test_it_ends_no_earlier_than_it_begins(context: AppContext, last_on: dt.date) -> None:
    with pytest.raises(RecommendationRefused, match="The last day lies before the first one"):
        end(sample(), last_on)


@on_one_database
def test_what_a_request_rests_on_is_ended_after_its_pass_and_never_rewritten(used: dt.date) -> None:
    reference = sample()
    with pytest.raises(RecommendationUsed):
        change(reference, advice(valid_from=JANUARY))
    db.session.rollback()
    with pytest.raises(RecommendationRefused, match="for an exam passed on May 15, 2026"):
        end(reference, used - dt.timedelta(days=1))
    db.session.rollback()
    end(reference, used)
    assert queries.recommendation(reference).valid_to == used


@on_one_database
def test_other_words_have_to_be_confirmed_again_and_other_days_need_not(context: AppContext) -> None:
    reference = sample()
    with unit_of_work():
        found = queries.recommendation(reference)
        recommendations.confirm(recommendation=found, name="Ana Editor", on=MAY, actor=SYSTEM, at=NOON)
    was = queries.recommendation(reference)
    same = Advice(**{name: getattr(was, name) for name in Advice.__slots__} | {"valid_to": LAST})
    change(reference, same)
    assert queries.recommendation(reference).confirmed_by == "Ana Editor"
    change(reference, advice(valid_from=JANUARY))
    assert queries.recommendation(reference).confirmed_by is None
    change(reference, advice(valid_from=JANUARY))
    events = db.session.scalars(sa.select(History.event).where(History.subject_reference == reference)).all()
    assert events.count("recommendation.changed") == 2


def test_of_two_editors_at_once_one_is_told(app: Flask) -> None:
    with app.app_context():
        end(sample(), MAY)
        db.session.remove()
    together, told = threading.Barrier(2), []

    def edit(number: int) -> None:
        with app.app_context():
            together.wait()
            try:
                retrying(
                    lambda: recommendations.begin(
                        credential=queries.credential_by_code("CCMA"), advice=advice(number), actor=SYSTEM, at=NOON
                    )
                )
                told.append("begun")
            except RecommendationRefused:
                told.append("refused")
            db.session.remove()

    threads = [threading.Thread(target=edit, args=(number,)) for number in (6, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["begun", "refused"]


def test_the_database_holds_one_without_an_end(context: AppContext) -> None:
    credential_id = queries.credential_by_code("CCMA").id
    second = {"reference": "AC-22222222", "credential_id": credential_id, "credits": 6, "source": "?", "sample": False}
    with pytest.raises(sa.exc.IntegrityError), unit_of_work():
        db.session.execute(sa.insert(Recommendation).values(**second, valid_from=JUNE))
    db.session.rollback()


@on_one_database
def test_pages_show_the_one_that_holds_today_and_none_after_its_end(context: AppContext) -> None:
    end(sample(), LAST)
    begin(advice(valid_from=dt.date(2027, 1, 1), valid_to=dt.date(2027, 1, 31)))

    def shown(on: dt.datetime) -> tuple[int | None, int | None]:
        with time_machine.travel(on, tick=False):
            views = (catalog.now().credential("ccma"), catalog.offer("ccma").credentials[0])
            first, second = (one.recommendation.credits if one.recommendation else None for one in views)
            return first, second

    # midnight of the school, in New York
    assert shown(dt.datetime(2027, 1, 1, 4, 59, 59, tzinfo=dt.UTC)) == (5, 5)
    assert shown(dt.datetime(2027, 1, 1, 5, tzinfo=dt.UTC)) == (6, 6)
    assert shown(dt.datetime(2027, 2, 1, 5, tzinfo=dt.UTC)) == (None, None)


@on_one_database
def test_staff_end_one_begin_the_next_and_confirm_it(app: Flask, visitors: Callable[[], Visitor]) -> None:
    editor, public = visitors(), visitors()
    with app.app_context():
        reference = sample()
    room, typed = "/staff/recommendations", {
        "credential": "CCMA", "credits": "6", "source": "ACE’s record", "valid_from": "2026-06-01",
    }  # fmt: skip
    with time_machine.travel(NOON):
        sign_in(editor, staff(app, Role.EDITOR))
        tags = [tag.to_text().strip() for tag in editor.get(room).all("tbody tr:first-child .tag")]
        assert tags == ["Holds now", "Not confirmed", "Sample"]
        editor.get(f"{room}/new")
        page = editor.post(f"{room}/new", typed, 422)
        assert "End that one on May 31, 2026" in page.errors["_schema"][0]
        editor.get(f"{room}/{reference}")
        editor.post(f"{room}/{reference}/end", {"last_on": "2026-05-31"})
        editor.get(f"{room}/new")
        editor.post(f"{room}/new", typed)
        with app.app_context():
            newest = sample()
        page = editor.get(f"{room}/{newest}")
        assert faults(page.response) == []
        later = editor.post(f"{room}/{newest}/confirmation", {"name": "Cy Credit", "on": "2026-11-22"}, 422)
        assert later.errors == {"on": ["On which day: This day is yet to come."]}
        assert "The school states 6; ask us for the ACE record." in public.get("/college-credit").text
        editor.get(f"{room}/{newest}")
        editor.post(f"{room}/{newest}/confirmation", {"name": "Cy Credit", "on": "2026-11-20"})
        said = "ACE recommends 6 semester credits (checked on November 20, 2026)."
        assert said in public.get("/college-credit").text
