from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.catalog import queries as catalog
from provider.kernel.database import db
from provider.policies import queries as policies
from provider.policies.models import StateFloorRow
from provider.programs import queries as programs
from provider.programs.models import Program
from provider.tuition import queries as plans
from provider.tuition.models import TuitionPlan
from provider.tuition.rules import PlanKind
from tests.harness.statements import statements
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]


@pytest.fixture
def editor(colleague: Colleague) -> Visitor:
    return colleague(Role.EDITOR)


@pytest.fixture
def ccma(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(sa.select(Program.reference).where(Program.slug == "ccma")).one()


def plan(app: Flask, kind: PlanKind) -> str:
    with app.app_context():
        offer = catalog.offer("ccma")
        return next(one.reference for one in offer.plans if one.kind is kind)


def edit(editor: Visitor, ccma: str) -> Page:
    return editor.get(f"/staff/programs/{ccma}/edit")


def chosen(page: Page) -> list[str]:
    return [box.attrs["value"] for box in page.all("input[name=credentials]") if "checked" in box.attrs]


def test_an_edit_makes_the_next_version_and_reaches_the_public_page_at_once(
    app: Flask, editor: Visitor, visitor: Visitor, ccma: str
) -> None:
    visitor.get("/programs/ccma")
    page = edit(editor, ccma)
    page = editor.submit({"title": "Clinical assistant", "credentials": chosen(page)})
    assert page.words(".heading__eyebrow") == "CCMA, version 2"
    assert visitor.get("/programs/ccma").title == "Clinical assistant"


def test_the_hours_of_an_externship_reach_the_public_page(
    app: Flask, editor: Visitor, visitor: Visitor, ccma: str
) -> None:
    assert "an externship in a hospital or clinic of 160 hours" in visitor.get("/programs/ccma").words()
    boxes = chosen(edit(editor, ccma))
    page = editor.submit({"externship_hours": "", "credentials": boxes})
    assert "No number of hours set" in page.words()
    assert "an externship in a hospital or clinic. It is optional" in visitor.get("/programs/ccma").words()


def test_an_unchanged_form_changes_nothing(app: Flask, editor: Visitor, ccma: str) -> None:
    page = edit(editor, ccma)
    page = editor.submit({"credentials": chosen(page)})
    assert page.words(".heading__eyebrow") == "CCMA, version 1"


def test_two_editors_at_once_do_not_overwrite_each_other(app: Flask, colleague: Colleague, ccma: str) -> None:
    one, other = colleague(Role.EDITOR), colleague(Role.EDITOR)
    boxes = chosen(edit(one, ccma))
    edit(other, ccma)
    one.submit({"title": "First", "credentials": boxes})
    page = other.submit({"title": "Second", "credentials": boxes}, 422)
    assert page.errors["_schema"][0].startswith("Somebody else changed this program meanwhile.")
    assert page.all("#field-title")[0].attrs["value"] == "Second"


MISTAKES: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"title": " "}, "title", "Fill this in."),
    ({"class_weeks": "0"}, "class_weeks", "A class takes 1 to 104 weeks."),
    ({"class_weeks": "ten"}, "class_weeks", "A class takes 1 to 104 weeks."),
    ({"externship_hours": "0"}, "externship_hours", "An externship takes 1 to 1,000 hours."),
    ({"externship_hours": "many"}, "externship_hours", "An externship takes 1 to 1,000 hours."),
    ({"inclusions": "exam_fee | Exam fee"}, "inclusions",
     "Line 1: write it as key | name | included, not included or not stated | note"),
    ({"inclusions": "exam_fee | Exam fee | perhaps"}, "inclusions",
     "Line 1: write one of included, not included, not stated."),
    ({"inclusions": "books | Books | included"}, "_schema",
     "Say whether tuition includes the exam fee: included, not included or not stated."),
    ({"state_rules": "CA | closed | No | Law | 2026-01-01\nXX | closed | No | Law | 2026-01-01"}, "state_rules",
     "Line 2: “XX” is not the postal code of a state."),
    ({"state_rules": "CA | closed | No | Law | yesterday"}, "state_rules", "Line 1: write the day like 2026-11-21."),
    ({"links": "Class | http://example.org"}, "links", "Line 1: write the address with https:// at its beginning."),
    ({"links": "Class | javascript:alert(1)"}, "links", "Line 1: write the address with https:// at its beginning."),
    ({"on_sale": "true"}, "_schema", "This form has no such field. Reload the page and try again."),
)  # fmt: skip


