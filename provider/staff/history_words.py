"""History in words: what happened, to what kind of record, and what was before and after."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from provider.history.changes import Change
from provider.kernel.actors import ActorKind
from provider.kernel.registry import registry

LONGEST_VALUE = 4_000
_KEPT = re.compile(r"(:| to| from| by| until)? \{\w+\}.*")  # what an event kept stands below its words
NOBODY = {
    ActorKind.SYSTEM: "By itself",
    ActorKind.LINK: "By a signed link",
    ActorKind.VISITOR: "A visitor, not signed in",
    ActorKind.STUDENT: "A student",
    ActorKind.STAFF: "Staff",
}
KINDS = {
    "enrollment": "Enrollment",
    "installment": "Installment",
    "payment": "Payment",
    "payment_service": "Payment service",
    "day_close": "Close of a day",
    "card": "Card",
    "charge": "Card payment",
    "charge_pause": "Pause of automatic payments",
    "dispute": "Dispute",
    "hours_entry": "Hours",
    "procedure_entry": "Procedure",
    "entry_batch": "Week of hours and procedures",
    "refund": "Refund",
    "payout": "Payout",
    "withdrawal": "Withdrawal",
    "document_requirement": "Required document",
    "student_document": "Document of a student",
    "externship_request": "Externship request",
    "placement_plan": "Plan of placements",
    "offer": "Offer of a place",
    "placement": "Placement",
    "evaluation": "Evaluation",
    "site_visit": "Visit to a site",
    "externship_record": "Externship record",
    "exam_result": "Exam result",
    "credit_request": "Credit request",
    "college": "College",
    "issued_document": "Issued document",
    "letter": "Letter",
    "thread": "Messages",
    "thread_message": "Message",
    "canned_text": "Text for answers",
    "address_health": "Address that letters went to",
    "task": "Task",
    "file": "Uploaded file",
    "person": "Person",
    "email_change": "Change of an e-mail address",
    "person_session": "Session",
    "second_factor": "Second factor",
    "erasure": "Erasure",
    "signed_link": "Signed link",
    "disclosure": "Disclosure",
    "site": "Site",
    "site_location": "Location of a site",
    "site_contact": "Contact at a site",
    "affiliation_agreement": "Affiliation agreement",
    "opening": "Opening",
    "program": "Program",
    "tuition_plan": "Tuition plan",
    "credential": "Credential",
    "blueprint": "Exam blueprint",
    "recommendation": "Recommendation of credit",
    "faq_item": "Question",
    "refund_policy": "Refund policy",
    "state_floor": "State law",
    "counsel_confirmation": "Counsel’s word",
    "school_setting": "Setting of the school",
}
# What the timelines of students never show.
MORE_WORDS = {
    "credential.added": "Credential added",
    "credential.changed": "Credential changed",
    "credential.blueprint_added": "Exam blueprint added",
    "college.corrected": "College set right",
    "credential.recommendation_added": "Recommendation of credit added",
    "disclosure.ace": "Told to the American Council on Education",
    "disclosure.college": "Told to a college",
    "disclosure.copy_for_person": "Copy of the record given to the person",
    "disclosure.export": "List exported",
    "disclosure.site": "Told to an externship site",
    "counsel.confirmed": "Counsel was asked",
    "enrollment.purchase_moved": "Purchase moved to another payment",
    "payment_service.asked": "Payment service asked whether it works",
    "faq_item.added": "Question added",
    "faq_item.changed": "Question changed",
    "faq_item.removed": "Question removed",
    "canned_text.written": "Text for answers written",
    "canned_text.changed": "Text for answers changed",
    "canned_text.retired": "Text for answers taken away",
    "address_health.doubtful": "Letters to an address put off",
    "address_health.bounced": "Letters to an address came back",
    "address_health.complained": "Our mail called spam",
    "address_health.works": "Letters to an address arrive again",
    "letter.queued": "Letter written",
    "letter.sending": "Letter being sent",
    "letter.sent": "Letter sent",
    "letter.failed": "Letter failed",
    "letter.canceled": "Letter canceled",
    "person.created": "Account made",
    "person.disabled": "Account locked",
    "person.enabled": "Account opened again",
    "person.password_set": "Password set",
    "person.role_granted": "Role given",
    "person.role_revoked": "Role taken away",
    "email_change.asked": "Change of e-mail address asked for",
    "email_change.confirmed": "Change of e-mail address confirmed",
    "email_change.stopped": "Change of e-mail address stopped",
    "email_change.undone": "Change of e-mail address undone",
    "person.email_changed": "E-mail address changed",
    "person.invitation_withdrawn": "Invitation withdrawn",
    "person.invited_again": "Invited again",
    "person.password_taken_away": "Password taken away",
    "person.session_ended": "Session ended",
    "person.sessions_ended": "All sessions ended",
    "person.sign_in_failed": "Signing in failed",
    "signed_link.revoked": "Signed link revoked",
    "person.signed_in": "Signed in",
    "person.signed_out": "Signed out",
    "school.set": "Setting of the school changed",
    "site.open": "Site opened",
    "site.closed": "Site closed",
    "site.changed": "Site changed",
    "site_location.open": "Location opened",
    "site_location.closed": "Location closed",
    "site_location.changed": "Location changed",
    "site_contact.added": "Contact added",
    "site_contact.changed": "Contact changed",
    "site_contact.left": "Contact has left",
    "site_contact.back": "Contact is there again",
    "site_contact.link_sent": "Link to offer places sent",
    "site_contact.link_closed": "Link to offer places closed",
    "affiliation_agreement.draft": "Agreement drafted",
    "affiliation_agreement.changed": "Agreement changed",
    "affiliation_agreement.sent": "Agreement sent to be signed",
    "affiliation_agreement.sent_again": "Agreement sent again",
    "affiliation_agreement.signed": "Agreement signed by the site",
    "affiliation_agreement.in_force": "Agreement in force",
    "affiliation_agreement.notice": "Notice of an agreement given",
    "affiliation_agreement.ended": "Agreement ended",
    "opening.open": "Opening opened",
    "opening.changed": "Opening changed",
    "opening.closed": "Opening closed",
    "program.added": "Program added",
    "program.put_on_sale": "Program put on sale",
    "program.taken_off_sale": "Program taken off sale",
    "program.version_added": "Program changed",
    "recommendation.begun": "Recommendation of credit added",
    "recommendation.changed": "Recommendation of credit set right",
    "recommendation.confirmed": "Recommendation confirmed",
    "recommendation.ended": "Last day of a recommendation set",
    "refund_policy.added": "Refund policy added",
    "state_floor.added": "State law added",
    "state_floor.changed": "State law changed",
    "state_floor.disabled": "State law turned off",
    "state_floor.enabled": "State law turned on",
    "task.raised": "Task raised",
    "tuition_plan.added": "Tuition plan added",
    "tuition_plan.retired": "Tuition plan retired",
}


def events() -> dict[str, str]:
    """Return the words of every event that has some: those of the students' stories, and those above."""
    told = {event: said for strand in registry().strands for event, (said, _sign) in strand.words.items()}
    found = MORE_WORDS | {event: _KEPT.sub("", said) for event, said in told.items()}
    return {event: f"Installment {said}" if event.startswith("installment.") else said for event, said in found.items()}


