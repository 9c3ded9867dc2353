"""What every letter about an enrollment names."""

from collections.abc import Mapping

from provider.enrollments.models import Enrollment
from provider.mail.rules import Letter, Value


def letter(template: str, event: str, enrollment: Enrollment, recipient: str, values: Mapping[str, Value]) -> Letter:
    """Return a letter about an enrollment: whose it is, in which program, and what this one says besides."""
    common: dict[str, Value] = {
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "reference": enrollment.reference,
        "sample": enrollment.agreement.sample,
    }
    return Letter(template, recipient, event, about=enrollment.reference, values=common | dict(values))
