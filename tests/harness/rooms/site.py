"""The public pages, the careers, the licenses and the verification of records."""

from collections.abc import Iterator
from functools import partial

from provider.accounts.rules import Role
from tests.harness import (
    issued,
)
from tests.harness.room import (
    Case,
    Objects,
    Room,
    Visit,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case(
        "contact",
        None,
        "/contact",
        {"name": "Dana", "email": "dana@example.org", "topic": "other", "message": "May I study at night?"},
    ),
)

PAGES = {
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
}


def _public(stage: Stage) -> Iterator[Visit]:
    for name, path in PAGES.items():
        yield Visit(name, path)
    yield Visit("contact-errors", PAGES["contact"], sent_empty=True, status=422)
    for name, revoked in {"verify-valid": False, "verify-revoked": True}.items():
        code = looked_up(stage.app, partial(issued.code, revoked=revoked))
        yield Visit(name, f"/verify/{code}")
    yield Visit("verify-errors", "/verify?code=7K2M", status=422)
    yield Visit("verify-unknown", "/verify/2222-3333-4444-5555", status=404)
    yield Visit("error-404", "/no/such/page", status=404)
    yield Visit("career-unknown", "/careers/phlebotomy", status=404)
    yield Visit("compare-one", "/careers?career=phlebotomist", status=422)
    yield Visit("compared-state-unknown", "/careers/medical-assistant-vs-phlebotomist?state=ZZ", status=422)


def _student(stage: Stage) -> Iterator[Visit]:
    yield Visit("my-nobody", "/my")
    yield Visit("error-404-student", "/my/enrollments/E-22222222", stage.season["paying"].email, status=404)


def _staff(stage: Stage) -> Iterator[Visit]:
    """The home of each role, and a page that a role may not open."""
    for role, email in stage.season.staff.items():
        yield Visit(f"staff-home-{role.value}", "/staff", email)
    yield Visit("staff-error-403", "/staff/people", stage.season.staff[Role.EDITOR], status=403)


def _objects(season: Season) -> Objects:
    return {
        "/static/": {"filename": "style.css"},
        "/static/fonts/": {"name": "PublicSans[wght].ttf"},
        "/static/accents/": {"name": "1-7a1f5c.css"},
        "/careers/": {"address": "medical-assistant"},
        "/programs/": {"program": "ccma"},
        "/exams/": {"credential": "ccma"},
        "/verify/": {"code": issued.code()},
    }


ROOM = Room(forms=FORMS, public=_public, student=_student, staff=_staff, objects=_objects)
