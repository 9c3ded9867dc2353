"""Whose page is whose: every address with every kind of person; what is not yours is not there."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from provider.accounts.models import Person
from provider.accounts.rules import Role, permissions
from provider.files.models import File
from provider.kernel.database import db
from provider.kernel.doors import PUBLIC, Door, doors
from provider.kernel.web import READING
from provider.mail.models import OutboxLetter
from provider.payments.models import Payment, Receipt
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout
from provider.tasks.models import Task
from provider.tuition.models import TuitionPlan
from tests.harness.checksums import checksums
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

UNKNOWN = "22222222"
MINE = "/my/enrollments/"


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the application with a method, and the door that guards it."""

    path: str
    method: str
    endpoint: str
    door: Door | None


def _references(school: Flask, season: Season) -> dict[str, dict[str, str]]:
    """Return what stands for each part of an address, by how the address begins."""

    def one(query: sa.Select[str]) -> str:
        found: str = db.session.scalars(query.limit(1)).one()
        return found

    paying = season["paying"]
    with school.app_context():
        receipt = one(sa.select(Receipt.reference).join(Payment).where(Payment.reference == paying.payments[0]))
        program = one(sa.select(Program.reference).where(Program.slug == "ccma"))
        found = {
            "/staff/enrollments/": {"reference": season["late"].enrollment},
            "/staff/payments/": {"reference": paying.payments[0]},
            "/staff/payouts/": {"reference": one(sa.select(Payout.reference))},
            "/staff/refunds/": {"reference": season["declined"].refund},
            "/staff/mail/": {"reference": one(sa.select(OutboxLetter.reference))},
            "/staff/tasks/": {"reference": one(sa.select(Task.reference))},
            "/staff/people/": {
                "reference": one(sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR]))
            },
            "/staff/programs/": {
                "reference": program,
                "plan": one(sa.select(TuitionPlan.reference).join(Program).where(Program.reference == program)),
            },
            "/staff/policies/floors/": {"reference": one(sa.select(StateFloorRow.reference))},
            "/staff/faq/": {"slug": one(sa.select(FaqItem.slug))},
            "/staff/files/": {"reference": one(sa.select(File.reference))},
            MINE: {"reference": paying.enrollment, "receipt": receipt},
        }
        db.session.remove()
    return found


def _addresses(school: Flask, season: Season, beginning: str) -> Iterator[Address]:
    known, guards = _references(school, season), doors(school)
    for rule in school.url_map.iter_rules():
        if not rule.rule.startswith(beginning):
            continue
        path = _path(rule, known)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield Address(path, method, rule.endpoint, guards.get(rule.endpoint.partition(".")[0]))


def _path(rule: Rule, known: dict[str, dict[str, str]]) -> str:
    if not rule.arguments:
        return rule.rule
    (values,) = [values for beginning, values in known.items() if rule.rule.startswith(beginning)]
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", values[name])
    return path


def _ask(visitor: Visitor, address: Address) -> tuple[int, str]:
    if address.method == "GET":
        response = visitor.client.get(address.path)
    else:
        response = visitor.client.post(address.path, data={"csrf_token": visitor.token()})
    return response.status_code, response.headers.get("Location", "")


def _somebody(school: Flask, email: str | None = None) -> Visitor:
    visitor = Visitor(school)
    visitor.get("/sign-in")
    if email is not None:
        sign_in(visitor, email)
        if not visitor.page or not visitor.page.all("input[name=csrf_token]"):
            visitor.get("/forgot-password")
    return visitor


def test_nobody_gets_into_the_back_office_without_signing_in(school: Flask, season: Season) -> None:
    addresses = list(_addresses(school, season, "/staff"))
    assert len(addresses) > 60
    visitor = _somebody(school)
    before = checksums(school)
    for address in addresses:
        status, location = _ask(visitor, address)
        assert (address, status, location.partition("?")[0]) == (address, 303, "/sign-in")
    assert checksums(school) == before


def test_a_student_gets_nowhere_in_the_back_office(school: Flask, season: Season) -> None:
    visitor = _somebody(school, season["paying"].email)
    before = checksums(school)
    for address in _addresses(school, season, "/staff"):
        assert (address, _ask(visitor, address)[0]) == (address, 403)
    assert checksums(school) == before


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_permits_and_nothing_else(school: Flask, season: Season, role: Role) -> None:
    visitor = _somebody(school, season.staff[role])
    before = checksums(school)
    permitted = permissions(frozenset({role}))
    opened = 0
    for address in _addresses(school, season, "/staff"):
        assert address.door is not None
        assert address.door.needs != PUBLIC
        reading = address.method in READING
        asked = {address.door.needs} | (set() if reading or not address.door.changes else {address.door.changes})
        if not asked <= permitted:
            assert (address, _ask(visitor, address)[0]) == (address, 403)
        elif reading:
            assert (address, _ask(visitor, address)[0]) == (address, 200)
            opened += 1
    assert opened > 0
    assert checksums(school) == before


@pytest.mark.parametrize("who", ["visitor", "another student", *Role])
def test_a_students_papers_are_there_for_nobody_else(school: Flask, season: Season, who: str) -> None:
    emails = {"visitor": None, "another student": season["fresh"].email} | dict(season.staff)
    visitor = _somebody(school, emails[who])
    before = checksums(school)
    for address in _addresses(school, season, MINE):
        assert (address, _ask(visitor, address)[0]) == (address, 404)
    assert checksums(school) == before


def test_the_student_opens_all_of_them(school: Flask, season: Season) -> None:
    visitor = _somebody(school, season["paying"].email)
    opened = [each for each in _addresses(school, season, MINE) if each.method == "GET"]
    assert len(opened) >= 6
    for address in opened:
        assert (address, _ask(visitor, address)[0]) == (address, 200)


def test_foreign_and_unknown_references_get_the_same_page(school: Flask, season: Season) -> None:
    visitor = _somebody(school, season["fresh"].email)
    for address in _addresses(school, season, MINE):
        if address.method == "GET":
            foreign = visitor.get(address.path, 404)
            unknown = visitor.get(address.path.replace(season["paying"].enrollment, f"E-{UNKNOWN}"), 404)
            assert foreign.words("main h1, main .lead") == unknown.words("main h1, main .lead")
            assert season["paying"].name not in foreign.text


def test_a_reference_that_does_not_exist_is_not_found_in_the_back_office(school: Flask, season: Season) -> None:
    visitor = _somebody(school, season.staff[Role.ADMIN])
    for address in _addresses(school, season, "/staff"):
        known = [part for part in address.path.split("/") if "-" in part and part[-8:].isupper()]
        if known:
            unknown = Address(
                address.path.replace(known[0], f"{known[0][:-8]}{UNKNOWN}"), address.method, "", address.door
            )
            assert (unknown, _ask(visitor, unknown)[0]) == (unknown, 404)
