import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations import ending, openings, queries
from provider.affiliations.actions import EndOutOfReach, NoticeTooShort, end_agreement
from provider.affiliations.rules import Period
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import start_of
from provider.mail.models import OutboxLetter
from provider.tasks.models import Task
from tests.harness.sites import AT, COORDINATOR, Supply, agree, supply

DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
LAST = dt.date(2027, 3, 31)
CHICAGO = ZoneInfo("America/Chicago")
DAYS = Period(dt.date(2026, 1, 1), LAST)
TODAY = dt.date(2026, 11, 2)
NOTICE = 60


def at_chicago() -> Supply:
    return supply(zip_code="60601", agreement=DAYS, days=Period(TODAY + DAY, LAST))


def told(template: str) -> int:
    db.session.rollback()
    query = sa.select(sa.func.count()).select_from(OutboxLetter).where(OutboxLetter.template == template)
    return db.session.scalar(query) or 0


def open_tasks(made: Supply) -> list[str]:
    db.session.rollback()
    query = sa.select(Task.key).where(Task.about == made.site, Task.state == "open").order_by(Task.id)
    return [key.rpartition(":")[2] for key in db.session.scalars(query)]


def test_the_last_day_counts_whole_by_the_clock_of_the_location(app: Flask) -> None:
    with app.app_context():
        made = at_chicago()
        midnight = start_of(LAST + DAY, CHICAGO)
        for at, ended in ((midnight - SECOND, 0), (midnight, 1), (midnight, 0)):
            with unit_of_work():
                assert openings.close_past(at=at) == ended
            with unit_of_work():
                assert ending.end_over(at=at) == ended
        assert queries.agreement(str(made.agreement)).state == "ended"
        assert queries.opening(made.opening).state == "closed"


@pytest.mark.parametrize("on, refusal", [(NOTICE - 1, NoticeTooShort), (-1, EndOutOfReach), (149, EndOutOfReach)])
def test_an_agreement_does_not_end_before_its_notice(app: Flask, on: int, refusal: type[Exception]) -> None:
    with app.app_context():
        made = at_chicago()
        with pytest.raises(refusal), unit_of_work():
            end(made, TODAY + on * DAY, both_agree=False)
        assert queries.agreement(str(made.agreement)).until == LAST


def end(made: Supply, on: dt.date, *, both_agree: bool) -> None:
    agreement = queries.agreement(str(made.agreement), lock=True)
    end_agreement(agreement, on, "The clinic moves.", COORDINATOR, AT, both_agree=both_agree)
    ending.tell_notice(agreement, at=AT)


@pytest.mark.parametrize("on, both_agree", [(NOTICE, False), (0, True)], ids=["with notice", "as both agree"])
def test_an_agreement_ends_early_and_the_site_reads_why(app: Flask, on: int, *, both_agree: bool) -> None:
    with app.app_context():
        made = at_chicago()
        with unit_of_work():
            end(made, TODAY + on * DAY, both_agree=both_agree)
        agreement = queries.agreement(str(made.agreement))
        assert (agreement.state, agreement.until) == ("in_force", TODAY + on * DAY)
        (letter,) = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "agreement_notice"))
        assert (letter.values["until"], letter.values["reason"]) == (f"{TODAY + on * DAY}", "The clinic moves.")


def test_staff_and_the_site_are_reminded_once_each_time(app: Flask) -> None:
    with app.app_context():
        made = at_chicago()
        found = []
        for left in (121, 120, 100, 90, 89, 30, 29, 0):
            at = start_of(LAST - left * DAY, CHICAGO) + 12 * 3600 * SECOND
            with unit_of_work():
                ending.remind(at=at)
            found.append((left, told("agreement_ends"), open_tasks(made)))
        assert found == [
            (121, 0, []),
            (120, 1, ["120"]),
            (100, 1, ["120"]),
            (90, 2, ["90"]),
            (89, 2, ["90"]),
            (30, 3, ["30"]),
            (29, 3, ["30"]),
            (0, 3, ["30"]),
        ]


def test_nobody_is_reminded_where_a_renewal_covers_on_or_notice_was_given(app: Flask) -> None:
    with app.app_context():
        renewed, ending_early, late = at_chicago(), at_chicago(), at_chicago()
        agree(renewed.site, Period(LAST + DAY, LAST + 365 * DAY))
        agree(late.site, Period(LAST + 2 * DAY, LAST + 365 * DAY))
        with unit_of_work():
            end(ending_early, LAST - 5 * DAY, both_agree=False)
        with unit_of_work():
            assert ending.remind(at=start_of(LAST - 30 * DAY, CHICAGO)) == 1
        assert [open_tasks(made) for made in (renewed, ending_early, late)] == [[], [], ["30"]]
