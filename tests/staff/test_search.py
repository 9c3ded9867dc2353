"""The one search box: what is found, by whom, at what cost, and what strange words come to."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.actions import add_person
from provider.accounts.filing import file_person
from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.affiliations import queries
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteContact, SiteLocation
from provider.externships.models import ExternshipRequest, Offer
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, insert_all, unit_of_work
from provider.search import records
from provider.search.models import SearchWord
from provider.search.queries import COMMON
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from tests.harness import season
from tests.harness.placed import placed
from tests.harness.season import Student
from tests.harness.statements import statements
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]


def joined(name: str, email: str, program: str = "ccma") -> Student:
    """Enroll a student who proved the address."""
    student = Student(name, email, program)
    for step in (season.enroll, season.prove):
        with unit_of_work():
            step(student, clock.now())
    return student


def found(page: Page) -> dict[str, list[str]]:
    """Return what each group shows, by its heading."""
    sections = [section for section in page.all("main section") if section.query(".found")]
    return {
        section.query("h2")[0].to_text().strip(): [link.to_text().strip() for link in section.query(".found a")]
        for section in sections
    }


def search(visitor: Visitor, typed: str, status: int = 200) -> Page:
    return visitor.get(f"/staff/search?q={quote(typed)}", status)


def test_a_student_is_found_by_each_word_of_name_address_and_telephone(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    with app.app_context():
        joined("María José Núñez-Åberg", "mj.nunez@example.org")
        joined("Bo Li", "bo@example.com")
    for typed in ("maria", "MARÍA nune", "aberg", "Núñez-Åberg", "jose maria", "mj.nunez@example.org", "mj.nunez@ex",
                  "nunez example org"):  # fmt: skip
        page = search(admissions, typed)
        names = ["María José Núñez-Åberg"]
        assert (typed, found(page)["Students"], found(page)["Enrollments"]) == (typed, names, names)
    telephone = found(search(admissions, "+1 555 010 0199"))
    assert telephone["Students"] == ["Bo Li", "María José Núñez-Åberg"]
    assert found(search(admissions, "ria")) == {}
    assert "“ria”" in search(admissions, "ria").words(".empty")


def test_around_what_is_found_stand_its_letters_and_tasks(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    with app.app_context():
        ana = joined("Ana Li", "ana@example.org")
        joined("Zoe Ng", "zoe@example.org")
        with unit_of_work():
            raise_task(
                kind=TaskKind.ANSWER_MESSAGE, key="k", sentence="Call her.", about=ana.enrollment, at=clock.now()
            )
    groups = found(search(admissions, "ana li"))
    assert groups == {
        "Students": ["Ana Li"],
        "Enrollments": ["Ana Li"],
        "Tasks": ["Answer a message"],
        "Letters": ["Enrollment received"],
    }
    assert "Tasks" not in found(search(admissions, "zoe"))


def test_people_without_an_enrollment_are_found_by_who_may_see_them(app: Flask, colleague: Colleague) -> None:
    admin, bursar = colleague(Role.ADMIN), colleague(Role.BURSAR)
    page = search(admin, "sam staff")
    assert [found(page), len(found(page)["Staff"])] == [{"Staff": ["Sam Staff", "Sam Staff"]}, 2]
    assert found(search(bursar, "sam staff")) == {}
    with app.app_context(), unit_of_work():
        reference = add_person(
            name="Nobody Yet", email="nobody@example.org", zone="UTC", proved_at=None, actor=SYSTEM, at=clock.now()
        ).reference
    assert found(search(admin, "nobody")) == found(search(admin, reference)) == {}


def test_who_changed_the_name_is_found_by_the_new_one_alone(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        ana = joined("Ana Li", "ana@example.org")
        with unit_of_work():
            person = db.session.scalars(sa.select(Person).where(Person.email == ana.email)).one()
            person.name, person.email = "Quentin Quick", "quick@example.org"
            file_person(person)
    assert found(search(admin, "quick"))["Students"] == ["Quentin Quick"]
    assert "Students" not in found(search(admin, "ana@example.org"))
    assert found(search(admin, "ana@example.org"))["Enrollments"] == ["Ana Li"]  # as it was signed


def test_programs_and_questions_are_found_by_their_words(app: Flask, colleague: Colleague) -> None:
    editor = colleague(Role.EDITOR)
    assert list(found(search(editor, "phleb"))) == ["Programs"]
    assert found(search(editor, "cpt"))["Programs"] == found(search(editor, "phleb"))["Programs"]
    assert "Questions" in found(search(editor, "externship find"))


def test_sites_and_requests_are_found_by_their_words(app: Flask, colleague: Colleague) -> None:
    coordinator, bursar = colleague(Role.COORDINATOR), colleague(Role.BURSAR)
    with app.app_context():
        who = placed(email="wanda@student.example")
        name = queries.site(who.supply.site).name
    typed = name.lower()
    assert found(search(coordinator, typed)) == {"Sites": [name]}
    assert list(found(search(coordinator, "wanda@student.example"))) == [
        "Students",
        "Enrollments",
        "Externship requests",
    ]
    assert [found(search(bursar, typed)), "Externship requests" in found(search(bursar, "wanda"))] == [{}, False]


def test_every_reference_of_placing_leads_to_its_page_for_who_may_see_it(app: Flask, colleague: Colleague) -> None:
    coordinator, bursar = colleague(Role.COORDINATOR), colleague(Role.BURSAR)
    with app.app_context():
        who = placed()
        (site,) = db.session.scalars(sa.select(Site))
        references = {
            model: db.session.scalars(sa.select(model.reference)).one()
            for model in (SiteLocation, SiteContact, AffiliationAgreement, Opening, ExternshipRequest, Offer)
        }
    here = f"/staff/sites/{site.reference}"
    leads = {
        site.reference: here,
        references[SiteLocation]: f"{here}#locations",
        references[SiteContact]: f"{here}#people",
        references[AffiliationAgreement]: f"/staff/affiliations/{references[AffiliationAgreement]}",
        references[Opening]: f"/staff/openings/{references[Opening]}",
        references[ExternshipRequest]: f"/staff/externships/{references[ExternshipRequest]}",
        references[Offer]: f"/staff/externships/{references[ExternshipRequest]}",
        who.placement: f"/staff/placements/{who.placement}",
    }
    assert {one: search(coordinator, one.lower(), 303).response.headers["Location"] for one in leads} == leads
    assert [found(search(bursar, one)) for one in leads] == [{}] * len(leads)


@pytest.mark.parametrize("typed", ["%", "_", "-", "***", "“”", "🦄"])
def test_what_has_no_word_is_answered_in_a_sentence(colleague: Colleague, typed: str) -> None:
    page = search(colleague(Role.ADMIN), typed, 422)
    assert page.errors == {
        "q": ["Search everything: Write at least one letter or digit, such as the beginning of a name."]
    }


def test_strange_words_find_nothing_and_never_fail(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        joined("Ana Li", "ana@example.org")
    for typed in ("an%u", "a_uu", "'; DROP TABLE person; --", "E-22222222", "uu" * 40, "0" * 60, "İ ß ﬁ", "a" * 200):
        assert (typed, found(search(admin, typed))) == (typed, {})
    for query in ("q=" + "a" * 10_000, "q=an%00a", "q=%E2%80%AEana", "q=a&q=b"):
        assert list(admin.get(f"/staff/search?{query}", 422).errors) == ["q"]
    for query in ("", "?q=", "?q=++", "?other=1"):
        page = admin.get(f"/staff/search{query}")
        assert (found(page), page.words("main section h2")) == ({}, "What you can search for")


def test_the_search_costs_the_same_whatever_is_typed_and_found(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    costs: dict[str, set[int]] = {}
    for rows in (1, 3):
        with app.app_context():
            for number in range(3 - len(costs) if rows == 3 else 1):
                joined(f"Ana Li{rows}{number}", f"ana{rows}{number}@example.org")
        for typed in ("ana", "ana li", "ana@", "a b c d e", "5550100199"):
            with statements(app) as counted:
                search(admin, typed)
            costs.setdefault(typed, set()).add(len(counted))
    assert {typed: len(each) for typed, each in costs.items()} == dict.fromkeys(costs, 1)
    assert max(max(each) for each in costs.values()) <= 18


def test_few_are_shown_and_the_list_shows_them_all(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        for number in range(6):
            joined(f"Ana Li{number}", f"ana{number}@example.org")
    page = search(admin, "ana li")
    assert found(page)["Enrollments"] == found(page)["Students"] == [f"Ana Li{n}" for n in (5, 4, 3, 2, 1)]
    (more,) = [link for link in page.all("main section p a") if "All that match" in link.to_text()]
    assert more.attrs["href"] == "/staff/enrollments?q=ana+li"
    assert len(admin.get(more.attrs["href"]).all("tbody tr")) == 6


def test_a_common_word_finds_the_same_as_a_rare_one(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        joined("Ana Li", "ana@example.org")
        before = found(search(admin, "ana li")), found(search(admin, "sam"))
        with unit_of_work():
            for word in ("ana", "sam"):
                rows = [{"kind": "person", "word": word, "subject_id": 10**6 + n} for n in range(COMMON)]
                insert_all(SearchWord, rows)
    assert (found(search(admin, "ana li")), found(search(admin, "sam"))) == before
    assert before[0]["Students"] == ["Ana Li"]
    assert before[1]["Staff"] == ["Sam Staff"]


def test_two_common_words_find_the_newest_and_the_oldest_who_have_both(
    app: Flask, colleague: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        for number in range(4):
            joined("Ana Li" if number % 3 == 0 else f"Ana Ng{number}", f"ana{number}@example.org")
        with unit_of_work():
            for kind in ("person", "enrollment"):
                for word in ("ana", "li"):
                    rows = [
                        {"kind": kind, "word": word, "subject_id": 10**6 + 2 * n + len(word)} for n in range(COMMON)
                    ]
                    insert_all(SearchWord, rows)
    for near in (0, 1, 2, 1_000):
        monkeypatch.setattr(records, "NEAR", near)
        page = found(search(admin, "ana li"))
        assert (near, page["Students"], page["Enrollments"]) == (near, ["Ana Li"] * 2, ["Ana Li"] * 2)
