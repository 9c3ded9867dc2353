"""College credit: the requests of students, and what staff do with them."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.credits.models import College, CreditRequest
from provider.credits.registrar import ANSWER_LINK
from provider.credits.rules import CreditState
from provider.kernel.database import db
from tests.harness import college_credit
from tests.harness.room import OWNER, Case, Objects, Records, Room, Visit, by_link, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

OFFICER = Role.CREDIT_OFFICER
S = CreditState
MINE = "/my/credit-requests"
STAFF = "/staff/credit-requests"
INLAND = ("Inland College", "registrar@inland.example")
TOLD = {
    "college": "other",
    "college_name": "Harbor College",
    "registrar_email": "registrar@harbor.example",
    "legal_name": "Mohamed Al-Ali",
    "badge_claimed": "yes",
    "consent": "on",
}


def _of(*states: CreditState) -> sa.Select[str]:
    return sa.select(CreditRequest.reference).where(CreditRequest.state.in_(states)).order_by(CreditRequest.id)


_DECIDED = sa.select(CreditRequest.reference).where(CreditRequest.decision.is_not(None)).order_by(CreditRequest.id)


def _whose(state: CreditState) -> sa.Select[str]:
    return sa.select(Person.email).join(CreditRequest, CreditRequest.person_id == Person.id).where(
        CreditRequest.state == state
    )  # fmt: skip


FORMS = (
    Case("ask for credit", "withdrawn", f"{MINE}/ask?certificate=ccma", TOLD),
    Case("answer about credit", "overpaid", f"{MINE}/{{credit_asked}}/change", {**TOLD, "answer": "North"}),
    Case("change credit", "completed", f"{MINE}/{{credit}}/change", TOLD),
    Case("give credit to somebody", OFFICER, f"{STAFF}/{{credit}}", {"owner": "{credit_officer}"}, "/assign"),
    Case("ask for information", OFFICER, f"{STAFF}/{{credit}}", {"words": "Which campus?"}, "/information"),
    Case("credit answer by mail", OFFICER, f"{STAFF}/{{credit_asked}}", {"answer": "The north campus."}, "/answer"),
    Case("credit received", OFFICER, f"{STAFF}/{{credit_sent}}", {"how": "mail"}, "/receipt"),
    Case(
        "decide credit",
        OFFICER,
        f"{STAFF}/{{credit_sent}}",
        {"outcome": "granted", "course": "MED 110", "channel": "mail", "evidence": "Mail of today"},
        "/decision",
    ),
    Case(
        "revocation of a credit letter",
        OFFICER,
        f"{STAFF}/{{credit_decided}}",
        {"reason": "Reported in error", "public_reason": "The result was reported in error."},
        "/letter/revocation",
    ),
    Case(
        "college set right",
        OFFICER,
        "/staff/colleges/{college}",
        {"name": "Lakeside College", "registrar_email": "transfer@lakeside.example"},
        "/correction",
    ),
    Case("close credit", OFFICER, f"{STAFF}/{{credit_to_close}}", {"end": "other"}, "/close"),
    Case(
        "credit decided by link",
        None,
        "/links/{college_link}",
        {"outcome": "granted", "course": "MED 110", "by": "A. Ash"},
    ),
    Case("verify credit", OFFICER, f"{STAFF}/{{credit}}", {}, "/verify"),
)
BUTTONS = {
    f"{MINE}/{{credit}}/withdrawal": "completed",
    f"{STAFF}/{{credit_verified}}/send": OFFICER,
    f"{STAFF}/{{credit_astray}}/corrected-college": OFFICER,
    f"{STAFF}/{{credit}}/take": OFFICER,
    f"{STAFF}/export": OFFICER,
}


def _student(stage: Stage) -> Iterator[Visit]:
    """What may be asked for, the form, and a request that is checked, needs an answer, was sent, was decided."""
    completed = stage.season["completed"].email
    made = looked_up(stage.app, lambda: {state: (first(_of(state)), first(_whose(state))) for state in SHOWN})
    yield Visit("my-credits", MINE, completed)
    yield Visit("my-credits-none", MINE, stage.season["refunding"].email)
    decided = stage.season["withdrawn"].email
    yield Visit("my-credit-ask", f"{MINE}/ask?certificate=ccma", decided)
    yield Visit("my-credit-ask-errors", f"{MINE}/ask?certificate=ccma", decided, sent_empty=True, status=422)
    yield Visit("my-credit-ask-not-yet", f"{MINE}/ask?certificate=cpt", completed)
    for state, (reference, email) in made.items():
        yield Visit(f"my-credit-{state.value.replace('_', '-')}", f"{MINE}/{reference}", email)
    waits, whose = made[S.NEEDS_INFORMATION]
    yield Visit("my-credit-answer", f"{MINE}/{waits}/change", whose)
    yield Visit("my-credit-answer-errors", f"{MINE}/{waits}/change", whose, sent_empty=True, status=422)
    yield Visit("my-credit-withdraw", f"{MINE}/{waits}/withdrawal", whose)


SHOWN = (S.REQUESTED, S.NEEDS_INFORMATION, S.SENT, S.PARTLY_GRANTED)


def _staff(stage: Stage) -> Iterator[Visit]:
    made = looked_up(stage.app, lambda: {state: first(_of(state)) for state in SHOWN})
    paths = {"credits": STAFF, "credits-active": f"{STAFF}?state=active", "credits-denied": f"{STAFF}?state=denied"}
    paths |= {f"credit-{state.value.replace('_', '-')}": f"{STAFF}/{reference}" for state, reference in made.items()}
    paths["college"] = f"/staff/colleges/{looked_up(stage.app, lambda: first(_colleges()))}"
    wrong = looked_up(stage.app, lambda: first(_colleges(replaced=True)))
    paths["college-set-right"] = f"/staff/colleges/{wrong}"
    yield from by_staff(stage, paths)


def _verified(school: Flask, season: Season) -> dict[str, str]:
    def find() -> str:
        reference = college_credit.asked(season["fresh"].email)
        college_credit.verify(reference)
        return reference

    return {"credit_verified": looked_up(school, find)}


def _colleges(*, replaced: bool = False) -> sa.Select[str]:
    followed = College.replaced_by_id.is_not(None) if replaced else College.replaced_by_id.is_(None)
    return sa.select(College.reference).where(followed).order_by(College.id)


def _astray(school: Flask, season: Season) -> dict[str, str]:
    def find() -> str:
        email = season["paying"].email
        college_credit.passed(email)
        reference = college_credit.ask(email, college_credit.wanted(email, college=INLAND))
        college_credit.set_right(reference)
        return reference

    return {"credit_astray": looked_up(school, find)}


def _told(season: Season) -> str:
    """Return a request that waits for its college; a new one where forms have answered for the others."""
    waiting = db.session.scalars(_of(S.SENT).limit(1)).first()
    return waiting or college_credit.sent(season["extern"].email)


def _objects(season: Season) -> Objects:
    owner = season[OWNER].email
    reference = college_credit.in_state(owner, S.REQUESTED)
    college = {"reference": college_credit.request(reference).college.reference}
    return {f"{MINE}/": {"reference": reference}, f"{STAFF}/": {"reference": reference}, "/staff/colleges/": college}


RECORDS = (
    by_query("credit", _of(S.REQUESTED)),
    by_query("credit_asked", _of(S.NEEDS_INFORMATION)),
    by_query("credit_sent", _of(S.SENT)),
    by_query("credit_decided", _DECIDED),
    by_query("credit_to_close", _of(S.SENT, S.RECEIVED, S.GRANTED, S.DENIED)),
    Records(("credit_verified",), _verified),
    Records(("credit_astray",), _astray),
    by_query("credit_officer", lambda season: sa.select(Person.reference).where(Person.email == season.staff[OFFICER])),
    by_query("college", _colleges().where(College.name != college_credit.LAKESIDE[0])),
    by_link("college_link", ANSWER_LINK, _told),
)
ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
