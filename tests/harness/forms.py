"""Every form and button there is, and somebody in front of it with good answers who may change one."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Flask

from provider.accounts import email_changes
from provider.accounts import queries as people
from provider.accounts.links import make_link, token_of
from provider.accounts.models import Person, SignedLink
from provider.accounts.rules import CHANGE_EMAIL, STOP_EMAIL_CHANGE, Role
from provider.accounts.rules import PASSWORD as SET_PASSWORD
from provider.affiliations import queries as affiliations
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.books.models import DayClose
from provider.documents.models import DocumentRequirement
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.fieldwork.evaluating import ASPECTS, OVERALL, SKILLS
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.rules import EvaluationKind
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout, Refund
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from provider.tuition.models import TuitionPlan
from tests.harness import (
    papers,
    season_of_hours,
    season_of_offers,
    season_of_placements,
    season_of_plans,
)
from tests.harness.factors import APP_CODE, HALF_IN, NEW_APP_CODE, WITH_FACTOR, come_with_factor, good_code
from tests.harness.season import Season
from tests.harness.season_events import parked
from tests.harness.stories import PASSWORD, answers, sign_in, token_for
from tests.harness.visitor import Visitor, prefilled

TEXTS = {"text", "email", "tel", "search", "date", "datetime-local", "password", "number"}
PROOF = {"confirm_password": PASSWORD, "confirm_code": APP_CODE}
A_DAY = {"begins": "00:00", "ends": "00:01"}
ENTRIES = "/staff/externships/placements/{extern_placement}"
YESTERDAY = f"{clock.now() - dt.timedelta(days=1):%Y-%m-%dT%H:%M}"
SKILL_FIELDS = [*(point.key for point in SKILLS), OVERALL]
SITE_FIELDS = [*(point.key for point in ASPECTS), OVERALL]
# What a student might send to change what is not theirs to change.
EXTRA = (
    "role",
    "is_staff",
    "is_admin",
    "admin",
    "price",
    "total_cents",
    "paid_at",
    "purchased_at",
    "person_id",
    "student_id",
    "state_code",
    "capacity",
    "refunded_cents",
    "proved_at",
    "__class__",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A form: who fills it in, on which page, and good answers for what is blank there."""

    name: str
    who: Role | str | None
    path: str
    good: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    first: bool = False  # of several on the page
    file: tuple[str, bytes] | None = None


