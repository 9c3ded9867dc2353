"""Every page there is, with somebody who may open it: what pictures show, axe reads and crawlers visit."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from provider.accounts.models import Person, SignedLink
from provider.accounts.rules import Role
from provider.books.models import DayClose
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.payments.models import Payment, Receipt
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout
from provider.refunds.rules import PayoutState
from provider.tasks.models import Task
from provider.tuition.models import TuitionPlan
from tests.harness import (
    card_students,
    issued,
    papers,
    season_of_hours,
    season_of_offers,
    season_of_placements,
    season_of_plans,
)
from tests.harness.factors import HALF_IN, WITH_FACTOR
from tests.harness.season_of_placements import placement_of
from tests.harness.stage import INVITED, Stage


@dataclass(frozen=True, slots=True)
class Visit:
    """One page: what it is called, who opens it (an address, or nobody), and whether its form is sent empty there.

    ``press`` is a button that is pressed there once every row is ticked.
    """

    name: str
    path: str
    who: str | None = None
    sent_empty: bool = False
    press: str = ""
    status: int = 200


TICK_ALL = "for (const box of document.querySelectorAll('main tbody input[name=row]')) box.checked = true"
PUBLIC = {
    "home": "/",
    "careers": "/careers",
    "career": "/careers/medical-assistant",
    "career-borrowed": "/careers/patient-care-technician",
    "career-history": "/careers/medical-assistant/history",
    "compared": "/careers/medical-assistant-vs-phlebotomist",
    "compared-state": "/careers/medical-assistant-vs-phlebotomist?state=CA",
    "compared-pooled": "/careers/certified-medical-assistant-vs-medical-lab-technician",
    "compared-borrowed": "/careers/medical-assistant-vs-medical-clinical-assistant",
    "compared-four": (
        "/careers/medical-assistant-vs-medical-lab-technician-vs-patient-care-technician-vs-phlebotomist"
    ),
    "compared-suits": "/careers/medical-assistant-vs-phlebotomist?q-contact=brief&q-needles=daily",
    "licensing": "/licensing",
    "licensing-state": "/licensing?state=WA",
    "sources": "/sources",
    "programs": "/programs",
    "program-ccma": "/programs/ccma",
    "program-cpt": "/programs/cpt",
    "program-cpct-a": "/programs/cpct-a",
    "tuition": "/tuition",
    "refund-policy": "/policies/refunds",
    "faq": "/faq",
    "credentials": "/credentials",
    "exam-ccma": "/exams/ccma",
    "college-credit": "/college-credit",
    "externships": "/externships",
    "contact": "/contact",
    "contact-sent": "/contact?sent=T-7K2M9Q4T",
    "verify": "/verify",
    "sign-in": "/sign-in",
    "forgot-password": "/forgot-password",
    "confirm-email": "/confirm-email",
    "enroll-choose-plan": "/programs/ccma/enroll",
    "enroll-upfront": "/programs/ccma/enroll?plan=upfront",
    "enroll-installments": "/programs/cpt/enroll?plan=installments",
}
FORMS = {"contact", "sign-in", "forgot-password", "confirm-email", "enroll-upfront"}


def public(stage: Stage) -> Iterator[Visit]:
    """Pages that a visitor opens, each form also as it looks when it was sent empty."""
    for name, path in PUBLIC.items():
        yield Visit(name, path)
        if name in FORMS:
            yield Visit(f"{name}-errors", path, sent_empty=True, status=422)
    for name, path in stage.links.items():
        yield Visit(name, path)
    yield Visit("evaluate-link-errors", stage.links["evaluate-link"], sent_empty=True, status=422)
    for name, revoked in {"verify-valid": False, "verify-revoked": True}.items():
        yield Visit(name, f"/verify/{_code(stage, revoked=revoked)}")
    yield Visit("verify-errors", "/verify?code=7K2M", status=422)
    yield Visit("verify-unknown", "/verify/2222-3333-4444-5555", status=404)
    yield Visit("error-404", "/no/such/page", status=404)
    yield Visit("career-unknown", "/careers/phlebotomy", status=404)
    yield Visit("compare-one", "/careers?career=phlebotomist", status=422)
    yield Visit("compared-state-unknown", "/careers/medical-assistant-vs-phlebotomist?state=ZZ", status=422)


def _code(stage: Stage, *, revoked: bool) -> str:
    with stage.app.app_context():
        found = issued.code(revoked=revoked)
        db.session.remove()
    return found


def student(stage: Stage) -> Iterator[Visit]:
    """The student's desk and enrollment in each state, with the papers of one of them."""
    for state, who in stage.season.students.items():
        if state in {"started", "overpaid", "reversed", "too_late"}:
            continue
        here = f"/my/enrollments/{who.enrollment}"
        yield Visit(f"my-{state}", here, who.email)
        if who.payments:
            yield Visit(f"my-{state}-refund", f"{here}/refund", who.email)
    paying = stage.season["paying"]
    here = f"/my/enrollments/{paying.enrollment}"
    receipt = _one(stage, sa.select(Receipt.reference).join(Payment).where(Payment.reference == paying.payments[0]))
    yield Visit("my", "/my", paying.email)
    yield Visit("my-agreement", f"{here}/agreement", paying.email)
    yield Visit("my-schedule", f"{here}/schedule", paying.email)
    for state in ("paying", "overpaid", "refunding", "settled", "withdrawn", "reversed", "awaiting"):
        who = stage.season[state]
        yield Visit(f"my-{state}-statement", f"/my/enrollments/{who.enrollment}/statement", who.email)
    yield Visit("my-pay", f"{here}/pay", paying.email)
    yield Visit("my-card-none", f"{here}/card", paying.email)
    keeps = stage.season[card_students.KEEPS]
    for name in ("pay", "card"):
        yield Visit(f"my-{name}-kept", f"/my/enrollments/{keeps.enrollment}/{name}", keeps.email)
    for state, (email, path) in card_students.pages(stage.app).items():
        yield Visit(f"my-charge-{state}", path, email)
    yield Visit("my-receipt", f"{here}/receipts/{receipt}", paying.email)
    yield from own_account("my", paying.email)
    yield from _externships(stage)
    yield from documents(stage)
    yield Visit("my-nobody", "/my")
    yield from _hours(stage)
    overpaid = stage.season["overpaid"]
    with stage.app.app_context():
        offered = season_of_offers.offer_of(overpaid.enrollment)
        db.session.remove()
    yield Visit("my-offer", f"/my/externship/offers/{offered}", overpaid.email)
    yield Visit("my-evaluation", "/my/externship/evaluation", season_of_placements.EMAIL)
    yield Visit(
        "my-evaluation-errors", "/my/externship/evaluation", season_of_placements.EMAIL, sent_empty=True, status=422
    )
    yield Visit("my-evaluation-none", "/my/externship/evaluation", paying.email)
    yield Visit("my-record", "/my/externship/record", stage.season["recorded"].email)
    yield Visit("my-record-revoked", "/my/externship/record", stage.season["revoked"].email)
    yield Visit("my-record-none", "/my/externship/record", paying.email)
    yield Visit("my-account-data", "/my/account-data", stage.season["settled"].email)
    yield Visit("my-account-data-staff", "/my/account-data", stage.season.staff[Role.EDITOR])
    yield Visit("error-404-student", "/my/enrollments/E-22222222", paying.email, status=404)


