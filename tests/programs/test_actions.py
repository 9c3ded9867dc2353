"""Editing programs and answers: a change is a version, nothing differs twice, and two editors do not overwrite."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.history.models import History
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.programs import actions, queries, recommendations
from provider.programs.models import Program, ProgramVersion, Recommendation
from provider.programs.rules import Content, InclusionLine, Link

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
EDITOR = Actor(ActorKind.STAFF, "P-EDITOR22")


def ccma() -> Program:
    return next(program for program in queries.programs() if program.code == "CCMA")


def save(content: Content, *, title: str = "Clinical medical assistant", based_on: int | None = None) -> ProgramVersion:
    with unit_of_work():
        return actions.save_program_version(
            program=ccma(), title=title, class_weeks=16, sample=True, content=content, actor=EDITOR, at=NOON,
            based_on=based_on,
        )  # fmt: skip


def present() -> Content:
    return queries.content(ccma().versions[0])


def events() -> list[tuple[str, str | None]]:
    query = sa.select(History.event, History.actor_reference).where(History.at == NOON).order_by(History.id)
    return [(event, who) for event, who in db.session.execute(query)]


def test_an_edit_makes_the_next_version_and_keeps_the_last(context: AppContext) -> None:
    save(replace(present(), summary="Shorter."))
    newest, first = ccma().versions
    assert (newest.number, newest.content["summary"], newest.created_by) == (2, "Shorter.", "P-EDITOR22")
    assert first.number == 1
    assert first.content["summary"] != "Shorter."
    assert events() == [("program.version_added", "P-EDITOR22")]


def test_the_hours_of_an_externship_are_those_of_the_version_in_force(context: AppContext) -> None:
    assert queries.hours_of(ccma().id) == 160
    save(replace(present(), externship_hours=200))
    assert queries.hours_of(ccma().id) == 200


@pytest.mark.parametrize("lacks", [True, False], ids=["a version of before", "a school that has not said it"])
def test_without_a_number_an_externship_takes_no_hours(context: AppContext, *, lacks: bool) -> None:
    with unit_of_work():
        version = ccma().versions[0]
        rest = {name: value for name, value in version.content.items() if name != "externship_hours"}
        version.content = rest if lacks else rest | {"externship_hours": None}
    assert queries.hours_of(ccma().id) == 0


def test_saving_the_same_again_changes_nothing(context: AppContext) -> None:
    save(present())
    assert [version.number for version in ccma().versions] == [1]
    assert events() == []


def test_two_editors_do_not_overwrite_each_other(context: AppContext) -> None:
    content = present()
    save(replace(content, summary="Mine."), based_on=1)
    with pytest.raises(actions.ProgramChanged):
        save(replace(content, summary="Yours."), based_on=1)
    assert present().summary == "Mine."


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"inclusions": ()}, "Say whether tuition includes the exam fee: included, not included or not stated."),
        ({"credentials": ()}, "Name at least one credential that the program leads to."),
        (
            {"links": (Link("Classroom", "javascript:alert(1)"),)},
            "Write the link “Classroom” with https:// at its beginning.",
        ),
    ],
    ids=["exam-fee", "credential", "link"],
)
def test_what_cannot_be_published_is_refused(context: AppContext, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(actions.ProgramRefused) as refused:
        save(replace(present(), **change))  # type: ignore[arg-type] # one field each
    assert refused.value.sentence == sentence
    assert [version.number for version in ccma().versions] == [1]


def test_a_thing_stands_on_the_list_once(context: AppContext) -> None:
    lines = present().inclusions
    with pytest.raises(actions.ProgramRefused) as refused:
        save(replace(present(), inclusions=(*lines, InclusionLine("classroom", "Again", lines[0].status))))
    assert refused.value.sentence == "Name each thing once: classroom stands on the list twice."


def test_putting_on_sale_twice_is_one_event(context: AppContext) -> None:
    with unit_of_work():
        program = ccma()
        assert actions.set_on_sale(program=program, on_sale=False, actor=EDITOR, at=NOON)
        assert not actions.set_on_sale(program=program, on_sale=False, actor=EDITOR, at=NOON)
    assert events() == [("program.taken_off_sale", "P-EDITOR22")]


def test_a_recommendation_is_confirmed_once_with_name_and_date(context: AppContext) -> None:
    with unit_of_work():
        advice = db.session.scalars(sa.select(Recommendation).where(Recommendation.credits == 5)).one()
        on = dt.date(2026, 11, 19)
        recommendations.confirm(recommendation=advice, name="Ana Editor", on=on, actor=EDITOR, at=NOON)
        with pytest.raises(recommendations.AlreadyConfirmed):
            recommendations.confirm(recommendation=advice, name="Bo", on=on, actor=EDITOR, at=NOON)
    found = queries.recommendation(advice.reference)
    assert (found.confirmed_by, found.confirmed_on, found.sample) == ("Ana Editor", on, False)


def test_an_answer_is_dated_by_its_last_change_of_words(context: AppContext) -> None:
    before = queries.faq_by_slug("refund")
    assert before is not None
    question, answer, stamp, before_position = before.question, before.answer, before.updated_at, before.position
    with unit_of_work():
        actions.save_faq(slug="refund", position=9, question=question, answer=answer, actor=EDITOR, at=NOON)
    moved = queries.faq_by_slug("refund")
    assert moved is not None
    assert (moved.position, moved.updated_at) == (9, stamp)
    with unit_of_work():
        actions.save_faq(slug="refund", position=9, question=question, answer="Yes.", actor=EDITOR, at=NOON)
    changed = queries.faq_by_slug("refund")
    assert changed is not None
    assert (changed.answer, changed.updated_at) == ("Yes.", NOON)
    assert events() == [("faq_item.changed", "P-EDITOR22")] * 2
    kept = db.session.scalars(sa.select(History.data).order_by(History.id.desc()).limit(2)).all()
    assert kept == [
        {"slug": "refund", "old": {"answer": answer}, "new": {"answer": "Yes."}},
        {"slug": "refund", "old": {"position": before_position}, "new": {"position": 9}},
    ]


def test_a_question_can_be_taken_off_and_history_keeps_that(context: AppContext) -> None:
    with unit_of_work():
        item = queries.faq_by_slug("refund")
        assert item is not None
        actions.remove_faq(item=item, actor=EDITOR, at=NOON)
    assert queries.faq_by_slug("refund") is None
    assert events() == [("faq_item.removed", "P-EDITOR22")]
