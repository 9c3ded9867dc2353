"""Reading credit requests and colleges: one's own, what may be asked for, and what hangs on an enrollment."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.credits.models import ACTIVE_ROWS, WRITTEN_ROWS, College, CreditRequest
from provider.credits.rules import DECIDED, Facts, Missing, preflight
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.exams import queries as exams
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState, normal_name
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import PAGE
from provider.programs import queries as programs
from provider.programs.models import Credential, Recommendation
from provider.verification import queries as issued
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind

MOST_COLLEGES = 300
# Whose money came and did not go back; somebody who withdrew has paid, and keeps what was passed.
ENTITLING = frozenset({EnrollmentState.ACTIVE, EnrollmentState.COMPLETED, EnrollmentState.WITHDRAWN})
_WHOLE = sa.select(CreditRequest).options(
    joinedload(CreditRequest.person),
    joinedload(CreditRequest.credential),
    joinedload(CreditRequest.result),
    joinedload(CreditRequest.recommendation),
    joinedload(CreditRequest.college).joinedload(College.replaced_by),
)
_OFFERED = sa.select(College).where(WRITTEN_ROWS, College.replaced_by_id.is_(None))


def by_reference(reference: str, *, lock: bool = False) -> CreditRequest:
    """Return one request with all that its letter says; raises NotFound."""
    query = _WHOLE.where(CreditRequest.reference == reference)
    found = db.session.scalar(query.with_for_update(of=CreditRequest) if lock else query)
    if found is None:
        raise NotFound
    return found


def own(person_id: int, reference: str, *, lock: bool = False) -> CreditRequest:
    """Return a request to the student whose it is; what is not theirs raises NotFound like what is not there."""
    found = by_reference(reference, lock=lock)
    if found.person_id != person_id:
        raise NotFound
    return found


def of_person(person_id: int) -> Sequence[CreditRequest]:
    """Return the requests of somebody, the newest first."""
    query = _WHOLE.where(CreditRequest.person_id == person_id)
    return db.session.scalars(query.order_by(CreditRequest.id.desc())).all()


def active_of_student(person_id: int) -> Sequence[CreditRequest]:
    """Return the requests of somebody that are not over, the newest first."""
    query = _WHOLE.where(ACTIVE_ROWS, CreditRequest.person_id == person_id)
    return db.session.scalars(query.order_by(CreditRequest.id.desc())).all()


def active_of(person_id: int, credential_id: int, *, lock: bool = False) -> CreditRequest | None:
    """Return the request of somebody for a credential that is not over; None when there is none."""
    query = _WHOLE.where(
        ACTIVE_ROWS, CreditRequest.person_id == person_id, CreditRequest.credential_id == credential_id
    )
    return db.session.scalar(query.with_for_update(of=CreditRequest) if lock else query)


def active_of_enrollment(enrollment_id: int) -> Sequence[CreditRequest]:
    """Return the requests that rest on an enrollment and are not over, locked."""
    query = _WHOLE.where(ACTIVE_ROWS, CreditRequest.enrollment_id == enrollment_id)
    return db.session.scalars(query.order_by(CreditRequest.id).with_for_update(of=CreditRequest)).all()


def number_of(person_id: int) -> int:
    """Return how many requests somebody ever made."""
    query = sa.select(sa.func.count()).select_from(CreditRequest).where(CreditRequest.person_id == person_id)
    return db.session.scalar(query) or 0


def colleges() -> Sequence[College]:
    """Return the colleges that were written to, by name: nothing else of earlier requests is offered to others."""
    return db.session.scalars(_OFFERED.order_by(College.name, College.id).limit(MOST_COLLEGES)).all()


def college(reference: str) -> College | None:
    """Return a college that is offered; None when there is none."""
    return db.session.scalar(_OFFERED.where(College.reference == reference))


def college_like(registrar_email: str, key: str) -> College | None:
    """Return the college of a mailbox and a name, written to or not; None when there is none."""
    query = sa.select(College).options(joinedload(College.replaced_by))
    return db.session.scalar(query.where(College.registrar_email == registrar_email, College.key == key))


def any_college(reference: str, *, lock: bool = False) -> College:
    """Return a college, offered or not, with what followed it, as it stands once it is locked; raises NotFound."""
    query = sa.select(College).options(joinedload(College.replaced_by)).where(College.reference == reference)
    if lock:
        query = query.with_for_update(of=College).execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def of_college(college_id: int) -> Sequence[CreditRequest]:
    """Return the requests that name a college and are not over, the oldest first, up to a page of them."""
    query = _WHOLE.where(ACTIVE_ROWS, CreditRequest.college_id == college_id)
    return db.session.scalars(query.order_by(CreditRequest.id).limit(PAGE)).all()


def letters_of(reference: str) -> Sequence[IssuedDocument]:
    """Return the letters that went to colleges for a request, as papers with a code, the newest first."""
    return issued.of_subject(reference, IssuedKind.CREDIT_LETTER)


def taken_back(request: CreditRequest) -> bool:
    """Say whether a letter has gone for a request and none stands any more."""
    found = letters_of(request.reference)
    return bool(found) and found[0].revoked_at is not None


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether somebody may ask that a college be told of a credential, and on what it would rest."""

    credential: Credential
    result: ExamResult | None
    enrollment: Enrollment | None
    recommendation: Recommendation | None
    active: CreditRequest | None
    missing: tuple[Missing, ...]

    @property
    def open(self) -> bool:
        """Say whether a request may be made now: nothing stops it, and no other one runs."""
        return not self.blocked and (self.active is None or self.active.state in DECIDED)

    @property
    def blocked(self) -> Missing | None:
        """What has to be there first, if something has."""
        return next((one for one in self.missing if one.stops), None)