def test_each_mistake_in_a_program_has_its_sentence_and_keeps_what_was_typed(
    app: Flask, editor: Visitor, ccma: str
) -> None:
    for changed, field, sentence in MISTAKES:
        boxes = chosen(edit(editor, ccma))
        page = editor.submit({"summary": "Kept as typed"} | changed | {"credentials": boxes}, 422)
        assert [(name, found[0].endswith(sentence)) for name, found in page.errors.items()] == [(field, True)], changed
        assert page.words("#field-summary") == "Kept as typed"
    with app.app_context():
        assert len(programs.program(ccma).versions) == 1


def test_a_program_taken_off_sale_is_gone_from_the_public_pages(
    app: Flask, editor: Visitor, visitor: Visitor, ccma: str
) -> None:
    editor.get(f"/staff/programs/{ccma}")
    editor.post(f"/staff/programs/{ccma}/sale-end", {})
    assert "Off sale" in editor.follow().words(".heading")
    visitor.get("/programs/ccma", 404)
    editor.post(f"/staff/programs/{ccma}/sale", {})
    assert visitor.get("/programs/ccma").status == 200


def test_a_plan_is_replaced_by_its_next_version(app: Flask, editor: Visitor, ccma: str) -> None:
    reference = plan(app, PlanKind.INSTALLMENTS)
    editor.get(f"/staff/programs/{ccma}/plans/{reference}")
    page = editor.submit({"total": "$2,200.00", "count": "5"})
    assert page.words(".notice--success") == "The plan is saved."
    with app.app_context():
        offer = catalog.offer("ccma")
        sold = {one.kind: (one.version, one.total_cents, one.count) for one in offer.plans}
    assert sold[PlanKind.INSTALLMENTS] == (2, 220_000, 5)
    assert "Ask counsel" in page.words("tbody")
    stale = editor.get(f"/staff/programs/{ccma}/plans/{reference}")
    assert stale.status == 200
    page = editor.submit({"total": "$2,300.00"}, 422)
    assert page.errors["_schema"][0].startswith("Somebody else changed this plan meanwhile.")


def test_paying_at_once_has_to_stay_cheaper(app: Flask, editor: Visitor, ccma: str) -> None:
    editor.get(f"/staff/programs/{ccma}/plans/{plan(app, PlanKind.UPFRONT)}")
    page = editor.submit({"total": "9,000.00"}, 422)
    assert "must cost less than the sum of the installments" in page.errors["_schema"][0]
    assert page.all("#field-total")[0].attrs["value"] == "9,000.00"


NEW = {
    "title": "Dental assisting", "code": "DA", "slug": "dental-assisting", "summary": "Twelve weeks online.",
    "outcome": "A job.", "teaching": "Live online.", "class_weeks": "12", "credentials": "CCMA", "sample": None,
}  # fmt: skip


def test_a_program_is_added_gets_a_plan_and_goes_on_sale(app: Flask, editor: Visitor, visitor: Visitor) -> None:
    visitor.get("/programs/dental-assisting", 404)
    editor.get("/staff/programs/new")
    assert editor.page is not None
    assert editor.page.words("#field-inclusions") == "exam_fee | Exam fee | not stated"
    page = editor.submit(NEW)
    assert page.title == "Dental assisting"
    assert page.words(".notice--success").startswith("The program is added, and not on sale yet.")
    here = page.path
    editor.post(f"{here}/sale", {})
    assert editor.follow().words(".notice--bad") == "Offer at least one way of paying."
    editor.get(f"{here}/plans/new")
    page = editor.submit({"kind": "installments", "title": "Four parts", "total": "1,999.00", "count": "4"})
    assert "Four parts Installments $1,999.00 4 Version 1 Real" in page.words("tbody")
    editor.post(f"{here}/sale", {})
    assert editor.follow().words(".notice--success") == "The program is on sale."
    assert visitor.get("/programs/dental-assisting").title == "Dental assisting"
    assert "four-parts" in visitor.get("/programs/dental-assisting/enroll?plan=four-parts").text
    codes = [cell.to_text() for cell in editor.get("/staff/programs").all("tbody td:nth-of-type(1)")]
    assert codes[-1] == "DA"


