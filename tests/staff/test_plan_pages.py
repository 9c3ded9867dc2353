"""Plans of placements as staff see them: asked for, looked at, decided about, sent."""

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations.models import Opening
from provider.externships import plan_queries, plan_words, rings
from provider.externships.models import PlacementPlan, PlanRow
from provider.externships.plan_queries import Spot
from provider.externships.planning import PlanState, Reason, Remedy, RowOutcome
from provider.kernel.database import db, unit_of_work
from tests.harness import season_of_plans
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import do_jobs, sign_in
from tests.harness.visitor import Page, Visitor


@pytest.fixture
def coordinator(school: Flask, season: Season) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.COORDINATOR])
    return visitor


@pytest.fixture
def parts(school: Flask, season: Season) -> dict[str, str]:
    with school.app_context():
        found = season_of_plans.parts()
        db.session.remove()
    return {**found, "plan": f"/staff/plans/{found['reference']}"}


def press(visitor: Visitor, action: str) -> Page:
    assert visitor.page is not None
    forms = [form.attrs.get("action") for form in visitor.page.all("main form[method=post]")]
    return visitor.submit({}, form=forms.index(action))


def test_a_plan_is_asked_for_and_its_page_waits_without_a_script(school: Flask, coordinator: Visitor) -> None:
    coordinator.get("/staff/plans")
    page = press(coordinator, "/staff/plans")
    assert "The plan is being made." in page.text
    assert "Being made: 0 %" in page.words()
    assert page.response.headers["Refresh"] == "3"
    do_jobs(school)
    again = coordinator.get(page.path.partition("#")[0])
    assert "Refresh" not in again.response.headers
    assert "Being made" not in again.words()
    with school.app_context():
        newest = db.session.scalars(sa.select(PlacementPlan).order_by(PlacementPlan.id.desc()).limit(1)).one()
        assert newest.state is PlanState.SOLVED
        assert f"{newest.placed} with a place" in again.words()


def test_each_student_stands_there_with_why_and_with_what_would_help(
    coordinator: Visitor, parts: dict[str, str]
) -> None:
    page = coordinator.get(parts["plan"])
    rows = [row.to_text() for row in page.all("section[aria-labelledby=students] tbody tr")]
    placed = next(row for row in rows if "No opening suits better." in row)
    unplaced = next(row for row in rows if "would fit" in row)
    assert "0.0 miles" in placed
    assert "2 openings would fit, but every place there goes to somebody else." in unplaced
    assert "One more place at" in unplaced
    others = coordinator.get(f"{parts['plan']}?view=unplaced").all("section[aria-labelledby=students] tbody tr")
    assert len(others) == len(rows) - 1


def test_the_map_has_a_name_a_description_and_its_numbers_in_a_table(
    coordinator: Visitor, parts: dict[str, str]
) -> None:
    page = coordinator.get(parts["plan"])
    drawing = page.all("figure svg[role=img]")[0]
    assert drawing.attrs["aria-labelledby"] == "map-t map-d"
    assert "1 students" not in page.text
    assert "1 student, 1 of them within 10 miles of the site." in page.text
    cells = [cell.to_text() for cell in page.all("figure tbody tr td")]
    assert cells == ["1", "1", "0", "0", "0"]


def test_what_is_decided_counts_in_the_next_run(school: Flask, coordinator: Visitor, parts: dict[str, str]) -> None:
    student = f"{parts['plan']}/students/{parts['student']}"
    coordinator.get(student)
    page = press(coordinator, f"{student}/leave-out")
    assert "For the next run: Left out." in page.text
    coordinator.get(parts["plan"])
    page = press(coordinator, f"{parts['plan']}/again")
    do_jobs(school)
    page = coordinator.get(page.path.partition("#")[0])
    assert f">{parts['student']}</a>: Left out" in page.text
    assert "This plan was dropped." in coordinator.get(parts["plan"]).text


def test_the_offers_are_sent_and_what_no_longer_held_is_told(
    school: Flask, coordinator: Visitor, parts: dict[str, str]
) -> None:
    with school.app_context(), unit_of_work():
        db.session.execute(sa.update(Opening).where(Opening.reference == parts["opening"]).values(taken=1))
    coordinator.get(parts["plan"])
    page = press(coordinator, f"{parts['plan']}/commit")
    assert page.response.headers["Refresh"] == "3"
    do_jobs(school)
    page = coordinator.get(f"{parts['plan']}?view=refused")
    assert "0 offers sent." in page.words()
    assert "Somebody else took the last place a moment ago." in page.words()
    with school.app_context():
        plan = plan_queries.by_reference(parts["reference"])
        assert plan.students is not None
        assert plan_queries.outcomes(plan) == {RowOutcome.REFUSED: 1, RowOutcome.LEFT_OUT: plan.students - 1}


