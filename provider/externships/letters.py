"""Letters to students about their externship request; all leave from the externship mailbox."""

import datetime as dt
from collections.abc import Mapping, Sequence

from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipRequest
from provider.mail.rules import Letter, Mailbox, Value


def asked(
    request: ExternshipRequest, *, recipient: str, due_on: dt.date, missing: Sequence[str], located: bool
) -> Letter:
    """Word that the request is in: by when there is a place, which documents are missing, what happens next."""
    values: dict[str, Value] = {
        "asked_at": request.asked_at.isoformat(),
        "due_on": due_on.isoformat(),
        "zip": request.zip,
        "miles": request.miles,
        "located": located,
        "missing": list(missing),
        "early": request.early_reason is not None,
    }
    return letter("externship_asked", request.reference, request, recipient, values)


def documents_missing(
    request: ExternshipRequest, *, recipient: str, day: int, over: dt.datetime, missing: Sequence[str]
) -> Letter:
    """Word that documents have been missing for so many days, and from when the request sleeps without them."""
    since = request.missing_since.isoformat() if request.missing_since else ""
    values: dict[str, Value] = {"days": day, "lapses_at": over.isoformat(), "missing": list(missing)}
    return letter("documents_missing", f"{request.reference}:{since}:{day}", request, recipient, values)


def lapsed(request: ExternshipRequest, *, recipient: str, days: int, missing: Sequence[str]) -> Letter:
    """Word that the request sleeps, and that bringing the documents wakes it."""
    since = request.missing_since.isoformat() if request.missing_since else ""
    values: dict[str, Value] = {"days": days, "missing": list(missing)}
    return letter("request_lapsed", f"{request.reference}:{since}", request, recipient, values)


def reopened(
    request: ExternshipRequest, *, recipient: str, due_on: dt.date | None, checking: Sequence[str], at: dt.datetime
) -> Letter:
    """Word that the documents came, the request is awake, and the clock runs on."""
    values: dict[str, Value] = {"due_on": due_on.isoformat() if due_on else None, "checking": list(checking)}
    return letter("request_reopened", f"{request.reference}:{at.isoformat()}", request, recipient, values)


def withdrawn(request: ExternshipRequest, *, recipient: str, place: str | None) -> Letter:
    """Word that the request has ended, why, and whether a place was given back with it."""
    reason = request.end_reason.value if request.end_reason else ""
    values: dict[str, Value] = {"reason": reason, "place": place}
    return letter("request_withdrawn", request.reference, request, recipient, values)


def letter(
    template: str, event: str, request: ExternshipRequest, recipient: str, values: Mapping[str, Value]
) -> Letter:
    """Return a letter to a student about a request, with what each of them says."""
    enrollment: Enrollment = request.enrollment
    common: dict[str, Value] = {
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "reference": request.reference,
        "zone": enrollment.zone,
        "externship_path": f"/my/externship/{enrollment.reference}",
    }
    return Letter(
        template=template,
        recipient=recipient,
        event=event,
        about=enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values={**common, **values},
    )