CASES = (
    Case(
        "contact",
        None,
        "/contact",
        {"name": "Dana", "email": "dana@example.org", "topic": "other", "message": "May I study at night?"},
    ),
    Case("enroll", None, "/programs/ccma/enroll?plan=upfront"),
    Case("sign in", None, "/sign-in", {"email": "nobody@example.org", "password": PASSWORD}),
    Case("confirm", Role.BURSAR, "/account/confirm", {"confirm_password": PASSWORD}),
    Case("own password", "fresh", "/account/password", {"current": PASSWORD, "password": "a new and quiet password"}),
    Case("own address", "fresh", "/account/email", {"email": "new@example.org", "current": PASSWORD}),
    Case("letter again", None, "/confirm-email", {"email": "nobody@example.org"}),
    Case("code", HALF_IN, "/sign-in/code", {"code": APP_CODE}),
    Case("second factor", Role.EDITOR, "/account/second-factor/new", {"code": NEW_APP_CODE}),
    Case("second factor moved", WITH_FACTOR, "/account/second-factor/move", PROOF | {"code": NEW_APP_CODE}),
    Case("recovery codes", WITH_FACTOR, "/account/second-factor/recovery-codes", PROOF),
    Case("second factor removed", WITH_FACTOR, "/account/second-factor/removal", PROOF),
    Case("forgot password", None, "/forgot-password", {"email": "nobody@example.org"}),
    Case("externship", "graduate", "/my/externship/{graduate}", {"consent": "on"}),
    Case("externship wishes", "completed", "/my/externship/{completed}/wishes"),
    Case(
        "early externship",
        Role.COORDINATOR,
        "/staff/enrollments/{late}/externship",
        {
            "reason": "The only place of this year begins next week",
            "earliest_on": f"{clock.now() + dt.timedelta(days=20):%Y-%m-%d}",
            "agreed": "on",
        },
    ),
    Case("refund", "fresh", "/my/enrollments/{fresh}/refund"),
    Case(
        "upload",
        "completed",
        "/my/externship/documents/upload?kind=tb",
        {"expires_on": f"{clock.now() + dt.timedelta(days=90):%Y-%m-%d}"},
        file=("file", papers.PAPER),
    ),
    Case("accept document", Role.COORDINATOR, "/staff/documents/{document}", {}, "accept"),
    Case(
        "refuse document", Role.COORDINATOR, "/staff/documents/{document}", {"reason": "Cut off at the end"}, "refuse"
    ),
    Case(
        "ask for document",
        Role.COORDINATOR,
        "/staff/document-requirements",
        {"kind": "liability_cover", "program": "cpt", "remark": "Through the insurer of the school"},
        "requirements",
    ),
    Case("refund link", None, "/links/{link}"),
    Case(
        "payment",
        Role.BURSAR,
        "/staff/enrollments/{late}/payments/new",
        {"external_reference": "CHECK-77", "proof_note": "In the safe"},
    ),
    Case("reverse", Role.BURSAR, "/staff/payments/{payment}/reverse", {"reason": "The wrong student of that name"}),
    Case(
        "mailed request",
        Role.BURSAR,
        "/staff/enrollments/{late}/refunds/new",
        {"received_at": YESTERDAY, "evidence": "A mail"},
    ),
    Case("override", Role.BURSAR, "/staff/refunds/{declined}", {"reason": "In hospital all the time"}, "override"),
    Case("payout", Role.BURSAR, "/staff/refunds/{refunding}", {"external_reference": "OUT-1"}, "payouts"),
    Case(
        "payout another way",
        Role.BURSAR,
        "/staff/payouts/{not_taken}/another-way",
        {"method": "check", "external_reference": "1044", "reason": "The card is closed, as she wrote"},
    ),
    Case(
        "withdraw",
        Role.BURSAR,
        "/staff/enrollments/{late}/withdrawal",
        {"reason": "Moves to another country", "unpaid": "keep"},
    ),
    Case(
        "waiver",
        Role.BURSAR,
        "/staff/enrollments/{late}/installments/4/waiver",
        {"reason": "Agreed with the director on the telephone"},
    ),
    Case(
        "pause",
        Role.BURSAR,
        "/staff/enrollments/{paying}/automatic-payments/pause",
        {"reason": "Waits for the next pay day"},
    ),
    Case("journal", Role.BURSAR, "/staff/journal", {"format": "csv"}),
    Case("close day", Role.BURSAR, "/staff/closing/{day}", {"remark": "The bank’s answer is on file"}, "/close"),
    Case("cancel", Role.ADMISSIONS, "/staff/enrollments/{awaiting}/cancel", {"sure": "on"}),
    Case("invite", Role.ADMIN, "/staff/people/new", {"name": "Nia", "email": "nia@example.org", "roles": "editor"}),
    Case("program", Role.EDITOR, "/staff/programs/{program}/edit"),
    Case(
        "new program",
        Role.EDITOR,
        "/staff/programs/new",
        {
            "title": "Clinical assistant",
            "code": "CA-2",
            "slug": "clinical-assistant",
            "summary": "In 16 weeks.",
            "outcome": "An exam.",
            "teaching": "Online.",
            "class_weeks": "16",
            "credentials": "CCMA",
        },
    ),
    Case("plan", Role.EDITOR, "/staff/programs/{program}/plans/{plan}", first=True),
    Case(
        "new plan",
        Role.EDITOR,
        "/staff/programs/{program}/plans/new",
        {"kind": "installments", "title": "Six parts", "total": "2,300.00", "count": "6"},
    ),
    Case(
        "policy",
        Role.ADMIN,
        "/staff/policies/new",
        {"hours": "48", "summary": "Two days.", "effective_from": "2031-01-01T00:00"},
    ),
    Case("school", Role.ADMIN, "/staff/setup/school", {"name": "Bay Health"}),
    Case("mailboxes", Role.ADMIN, "/staff/setup/mailboxes", {"domain": "bay.edu"}, first=True),
    Case("color", Role.ADMIN, "/staff/setup/color", {"color": "#7a1f5c"}, first=True),
    Case("how to pay", Role.ADMIN, "/staff/setup/payment", {"lines": "Bay Bank"}),
    Case("counsel", Role.ADMIN, "/staff/policies/counsel", {"name": "Ada Admin", "on": "2026-01-02"}),
    Case("question", Role.EDITOR, "/staff/faq/new", {"question": "Is it online?", "answer": "Yes, all of it."}),
    Case("question again", Role.EDITOR, "/staff/faq/{faq}", first=True),
    Case("task", Role.ADMIN, "/staff/tasks/{task}", {"remark": "Called the student"}, first=True),
    Case("task's plan", Role.ADMIN, "/staff/tasks/{task}", {"due_on": ""}, "/plan"),
    Case("new task", Role.ADMIN, "/staff/tasks/new", {"sentence": "Call the student"}),
    Case("note", Role.COORDINATOR, "/staff/enrollments/{late}", {"text": "She calls back"}, "/notes"),
    Case("note about a student", Role.BURSAR, "/staff/students/{student}", {"text": "She calls back"}, "/notes"),
    Case("erase", Role.ADMIN, "/staff/erasures/{settled}"),
    Case("roles", Role.ADMIN, "/staff/people/{colleague}", first=True),
    Case("completions", Role.ADMISSIONS, "/staff/completions", part="/check", file=("csv", b"reference\nE-22222222\n")),
    Case("clock in", "extern", "/my/externship/hours", {"client_key": "season-clock"}, part="/clock-in"),
    Case("clock out", "extern", "/my/externship/hours", {"rest": "0"}, part="/clock-out"),
    Case("day", "extern", "/my/externship/hours", A_DAY, part="/my/externship/hours"),
    Case("day again", "extern", "/my/externship/hours/{extern_entry}", first=True),
    Case("procedure", "extern", "/my/externship/procedures", {"kind": "ekg", "number": "2"}, part="/procedures"),
    Case("procedure again", "extern", "/my/externship/procedures/{extern_procedure}", first=True),
    Case("week now", "extern", "/my/externship/hours?week={extern_unsent}", part="/weeks"),
    Case("week of hours", None, "/links/{week}", {"signature": "Pat Lee"}, first=True),
    Case("week asked about", None, "/links/{week}", {"question": "Was she here on Friday?"}),
    Case("entry", Role.COORDINATOR, ENTRIES + "/entries/{extern_entry}", {"reason": "The student wrote to us."}),
    Case("evaluation", None, "/links/{evaluate}", dict.fromkeys(SKILL_FIELDS, "4") | {"signature": "Pat Lee"}),
    Case("evaluation of a site", "extern", "/my/externship/evaluation", dict.fromkeys(SITE_FIELDS, "4")),
    Case("site", Role.COORDINATOR, "/staff/sites/new", {"name": "Hill Clinic", "kind": "clinic"}),
    Case("site again", Role.COORDINATOR, "/staff/sites/{site}/edit"),
    Case("site's end", Role.COORDINATOR, "/staff/sites/{site}/closing", {"sure": "on"}),
    Case(
        "location",
        Role.COORDINATOR,
        "/staff/sites/{site}/locations/new",
        {"name": "North", "street": "1 Hill Road", "city": "New York", "state": "NY", "zip": "10001"},
    ),
    Case("location again", Role.COORDINATOR, "/staff/locations/{location}/edit"),
    Case("location's end", Role.COORDINATOR, "/staff/locations/{location}/closing", {"sure": "on"}),
    Case(
        "site's contact",
        Role.COORDINATOR,
        "/staff/sites/{site}/contacts/new",
        {"name": "Kim Hill", "email": "kim@hill.example"},
    ),
    Case("site's contact again", Role.COORDINATOR, "/staff/contacts/{contact}/edit"),
    Case(
        "affiliation",
        Role.COORDINATOR,
        "/staff/sites/{site}/agreements/new",
        {"first_on": "2027-01-01", "last_on": "2027-12-31"},
    ),
    Case("affiliation again", Role.COORDINATOR, "/staff/affiliations/{draft}/edit"),
    Case(
        "affiliation sent",
        Role.COORDINATOR,
        "/staff/affiliations/{draft}/sending",
        {"countersigner_name": "Dana Dean", "countersigner_email": "dana@example.org"},
    ),
    Case(
        "affiliation on paper",
        Role.COORDINATOR,
        "/staff/affiliations/{draft}/paper",
        {
            "signed_by": "Pat",
            "signed_on": "2026-01-02",
            "countersigned_by": "Dana",
            "countersigned_on": "2026-01-03",
        },
    ),
    Case(
        "affiliation's end",
        Role.COORDINATOR,
        "/staff/affiliations/{agreement}/end",
        {"on": f"{clock.now() + dt.timedelta(days=90):%Y-%m-%d}", "reason": "Both want to"},
    ),
    Case(
        "opening",
        Role.COORDINATOR,
        "/staff/sites/{site}/openings/new",
        {
            "location": "{location}",
            "first_on": "2031-01-01",
            "last_on": "2031-03-31",
            "places": "2",
            "preceptor": "{contact}",
        },
    ),
    Case("opening again", Role.COORDINATOR, "/staff/openings/{opening}/edit"),
    Case(
        "sites",
        Role.COORDINATOR,
        "/staff/sites/import",
        file=("csv", b"site,location,street,city,state,zip\nA,B,C,D,NY,10001\n"),
    ),
    Case("sign", None, "/links/{sign}", {"signature": "{signer}", "read": "on"}),
    Case("countersign", None, "/links/{countersign}", {"signature": "Dana Dean", "read": "on"}),
    Case(
        "offer",
        None,
        "/links/{offer}?page=new",
        {
            "location": "{location}",
            "first_on": "2031-01-01",
            "last_on": "2031-03-31",
            "places": "2",
            "preceptor": "new",
            "new_name": "Noor New",
            "new_email": "noor.new@clinic.example",
        },
    ),
    Case(
        "visit",
        Role.COORDINATOR,
        "/staff/placements/{extern_placement}/record",
        {"visited_on": "2026-11-20", "words": "All is well"},
        "/visits",
    ),
    Case(
        "completion of a placement",
        Role.COORDINATOR,
        "/staff/placements/{extern_placement}/record",
        {"signature": "Dana Dean", "reason": "The clinic closed a week early"},
        "/completion",
    ),
    Case(
        "revocation",
        Role.COORDINATOR,
        "/staff/placements/{recorded_placement}/record",
        {"reason": "Approved for another student"},
        "/revocation",
    ),
    Case(
        "take an offer back",
        Role.COORDINATOR,
        "/staff/externships/{offered_request}",
        {"words": "She called: too far"},
        "/take-back",
    ),
    Case(
        "release a placement",
        Role.COORDINATOR,
        "/staff/placements/{placement}",
        {"reason": "site_asked", "words": "The ward closes"},
        "/release",
    ),
    Case(
        "another preceptor",
        Role.COORDINATOR,
        "/staff/placements/{placement}",
        {},
        "/preceptor",
    ),
    Case(
        "decline own offer", "overpaid", "/my/externship/offers/{place_offer}", {"words": "Too far for me"}, "/decline"
    ),
    Case("decline an offer", None, "/links/{offer_link}", {"words": "Too far for me"}),
    Case("decline a student", None, "/links/{answer_link}", {"reason": "Our preceptor is away"}),
    Case("password", None, "/links/{password}", {"password": "a new and quiet password"}),
)
# Buttons without fields: who presses them, and where.
BUTTONS = {
    "/my/externship/offers/{place_offer}/accept": "overpaid",
    "/staff/externships/{ready_request}/places/{place_opening}": Role.COORDINATOR,
    "/sign-out": Role.EDITOR,
    "/my/account-data": "fresh",
    "/my/externship/hours/{extern_entry}/removal": "extern",
    "/my/externship/procedures/{extern_procedure}/removal": "extern",
    "/account/email/cancel": "fresh",
    "/account/sessions/end": "fresh",
    "/account/sessions/end-all": "fresh",
    "/account/sessions/end-others": Role.EDITOR,
    "/links/{change}": None,
    "/links/{stop}": None,
    "/my/account-data/erasure": "fresh",
    "/my/enrollments/{awaiting}/cancel": "awaiting",
    "/my/externship/{completed}/withdrawal": "completed",
    "/my/enrollments/{paying}/pay/card": "paying",
    "/my/enrollments/{paying}/pay/{charge}/check": "paying",
    "/my/enrollments/{paying}/pay/{charge}/give-up": "paying",
    "/my/enrollments/{paying}/card/remove": "paying",
    "/links/{prove}": None,
    "/staff/completions": Role.ADMISSIONS,
    "/staff/document-requirements/{requirement}/end": Role.COORDINATOR,
    ENTRIES + "/weeks/{extern_week}/resend": Role.COORDINATOR,
    "/staff/enrollments/{late}/completion": Role.ADMISSIONS,
    "/staff/enrollments/{late}/automatic-payments/release": Role.BURSAR,
    "/staff/enrollments/{late}/hold-release": Role.ADMISSIONS,
    "/staff/enrollments/many": Role.ADMISSIONS,
    "/staff/enrollments/many/results": Role.ADMISSIONS,
    "/staff/enrollments/export": Role.BURSAR,
    "/staff/completions/export": Role.BURSAR,
    "/staff/payments/export": Role.BURSAR,
    "/staff/refunds/export": Role.BURSAR,
    "/staff/closing/{day}/compare": Role.BURSAR,
    "/staff/closing/export": Role.BURSAR,
    "/staff/payouts/export": Role.BURSAR,
    "/staff/mail/many": Role.ADMISSIONS,
    "/staff/mail/many/results": Role.ADMISSIONS,
    "/staff/mail/export": Role.BURSAR,
    "/staff/history/export": Role.AUDITOR,
    "/staff/faq/{faq}/remove": Role.EDITOR,
    "/staff/links/{signed}/revoke": Role.ADMIN,
    "/staff/mail/{letter}/resend": Role.ADMISSIONS,
    "/staff/payment-events/{parked_event}/retry": Role.BURSAR,
    "/staff/payments/{late_payment}/return": Role.BURSAR,
    "/staff/payouts/{not_taken}/try-again": Role.BURSAR,
    "/staff/plans": Role.COORDINATOR,
    "/staff/plans/{planned}/again": Role.COORDINATOR,
    "/staff/plans/{planned}/commit": Role.COORDINATOR,
    "/staff/plans/{planned}/drop": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/bar/{plan_opening}": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/leave-out": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/pin/{plan_opening}": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/undo": Role.COORDINATOR,
    "/staff/people/{colleague}/disable": Role.ADMIN,
    "/staff/people/{colleague}/enable": Role.ADMIN,
    "/staff/people/{colleague}/invitation": Role.ADMIN,
    "/staff/people/{colleague}/invitation/withdrawal": Role.ADMIN,
    "/staff/people/{colleague}/second-factor-reset": Role.ADMIN,
    "/staff/people/{colleague}/sessions/end": Role.ADMIN,
    "/staff/people/{colleague}/sessions/end-all": Role.ADMIN,
    "/staff/placements/{extern_placement}/evaluations/final": Role.COORDINATOR,
    "/staff/programs/{program}/plans/{plan}/retirement": Role.EDITOR,
    "/staff/policies/floors/{floor}/off": Role.ADMIN,
    "/staff/policies/floors/{floor}/on": Role.ADMIN,
    "/staff/setup/color/default": Role.ADMIN,
    "/staff/setup/cards/question": Role.ADMIN,
    "/staff/setup/test-letter": Role.ADMIN,
    "/staff/programs/{program}/sale": Role.EDITOR,
    "/staff/sites/{closed_site}/reopening": Role.COORDINATOR,
    "/staff/sites/import/rows": Role.COORDINATOR,
    "/staff/locations/{annex}/reopening": Role.COORDINATOR,
    "/staff/contacts/{other}/leaving": Role.COORDINATOR,
    "/staff/contacts/{gone}/coming-back": Role.COORDINATOR,
    "/staff/contacts/{contact}/openings-link": Role.COORDINATOR,
    "/staff/contacts/{contact}/openings-link/close": Role.COORDINATOR,
    "/staff/affiliations/{sent}/sending-again": Role.COORDINATOR,
    "/staff/openings/{opening}/closing": Role.COORDINATOR,
    "/staff/openings/{closed_opening}/reopening": Role.COORDINATOR,
    "/staff/tasks/{task}/take": Role.ADMISSIONS,
    "/staff/tasks/{task}/reopen": Role.ADMISSIONS,
    "/staff/programs/{program}/sale-end": Role.EDITOR,
}