def what(change: Change, known: Mapping[str, str]) -> str:
    """Return what happened, in words; an event without words of its own by its name."""
    said = known.get(change.event, plain(change.event))
    if change.subject_kind == "installment":
        return said.replace("Installment", f"Installment {change.subject_reference.rpartition('-')[2]}", 1)
    return said


def plain(name: str) -> str:
    """Return a name of ours as a person reads it."""
    return name.replace(".", " ").replace("_", " ").strip().capitalize()


def kind(change: Change) -> str:
    """Return the kind of record in words."""
    return KINDS.get(change.subject_kind, plain(change.subject_kind))


def record(change: Change) -> str | None:
    """Return the reference of the record, or None where it would show a number of the database."""
    return None if change.subject_kind == "installment" else change.subject_reference


def states(change: Change) -> tuple[str, str] | None:
    """Return the state before and after, in words, where there are any."""
    if change.old_state is None and change.new_state is None:
        return None
    return plain(change.old_state or ""), plain(change.new_state or "")


def values(change: Change) -> list[tuple[str, str]]:
    """Return what was kept with a change, line by line: ``field`` and ``before → after``, or ``name`` and ``value``."""
    return [*_lines(change.data), *_lines(change.personal or {})]


def _lines(kept: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rest = {name: value for name, value in kept.items() if name not in {"old", "new"}}
    yield from ((plain(name), _written(value)) for name, value in rest.items())
    if not {"old", "new"} & set(kept):
        return
    old, new = kept.get("old"), kept.get("new")
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        before, after = (value if isinstance(value, Mapping) else {} for value in (old, new))
        for name in dict.fromkeys((*before, *after)):
            yield plain(name), _from_to(before.get(name), after.get(name))
    else:
        yield "Value", _from_to(old, new)


def _from_to(old: object, new: object) -> str:
    return f"{_written(old)} → {_written(new)}"


def _written(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} …"
