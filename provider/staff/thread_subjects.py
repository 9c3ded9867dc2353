"""What messages may be put beside: a student, an enrollment, a request or a site, by reference."""

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.affiliations import queries as sites
from provider.affiliations.rules import SITE_PREFIX
from provider.credits import queries as college_credit
from provider.credits.rules import REQUEST_PREFIX as CREDIT
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships import queries as externships
from provider.externships.rules import REQUEST_PREFIX as EXTERNSHIP
from provider.kernel.errors import DomainError, NotFound


class UnknownRecord(DomainError):
    """A reference that names nothing that messages can be beside."""

    code = "unknown_record"
    sentence = (
        "There is no student, enrollment, request or site with this reference. Copy it from their page, such as "
        "P-7K2M9Q4T."
    )


def known(reference: str | None) -> tuple[Person | None, str | None]:
    """Return the student and the reference as it is stored; nothing of both for nothing. Raises UnknownRecord."""
    if reference is None:
        return None, None
    wanted = reference.upper()
    try:
        return _student(wanted), wanted
    except NotFound:
        raise UnknownRecord from None


def _student(wanted: str) -> Person | None:
    prefix = wanted.partition("-")[0]
    if prefix == "P":
        return enrollments.of_student(wanted)[0]
    if prefix == SITE_PREFIX:
        sites.site(wanted)
        return None  # nobody there has an account
    if prefix == CREDIT:
        return people.by_id(college_credit.by_reference(wanted).person_id)
    return _owner(externships.by_reference(wanted).enrollment if prefix == EXTERNSHIP else _enrollment(wanted))


def _enrollment(wanted: str) -> Enrollment:
    return enrollments.by_reference(wanted)


def _owner(enrollment: Enrollment) -> Person | None:
    return people.by_id(enrollment.person_id) if enrollment.person_id is not None else None