Find = Callable[[], str]
FindSome = Callable[[], dict[str, str]]
STUDENTS = ("awaiting", "completed", "fresh", "graduate", "late", "paying", "settled", "started")


def path_of(school: Flask, season: Season, path: str) -> str:
    """Return a path with one record of each kind that it names."""
    return path.format_map(references(school, season))


class Named(dict[str, str]):
    """What a path may name, looked up when it is named first: most name one record of a few hundred."""

    def __init__(self, known: dict[str, str], alone: Mapping[str, Find], groups: Sequence[FindSome]) -> None:
        super().__init__(known)
        self._alone, self._groups = alone, list(groups)

    def __missing__(self, name: str) -> str:
        """Look up what stands alone by itself, and of what comes in groups one group after the other."""
        if name in self._alone:
            self[name] = self._alone[name]()
        while name not in self and self._groups:
            self.update(self._groups.pop(0)())
        if name not in self:
            raise KeyError(name)
        return self[name]


def references(school: Flask, season: Season) -> Named:
    """Return what a path may name; its link to set a password is a new one each time."""
    known = {name: season[name].enrollment for name in STUDENTS}
    known |= {"charge": season["paying"].charge}
    known |= {"late_payment": season["too_late"].payments[0], "payment": season["fresh"].payments[0]}
    known |= {name: season[name].refund for name in ("declined", "refunding")}

    def inside(found: Find) -> Find:
        def find() -> str:
            with school.app_context():
                name = found()
                db.session.remove()
            return name

        return find

    week = inside(season_of_hours.waiting_week)
    final = inside(lambda: season_of_placements.asked(EvaluationKind.FINAL))
    alone: dict[str, Find] = {
        "parked_event": parked,
        "prove": lambda: token_for(school, "prove_email", season["started"].enrollment),
        "link": lambda: token_for(school, "refund", season["fresh"].enrollment),
        "document": inside(lambda: papers.waiting(season["completed"].email)),
        "week": lambda: token_for(school, WEEK_LINK, week()),
        "evaluate": lambda: token_for(school, EVALUATION_LINK, final()),
    }
    groups = (_of_sites, _places, _planned, _at_sites, _known, _of_email_change)
    return Named(known, alone, [partial(group, school, season) for group in groups])


