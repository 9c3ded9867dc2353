"""The enrollment form, the agreement, and canceling before the first payment."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.accounts.throttles import count_link_letter, count_try
from provider.catalog import queries as catalog
from provider.catalog.queries import Catalog, PlanOffer, ProgramOffer
from provider.enrollments import actions, certificate_papers, proof_letters, queries, terms
from provider.enrollments.actions import AlreadyEnrolled, Answers, ClosedInState
from provider.enrollments.models import Enrollment
from provider.enrollments.offered import offered_terms
from provider.enrollments.rules import CancelReason
from provider.enrollments.schemas import PREREQUISITE, AskLetter, enroll_schema
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.errors import DomainError, NotFound, TooMany
from provider.kernel.forms import Form
from provider.kernel.pdf import render
from provider.kernel.settings import settings
from provider.kernel.web import HOUR, actor, as_pdf, client, only, received_at, request_id, utc, when
from provider.places.queries import zone_of
from provider.places.rules import STATE_NAMES
from provider.policies.queries import NoPolicy
from provider.policies.rules import PolicyVersion
from provider.programs.rules import Availability, Standing

door = Door("enrollments", __name__, needs=PUBLIC)
papers = Door("agreements", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/enrollments")
NOTICES = "_flashes"  # where Flask keeps what the page before left to be told
PAPER = "enrollments/agreement.typ"
TERMS_CHANGED = "These are the terms of the plan you chose, as they are today. Please read and sign them."


@dataclass(frozen=True, slots=True)
class Shown:
    """The offer, plan and policy that a form shows, and the text to be accepted."""

    offer: ProgramOffer
    plan: PlanOffer
    policy: PolicyVersion

    @property
    def text(self) -> str:
        """The agreement's text of today."""
        return offered_terms(self.offer, self.plan, self.policy, _today())

    @property
    def fingerprint(self) -> str:
        """What the form says that it showed."""
        return terms.fingerprint(self.text)


@dataclass(frozen=True, slots=True)
class Blank:
    """The form as nobody has touched it yet, parted where the token stands, and what it was made from."""

    offer: ProgramOffer
    moment: tuple[PolicyVersion, dt.date]
    parts: list[str]


_blanks: dict[tuple[str, str], Blank] = {}