def _externships(stage: Stage) -> Iterator[Visit]:
    """The externship of a student in the program, of one who may ask, and of one who has asked."""
    waiting, asking, asked = (stage.season[state] for state in ("paying", "graduate", "completed"))
    yield Visit("my-externship-not-yet", f"/my/externship/{waiting.enrollment}", waiting.email)
    here = f"/my/externship/{asking.enrollment}"
    yield Visit("my-externship-asking", here, asking.email)
    yield Visit("my-externship-asking-errors", here, asking.email, sent_empty=True, status=422)
    here = f"/my/externship/{asked.enrollment}"
    yield Visit("my-externship", here, asked.email)
    yield Visit("my-externship-wishes", f"{here}/wishes", asked.email)
    yield Visit("my-externship-withdraw", f"{here}/withdrawal", asked.email)
    yield Visit("my-externships", "/my/externship", stage.season["canceled"].email)


def documents(stage: Stage) -> Iterator[Visit]:
    """A student's documents: all states of them, none that anybody asks for, and the form to upload one."""
    completed, paying, other = (stage.season[state].email for state in ("completed", "paying", "refunding"))
    yield Visit("my-documents", "/my/externship/documents", completed)
    yield Visit("my-documents-waiting", "/my/externship/documents", paying)
    yield Visit("my-documents-none", "/my/externship/documents", other)
    path = "/my/externship/documents/upload"
    yield Visit("my-documents-upload", f"{path}?kind=influenza", completed)
    yield Visit("my-documents-upload-errors", path, completed, sent_empty=True, status=422)


