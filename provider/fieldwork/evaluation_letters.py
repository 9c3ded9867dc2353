"""Letters about evaluations: asked of a preceptor by link, and of a student for a page."""

from provider.accounts.models import SignedLink
from provider.enrollments.queries import recipient
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EvaluationKind
from provider.mail.rules import Letter, Mailbox, Value


def of_student(evaluation: Evaluation, *, link: SignedLink, expires_on: str) -> Letter:
    """Ask a preceptor to evaluate a student, once more as a reminder."""
    placement = evaluation.placement
    return Letter(
        template="evaluation_asked",
        recipient=placement.preceptor.email,
        event=f"{evaluation.reference}:{link.reference}",
        about=placement.enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values=_values(evaluation)
        | {
            "name": placement.preceptor.name,
            "student": placement.enrollment.legal_name,
            "final": evaluation.kind is EvaluationKind.FINAL,
            "evaluation_link": link.reference,
            "expires_on": expires_on,
        },
    )


def of_site(evaluation: Evaluation) -> Letter:
    """Ask a student to evaluate the site, once more as a reminder."""
    enrollment = evaluation.placement.enrollment
    return Letter(
        template="site_evaluation_asked",
        recipient=recipient(enrollment),
        event=f"{evaluation.reference}:{evaluation.reminders}",
        about=enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values=_values(evaluation) | {"name": enrollment.legal_name, "evaluation_path": "/my/externship/evaluation"},
    )


def _values(evaluation: Evaluation) -> dict[str, Value]:
    placement = evaluation.placement
    return {
        "program": placement.enrollment.agreement.program_title,
        "site": placement.opening.location.site.name,
        "first_on": placement.first_on.isoformat(),
        "last_on": placement.last_on.isoformat(),
        "due_on": evaluation.due_on.isoformat(),
        "reminder": evaluation.reminders > 0,
        "reference": evaluation.reference,
    }
