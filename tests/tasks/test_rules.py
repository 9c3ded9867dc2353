import datetime as dt

import pytest

from provider.accounts.duties import can_do, kinds_for
from provider.accounts.rules import Permission, Role, permissions
from provider.clocks.rules import Standing, on_its_day
from provider.tasks.rules import LIFECYCLE, TaskKind, TaskState, can_be_due, place, place_of, turn

MONDAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def held(*roles: Role) -> frozenset[Permission]:
    return permissions(frozenset(roles))


def test_a_task_is_open_or_done_and_goes_both_ways() -> None:
    assert dict(LIFECYCLE) == {
        TaskState.OPEN: frozenset({TaskState.DONE}),
        TaskState.DONE: frozenset({TaskState.OPEN}),
    }


def test_what_has_no_date_takes_its_turn_on_the_day_it_was_raised() -> None:
    assert turn(raised_on=MONDAY, due_on=None) == MONDAY
    assert turn(raised_on=MONDAY, due_on=MONDAY - DAY) == MONDAY - DAY
    assert turn(raised_on=MONDAY, due_on=MONDAY + DAY) == MONDAY + DAY


@pytest.mark.parametrize("days, may", [(-1, False), (0, True), (366, True), (367, False)])
def test_a_due_date_lies_between_today_and_a_year_ahead(days: int, *, may: bool) -> None:
    assert can_be_due(MONDAY + days * DAY, today=MONDAY) is may


@pytest.mark.parametrize("days, standing", [(-1, Standing.IN_TIME), (0, Standing.DUE), (1, Standing.OVERDUE)])
def test_a_task_is_due_on_its_day_and_overdue_after_it(days: int, standing: Standing) -> None:
    assert on_its_day(MONDAY, today=MONDAY + days * DAY) is standing


def test_a_place_in_a_list_is_one_number_that_sorts_by_day_and_then_by_id() -> None:
    spots = [(MONDAY, 1), (MONDAY, 2**31 - 1), (MONDAY + DAY, 0), (dt.date.max, 7)]
    keys = [place(*spot) for spot in spots]
    assert keys == sorted(keys)
    assert [place_of(key) for key in keys] == spots


@pytest.mark.parametrize("key", [0, 1, 2**31, 10**17 - 1], ids=str)
def test_any_number_in_an_address_is_a_place(key: int) -> None:
    day, task_id = place_of(key)
    assert (dt.date.min <= day <= dt.date.max, 0 <= task_id < 2**31) == (True, True)


@pytest.mark.parametrize("kind", TaskKind)
def test_nobody_who_only_reads_may_own_a_task(kind: TaskKind) -> None:
    assert not can_do(kind, held(Role.AUDITOR))
    assert not can_do(kind, held(Role.EDITOR))
    assert can_do(kind, held(Role.ADMIN))


MONEY = {
    TaskKind.RETURN_PAYMENT,
    TaskKind.PAY_OUT,
    TaskKind.CHECK_CARD_PAYMENT,
    TaskKind.ANSWER_DISPUTE,
    TaskKind.PAYOUT_FAILED,
    TaskKind.OUTSIDE_REFUND,
    TaskKind.CLOSE_DAY,
    TaskKind.REFUND_BY_MAIL,
}
PLACEMENTS = {
    TaskKind.CHECK_DOCUMENT,
    TaskKind.END_PLACEMENT,
    TaskKind.PLACE_STUDENT,
    TaskKind.SITE_DECLINED,
    TaskKind.SITE_OFFERS,
    TaskKind.AGREEMENT_ENDS,
    TaskKind.COUNTERSIGN_AGREEMENT,
    TaskKind.PLACEMENT_HELD,
    TaskKind.PRECEPTOR_ASKS,
    TaskKind.EVALUATION_LATE,
}
EXAMS = {
    TaskKind.CHECK_EXAM_RESULT,
    TaskKind.CHECK_CREDIT_REQUEST,
    TaskKind.CREDIT_UNDECIDED,
    TaskKind.REGISTRAR_UNREACHED,
    TaskKind.CREDIT_ALREADY_SENT,
}


def test_a_task_about_money_takes_somebody_who_records_money() -> None:
    for kind in MONEY:
        owners = [role for role in Role if can_do(kind, held(role))]
        assert owners == [Role.BURSAR, Role.ADMIN]


def test_a_task_about_externships_takes_somebody_who_places_students() -> None:
    for kind in PLACEMENTS:
        owners = [role for role in Role if can_do(kind, held(role))]
        assert owners == [Role.COORDINATOR, Role.ADMIN]


def test_a_task_about_exams_or_credit_takes_a_credit_officer() -> None:
    for kind in EXAMS:
        owners = [role for role in Role if can_do(kind, held(role))]
        assert owners == [Role.CREDIT_OFFICER, Role.ADMIN]


def test_each_role_may_do_these_kinds_of_tasks() -> None:
    every_days = set(TaskKind) - {TaskKind.ERASE_PERSON} - EXAMS
    assert set(kinds_for(held(Role.ADMIN))) == set(TaskKind)
    assert set(kinds_for(held(Role.ADMISSIONS))) == every_days - MONEY - PLACEMENTS
    assert set(kinds_for(held(Role.BURSAR))) == every_days - PLACEMENTS
    assert set(kinds_for(held(Role.COORDINATOR))) == every_days - MONEY - {
        TaskKind.PAYMENT_HOLD,
        TaskKind.LETTER_FAILED,
    }