def _hours(stage: Stage) -> Iterator[Visit]:
    """Hours and procedures: of who is at a site, and of who has no place."""
    extern, nobody = stage.season["extern"], stage.season["settled"]
    with stage.app.app_context():
        mine = season_of_hours.of(extern.enrollment)
        db.session.remove()
    for name, path in {"hours": "/my/externship/hours", "procedures": "/my/externship/procedures"}.items():
        yield Visit(f"my-{name}", path, extern.email)
        yield Visit(f"my-{name}-none", path, nobody.email)
        entry = mine["entry" if name == "hours" else "procedure"]
        yield Visit(f"my-{name}-entry", f"{path}/{entry}", extern.email)
    admin, home = stage.season.staff[Role.ADMIN], f"/staff/externships/placements/{mine['placement']}/entries"
    yield Visit("staff-entries", home, admin)
    yield Visit("staff-entry", f"{home}/{mine['entry']}", admin)
    yield Visit("staff-entry-errors", f"{home}/{mine['entry']}", admin, sent_empty=True, status=422)


def own_account(whose: str, email: str) -> Iterator[Visit]:
    """The pages of one's own account, which a student and a member of staff see in their own layout."""
    for name, path in {"": "", "-password": "/password", "-email": "/email", "-sessions": "/sessions"}.items():
        yield Visit(f"{whose}-account{name}", f"/account{path}", email)
        if name in {"-password", "-email"}:
            yield Visit(f"{whose}-account{name}-errors", f"/account{path}", email, sent_empty=True, status=422)


def staff(stage: Stage) -> Iterator[Visit]:
    """The back office: the home of each role, then every list, object and form, as an administrator sees them."""
    for role, email in stage.season.staff.items():
        yield Visit(f"staff-home-{role.value}", "/staff", email)
    admin = stage.season.staff[Role.ADMIN]
    yield from own_account("staff", admin)
    for name, path in _staff_paths(stage).items():
        yield Visit(f"staff-{name}", path, admin)
    for name in (
        "payment-new",
        "people-new",
        "refund-new",
        "withdrawal",
        "waiver",
        "pause",
        "faq-new",
        "policy-new",
        "program-new",
        "plan-new",
        "site-new",
        "location-new",
        "opening-new",
        "affiliation-new",
    ):
        yield Visit(f"staff-{name}-errors", _staff_paths(stage)[name], admin, sent_empty=True, status=422)
    yield from _second_factor(admin)
    yield Visit("staff-many-enrollments", "/staff/enrollments", admin, press="See what would happen")
    yield Visit("staff-many-letters", "/staff/mail", admin, press="See what would happen")
    yield Visit("staff-history-errors", "/staff/history?since=tomorrow", admin, status=422)
    yield Visit("staff-search-errors", "/staff/search?q=%25", admin, status=422)
    yield Visit("staff-error-403", "/staff/people", stage.season.staff[Role.EDITOR], status=403)