class TermsChanged(DomainError):
    """The terms that were signed are not those in force now."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(TERMS_CHANGED)
        self.shown = shown


@door.get("/programs/<program>/enroll")
def new(program: str) -> ResponseReturnValue:
    sessions.browser_key()
    known = catalog.current()
    offer, policy = known.program(program), _policy(known)
    plan = offer.plan(request.args.get("plan"))
    if plan is None:
        return render_template("enrollments/choose_plan.html", offer=offer, today=_today())
    return _blank_page(Shown(offer, plan, policy))


@door.post("/programs/<program>/enroll")
def create(program: str) -> ResponseReturnValue:
    known = _known_to_form(program)
    offer = known.program(program)
    form = Form(enroll_schema(offer.prerequisites), choices=_choices(offer)).load_form(request.form)
    plan = offer.plan(request.form.get("plan")) or offer.plans[0]
    if form.ok:
        _read_notice(form, offer)
    if not form.ok:
        return _form_page(form, Shown(offer, plan, _policy(known))), 422
    browser = sessions.browser_key()
    try:
        reference = retrying(lambda: _accept(form, program, browser))
    except TermsChanged as changed:
        form.add_error("plan", changed.sentence)
        form.values.pop("signature", None)
        return _form_page(form, changed.shown), 422
    except ClosedInState as closed:
        form.add_error("state", closed.sentence)
        return _form_page(form, Shown(offer, plan, _policy(known))), 422
    except AlreadyEnrolled as already:
        flash(already.sentence)
        reference = already.reference
    return redirect(url_for("my.enrollment", reference=reference), code=303)


def _known_to_form(program: str) -> Catalog:
    """Return the offer in memory if the form was made from it; else one of them is old, and the database knows."""
    known, slug = catalog.current(), request.form.get("plan")
    for offer in known.programs:
        plan = offer.plan(slug) if offer.slug == program else None
        if plan is not None and request.form.get("terms_shown") == Shown(offer, plan, _policy(known)).fingerprint:
            return known
    return catalog.now()


def _accept(form: Form, program: str, browser: str) -> str:
    reference = _accepted(form, _answers(form), program, browser)
    # Last, because everybody behind one address shares the row, and it stays locked to the end.
    count_try(key=f"enroll:{client()}", limit=settings().ENROLLMENTS_PER_HOUR, window=HOUR, at=received_at())
    return reference


def _accepted(form: Form, answers: Answers, program: str, browser: str) -> str:
    known = catalog.now()
    offer, policy = known.program(program), _policy(known)
    plan = offer.plan(form.data["plan"])
    if plan is None or form.data["terms_shown"] != Shown(offer, plan, policy).fingerprint:
        same = actions.accepted_before(
            answers=answers, plan_slug=form.data["plan"], program_id=offer.id, browser=browser
        )
        if same is not None:
            return same.reference
        raise TermsChanged(Shown(offer, plan or offer.plans[0], policy))
    return actions.accept(
        answers=answers,
        offer=offer,
        plan=plan,
        policy=policy,
        browser=browser,
        client_address=client(),
        actor=actor(),
        at=received_at(),
    ).reference


def _policy(known: Catalog) -> PolicyVersion:
    policy = known.policy_at(received_at())
    if policy is None:
        raise NoPolicy
    return policy


def _answers(form: Form) -> Answers:
    data = form.data
    return Answers(
        legal_name=data["legal_name"],
        email=data["email"],
        phone=data["phone"],
        state_code=data["state"],
        zip=data["zip"],
        zone=data["zone"] or zone_of(data["zip"], data["state"]),
        signature=data["signature"],
    )


def _read_notice(form: Form, offer: ProgramOffer) -> None:
    """Refuse a state that is closed; a notice has to be read first."""
    standing = offer.standing(form.data["state"])
    if standing.availability is Availability.CLOSED:
        form.add_error("state", " ".join(standing.sentences))
    elif standing.availability is Availability.NOTICE and not form.data["notice"]:
        form.add_error("notice", "Read the notice for your state and tick the box below it.")


def _choices(offer: ProgramOffer) -> dict[str, list[tuple[str, str]]]:
    return {"plan": [(plan.slug, plan.title) for plan in offer.plans]}


def _today() -> dt.date:
    return day_of(received_at(), settings().SCHOOL_ZONE)


def _form_page(form: Form, shown: Shown) -> str:
    text = shown.text
    form.values["terms_shown"] = terms.fingerprint(text)
    form.values.setdefault("plan", shown.plan.slug)
    state = form.values.get("state", "")
    standing = shown.offer.standing(state) if state in STATE_NAMES else Standing(Availability.OPEN)
    confirmations = [form.field(name) for name in form.schema.fields if name.startswith(PREREQUISITE)]
    return render_template(
        "enrollments/new.html",
        form=form,
        offer=shown.offer,
        plan=shown.plan,
        rows=shown.plan.schedule(_today(), shown.offer.class_weeks),
        sections=terms.sections(text),
        confirmations=confirmations,
        standing=standing,
        state_name=STATE_NAMES.get(state, ""),
    )


def _blank_page(shown: Shown) -> ResponseReturnValue:
    """Return the form as nobody has touched it yet; it is made once, and differs by its token alone."""
    token: str = generate_csrf()
    key, moment = (shown.offer.slug, shown.plan.slug), (shown.policy, _today())
    blank = _blanks.get(key)
    if blank is not None and blank.offer is shown.offer and blank.moment == moment and NOTICES not in session:
        return token.join(blank.parts)
    form = Form(enroll_schema(shown.offer.prerequisites), choices=_choices(shown.offer))
    noticed = NOTICES in session
    page = _form_page(form, shown)
    if not noticed:
        _blanks[key] = Blank(shown.offer, moment, page.split(token))
    return page


@door.get("/confirm-email")
def ask_letter() -> ResponseReturnValue:
    return render_template("enrollments/ask_letter.html", form=Form(AskLetter()))


@door.post("/confirm-email")
def send_letter() -> ResponseReturnValue:
    form = Form(AskLetter()).load_form(request.form)
    if not form.ok:
        return render_template("enrollments/ask_letter.html", form=form), 422
    email = form.data["email"]
    try:
        with unit_of_work():
            count_link_letter(client=client(), at=received_at())
            proof_letters.ask_again(email=email, request=request_id(), at=received_at())
    except TooMany as full:
        form.add_error("_schema", full.sentence)
        return render_template("enrollments/ask_letter.html", form=form), 429, full.headers
    return render_template("enrollments/letter_sent.html", email=email)


@papers.get("/<reference>/agreement")
def agreement(reference: str) -> ResponseReturnValue:
    enrollment = queries.own(sessions.asker(), reference)
    sections = terms.sections(enrollment.agreement.terms)
    return render_template("enrollments/agreement.html", enrollment=enrollment, sections=sections)


@papers.get("/<reference>/agreement.pdf")
def agreement_pdf(reference: str) -> ResponseReturnValue:
    enrollment = queries.own(sessions.asker(), reference)
    return as_pdf(render(PAPER, _paper(enrollment)), f"agreement-{enrollment.reference}.pdf")


@papers.get("/<reference>/certificate.pdf")
def certificate_pdf(reference: str) -> ResponseReturnValue:
    enrollment = queries.own(sessions.asker(), reference)
    for newest in certificate_papers.of_enrollment(enrollment.reference):
        return as_pdf(certificate_papers.pdf(newest), certificate_papers.name_of(newest))
    raise NotFound


def _paper(enrollment: Enrollment) -> dict[str, Any]:
    agreed = enrollment.agreement
    return {
        "school": settings().SCHOOL_NAME,
        "reference": enrollment.reference,
        "title": agreed.program_title,
        "sections": [
            {"heading": section.heading, "paragraphs": section.paragraphs} for section in terms.sections(agreed.terms)
        ],
        "facts": [
            ["Student", enrollment.legal_name],
            ["E-mail address", enrollment.claimed_email],
            ["Lives in", f"{STATE_NAMES[enrollment.state_code]}, {enrollment.zip}"],
            ["Signed", agreed.signature],
            ["Accepted", f"{when(agreed.accepted_at, enrollment.zone)} ({utc(agreed.accepted_at)})"],
            ["Fingerprint of the text", agreed.terms_sha256],
        ],
        "consent": agreed.consent,
        "sample": agreed.sample,
    }


@papers.get("/<reference>/schedule")
def schedule(reference: str) -> ResponseReturnValue:
    return render_template("enrollments/schedule.html", enrollment=queries.own(sessions.asker(), reference))


@papers.post("/<reference>/cancel")
def cancel(reference: str) -> ResponseReturnValue:
    only()
    with unit_of_work():
        enrollment = queries.own(sessions.asker(), reference, lock=True)
        actions.cancel(enrollment=enrollment, reason=CancelReason.STUDENT, actor=actor(), at=received_at())
    flash("Your enrollment is canceled. It cost you nothing.")
    return redirect(url_for("my.enrollment", reference=reference), code=303)