def chances(person_id: int) -> list[Chance]:
    """Return what somebody's programs and results lead to, in the order of the credentials."""
    entitled = _entitling(person_id)
    active = {one.credential_id: one for one in of_person(person_id) if one.ended_at is None}
    return [_chance(exam, entitled, active) for exam in exams.exams_of(person_id)]


def chance(person_id: int, slug: str) -> Chance | None:
    """Return whether somebody may ask for one credential; None for what they have nothing to do with."""
    return next((one for one in chances(person_id) if one.credential.slug == slug), None)


def _chance(exam: exams.Exam, entitled: Mapping[str, Enrollment], active: Mapping[int, CreditRequest]) -> Chance:
    credential, passed = exam.credential, exam.certificate
    enrollment = entitled.get(credential.code)
    advice = programs.recommendation_on(credential.id, passed.taken_on) if passed is not None else None
    facts = Facts(
        enrolled=enrollment is not None,
        passed=passed is not None,
        reported=any(one.state is ExamState.REPORTED and one.passed for one in exam.results),
        recommended=advice is not None,
        confirmed=advice is not None and advice.confirmed_on is not None,
        has_number=passed is not None and passed.certificate_number is not None,
    )
    return Chance(credential, passed, enrollment, advice, active.get(credential.id), preflight(facts))


def _entitling(person_id: int) -> dict[str, Enrollment]:
    """Return the newest enrollment that leads to each credential by its code, of those that were paid and kept."""
    found: dict[str, Enrollment] = {}
    for enrollment in enrollments.of_person(person_id):
        if enrollment.state in ENTITLING:
            for code in programs.content(programs.latest(enrollment.program_id)).credentials:
                found.setdefault(code, enrollment)
    return found


def last_pass_on(recommendation_id: int) -> dt.date | None:
    """Return the last day of a pass for which a request rests on a recommendation; None when none does."""
    query = sa.select(sa.func.max(ExamResult.taken_on)).join(CreditRequest, CreditRequest.result_id == ExamResult.id)
    return db.session.scalar(query.where(CreditRequest.recommendation_id == recommendation_id))


def missing(request: CreditRequest) -> tuple[Missing, ...]:
    """Return what may make a request fail that was made."""
    facts = Facts(
        enrolled=True,
        passed=True,
        recommended=True,
        confirmed=request.recommendation.confirmed_on is not None,
        has_number=request.result.certificate_number is not None,
        same_name=normal_name(request.legal_name) == normal_name(request.person.name),
        badge_claimed=request.badge_claimed,
    )
    return preflight(facts)
