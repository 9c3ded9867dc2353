import datetime as dt

import pytest

from provider.documents import rules
from provider.documents.rules import DocumentKind, DocumentState, Shown, Standing, best, reminder, why_not_good, worst

TODAY = dt.date(2026, 11, 22)
LAST = dt.date(2027, 1, 29)
DAY = dt.timedelta(days=1)
TB = DocumentKind.TB
S, D = Standing, DocumentState


def shown(state: DocumentState, expires_on: dt.date | None = None) -> Shown:
    return Shown(TB, state, expires_on)


@pytest.mark.parametrize(
    "uploads, standing",
    [
        ((), S.MISSING),
        ((Shown(DocumentKind.MMR, D.ACCEPTED, None),), S.MISSING),
        ((shown(D.ACCEPTED),), S.HOLDS),
        ((shown(D.ACCEPTED, LAST),), S.HOLDS),
        ((shown(D.ACCEPTED, LAST - DAY),), S.EXPIRES_TOO_EARLY),
        ((shown(D.ACCEPTED, TODAY),), S.EXPIRES_TOO_EARLY),
        ((shown(D.ACCEPTED, TODAY - DAY),), S.EXPIRED),
        ((shown(D.UPLOADED, LAST),), S.BEING_CHECKED),
        ((shown(D.UPLOADED, TODAY - DAY),), S.EXPIRED),
        ((shown(D.REFUSED, LAST),), S.REFUSED),
        ((shown(D.EXPIRED, TODAY - DAY), shown(D.REFUSED, LAST)), S.EXPIRED),
        ((shown(D.REFUSED, LAST), shown(D.UPLOADED, LAST)), S.BEING_CHECKED),
        ((shown(D.ACCEPTED, LAST - DAY), shown(D.UPLOADED, LAST)), S.BEING_CHECKED),
        ((shown(D.UPLOADED, LAST), shown(D.ACCEPTED, LAST)), S.HOLDS),
    ],
)
def test_the_best_of_what_was_uploaded_says_how_a_document_stands(
    uploads: tuple[Shown, ...], standing: Standing
) -> None:
    assert rules.standing(TB, uploads, through=LAST, today=TODAY) is standing


def test_what_is_checked_is_the_schools_time_and_all_else_the_students() -> None:
    assert {one for one in Standing if not one.waits_for_student} == {S.HOLDS, S.BEING_CHECKED}


def test_what_is_needed_twice_stands_as_it_does_for_the_worse() -> None:
    assert worst([S.HOLDS, S.EXPIRES_TOO_EARLY]) is S.EXPIRES_TOO_EARLY
    assert worst([S.BEING_CHECKED, S.HOLDS]) is S.BEING_CHECKED


class Upload:
    def __init__(self, one: Shown) -> None:
        self.shown = one


def test_of_equally_good_uploads_the_first_one_counts() -> None:
    first, second, other = (Upload(shown(state)) for state in (D.REFUSED, D.REFUSED, D.UPLOADED))
    assert best([first, second], through=LAST, today=TODAY) is first
    assert best([first, second, other], through=LAST, today=TODAY) is other
    assert best([], through=LAST, today=TODAY) is None


@pytest.mark.parametrize(
    "left, days",
    [(31, None), (30, 30), (29, 30), (15, 30), (14, 14), (4, 14), (3, 3), (1, 3), (0, 3), (-1, None)],
)
def test_the_newest_reminder_speaks_for_those_that_were_missed(left: int, days: int | None) -> None:
    assert reminder(TODAY + left * DAY, TODAY) == days


@pytest.mark.parametrize(
    "expires_on, taken",
    [(None, True), (TODAY, True), (TODAY - DAY, False), (TODAY + 7000 * DAY, True), (TODAY + 8000 * DAY, False)],
)
def test_a_day_that_has_passed_or_cannot_be_meant_is_refused(expires_on: dt.date | None, *, taken: bool) -> None:
    assert (why_not_good(expires_on, today=TODAY) is None) is taken


def test_each_document_is_explained_and_each_standing_has_a_next_step() -> None:
    for kind in DocumentKind:
        told = rules.explained(kind)
        assert told.what.endswith(".")
        assert told.why.endswith(".")
    assert len({rules.next_step(one, through="January 29, 2027") for one in Standing}) == len(Standing)