def _planned(school: Flask, season: Season) -> dict[str, str]:
    """Return the plan of the season, with a student of it and the opening they have."""
    with school.app_context():
        plan = season_of_plans.parts()
        db.session.remove()
    return {"planned": plan["reference"], "plan_student": plan["student"], "plan_opening": plan["opening"]}


def _at_sites(school: Flask, season: Season) -> dict[str, str]:
    """Return what students who are or were at a site have there."""
    with school.app_context():
        known = {f"extern_{name}": found for name, found in season_of_hours.of(season["extern"].enrollment).items()}
        for key in ("extern", "recorded"):
            known[f"{key}_placement"] = season_of_placements.placement_of(season[key].enrollment)
        db.session.remove()
    return known


def _places(school: Flask, season: Season) -> dict[str, str]:
    """Return the request, offers and placement of the season, and the links of two of the offers."""
    waits, asks = season["overpaid"].enrollment, season["declined"].enrollment
    with school.app_context():
        found = {
            "place_offer": season_of_offers.offer_of(waits),
            "offered_request": season_of_offers.request_of(waits),
            "ready_request": season_of_offers.request_of(season["fresh"].enrollment),
            "place_opening": season_of_offers.opening_of(asks),
            "placement": season_of_offers.placement_of(season["paying"].enrollment),
        }
        asked = season_of_offers.offer_of(asks)
        db.session.remove()
    links = {"offer_link": token_for(school, OFFER_LINK, found["place_offer"])}
    return found | links | {"answer_link": token_for(school, ANSWER_LINK, asked)}


