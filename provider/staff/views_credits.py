"""Credit requests: the queue with its clocks, one of them, and what staff do with it until it is decided."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.credits import deciding, ending, owning, pages, queries, recalling, sending, working
from provider.credits.decision_schemas import decided
from provider.credits.models import CreditRequest
from provider.credits.refusals import NoDecision
from provider.credits.rules import AT_COLLEGE, ENDED, LIFECYCLE, CreditState, DecisionChannel, EndReason
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form, Schema
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.staff import stories
from provider.staff.answers import attempt, done, try_to
from provider.staff.credit_lists import CreditRequests
from provider.staff.credit_mail import of_student
from provider.staff.listing import key, standing_of
from provider.staff.schemas_credits import (
    AskInformation,
    AssignCredit,
    CloseCredit,
    ReceiveCredit,
    RecordAnswer,
    RecordDecision,
    VerifyCredit,
)
from provider.staff.schemas_records import RevokeRecord
from provider.staff.thread_pages import beside
from provider.verification.rules import written_code

RIGHTS = {"needs": Permission.SEE_CREDITS, "changes": Permission.SEND_CREDITS}
door = Door("staff_credits", __name__, url_prefix="/staff/credit-requests", **RIGHTS)
_S = CreditState


@door.get("")
def index() -> ResponseReturnValue:
    listed = CreditRequests(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/credits/index.html", listed=listed, page=page, standing_of=standing_of
    ), listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference)


def _page(reference: str, form: Form | None = None) -> str:
    """Show a request with the forms of what may follow; the one that was refused as it was filled in."""
    found, papers = queries.by_reference(reference), queries.letters_of(reference)
    fresh = {type(one.schema): one for one in _forms(found.consent_at.isoformat(), found.assigned_to)}
    forms = {kind.__name__: form if form and isinstance(form.schema, kind) else one for kind, one in fresh.items()}
    names = people.names({found.assigned_to}) if found.assigned_to else {}
    if may(Permission.SEND_CREDITS):
        forms["AssignCredit"].choices["owner"] = _owners(found.assigned_to, names)
        forms["RecordAnswer"].choices["thread"] = _threads(found)
    return render_template(
        "staff/credits/show.html",
        owner=names.get(found.assigned_to or ""),
        shown=pages.shown(found, now=received_at()),
        forms=forms,
        wrong=form,
        may_be={state.value for state in LIFECYCLE[found.state]},
        at_college=found.state in AT_COLLEGE,
        over=found.state in ENDED,
        papers=papers,
        stands=any(one.revoked_at is None for one in papers),
        right=found.college.replaced_by if found.state in recalling.MOVABLE else None,
        written_code=written_code,
        story=stories.of_record(reference),
        marks=troubled(found.college.mailboxes),
        beside=beside(found.reference, person_id=found.person_id, emails={found.college.registrar_email}),
    )


def _owners(present: str | None, names: dict[str, str]) -> Choices:
    """Return who may be given a request, and whoever has it."""
    may_own = people.holders(*owning.TAKES)
    left = [(present, names.get(present, present))] if present and present not in may_own else []
    return [("", "Nobody"), *left, *may_own.items()]


def _threads(found: CreditRequest) -> Choices:
    every = of_student(found) if found.state is _S.NEEDS_INFORMATION else ()
    return [("", "None of these"), *((one.reference, f"{one.subject}, {one.reference}") for one in every)]


def _forms(seen: str, owner: str | None) -> list[Form]:
    return [
        Form(AssignCredit(), values={"owner": owner or ""}),
        Form(VerifyCredit(), values={"seen": seen}),
        Form(AskInformation()),
        Form(RecordAnswer()),
        Form(ReceiveCredit()),
        Form(RecordDecision()),
        Form(CloseCredit()),
        Form(RevokeRecord()),
    ]


def _step(
    reference: str, schema: Schema, work: Callable[[CreditRequest, Mapping[str, Any]], object], said: str, to: str = ""
) -> ResponseReturnValue:
    """Do with a request what a form of its page says, and go on there, or to another page."""
    form = Form(schema).load_form(request.form)
    try:
        attempt(form, lambda: work(queries.by_reference(reference, lock=True), form.data), telling=(NoDecision,))
    except NoDecision as refusal:
        form.add_error(refusal.field, refusal.sentence)
    if not form.ok:
        return _page(reference, form), 422
    return done(said, to or _shown(reference))


@door.post("/<reference>/assign")
def assign(reference: str) -> ResponseReturnValue:
    return _step(
        reference, AssignCredit(), lambda one, data: _assign(one, data["owner"]), "It is kept who looks after it."
    )


@door.post("/<reference>/take")
def take(reference: str) -> ResponseReturnValue:
    return try_to(lambda: _take(reference), "This request is yours.", _shown(reference))


def _take(reference: str) -> None:
    owning.take(
        request=queries.by_reference(reference, lock=True),
        may_own=people.holders(*owning.TAKES),
        actor=actor(),
        at=received_at(),
    )


def _assign(found: CreditRequest, owner: str | None) -> None:
    may_own = people.holders(*owning.TAKES)
    owning.assign(request=found, to=owner, may_own=may_own, actor=actor(), at=received_at())


@door.post("/<reference>/verify")
def verify(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        VerifyCredit(),
        lambda one, data: working.verify(request=one, seen=data["seen"], actor=actor(), at=received_at()),
        "The request is verified. Send it when you are ready.",
    )


@door.post("/<reference>/information")
def ask_information(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        AskInformation(),
        lambda one, data: working.ask_information(request=one, words=data["words"], actor=actor(), at=received_at()),
        "The student is asked by a letter. The clock stands still until the answer.",
    )


@door.post("/<reference>/answer")
def record_answer(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        RecordAnswer(),
        lambda one, data: working.record_answer(
            request=one,
            words=data["answer"],
            thread=data["thread"],
            threads=[thread.reference for thread in of_student(one)],
            actor=actor(),
            at=received_at(),
        ),
        "The answer is kept. The clock goes on, and the request waits for its check.",
    )


@door.post("/<reference>/send")
def send(reference: str) -> ResponseReturnValue:
    return try_to(lambda: _send(reference), "The letter is on its way to the registrar.", _shown(reference))


def _send(reference: str) -> None:
    sending.send(request=queries.by_reference(reference, lock=True), actor=actor(), at=received_at())


@door.post("/<reference>/receipt")
def receive(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        ReceiveCredit(),
        lambda one, data: deciding.receive(
            request=one, channel=DecisionChannel(data["how"]), actor=actor(), at=received_at()
        ),
        "Kept that the college has the letter. The student gets word of it.",
    )


@door.post("/<reference>/decision")
def decide(reference: str) -> ResponseReturnValue:
    return _step(reference, RecordDecision(), _decide, "The decision is kept. The student gets a letter.")


def _decide(found: CreditRequest, data: Mapping[str, Any]) -> None:
    deciding.decide(
        request=found,
        decision=decided(dict(data), recommended=found.credits),
        channel=DecisionChannel(data["channel"]),
        evidence=data["evidence"],
        actor=actor(),
        at=received_at(),
    )


@door.post("/<reference>/corrected-college")
def use_corrected(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: recalling.use_corrected(
            request=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "The request goes on with the college as it was set right. The student gets a letter where one is needed.",
        _shown(reference),
    )


@door.post("/<reference>/letter/revocation")
@confirmed
def revoke_letter(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        RevokeRecord(),
        lambda one, data: recalling.revoke(request=one, **data, actor=actor(), at=received_at()),
        "The letter is revoked. The page of its code says so from now on.",
    )


@door.post("/<reference>/close")
def close(reference: str) -> ResponseReturnValue:
    return _step(
        reference,
        CloseCredit(),
        lambda one, data: ending.close(
            request=one, reason=EndReason(data["end"]), words=data["note"], actor=actor(), at=received_at()
        ),
        "The request is closed. The student gets a letter.",
        url_for("staff_credits.index"),
    )


def _shown(reference: str) -> str:
    return url_for("staff_credits.show", reference=reference)
