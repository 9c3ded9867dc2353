"""What an answer may be begun with: the texts that staff keep, filled in, and what is missing for the request.

What a person's records say is put in only where the writer proved to be that person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import url_for

from provider.credits import queries as college_credit
from provider.credits.models import CreditRequest
from provider.credits.rules import ENDED, UNSENT, CreditState
from provider.credits.rules import REQUEST_PREFIX as CREDIT
from provider.documents import queries as documents
from provider.documents.rules import Standing as DocumentStanding
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships import queries as externships
from provider.externships.rules import REQUEST_PREFIX as EXTERNSHIP
from provider.externships.rules import why_not_eligible
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.mail.rules import Mailbox
from provider.threads import queries
from provider.threads.models import CannedText, Thread
from provider.threads.rules import Placeholder, Standing, fill, placeholders

MISSING = "missing"
OPENING, CLOSING = "Hello {name},", "As soon as we have it, we go on."
_P = Placeholder


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is still missing for a request, and how it stands."""

    what: str
    how: str


@dataclass(frozen=True, slots=True)
class Drafts:
    """What an answer may begin with (name and title), what is missing, and how many texts are held back."""

    choices: Sequence[tuple[str, str]]
    missing: Sequence[Missing]
    facts: Mapping[Placeholder, str]
    texts: Sequence[CannedText]
    held_back: int

    def begun(self, name: str) -> str:
        """Return the beginning of an answer by its name; empty when there is no such, or it must not be used."""
        if name == MISSING and self.missing:
            return fill(f"{OPENING}\n\nwe still need:\n\n{{missing}}\n\n{CLOSING}", self.facts)
        kept = next((one for one in self.texts if one.reference == name), None)
        return fill(kept.text, self.facts) if kept else ""


def read(thread: Thread) -> Drafts:
    """Return what an answer to a thread may begin with; nothing is read of a person who is not proved."""
    proved = thread.standing is Standing.PROVED and thread.person is not None
    missing = missing_for(thread) if proved else []
    facts = {_P.NAME: _called(thread), _P.SCHOOL: settings().SCHOOL_NAME, _P.REFERENCE: thread.reference}
    if missing:
        facts[_P.MISSING] = "\n".join(f"- {one.what}" for one in missing)
    if proved and (program := _program(thread)) is not None:
        facts[_P.PROGRAM] = program
    every = queries.in_use(thread.mailbox)
    usable = [one for one in every if placeholders(one.text) <= facts.keys()]
    choices = [(one.reference, one.title) for one in usable]
    if missing:
        choices.insert(0, (MISSING, "What is still missing"))
    return Drafts(choices, missing, facts, usable, len(every) - len(usable))


def _called(thread: Thread) -> str:
    """Return how to address the writer: a proved student by their name, anybody else as they called themselves."""
    if thread.standing is Standing.PROVED and thread.person is not None:
        return thread.person.name
    return thread.correspondent_name or thread.correspondent


def missing_for(thread: Thread) -> list[Missing]:
    """Return what its student still has to do for the request beside a thread."""
    if thread.person_id is None:
        return []
    if (thread.about or "").startswith(f"{CREDIT}-"):
        request = college_credit.by_reference(str(thread.about))
        if request.person_id != thread.person_id:
            return []
        return _for_credit(request) if request.state not in ENDED else _before_credit(thread.person_id)
    if thread.mailbox is Mailbox.COLLEGE_CREDITS and not (thread.about or "").startswith(f"{EXTERNSHIP}-"):
        return _before_credit(thread.person_id)
    unasked = _before_a_place(thread.person_id) if thread.mailbox is Mailbox.EXTERNSHIP else []
    wanted = documents.wanted(thread.person_id)
    needs = documents.needs(thread.person_id, wanted, today=day_of(received_at(), settings().SCHOOL_ZONE))
    return unasked + [
        Missing(need.kind.label, _HOW[need.standing])
        for need in needs
        if need.standing.waits_for_student and any(one.asked for one in wanted)
    ]


def _before_a_place(person_id: int) -> list[Missing]:
    """Return the programs that somebody completed and asked for no externship of yet; a mail is no request."""
    eligible = [one for one in enrollments.of_person(person_id) if why_not_eligible(one.state) is None]
    asked = externships.newest_of_each([one.id for one in eligible]) if eligible else {}
    return [
        Missing(f"{one.agreement.program_title}: your wishes and your consent. Ask on {_page_of_place(one)}", "")
        for one in eligible
        if one.id not in asked
    ]


def _page_of_place(enrollment: Enrollment) -> str:
    return settings().BASE_URL + url_for("externships.show", reference=enrollment.reference)


def _for_credit(request: CreditRequest) -> list[Missing]:
    """Return what a request still needs of its student before the letter can go: what we asked, then what may fail."""
    if request.state not in UNSENT:
        return []
    asked = []
    if request.state is CreditState.NEEDS_INFORMATION:
        page = settings().BASE_URL + url_for("credits.edit", reference=request.reference)
        asked.append(Missing(f"Your answer to our question: {request.asked_for} Answer on {page}", ""))
    return asked + [Missing(one.sentence, "") for one in college_credit.missing(request) if not one.is_ours]


def _before_credit(person_id: int) -> list[Missing]:
    """Return what has to be there before a college is told of each exam: the verified pass, then the request itself.

    A mail is no request: it gives no consent. The student asks on the page that is named.
    """
    found = []
    for chance in college_credit.chances(person_id):
        code, page = chance.credential.code, url_for("credits.new", certificate=chance.credential.slug)
        if chance.blocked is not None and not chance.blocked.is_ours:
            found.append(Missing(f"{code}: {chance.blocked.sentence}", ""))
        elif chance.blocked is None and chance.active is None:
            words = f"{code}: the college, its registrar’s mailbox and your consent. Ask on {settings().BASE_URL}{page}"
            found.append(Missing(words, ""))
    return found


_HOW = {
    DocumentStanding.MISSING: "not uploaded",
    DocumentStanding.REFUSED: "not accepted",
    DocumentStanding.EXPIRED: "ran out",
    DocumentStanding.EXPIRES_TOO_EARLY: "runs out too early",
}


def _program(thread: Thread) -> str | None:
    """Return the program of the request beside a thread, or of the only enrollment."""
    mine = enrollments.of_person(thread.person_id) if thread.person_id is not None else []
    beside: list[Enrollment] = [one for one in mine if one.reference == thread.about]
    titles = {one.agreement.program_title for one in beside or mine}
    return titles.pop() if len(titles) == 1 else None