def _of_sites(school: Flask, season: Season) -> dict[str, str]:
    """Return one of each that belongs to a site, with the tokens of the links that sites hold."""
    made = season.sites
    with school.app_context():
        signer = affiliations.contact(made.whole.contact).name
        db.session.remove()
    return {
        "site": made.whole.site,
        "closed_site": made.closed.site,
        "location": made.whole.location,
        "annex": made.annex,
        "contact": made.whole.contact,
        "signer": signer,
        "other": made.other,
        "gone": made.gone,
        "agreement": str(made.whole.agreement),
        "draft": made.draft,
        "sent": made.sent,
        "opening": made.whole.opening,
        "closed_opening": made.closed_opening,
        "sign": token_for(school, SIGN_AGREEMENT, made.sent),
        "countersign": token_for(school, COUNTERSIGN_AGREEMENT, made.signed),
        "offer": token_for(school, OFFER_PLACES, made.whole.contact),
    }


def _of_email_change(school: Flask, season: Season) -> dict[str, str]:
    """Let a student ask for another address; return the tokens of the links that confirm it and that stop it."""
    with school.app_context(), unit_of_work():
        person = people.by_email(season["paying"].email)
        assert person is not None
        change = email_changes.ask(person=person, email="new@example.net", actor=SYSTEM, at=clock.now()).reference
        email_changes.ask_new_address(reference=change, at=clock.now())
    purposes = {"change": CHANGE_EMAIL, "stop": STOP_EMAIL_CHANGE}
    return {name: token_for(school, purpose, change) for name, purpose in purposes.items()}