def _second_factor(admin: str) -> Iterator[Visit]:
    """Being asked again, and the second factor of somebody without one and of somebody with one."""
    for name, path, who in (
        ("account-confirm", "/account/confirm", admin),
        ("second-factor-new", "/account/second-factor/new", admin),
        ("sign-in-code", "/sign-in/code", HALF_IN),
        ("account-confirm-code", "/account/confirm", WITH_FACTOR),
        ("second-factor-move", "/account/second-factor/move", WITH_FACTOR),
        ("second-factor-codes", "/account/second-factor/recovery-codes", WITH_FACTOR),
        ("second-factor-removal", "/account/second-factor/removal", WITH_FACTOR),
    ):
        yield Visit(name, path, who)
        yield Visit(f"{name}-errors", path, who, sent_empty=True, status=422)
    yield Visit("second-factor-none", "/account/second-factor", admin)
    yield Visit("second-factor", "/account/second-factor", WITH_FACTOR)


def _staff_paths(stage: Stage) -> dict[str, str]:
    season = stage.season
    with stage.app.app_context():
        days = db.session.scalars(sa.select(DayClose.day).order_by(DayClose.id.desc()).limit(2)).all()
        parts, without = season_of_plans.parts(), season_of_plans.without()
        db.session.remove()
    planned = f"/staff/plans/{parts['reference']}"
    program = _one(stage, sa.select(Program.reference).where(Program.slug == "ccma"))
    plan = _one(stage, sa.select(TuitionPlan.reference).join(Program).where(Program.slug == "ccma"))
    faq = _one(stage, sa.select(FaqItem.slug))
    failed = _one(stage, sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.FAILED))
    sent = _one(stage, sa.select(OutboxLetter.reference).where(OutboxLetter.template == "receipt"))
    task = _one(stage, sa.select(Task.reference))
    link = _one(stage, sa.select(SignedLink.reference).where(SignedLink.purpose == "refund"))
    not_taken = _one(stage, sa.select(Payout.reference).where(Payout.state == PayoutState.FAILED))
    with_factor = _one(stage, sa.select(Person.reference).where(Person.email == WITH_FACTOR))
    invited = _one(stage, sa.select(Person.reference).where(Person.email == INVITED))
    bursar = _one(stage, sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR]))
    student = _one(stage, sa.select(Person.reference).where(Person.email == season["paying"].email))
    awaiting, late = season["awaiting"].enrollment, season["late"].enrollment
    with stage.app.app_context():
        waiting = papers.waiting(season["completed"].email)
        db.session.remove()
    states = {f"enrollment-{name}": f"/staff/enrollments/{who.enrollment}" for name, who in season.students.items()}
    refunds = {
        f"refund-{name}": f"/staff/refunds/{season[name].refund}"
        for name in (
            "refunding",
            "settled",
            "declined",
            "excepted",
            "to_card",
            "under_way",
            "not_taken",
        )
    }
    return {
        **_record_paths(stage),
        "documents": "/staff/documents",
        "documents-accepted": "/staff/documents?state=accepted",
        "documents-none": "/staff/documents?state=expired",
        "document": f"/staff/documents/{waiting}",
        "document-requirements": "/staff/document-requirements",
        "document-requirements-ended": "/staff/document-requirements?view=ended",
        "history": "/staff/history",
        "history-found": "/staff/history?kind=program&by=system",
        "history-none": "/staff/history?request=69a42dc000000001",
        "search": "/staff/search",
        "search-found": "/staff/search?q=ana",
        "search-none": "/staff/search?q=nobody+at+all",
        "tasks": "/staff/tasks",
        "tasks-mine": "/staff/tasks?owner=mine",
        "tasks-done": "/staff/tasks?state=done",
        "task": f"/staff/tasks/{task}",
        "task-new": "/staff/tasks/new",
        "enrollments": "/staff/enrollments",
        "enrollments-found": "/staff/enrollments?q=ana",
        "enrollments-none": "/staff/enrollments?q=nobody+at+all",
        **states,
        "student": f"/staff/students/{student}",
        "student-notes": f"/staff/students/{student}?only=notes",
        "agreement": f"/staff/enrollments/{late}/agreement",
        "cancel": f"/staff/enrollments/{awaiting}/cancel",
        "payment-new": f"/staff/enrollments/{awaiting}/payments/new",
        "refund-new": f"/staff/enrollments/{late}/refunds/new",
        "withdrawal": f"/staff/enrollments/{late}/withdrawal",
        "externship-early": f"/staff/enrollments/{late}/externship",
        "statement": f"/staff/enrollments/{late}/statement",
        "waiver": f"/staff/enrollments/{late}/installments/2/waiver",
        "waiver-not-owed": f"/staff/enrollments/{late}/installments/1/waiver",
        "pause": f"/staff/enrollments/{season['paying'].enrollment}/automatic-payments/pause",
        "completions": "/staff/completions",
        "plans": "/staff/plans",
        "placement-plan": planned,
        "placement-plan-unplaced": f"{planned}?view=unplaced",
        "placement-plan-student": f"{planned}/students/{parts['student']}",
        "placement-plan-without": f"{planned}/students/{without}",
        "payments": "/staff/payments",
        "payments-awaited": "/staff/payments?view=awaited",
        "payments-to-return": "/staff/payments?view=to_return",
        "payments-disputed": "/staff/payments?view=disputed",
        "payment-events": "/staff/payment-events",
        "payment-events-parked": "/staff/payment-events?view=parked",
        "payment-events-none": "/staff/payment-events?view=waiting",
        "payment": f"/staff/payments/{season['fresh'].payments[0]}",
        "payment-reverse": f"/staff/payments/{season['fresh'].payments[0]}/reverse",
        "payment-to-return": f"/staff/payments/{season['too_late'].payments[0]}",
        "refunds": "/staff/refunds",
        **refunds,
        "payouts": "/staff/payouts",
        "payouts-due": "/staff/payouts?state=due",
        "payouts-failed": "/staff/payouts?state=failed",
        "payout-another-way": f"/staff/payouts/{not_taken}/another-way",
        "closing": "/staff/closing",
        "closing-day": f"/staff/closing/{days[0]}",
        "closing-day-closed": f"/staff/closing/{days[1]}",
        "journal": "/staff/journal",
        "mail": "/staff/mail",
        "mail-failed": "/staff/mail?state=failed",
        "letter-failed": f"/staff/mail/{failed}",
        "letter-sent": f"/staff/mail/{sent}",
        "programs": "/staff/programs",
        "program": f"/staff/programs/{program}",
        "program-edit": f"/staff/programs/{program}/edit",
        "program-new": "/staff/programs/new",
        "plan-new": f"/staff/programs/{program}/plans/new",
        "plan-edit": f"/staff/programs/{program}/plans/{plan}",
        "policies": "/staff/policies",
        "policy-new": "/staff/policies/new",
        "counsel": "/staff/policies/counsel",
        "faq": "/staff/faq",
        "faq-new": "/staff/faq/new",
        "faq-edit": f"/staff/faq/{faq}",
        "erasures": "/staff/erasures",
        "erasure-possible": f"/staff/erasures/{season['settled'].enrollment}",
        "erasure-not-now": f"/staff/erasures/{season['late'].enrollment}",
        "disclosures": "/staff/disclosures",
        "disclosures-found": f"/staff/disclosures?who={season['completed'].email}",
        "disclosures-none": "/staff/disclosures?who=E-22222222",
        "setup": "/staff/setup",
        "setup-school": "/staff/setup/school",
        "setup-mailboxes": "/staff/setup/mailboxes",
        "setup-color": "/staff/setup/color",
        "setup-payment": "/staff/setup/payment",
        "setup-cards": "/staff/setup/cards",
        "setup-offer": "/staff/setup/offer",
        "links": "/staff/links",
        "links-refund": "/staff/links?purpose=refund&state=open",
        "links-none": "/staff/links?subject=E-22222222",
        "link": f"/staff/links/{link}",
        "people": "/staff/people",
        "people-new": "/staff/people/new",
        "person": f"/staff/people/{bursar}",
        "person-with-factor": f"/staff/people/{with_factor}",
        "person-invited": f"/staff/people/{invited}",
        "access": "/staff/access",
        **_of_sites(stage),
        **_places(stage),
    }