@pytest.mark.parametrize(
    "changed, field, sentence",
    [
        ({"code": "ccma"}, "_schema", "Another program has this code or this address already."),
        ({"slug": "ccma"}, "_schema", "Another program has this code or this address already."),
        ({"slug": "Dental Assisting"}, "slug", "Use small letters, digits and hyphens"),
        ({"code": "<b>"}, "code", "Use letters, digits and hyphens"),
        ({"credentials": None}, "_schema", "Name at least one credential"),
        ({"credentials": "NOPE"}, "_schema", "There is no credential NOPE."),
        ({"inclusions": "books | Books | included"}, "_schema", "Say whether tuition includes the exam fee"),
        ({"based_on": "1"}, "_schema", "This form has no such field."),
    ],
    ids=[
        "code in use",
        "address in use",
        "address",
        "code",
        "no credential",
        "credential",
        "exam fee",
        "no such field",
    ],
)
def test_a_program_that_cannot_be_added_is_refused_and_nothing_of_it_stays(
    app: Flask, editor: Visitor, changed: dict[str, str | None], field: str, sentence: str
) -> None:
    editor.get("/staff/programs/new")
    page = editor.submit(NEW | changed, 422)
    assert [(name, sentence in found[0]) for name, found in page.errors.items()] == [(field, True)]
    assert page.words("#field-summary") == "Twelve weeks online."
    with app.app_context():
        assert [program.code for program in programs.programs()] == ["CCMA", "CPT", "CPCT/A"]


@pytest.mark.parametrize(
    "changed, field, sentence",
    [
        ({"total": "1,000.00"}, "_schema", "Paying all at once ($1,899.00) must cost less than the sum"),
        ({"title": "UPFRONT"}, "_schema", "This program has a plan of this name already."),
        ({"count": "1"}, "count", "Choose 2 to 24 installments."),
        ({"count": "25"}, "count", "Choose 1 to 24 installments."),
        ({"kind": "weekly"}, "kind", "Choose one of these."),
        ({"kind": None}, "kind", "Choose one of these."),
    ],
    ids=["cheaper than upfront", "name in use", "one part", "too many", "kind", "no kind"],
)
def test_a_plan_that_cannot_be_sold_is_refused(
    app: Flask, editor: Visitor, ccma: str, changed: dict[str, str | None], field: str, sentence: str
) -> None:
    editor.get(f"/staff/programs/{ccma}/plans/new")
    good = {"kind": "installments", "title": "Six parts", "total": "2,300.00", "count": "6"}
    page = editor.submit(good | changed, 422)
    assert [(name, sentence in found[0]) for name, found in page.errors.items()] == [(field, True)], page.errors
    with app.app_context():
        assert len(catalog.offer("ccma").plans) == 2


def test_a_retired_plan_cannot_be_chosen_and_the_last_one_stays(
    app: Flask, editor: Visitor, visitor: Visitor, ccma: str
) -> None:
    first, last = plan(app, PlanKind.INSTALLMENTS), plan(app, PlanKind.UPFRONT)
    editor.get(f"/staff/programs/{ccma}/plans/{first}")
    assert editor.submit({}, form=1).words(".notice--success").startswith("The plan is off sale.")
    with app.app_context():
        assert [one.kind for one in catalog.offer("ccma").plans] == [PlanKind.UPFRONT]
    editor.post(f"/staff/programs/{ccma}/plans/{first}/retirement", {})
    assert editor.follow().words(".notice--bad").startswith("Somebody else changed this plan meanwhile.")
    editor.post(f"/staff/programs/{ccma}/plans/{last}/retirement", {})
    assert editor.follow().words(".notice--bad").startswith("This is the only way of paying for a program on sale.")
    editor.post(f"/staff/programs/{ccma}/sale-end", {})
    editor.follow()
    editor.post(f"/staff/programs/{ccma}/plans/{last}/retirement", {})
    assert editor.follow().words(".notice--success").startswith("The plan is off sale.")


def test_a_plan_is_found_under_its_own_program_only(app: Flask, editor: Visitor, ccma: str) -> None:
    with app.app_context():
        other = next(program.reference for program in programs.programs() if program.code == "CPT")
    reference = plan(app, PlanKind.INSTALLMENTS)
    editor.get(f"/staff/programs/{ccma}/plans/{reference}")
    editor.get(f"/staff/programs/{other}/plans/{reference}", 404)
    editor.get(f"/staff/programs/{ccma}")
    token = editor.token()
    good = {"title": "Moved", "total": "2,200.00", "count": "5"}
    editor.post(f"/staff/programs/{other}/plans/{reference}", good, 404, token=token)
    editor.post(f"/staff/programs/{other}/plans/{reference}/retirement", {}, 404, token=token)
    with app.app_context():
        assert [one.title for one in catalog.offer("ccma").plans if one.reference == reference] != ["Moved"]