def _known(school: Flask, season: Season) -> dict[str, str]:
    """Return what else a path may name: one of each kind."""
    with school.app_context(), unit_of_work():
        queries = {
            "colleague": sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR]),
            "program": sa.select(Program.reference).where(Program.slug == "ccma"),
            "plan": sa.select(TuitionPlan.reference).join(Program).where(Program.slug == "ccma"),
            "student": sa.select(Person.reference).where(Person.email == season["paying"].email),
            "not_taken": sa.select(Payout.reference).join(Refund).where(Refund.reference == season["not_taken"].refund),
            "requirement": sa.select(DocumentRequirement.reference),
            "faq": sa.select(FaqItem.slug),
            "floor": sa.select(StateFloorRow.reference),
            "signed": sa.select(SignedLink.reference),
            "task": sa.select(Task.reference).where(Task.state == TaskState.OPEN),
            "letter": sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.FAILED),
        }
        known = {"day": db.session.scalars(sa.select(sa.func.max(DayClose.day))).one().isoformat()}
        known |= {name: db.session.scalars(query.limit(1)).one() for name, query in queries.items()}
        lasts = dt.timedelta(hours=1)
        link = make_link(purpose=SET_PASSWORD, subject=known["colleague"], at=clock.now(), lasts=lasts)
        return known | {"password": token_of(link)}