def _of_sites(stage: Stage) -> dict[str, str]:
    made = stage.season.sites
    site, agreement = f"/staff/sites/{made.whole.site}", f"/staff/affiliations/{made.whole.agreement}"
    return {
        "sites": "/staff/sites",
        "sites-found": "/staff/sites?q=bayside",
        "sites-none": "/staff/sites?q=nobody+at+all",
        "site": site,
        "site-closed": f"/staff/sites/{made.closed.site}",
        "site-unknown-zip": f"/staff/sites/{made.unknown.site}",
        "site-new": "/staff/sites/new",
        "site-edit": f"{site}/edit",
        "site-closing": f"{site}/closing",
        "site-import": "/staff/sites/import",
        "location-new": f"{site}/locations/new",
        "location-edit": f"/staff/locations/{made.whole.location}/edit",
        "location-closing": f"/staff/locations/{made.whole.location}/closing",
        "contact-new": f"{site}/contacts/new",
        "contact-edit": f"/staff/contacts/{made.whole.contact}/edit",
        "affiliation-new": f"{site}/agreements/new",
        "affiliation-renew": f"{site}/agreements/new?renews={made.whole.agreement}",
        "affiliation": agreement,
        "affiliation-draft": f"/staff/affiliations/{made.draft}",
        "affiliation-sent": f"/staff/affiliations/{made.sent}",
        "affiliation-signed": f"/staff/affiliations/{made.signed}",
        "affiliation-edit": f"/staff/affiliations/{made.draft}/edit",
        "affiliation-sending": f"/staff/affiliations/{made.draft}/sending",
        "affiliation-paper": f"/staff/affiliations/{made.draft}/paper",
        "affiliation-end": f"{agreement}/end",
        "openings": "/staff/openings",
        "openings-none": "/staff/openings?q=nobody+at+all",
        "opening": f"/staff/openings/{made.whole.opening}",
        "opening-new": f"{site}/openings/new",
        "opening-edit": f"/staff/openings/{made.whole.opening}/edit",
    }