def test_a_retired_plan_goes_on_with_its_next_version(app: Flask, editor: Visitor, ccma: str) -> None:
    editor.get(f"/staff/programs/{ccma}/plans/{plan(app, PlanKind.UPFRONT)}")
    editor.submit({}, form=1)
    editor.get(f"/staff/programs/{ccma}/plans/new")
    editor.submit({"kind": "upfront", "title": "Upfront", "total": "1,500.00"})
    with app.app_context():
        sold = {one.slug: (one.version, one.total_cents) for one in catalog.offer("ccma").plans}
    assert sold["upfront"] == (2, 150_000)


def test_counsel_is_confirmed_once_with_name_and_date(app: Flask, admin: Visitor) -> None:
    assert "Truth in Lending" in admin.get("/staff/programs").words()
    admin.get("/staff/policies/counsel")
    assert list(admin.submit({"name": "Ada Admin", "on": "2999-01-01"}, 422).errors) == ["on"]
    page = admin.submit({"name": "Ada Admin", "on": "2026-01-09"})
    assert "Counsel was asked on January 9, 2026, says Ada Admin." in page.words()
    assert admin.get("/staff/programs").all(".notice--warn") == []
    with app.app_context():
        assert plans.counsel() is not None


def test_a_policy_version_begins_after_the_one_before_and_never_in_the_past(app: Flask, colleague: Colleague) -> None:
    with time_machine.travel("2026-12-01 15:00:00Z", tick=False):
        admin = colleague(Role.ADMIN)
        admin.get("/staff/policies/new")
        good = {"hours": "48", "summary": "Two days.", "effective_from": "2027-01-01T00:00"}
        for changed, field in (
            ({"hours": "23"}, "hours"),
            ({"hours": "a day"}, "hours"),
            ({"effective_from": "2026-11-30T00:00"}, "_schema"),
            ({"summary": ""}, "summary"),
        ):
            assert list(admin.submit(good | changed, 422).errors) == [field]
            admin.get("/staff/policies/new")
        page = admin.submit(good)
        assert "Version 2" in page.words("tbody")
    with app.app_context():
        assert [(one.number, one.hours) for one in policies.versions()] == [(1, 24), (2, 48)]
        assert policies.version(2).effective_from.isoformat() == "2027-01-01T05:00:00+00:00"


def test_a_state_floor_is_turned_on_and_off_and_one_for_counsel_cannot_be(app: Flask, admin: Visitor) -> None:
    with app.app_context():
        rows = policies.floor_rows()
        usable = next(row.reference for row in rows if policies.floor(row).can_be_enabled)
        counsel = next(row.reference for row in rows if not policies.floor(row).can_be_enabled)
    admin.get("/staff/policies")
    admin.post(f"/staff/policies/floors/{usable}/on", {})
    assert admin.follow().words(".notice--success").startswith("The row is turned on.")
    admin.post(f"/staff/policies/floors/{counsel}/on", {})
    assert admin.follow().words(".notice--bad").startswith("This row is for counsel and cannot be turned on.")
    with app.app_context():
        on = db.session.scalars(sa.select(StateFloorRow.reference).where(StateFloorRow.enabled_at.is_not(None))).all()
    assert on == [usable]
    admin.post(f"/staff/policies/floors/{usable}/off", {})
    assert admin.follow().words(".notice--success").startswith("The row is turned off.")


def test_questions_are_added_changed_and_removed(app: Flask, editor: Visitor, visitor: Visitor) -> None:
    editor.get("/staff/faq/new")
    assert list(editor.submit({"question": "", "answer": ""}, 422).errors) == ["question", "answer"]
    editor.get("/staff/faq/new")
    editor.submit({"question": "¿Puedo pagar en dos partes?", "answer": "Yes.", "position": "1"})
    assert "¿Puedo pagar en dos partes?" in visitor.get("/faq").words()
    (link,) = (one for one in editor.get("/staff/faq").all("tbody a") if "Puedo" in one.to_text())
    editor.get(link.attrs["href"])
    editor.submit({"answer": "In four."})
    assert "In four." in visitor.get("/faq").words()
    editor.get(link.attrs["href"])
    editor.submit({}, form=1)
    assert "Puedo" not in visitor.get("/faq").words()


def test_the_list_of_programs_costs_the_same_with_more_versions(app: Flask, editor: Visitor, ccma: str) -> None:
    with statements(app) as before:
        editor.get("/staff/programs")
    boxes = chosen(edit(editor, ccma))
    for title in ("One", "Two"):
        edit(editor, ccma)
        editor.submit({"title": title, "credentials": boxes})
    with app.app_context():
        sold = db.session.scalar(sa.select(sa.func.count()).select_from(TuitionPlan))
    with statements(app) as after:
        editor.get("/staff/programs")
    assert sold is not None
    assert len(before) == len(after)
