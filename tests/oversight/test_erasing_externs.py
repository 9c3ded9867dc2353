"""Somebody who was at a site is erased: papers and words go, what was asked, offered, done and issued stays."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations.rules import Period
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind
from provider.externships import offer_queries, offers, plans, queries
from provider.externships.models import ExternshipPreference, ExternshipRequest, Offer, Placement, PlanRow
from provider.externships.planning import RowOutcome
from provider.fieldwork import approving, entries, evaluations, records
from provider.fieldwork.approving import Verdict
from provider.fieldwork.evaluating import OVERALL, SKILLS
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.models import EntryBatch, Evaluation, ExternshipRecord, HoursEntry, ProcedureEntry, SiteVisit
from provider.fieldwork.rules import EvaluationKind
from provider.files.models import File
from provider.history.models import History
from provider.jobs.worker import run_due
from provider.kernel.actors import SYSTEM
from provider.kernel.database import Model, db, insert, unit_of_work
from provider.mail.models import OutboxLetter
from provider.oversight import personal, personal_erasure
from provider.oversight.personal_erasure import NotNow, Preview
from provider.oversight.rules import ErasureBasis
from provider.verification.models import IssuedDocument
from tests.harness import externs, papers, places
from tests.harness.audit import assert_clean
from tests.harness.externs import COORDINATOR, STUDENT
from tests.harness.money import kept
from tests.harness.placed import PRECEPTOR, Placed, answer, at, do, enter, graduated, send
from tests.harness.remains import everywhere
from tests.harness.season import STAFF
from tests.harness.sites import PDF, supply

DAY = dt.timedelta(days=1)
DAYS = Period(dt.date(2026, 10, 19), dt.date(2026, 12, 4))
AGREED = Period(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
ASKED = at(dt.date(2026, 10, 8), "10:00")
MONDAY = dt.date(2026, 10, 26)
DONE = at(DAYS.last_on, "17:00")
LATER = DONE + 40 * DAY
EMAIL = "erase.me@student.example"
# Each text that somebody may write around an externship, and where it stands.
CANARY = {
    name: f"Canary {name} sang here"
    for name in (
        "wish", "refusal", "answer", "remark", "procedure", "question", "returned", "evaluation", "site", "visit",
        "reason", "plan",
    )
}  # fmt: skip


def was_at_a_site() -> Placed:
    """Let somebody leave a text wherever one can be left between asking and a record; needs an application context."""
    mine = graduated(EMAIL)
    papers.ask(DocumentKind.TB, DocumentKind.MMR, at=ASKED - DAY)
    papers.refuse(papers.upload(EMAIL, DocumentKind.TB, at=ASKED - DAY), CANARY["refusal"], at=ASKED - DAY)
    papers.give(EMAIL, at=ASKED - DAY)
    first, second = (supply(days=DAYS, agreement=AGREED, at=ASKED - DAY) for _ in range(2))
    wish = externs.ask(
        mine, at=ASKED, earliest_on=DAYS.first_on, transport_note=CANARY["wish"], locations=(second.location,)
    )
    refused = places.offer(wish, first.opening, at=ASKED)
    with unit_of_work():
        offers.decline(offer=offer_queries.offer(refused), words=CANARY["answer"], actor=STUDENT, at=ASKED)
    _stand_in_a_plan(wish)
    placement = places.placed(wish, second.opening, at=ASKED)
    places.start(placement, at=at(DAYS.first_on, "12:00"))
    who = Placed(placement, mine, EMAIL, second)
    _work(who)
    _end(who)
    return who


def _stand_in_a_plan(request: str) -> None:
    with unit_of_work():
        plan = plans.start(actor=COORDINATOR, at=ASKED)
        insert(
            PlanRow, plan_id=plan.id, request_id=queries.by_reference(request).id, reasons=[["none_around"]],
            outcome=RowOutcome.REFUSED, remark=CANARY["plan"], tenths=12,
        )  # fmt: skip
        plans.drop(plan=plan, actor=COORDINATOR, at=ASKED)


def _work(who: Placed) -> None:
    """Let a week be written, asked about, and come back in part."""
    good = enter(who, MONDAY, remark=CANARY["remark"])
    back = enter(who, MONDAY + DAY)
    do(who, MONDAY, remark=CANARY["procedure"])
    week = send(who, MONDAY, when=at(MONDAY + 7 * DAY, "09:00"))
    with unit_of_work():
        batch = entries.batch(week, lock=True)
        placement = entries.placement(who.placement)
        asked_at = at(MONDAY + 7 * DAY, "10:00")
        approving.ask(batch=batch, placement=placement, question=CANARY["question"], actor=PRECEPTOR, at=asked_at)
    answer(week, {good: Verdict(450), back: Verdict(0, CANARY["returned"])}, when=at(MONDAY + 7 * DAY, "11:00"))


def _end(who: Placed) -> None:
    """Let them be evaluated, visited and get a record."""
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        asked = {
            kind: evaluations.ask(placement=placement, kind=kind, actor=SYSTEM, at=DONE - 2 * DAY).reference
            for kind in (EvaluationKind.FINAL, EvaluationKind.OF_SITE)
        }
        records.note_visit(
            placement=placement,
            visited_on=MONDAY,
            by_phone=False,
            words=CANARY["visit"],
            actor=COORDINATOR,
            at=DONE - DAY,
        )
    rated = {**{point.key: 4 for point in SKILLS}, OVERALL: 4}
    given = (
        (EvaluationKind.FINAL, rated, CANARY["evaluation"], "Pat Preceptor", PRECEPTOR),
        (EvaluationKind.OF_SITE, {"welcome": 5}, CANARY["site"], None, STUDENT),
    )
    for kind, answers, words, signature, actor in given:
        with unit_of_work():
            found = by_reference(asked[kind], lock=True)
            evaluations.give(
                evaluation=found, answers=answers, words=words, signature=signature, actor=actor, at=DONE - DAY
            )
    with unit_of_work():
        placement = entries.placement(who.placement)
        signed = {"signature": "Dana Dean", "reason": CANARY["reason"]}
        records.complete(placement=placement, **signed, actor=COORDINATOR, at=DONE)


def lines(seen: Preview) -> tuple[dict[str, int], dict[str, int]]:
    return {one.words: one.rows for one in seen.goes}, {one.words: one.rows for one in seen.stays}


def test_the_preview_counts_what_goes_and_says_what_stays_and_erasing_does_just_that(app: Flask) -> None:
    with app.app_context():
        who = was_at_a_site()
        run_due(DONE)
        name = kept(entries.placement(who.placement)).enrollment.legal_name
        subject = personal.to_erase(who.enrollment)
        goes, stays = lines(personal_erasure.preview(subject, now=LATER))
        db.session.remove()
    assert set(everywhere(app, *CANARY.values())) >= {
        "externship_request", "student_document", "offer", "plan_row", "hours_entry", "procedure_entry", "entry_batch",
        "evaluation", "site_visit", "history_detail",
    }  # fmt: skip
    about_externships = {
        "Documents uploaded for an externship, and what they show": 3,
        "ZIP code, notes and reasons of requests for an externship": 1,
        "Locations that were asked for": 1,
        "Reasons and remarks of plans": 1,
        "What student and site wrote with their answers to an offer, and distances": 2,
        "Questions of preceptors": 1,
        "Remarks beside hours": 2,
        "Remarks beside procedures": 1,
        "Answers, words and signatures of evaluations": 2,
        "Notes of visits to the site": 1,
        "Uploaded files that prove no payment": 3,
    }
    assert {words: number for words, number in goes.items() if words in about_externships} == about_externships
    said = {
        "That an externship was asked for, when, and what came of it: a guarantee hangs on it.": 1,
        "Which places were offered, on which days, and how they were answered.": 2,
        "What was done at a site and approved there: the school has to be able to say what it confirmed.": 4,
        "That an evaluation was given, and when.": 2,
        "Where somebody was placed, and on which days: school and site answer for it.": 1,
        "Papers the school issued with a code, with the name on them: others may have them in hand and check them.": 3,
    }
    assert {words: number for words, number in stays.items() if words in said} == said
    with app.app_context():
        with unit_of_work():
            personal_erasure.erase(who.enrollment, basis=ErasureBasis.ASKED, actor=STAFF, at=LATER)
        letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "erasure_done")).one()
        assert set(said) <= set(letter.values["kept"])
        run_due(LATER + DAY)
        run_due(LATER + 2 * DAY)
    assert everywhere(app, *CANARY.values()) == {}
    left = everywhere(app, name, EMAIL)
    assert left == {
        "externship_record": ["content"], "issued_document": ["holder"],
        "receipt": ["content"],
    }  # fmt: skip
    assert_clean(app, LATER + 2 * DAY)


def counted(model: type[Model], *columns: str) -> list[tuple[object, ...]]:
    table = model.__table__
    query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.id)
    return [tuple(row) for row in db.session.execute(query)]


def test_papers_and_files_go_and_everything_the_school_answers_for_stays(app: Flask) -> None:
    stays: dict[type[Model], tuple[str, ...]] = {
        ExternshipRequest: ("reference", "state", "asked_at", "ended_at", "miles", "earliest_on"),
        Offer: ("reference", "state", "first_on", "last_on", "sent_at", "answered_at", "site_answered_at"),
        Placement: ("reference", "state", "first_on", "last_on", "required_hours", "completed_at"),
        EntryBatch: ("reference", "state", "week_on", "answered_at", "signature"),
        HoursEntry: ("reference", "state", "day_on", "from_at", "until_at", "minutes", "approved_minutes"),
        ProcedureEntry: ("reference", "state", "day_on", "kind", "number", "approved_number"),
        Evaluation: ("reference", "state", "kind", "asked_at", "done_at"),
        SiteVisit: ("reference", "visited_on", "noted_at"),
        ExternshipRecord: ("reference", "content", "made_at"),
        IssuedDocument: ("reference", "code", "holder", "facts", "revoked_at"),
    }
    with app.app_context():
        who = was_at_a_site()
        run_due(DONE)
        before = {model: counted(model, *columns) for model, columns in stays.items()}
        accepted = sa.select(sa.func.count()).where(History.event == "student_document.accepted")
        shown = db.session.scalar(accepted)
        with unit_of_work():
            personal_erasure.erase(who.enrollment, basis=ErasureBasis.ASKED, actor=STAFF, at=LATER)
        assert {model: counted(model, *columns) for model, columns in stays.items()} == before
        assert [counted(model, "id") for model in (StudentDocument, PlanRow)] == [[], [(1,)]]
        assert db.session.scalars(sa.select(ExternshipPreference)).all() == []
        # The agreements with the two sites are the school's; of the student nothing is left.
        files = db.session.scalars(sa.select(File)).all()
        assert [file.data for file in files] == [PDF, PDF]
        # That staff accepted two documents, by whom and when, stands in the history, without what they were (0038).
        assert (db.session.scalar(accepted), shown) == (2, 2)
        request = db.session.scalars(sa.select(ExternshipRequest)).one()
        assert (request.zip, request.latitude, request.longitude, request.transport_note) == ("00000", None, None, None)
        assert {one.words for one in db.session.scalars(sa.select(Offer))} == {None}
        for evaluation in db.session.scalars(sa.select(Evaluation)):
            assert (evaluation.answers, evaluation.words, evaluation.signature) == ({}, None, None)


def test_nobody_is_erased_while_a_request_is_open_and_no_paper_goes(app: Flask) -> None:
    with app.app_context():
        mine = graduated(EMAIL)
        papers.give(EMAIL, [DocumentKind.TB], at=ASKED)
        wish = externs.ask(mine, at=ASKED, earliest_on=DAYS.first_on)
        with pytest.raises(NotNow) as refused, unit_of_work():
            personal_erasure.erase(mine, basis=ErasureBasis.ASKED, actor=STAFF, at=ASKED + DAY)
        assert refused.value.sentence == (
            f"{mine} has an open externship request, {wish}. Complete it or withdraw it first."
        )
        assert len(counted(StudentDocument, "id")) == len(counted(File, "id")) == 1