def _record_paths(stage: Stage) -> dict[str, str]:
    with stage.app.app_context():
        found = {key: placement_of(stage.season[key].enrollment) for key in ("extern", "recorded", "revoked")}
        db.session.remove()
    return {f"record-{key}": f"/staff/placements/{reference}/record" for key, reference in found.items()}


def _places(stage: Stage) -> dict[str, str]:
    """The queue, a request in each of its ways, the places around one, and a placement."""
    enrollments = {name: stage.season[name].enrollment for name in ("paying", "overpaid", "declined", "fresh")}
    with stage.app.app_context():
        requests = {name: season_of_offers.request_of(one) for name, one in enrollments.items()}
        placement = season_of_offers.placement_of(enrollments["paying"])
        db.session.remove()
    return {
        "externships": "/staff/externships",
        "externships-ready": "/staff/externships?state=ready",
        "externships-none": "/staff/externships?q=nobody+at+all",
        **{f"externship-{name}": f"/staff/externships/{one}" for name, one in requests.items()},
        "places": f"/staff/externships/{requests['fresh']}/places",
        "places-not-now": f"/staff/externships/{requests['declined']}/places",
        "placement": f"/staff/placements/{placement}",
    }


def _one(stage: Stage, query: sa.Select[str]) -> str:
    with stage.app.app_context():
        found: str = db.session.scalars(query.limit(1)).one()
        db.session.remove()
    return found


def everything(stage: Stage) -> list[Visit]:
    """All of them."""
    return [*public(stage), *student(stage), *staff(stage)]
