"""What a task or a note may be about: an enrollment or a student, by reference."""

from flask import url_for

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.affiliations.rules import SITE_PREFIX
from provider.credits.rules import COLLEGE_PREFIX
from provider.credits.rules import REQUEST_PREFIX as CREDIT_PREFIX
from provider.enrollments import queries as enrollments
from provider.externships.rules import REQUEST_PREFIX
from provider.kernel.errors import DomainError, NotFound
from provider.threads.rules import THREAD_PREFIX

OF_SITE = f"{SITE_PREFIX}-"
OF_REQUEST, OF_THREAD = f"{REQUEST_PREFIX}-", f"{THREAD_PREFIX}-"
OF_CREDIT, OF_COLLEGE = f"{CREDIT_PREFIX}-", f"{COLLEGE_PREFIX}-"
OF_DAY = "DAY-"  # what a closed day's reference begins with


class UnknownSubject(DomainError):
    """A reference that names no enrollment and no student."""

    code = "unknown_subject"


def known(reference: str | None) -> str | None:
    """Return a reference as it is stored, or None when nothing was given; raises UnknownSubject."""
    if reference is None:
        return None
    wanted = reference.upper()
    try:
        if wanted.startswith("P-"):
            enrollments.of_student(wanted)
        else:
            enrollments.by_reference(wanted)
    except NotFound:
        raise UnknownSubject(
            f"There is no enrollment or student {wanted}. Copy the reference from their page, such as E-7K2M9Q4T."
        ) from None
    return wanted


# The pages of what has a permission of its own, by the beginnings of references.
_PAGES = {
    OF_SITE: ("staff_sites.show", Permission.SEE_SITES),
    OF_REQUEST: ("staff_externships.show", Permission.SEE_PLACEMENTS),
    OF_CREDIT: ("staff_credits.show", Permission.SEE_CREDITS),
    OF_COLLEGE: ("staff_colleges.show", Permission.SEE_CREDITS),
    OF_THREAD: ("staff_messages.show", Permission.SEE_MESSAGES),
}


def href(reference: str | None) -> str | None:
    """Return the page of what a task or a message is about, for somebody who may see it."""
    endpoint, needs = _PAGES.get(f"{(reference or '').partition('-')[0]}-", ("", None))
    if reference and needs is not None:
        return url_for(endpoint, reference=reference) if may(needs) else None
    if not reference or not may(Permission.SEE_ENROLLMENTS):
        return None
    if reference.startswith(OF_DAY):
        day = reference.removeprefix(OF_DAY)
        return url_for("staff_closing.show", day=day) if may(Permission.SEE_MONEY) else None
    found = {"E-": "staff_enrollments.show", "P-": "staff_students.show"}.get(reference[:2])
    return url_for(found, reference=reference) if found else None