def test_a_plan_that_failed_or_that_is_unknown_says_so(
    school: Flask, coordinator: Visitor, parts: dict[str, str]
) -> None:
    with school.app_context(), unit_of_work():
        failed = sa.update(PlacementPlan).where(PlacementPlan.reference == parts["reference"])
        db.session.execute(failed.values(state=PlanState.FAILED, trouble="The plan could not be made."))
    assert "The plan could not be made." in coordinator.get(parts["plan"]).text
    coordinator.get("/staff/plans/PN-22222222", status=404)
    coordinator.get(f"{parts['plan']}/students/XR-22222222", status=404)


def test_the_page_takes_the_same_number_of_statements_however_many_rows(
    school: Flask, coordinator: Visitor, parts: dict[str, str]
) -> None:
    counts = []
    for view in ("?view=placed", ""):
        coordinator.get(parts["plan"] + view)
        with statements(school) as sent:
            coordinator.get(parts["plan"] + view)
        counts.append(len(sent))
    assert counts[1] - counts[0] in {0, 1}  # openings are read when a row speaks of one


def test_each_reason_and_each_change_has_its_words() -> None:
    told: list[list[object]] = [
        [Reason.AFTER, 2], [Reason.RANK, 1], [Reason.KIND], [Reason.WAITED, 1], [Reason.PINNED],
        [Reason.NONE_FITS, 3, {"miles": 2, "declined_site": 1}], [Reason.NONE_AROUND], [Reason.NOWHERE],
        [Reason.PIN_BROKEN, 9, []], [Remedy.MILES, 9, 10, 1],
    ]  # fmt: skip
    assert plan_words.said(PlanRow(reasons=told), {}) == plan_words.Said(
        (
            "2 openings that would suit better went to others.",
            "It is number 1 on the student’s list.",
            "It is the kind of site that the student would like.",
            "The student has waited for 1 day.",
            "Staff pinned it.",
            "Of 3 openings within 250 miles none fits: 2 too far away; 1 at a site that the student said no to.",
            "There is no opening of the program within 250 miles.",
            "The ZIP code is not on the map, so no distance is known. Place this student by hand.",
            "Staff pinned it to an opening, which is by now closed, full, or for another program.",
        ),
        (),
    )


def test_sites_that_lie_together_are_one_disc_and_none_is_left_away() -> None:
    spots = [
        Spot("Far", "Main", "Rowe", 40.0, -80.0, (1, 0, 0, 0)),
        Spot("Busy", "Main", "Atlanta", 33.75, -84.39, (4, 3, 2, 1)),
        Spot("Near", "Main", "Decatur", 33.76, -84.40, (1, 0, 0, 0)),
    ]
    found = rings.drawn(sorted(spots, key=lambda one: -one.students))
    assert [(one.name, one.counts) for one in found.clusters] == [
        ("Busy and 1 more nearby", (5, 3, 2, 1)), ("Far", (1, 0, 0, 0)),
    ]  # fmt: skip
    assert [n for n, _ in found.clusters[0].rings] == [3, 2, 1, 0]
    assert found.clusters[0].rings[0][1] == rings.LARGEST
    assert all(0 <= one.x <= rings.WIDTH and 0 <= one.y <= rings.HEIGHT for one in found.clusters)
    assert [words for _, _, words in found.labels] == ["Atlanta 11", "Rowe 1"]
    miles, long = found.bar or (0, 0.0)
    assert (miles, rings.drawn([]).clusters, rings.drawn(spots[:1]).bar) == (100, (), None)
    north = max(one.y for one in found.clusters) - min(one.y for one in found.clusters)
    assert long / miles == pytest.approx(north / ((40.0 - 33.75) * rings.MILES_A_DEGREE), rel=0.01)


def test_a_name_that_would_lie_on_a_disc_or_on_another_name_is_left_away() -> None:
    spots = [Spot(f"Site {n}", "Main", f"City {n}", 40.6 - n / 10, -74.0, (9 - n, 0, 0, 0)) for n in range(7)]
    found = rings.drawn([*spots, Spot("East", "Main", "Far", 40.0, -72.0, (1, 0, 0, 0))])
    assert len(found.clusters) == 8
    assert [words for _, _, words in found.labels] == ["City 6 3", "Far 1"]
