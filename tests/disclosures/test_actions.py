import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.disclosures import queries
from provider.disclosures.actions import NoConsent, record
from provider.disclosures.rules import OUTSIDE, DisclosureKind
from provider.history.models import History
from provider.kernel.database import db, unit_of_work
from tests.harness.disclosed import CONSENT, OFFICER, tell

NOW = CONSENT + dt.timedelta(hours=2)


def export(rows: int = 3) -> str:
    with unit_of_work():
        return record(
            kind=DisclosureKind.EXPORT,
            recipient="CSV file",
            what="Enrollments, filtered by state and program",
            basis="Work of the school",
            rows=rows,
            actor=OFFICER,
            at=NOW,
        ).reference


def test_it_is_kept_who_told_what_to_whom_on_which_consent(context: AppContext) -> None:
    told = tell("E-22222222")
    (found,) = queries.about(["P-33333333", "E-22222222"])
    assert (found.reference, found.kind, found.about) == (told.reference, DisclosureKind.COLLEGE, "E-22222222")
    assert (found.recipient, found.row_count) == ("Registrar of Sample Community College", 1)
    assert (found.what, found.basis) == (
        "Name, credential, date of the exam, recommended credits",
        "Consent in the credit request",
    )
    assert (found.consent_at, found.at) == (CONSENT, CONSENT + dt.timedelta(hours=1))
    assert (found.actor_kind, found.actor_reference, found.request_id) == ("staff", "P-22222222", "request-1")


def test_the_timeline_of_the_enrollment_tells_of_it(context: AppContext) -> None:
    told = tell("E-22222222")
    (row,) = db.session.scalars(sa.select(History).where(History.about == "E-22222222"))
    assert (row.event, row.subject_reference, row.data) == ("disclosure.college", told.reference, {"rows": 1})


def test_an_export_is_about_nobody_and_counts_its_rows(context: AppContext) -> None:
    reference = export(rows=0)
    (found,) = queries.page().rows
    assert (found.reference, found.about, found.row_count, found.consent_at) == (reference, None, 0, None)


@pytest.mark.parametrize("kind", sorted(OUTSIDE))
@pytest.mark.parametrize(
    "about, consent_at", [("E-22222222", None), (None, CONSENT)], ids=["without consent", "about nobody"]
)
def test_nobody_outside_is_told_without_a_person_and_consent(
    context: AppContext, kind: DisclosureKind, about: str | None, consent_at: dt.datetime | None
) -> None:
    with pytest.raises(NoConsent, match="has not agreed"), unit_of_work():
        record(
            kind=kind,
            recipient="Clinic",
            what="Name",
            basis="None",
            actor=OFFICER,
            at=NOW,
            about=about,
            consent_at=consent_at,
        )
    assert queries.page().rows == []


@pytest.mark.parametrize(
    "changed, guard",
    [
        ({"consent_at": None}, "outside_with_consent"),
        ({"kind": "copy_for_person", "about": None}, "told_about_somebody"),
        ({"row_count": -1}, "row_count_not_negative"),
        ({"kind": "newspaper"}, "kind_known"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_table_refuses_it_too(context: AppContext, changed: dict[str, Any], guard: str) -> None:
    values: dict[str, Any] = {
        "reference": "D-22222222",
        "at": NOW,
        "kind": "site",
        "recipient": "Clinic",
        "about": "E-22222222",
        "what": "Name",
        "row_count": 1,
        "basis": "Consent",
        "consent_at": CONSENT,
        "actor_kind": "staff",
    }
    columns = ", ".join(values)
    statement = sa.text(f"INSERT INTO disclosure ({columns}) VALUES ({', '.join(f':{name}' for name in values)})")  # noqa: S608
    with pytest.raises(sa.exc.IntegrityError, match=f"ck_disclosure_{guard}"), unit_of_work():
        db.session.execute(statement, values | changed)


@pytest.mark.parametrize("change", ["UPDATE disclosure SET row_count = 0", "DELETE FROM disclosure"])
def test_what_was_told_stays(context: AppContext, change: str) -> None:
    tell("E-22222222")
    with pytest.raises(sa.exc.DBAPIError, match="disclosure is append-only"), unit_of_work():
        db.session.execute(sa.text(change))
    assert len(queries.about(["E-22222222"])) == 1


def test_a_list_shows_a_kind_or_a_person_newest_first(context: AppContext) -> None:
    first, second, listed = tell("E-22222222").reference, tell("E-33333333").reference, export()
    assert [row.reference for row in queries.page().rows] == [listed, second, first]
    assert [row.reference for row in queries.page(kind=DisclosureKind.COLLEGE).rows] == [second, first]
    assert [row.reference for row in queries.page(references=["E-22222222"]).rows] == [first]
    page = queries.page(size=2)
    assert [row.reference for row in queries.page(before=page.older, size=2).rows] == [first]