class NoForm(LookupError):
    """Somebody may read the page and is shown no form on it."""


def arrived(school: Flask, season: Season, who: Role | str | None) -> Visitor:
    """Return somebody at a browser: a role of the staff, a student by their state, or a stranger."""
    visitor = Visitor(school)
    if who in {WITH_FACTOR, HALF_IN}:
        come_with_factor(school, visitor, half=who == HALF_IN)
    elif who is not None:
        sign_in(visitor, season.staff[who] if isinstance(who, Role) else season[who].email)
    return visitor


class Sender:
    """Somebody in front of an open form, who may change one answer after the other."""

    def __init__(
        self, school: Flask, season: Season, case: Case, *, visitor: Visitor | None = None, path: str | None = None
    ) -> None:
        self.case = case
        self.visitor = visitor or arrived(school, season, case.who)
        path = path or path_of(school, season, case.path)
        page = self.visitor.get(path)
        forms = [form for form in page.all("main form") if form.attrs.get("method", "").lower() == "post"]
        forms = [form for form in forms if case.part in (form.attrs.get("action") or path)]
        if not forms:
            raise NoForm(case.name)
        self.form = forms[0 if case.first else -1]
        self.file = case.file
        self.action = self.form.attrs.get("action") or path.partition("?")[0]
        self.good = {**prefilled(self.form), **{name: value for name, value in case.good.items() if value}}
        if any("{" in value for value in case.good.values()):  # the name or the reference of a record
            known = references(school, season)
            self.good |= {name: value.format_map(known) for name, value in case.good.items()}
        codes = {name: value for name, value in case.good.items() if value in {APP_CODE, NEW_APP_CODE}}
        self.good |= {name: good_code(school, page, code) for name, code in codes.items()}
        if case.name == "erase":
            self.good["reference"] = page.title
        if case.name == "enroll":
            self.good |= {name: value for name, value in answers(self.visitor).items() if value is not None}
        self.inputs = {each.attrs["name"]: each for each in self.form.query("input, textarea") if "name" in each.attrs}

    def kinds(self) -> dict[str, str]:
        """Return the type of each field that one can type into."""
        found = {
            name: "area" if each.name == "textarea" else each.attrs.get("type", "text")
            for name, each in self.inputs.items()
        }
        return {name: kind for name, kind in found.items() if kind in TEXTS | {"area"}}

    def send(self, changed: Mapping[str, Any]) -> tuple[int, str]:
        values = {name: value for name, value in {**self.good, **changed}.items() if value is not None}
        if self.file is not None:
            name, content = self.file
            values[name] = (BytesIO(content), "list.csv")
        response = self.visitor.client.post(self.action, data=values)
        return response.status_code, response.get_data(as_text=True)

    def refused(self, what: str, changed: Mapping[str, Any]) -> None:
        status, text = self.send(changed)
        told = re.search(r'class="error-summary".*?<li>(.*?)</li>', text, re.DOTALL)
        assert (what, status, bool(told)) == (what, 422, True), text[:2000]
