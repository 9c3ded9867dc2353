import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.documents import actions, handlers, queries, rules
from provider.documents.actions import AskedAlready, NotGood, RequirementEnded, TooMuchStored
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind, DocumentState, Standing
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference as enrollment_of
from provider.files.models import File
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.kernel.lifecycles import IllegalTransition
from provider.kernel.registry import DocumentsNeeded, Registry, registry
from provider.programs.queries import programs
from provider.tasks import queries as tasks
from tests.harness import audit, papers
from tests.harness.money import agreed, at_once, letters, stored
from tests.harness.sites import supply
from tests.harness.statements import statements
from tests.harness.stories import timeline

AT = dt.datetime(2026, 11, 22, 15, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
LAST = dt.date(2027, 1, 29)
DAY = dt.timedelta(days=1)
TB, FLU, CPR = DocumentKind.TB, DocumentKind.INFLUENZA, DocumentKind.CPR_CARD


@pytest.fixture
def student(app: Flask) -> str:
    """A student with an account, by address."""
    with app.app_context():
        reference = agreed(email="ana@example.org")
        with unit_of_work():
            enrollments.join_by_letter(enrollment=enrollment_of(reference, lock=True), actor=SYSTEM, at=AT)
    return "ana@example.org"


@pytest.fixture
def known(app: Flask) -> Registry:
    with app.app_context():
        return registry()


class Listening:
    """Who hears of documents that changed, and says for what they are needed."""

    def __init__(self, known: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[int] = []
        self.needed: list[DocumentsNeeded] = []
        self.people: list[int] = []
        monkeypatch.setattr(known, "documents_changed", lambda person_id, _at: self.heard.append(person_id))
        monkeypatch.setattr(known, "documents_needed", lambda _person_id: self.needed)
        monkeypatch.setattr(known, "documents_people", lambda _program, _site: self.people)


@pytest.fixture
def listening(known: Registry, monkeypatch: pytest.MonkeyPatch) -> Listening:
    return Listening(known, monkeypatch)


def how(email: str, site: int | None = None, *, through: dt.date = LAST) -> dict[DocumentKind, Standing]:
    who = papers.person(email)
    program = supply_program()
    return {need.kind: need.standing for need in queries.standings(who.id, program, site, through=through, today=TODAY)}


def supply_program() -> int:
    return stored(papers.enrollment("ana@example.org")).program_id


def test_an_upload_waits_for_staff_and_counts_once_it_is_accepted(
    app: Flask, student: str, listening: Listening
) -> None:
    with app.app_context():
        papers.ask(TB, FLU)
        assert how(student) == {TB: Standing.MISSING, FLU: Standing.MISSING}
        reference = papers.upload(student, TB, expires_on=LAST, at=AT)
        assert how(student) == {TB: Standing.BEING_CHECKED, FLU: Standing.MISSING}
        who = papers.person(student)
        (task,) = tasks.about(who.reference)
        assert (task.kind.value, task.state.value, reference in task.sentence) == ("check_document", "open", True)
        papers.accept(reference, expires_on=LAST - DAY, at=AT)
        assert how(student) == {TB: Standing.EXPIRES_TOO_EARLY, FLU: Standing.MISSING}
        assert how(student, through=LAST - DAY)[TB] is Standing.HOLDS
        (task,) = tasks.about(who.reference)
        assert (task.state.value, task.done_by) == ("done", papers.STAFF.reference)
        assert [row.event for row in timeline(who.reference) if row.subject_kind == "student_document"] == [
            "student_document.uploaded",
            "student_document.accepted",
        ]
        assert listening.heard == [who.id, who.id]
        with pytest.raises(IllegalTransition):
            papers.refuse(reference)


def test_a_refusal_is_told_with_its_reason_and_what_to_do(app: Flask, student: str) -> None:
    with app.app_context():
        papers.ask(TB)
        papers.refuse(papers.upload(student, TB), "The date of the test cannot be read.")
        assert how(student) == {TB: Standing.REFUSED}
        (letter,) = letters(papers.person(student).reference, "document_refused")
        assert (letter.mailbox.value, letter.values["why"], letter.values["upload_path"]) == (
            "externship",
            "The date of the test cannot be read.",
            "/my/externship/documents/upload?kind=tb",
        )
        papers.upload(student, TB)
        assert how(student) == {TB: Standing.BEING_CHECKED}


def test_the_last_missing_one_is_told_once(app: Flask, student: str, listening: Listening) -> None:
    with app.app_context():
        papers.ask(TB, FLU)
        listening.needed = [DocumentsNeeded(supply_program(), None, LAST, "Your request")]
        about = papers.person(student).reference
        papers.give(student, [TB], expires_on=LAST, at=AT)
        assert letters(about, "documents_complete") == []
        papers.give(student, [FLU], expires_on=LAST, at=AT)
        papers.give(student, [FLU], at=AT)
        (letter,) = letters(about, "documents_complete")
        assert letter.values["documents"] == ["TB test", "Flu shot"]


def test_one_that_nobody_checked_gives_way_to_the_next(app: Flask, student: str) -> None:
    with app.app_context():
        first = papers.upload(student, TB)
        second = papers.upload(student, TB)
        other = papers.upload(student, FLU)
        assert db.session.scalars(sa.select(StudentDocument.reference).order_by(StudentDocument.id)).all() == [
            second,
            other,
        ]
        assert len(db.session.scalars(sa.select(File.id)).all()) == 2
        about = papers.person(student).reference
        assert sorted((task.state.value, first in task.sentence) for task in tasks.about(about)) == [
            ("done", True),
            ("open", False),
            ("open", False),
        ]
        with pytest.raises(NotFound):
            queries.by_reference(first)


def test_sites_ask_on_top_of_programs_and_one_remark_stands_for_both(app: Flask, student: str) -> None:
    with app.app_context():
        made = supply()
        papers.ask(TB, remark="Within 12 months.")
        papers.ask(TB, CPR, program=None, site=made.site, remark="Within 12 months.")
        papers.ask(FLU, site=made.site)
        papers.ask(DocumentKind.MMR, program="cpt")
        assert set(how(student)) == {TB}
        assert set(how(student, made.site_id)) == {TB, CPR, FLU}
        needs = queries.standings(papers.person(student).id, made.program_id, made.site_id, through=LAST, today=TODAY)
        by_kind = {need.kind: need for need in needs}
        assert (by_kind[TB].remark, len(by_kind[TB].asks)) == ("Within 12 months.", 2)
        assert by_kind[FLU].asks[0].who.endswith("(for CCMA)")
        bulk = queries.asked_by([made.program_id], [made.site_id])
        assert bulk.of(made.program_id, None) == {TB}
        assert bulk.of(made.program_id, made.site_id) == {TB, CPR, FLU}
        assert queries.asked_by([made.program_id], []).of(made.program_id, made.site_id) == {TB}


def test_a_requirement_is_asked_for_once_ends_once_and_can_be_asked_for_again(
    app: Flask, student: str, listening: Listening
) -> None:
    with app.app_context():
        (reference,) = papers.ask(TB)
        with pytest.raises(AskedAlready):
            papers.ask(TB)
        papers.end(reference)
        with pytest.raises(RequirementEnded):
            papers.end(reference)
        assert how(student) == {}
        assert papers.ask(TB) != [reference]
        listening.people = [papers.person(student).id]
        handlers.look_again({"program": 1, "site": None}, now=AT)
        assert listening.heard == listening.people


def test_of_many_who_ask_at_once_one_does(app: Flask) -> None:
    found = at_once(app, *[lambda: papers.ask(TB) for _ in range(4)])
    assert sorted(type(one).__name__ for one in found) == ["AskedAlready"] * 3 + ["list"]


def test_two_who_check_at_once_decide_once(app: Flask, student: str) -> None:
    with app.app_context():
        reference = papers.upload(student, TB)
    found = at_once(app, *[lambda: papers.accept(reference), lambda: papers.refuse(reference)] * 2)
    assert sorted(type(one).__name__ for one in found) == ["IllegalTransition"] * 3 + ["NoneType"]


def test_nobody_stores_more_than_one_person_may(app: Flask, student: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_DOCUMENTS", 2)
    with app.app_context():
        papers.upload(student, TB)
        papers.upload(student, FLU)
        with pytest.raises(TooMuchStored):
            papers.upload(student, CPR)
        papers.upload(student, FLU)
        monkeypatch.setattr(actions, "MOST_DOCUMENTS", 10)
        monkeypatch.setattr(actions, "MOST_BYTES", 2 * len(papers.PAPER))
        with pytest.raises(TooMuchStored):
            papers.upload(student, CPR)


def test_a_day_that_has_passed_is_refused_by_the_student_and_by_staff(app: Flask, student: str) -> None:
    with app.app_context():
        with pytest.raises(NotGood):
            papers.upload(student, TB, expires_on=TODAY - DAY, at=AT)
        reference = papers.upload(student, TB, expires_on=TODAY, at=AT)
        with pytest.raises(NotGood):
            papers.accept(reference, expires_on=TODAY - DAY, at=AT)


def test_a_document_expires_on_the_day_after_its_last_good_one(app: Flask, student: str, listening: Listening) -> None:
    with app.app_context():
        papers.ask(TB)
        listening.needed = [DocumentsNeeded(supply_program(), None, None, "Your request, XR-1")]
        (reference,) = papers.give(student, [TB], expires_on=TODAY, at=AT)
        listening.heard.clear()
        handlers.expire({}, now=AT)
        assert papers.document(reference).state is DocumentState.ACCEPTED
        for _ in range(2):
            handlers.expire({}, now=AT + DAY)
        assert papers.document(reference).state is DocumentState.EXPIRED
        assert len(listening.heard) == 1
        (letter,) = letters(papers.person(student).reference, "document_expired")
        assert letter.values["reasons"] == ["Your request, XR-1"]


def test_reminders_go_out_once_each_and_only_while_something_needs_it(
    app: Flask, student: str, listening: Listening
) -> None:
    with app.app_context():
        papers.ask(TB, FLU)
        program = supply_program()
        good = TODAY + 30 * DAY
        papers.give(student, [TB, FLU], expires_on=good, at=AT)
        about = papers.person(student).reference

        def sent(days_ahead: int) -> list[str]:
            handlers.remind({}, now=AT + days_ahead * DAY)
            handlers.remind({}, now=AT + days_ahead * DAY)
            return [str(letter.values["document"]) for letter in letters(about, "document_expires")]

        assert sent(0) == []
        listening.needed = [DocumentsNeeded(program, None, good, "Your placement")]
        assert sent(0) == []
        listening.needed = [DocumentsNeeded(program, None, good + DAY, "Your placement")]
        assert sent(0) == ["TB test", "Flu shot"]
        assert sent(1) == ["TB test", "Flu shot"]
        papers.give(student, [FLU], at=AT)
        assert sent(20) == ["TB test", "Flu shot", "TB test"]
        assert sent(27) == ["TB test", "Flu shot", "TB test", "TB test"]


def test_the_planner_reads_what_everybody_holds_in_one_statement(app: Flask, student: str) -> None:
    with app.app_context():
        papers.give(student, [TB, FLU], expires_on=LAST, at=AT)
        who = papers.person(student)
        with statements(app) as asked:
            held = queries.held_by(sa.select(type(who).id))
        assert len(asked) == 1
        assert [(one.kind, one.state, one.expires_on) for one in held[who.id]] == [
            (TB, DocumentState.ACCEPTED, LAST),
            (FLU, DocumentState.ACCEPTED, LAST),
        ]
        assert queries.held_by([who.id]) == held


def test_how_documents_stand_takes_as_many_statements_for_many_as_for_one(app: Flask, student: str) -> None:
    with app.app_context():
        who, program = papers.person(student).id, supply_program()
        papers.ask(TB)
        papers.give(student, [TB], at=AT)
        with statements(app) as few:
            queries.standings(who, program, None, through=LAST, today=TODAY)
        papers.ask(FLU, CPR)
        papers.give(student, [FLU, CPR], at=AT)
        with statements(app) as many:
            queries.standings(who, program, None, through=LAST, today=TODAY)
        assert len(few) == len(many) == 2


def test_the_sample_asks_once_for_what_schools_ask_for(app: Flask) -> None:
    with app.app_context():
        with unit_of_work():
            assert actions.ask_for_sample(programs=programs(), actor=SYSTEM, at=AT) == 3 * len(
                rules.SAMPLE_REQUIREMENTS
            )
        with unit_of_work():
            assert actions.ask_for_sample(programs=programs(), actor=SYSTEM, at=AT) == 0


def test_the_audit_replays_what_happened_to_a_document(app: Flask, student: str) -> None:
    def replayed() -> list[str]:
        return [line for line in audit.found(app, AT) if line.startswith("history_ends_in_the_present")]

    with app.app_context():
        (reference,) = papers.give(student, [TB], expires_on=LAST, at=AT)
        assert replayed() == []
        with unit_of_work():
            db.session.execute(sa.update(StudentDocument).values(state=DocumentState.EXPIRED))
        (broken,) = replayed()
    assert broken.endswith(f"{reference} is expired, its history ends with accepted")
