"""Acting on many enrollments or letters at a time: a preview of each, then a result of each."""

from collections.abc import Mapping, Sequence

from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.enrollments import actions as enrollments
from provider.enrollments import queries as known_enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CancelReason, why_not_canceled, why_not_completed, why_not_released
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.mail import actions as mail
from provider.mail import queries as known_letters
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState, why_not_resent, why_not_stopped
from provider.payments import reminders
from provider.staff.bulk import Deed, Many, Outlook, preview, results

of_enrollments = Door(
    "staff_many_enrollments",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.CHANGE_ENROLLMENTS,
    url_prefix="/staff/enrollments/many",
)
of_letters = Door(
    "staff_many_letters",
    __name__,
    needs=Permission.SEE_MAIL,
    changes=Permission.RESEND_MAIL,
    url_prefix="/staff/mail/many",
)


def _outlook(one: Enrollment, why_not: str | None, sentence: str) -> Outlook:
    return Outlook(one.legal_name, why_not is None, why_not or sentence, mark=one.state.value)


def _completed(one: Enrollment) -> Outlook:
    return _outlook(one, why_not_completed(one.state), "Will be marked as completed today. The student gets a letter.")


def _canceled(one: Enrollment) -> Outlook:
    return _outlook(one, why_not_canceled(one.state), "Will be canceled, free of charge. The student gets a letter.")


def _released(one: Enrollment) -> Outlook:
    why_not = why_not_released(one.hold_on)
    mark = one.hold_on.isoformat() if one.hold_on else ""
    return Outlook(one.legal_name, why_not is None, why_not or "The hold will be released.", mark=mark)


ENROLLMENTS: Many[Enrollment] = Many(
    title="Enrollments",
    known=known_enrollments.by_references,
    held=lambda reference: known_enrollments.by_reference(reference, lock=True),
    deeds={
        "complete": Deed(
            "Mark as completed",
            _completed,
            lambda one: enrollments.complete(enrollment=one, actor=actor(), at=received_at()),
            "Marked as completed. The student gets a letter.",
        ),
        "cancel": Deed(
            "Cancel, if nothing was paid",
            _canceled,
            lambda one: enrollments.cancel(enrollment=one, reason=CancelReason.STAFF, actor=actor(), at=received_at()),
            "Canceled. The student gets a letter.",
        ),
        "release": Deed(
            "Release the hold",
            _released,
            lambda one: reminders.release_hold(enrollment=one, actor=actor(), at=received_at()),
            "The hold is released.",
        ),
    },
    index="staff_enrollments.index",
    show="staff_enrollments.show",
    act="staff_many_enrollments.act",
)


def _title(letter: OutboxLetter) -> str:
    return f"{letter.subject or letter.template.replace('_', ' ').capitalize()}, to {letter.recipient}"


def _resent(letter: OutboxLetter) -> Outlook:
    """Tell what sending again would do; a second copy is told from a second click by the number of copies so far."""
    why_not = why_not_resent(letter.state)
    again = letter.state is LetterState.FAILED
    copies = known_letters.copies(letter) if why_not is None and not again else 0
    sentence = "Will be tried again." if again else "Was sent; another copy of it will be sent."
    return Outlook(_title(letter), why_not is None, why_not or sentence, mark=f"{letter.state.value}-{copies}")


def _stopped(letter: OutboxLetter) -> Outlook:
    why_not = why_not_stopped(letter.state)
    return Outlook(_title(letter), why_not is None, why_not or "Will not be sent.", mark=letter.state.value)


def _known_letters(references: Sequence[str]) -> Mapping[str, OutboxLetter]:
    return known_letters.by_references(references)


LETTERS: Many[OutboxLetter] = Many(
    title="Letters",
    known=_known_letters,
    held=lambda reference: known_letters.by_reference(reference, lock=True),
    deeds={
        "resend": Deed(
            "Send again",
            _resent,
            lambda one: mail.resend(one, actor=actor(), at=received_at()),
            "Queued; it leaves within the minute.",
        ),
        "cancel": Deed(
            "Keep from being sent",
            _stopped,
            lambda one: mail.cancel(one, actor=actor(), at=received_at()),
            "It will not be sent.",
        ),
    },
    index="staff_mail.index",
    show="staff_mail.show",
    act="staff_many_letters.act",
)


@of_enrollments.post("")
def look() -> ResponseReturnValue:
    return preview(ENROLLMENTS)


@of_enrollments.post("/results")
def act() -> ResponseReturnValue:
    return results(ENROLLMENTS)


@of_letters.post("", endpoint="look")
def look_at_letters() -> ResponseReturnValue:
    return preview(LETTERS)


@of_letters.post("/results", endpoint="act")
def act_on_letters() -> ResponseReturnValue:
    return results(LETTERS)
