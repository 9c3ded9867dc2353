import itertools
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.files.actions import keep
from provider.files.models import File
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.payments.models import Payment
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout, Refund
from provider.staff.doors import DOORS
from provider.tasks.models import Task
from provider.tuition.models import TuitionPlan
from tests.harness import season
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

EVERYBODY = frozenset(Role)
R = Role
WITH_ENROLLMENTS = EVERYBODY - {R.EDITOR}
WITH_MONEY = frozenset({R.BURSAR, R.AUDITOR, R.ADMIN})
WITH_CATALOG = frozenset({R.ADMISSIONS, R.BURSAR, R.EDITOR, R.AUDITOR, R.ADMIN})
WITH_MAIL = frozenset({R.ADMISSIONS, R.BURSAR, R.AUDITOR, R.ADMIN})
BURSARS = frozenset({R.BURSAR, R.ADMIN})
NOBODY: frozenset[Role] = frozenset()
# Who sees each area, and who changes something in it.
POLICY: dict[str, tuple[frozenset[Role], frozenset[Role]]] = {
    "staff": (EVERYBODY, NOBODY),
    "staff_tasks": (EVERYBODY, EVERYBODY - {R.EDITOR, R.AUDITOR}),
    "staff_enrollments": (WITH_ENROLLMENTS, frozenset({R.ADMISSIONS, R.ADMIN})),
    "staff_completions": (WITH_ENROLLMENTS, frozenset({R.ADMISSIONS, R.ADMIN})),
    "staff_payments": (WITH_MONEY, BURSARS),
    "staff_refunds": (WITH_MONEY, BURSARS),
    "staff_overrides": (WITH_MONEY, BURSARS),
    "staff_files": (WITH_MONEY, NOBODY),
    "staff_disclosures": (frozenset({R.AUDITOR, R.ADMIN}), NOBODY),
    "staff_mail": (WITH_MAIL, frozenset({R.ADMISSIONS, R.BURSAR, R.ADMIN})),
    "staff_programs": (WITH_CATALOG, frozenset({R.EDITOR, R.ADMIN})),
    "staff_faq": (WITH_CATALOG, frozenset({R.EDITOR, R.ADMIN})),
    "staff_policies": (WITH_CATALOG, frozenset({R.ADMIN})),
    "staff_people": (frozenset({R.AUDITOR, R.ADMIN}), frozenset({R.ADMIN})),
}


def subjects(app: Flask) -> dict[str, str]:
    """Return a real reference for each argument in the addresses of the back office, by door."""
    made = season.make(app, clock.now())
    with app.app_context(), unit_of_work():
        keep(data=b"%PDF-1.7 proof", about=None, actor=SYSTEM, at=clock.now())

    def one(column: sa.orm.attributes.InstrumentedAttribute[str]) -> str:
        return db.session.scalars(sa.select(column).limit(1)).one()

    with app.app_context():
        return {
            "enrollments": made["fresh"].enrollment,
            "payments": one(Payment.reference),
            "refunds": one(Refund.reference),
            "payouts": one(Payout.reference),
            "tasks": one(Task.reference),
            "mail": one(OutboxLetter.reference),
            "files": one(File.reference),
            "people": db.session.scalars(sa.select(Person.reference).where(Person.grants.any())).first() or "",
            "programs": one(Program.reference),
            "plan": one(TuitionPlan.reference),
            "faq": one(FaqItem.slug),
            "floors": one(StateFloorRow.reference),
        }


def addresses(app: Flask, known: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return every address of the back office as (door, method, path)."""
    found = []
    for rule in app.url_map.iter_rules():
        door = rule.endpoint.partition(".")[0]
        if door not in {each.name for each in DOORS}:
            continue
        parts = rule.rule.split("/")
        for index, part in enumerate(parts):
            if part.startswith("<"):
                parts[index] = known[part.strip("<>")] if part == "<plan>" else known[parts[index - 1]]
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        found.append((door, method, "/".join(parts)))
    return found


def test_every_door_of_the_back_office_is_in_the_table() -> None:
    assert {door.name for door in DOORS} == set(POLICY)


def test_each_role_sees_and_changes_exactly_what_the_table_says(app: Flask, visitors: Callable[[], Visitor]) -> None:
    paths = addresses(app, subjects(app))
    assert len(paths) > 55
    wrong = []
    for role in Role:
        visitor = visitors()
        sign_in(visitor, staff(app, role))
        token = visitor.token()
        for door, method, path in paths:
            sees, changes = POLICY[door]
            # An empty form is enough: whoever may not change is turned away before it is read.
            sent = {"csrf_token": token, "nothing": "here"}
            answer = visitor.client.get(path) if method == "GET" else visitor.client.post(path, data=sent)
            allowed = role in sees and (method == "GET" or role in changes)
            if (answer.status_code == 403) is allowed or answer.status_code >= 500:
                wrong.append((role.value, method, path, answer.status_code))
    assert wrong == []


def test_a_stranger_is_asked_to_sign_in_and_a_student_is_turned_away(app: Flask, visitor: Visitor) -> None:
    for path in ("/staff", "/staff/payments"):
        assert visitor.client.get(path).headers["Location"] == f"/sign-in?next={path}"
    sign_in(visitor, staff(app))
    assert visitor.get("/staff", 403).title == "Not allowed"


def test_who_may_not_see_money_reads_an_enrollment_without_it(app: Flask, visitor: Visitor) -> None:
    made = season.make(app, clock.now())
    sign_in(visitor, staff(app, R.COORDINATOR))
    page = visitor.get(f"/staff/enrollments/{made['settled'].enrollment}")
    story = page.words(".timeline")
    assert "Money" not in [heading.to_text().strip() for heading in page.all("h2")]
    assert [word for word in ("Payment recorded", "Money sent", "$") if word in story] == []
    assert "Letter: Receipt" in story


def test_the_menu_has_only_the_rooms_a_role_may_see(app: Flask, visitors: Callable[[], Visitor]) -> None:
    rooms = {}
    for role in (R.COORDINATOR, R.EDITOR, R.BURSAR):
        visitor = visitors()
        page = sign_in(visitor, staff(app, role))
        rooms[role] = [link.to_text().strip() for link in page.all(".side a")]
    assert rooms == {
        R.COORDINATOR: ["Home", "Tasks", "Enrollments", "Completions"],
        R.EDITOR: ["Home", "Tasks", "Programs", "Refund policy", "Questions"],
        R.BURSAR: list(
            itertools.chain(
                ("Home", "Tasks", "Enrollments", "Completions", "Payments", "Refunds", "Letters"),
                ("Programs", "Refund policy", "Questions"),
            )
        ),
    }
