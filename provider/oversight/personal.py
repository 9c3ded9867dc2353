"""Whose data is meant: a person with all enrollments, or one enrollment that nobody has proved to be theirs."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND, EnrollmentState
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.text import email_address
from provider.search.models import SearchWord
from provider.search.rules import LONGEST_WORD


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody with the keys of what is held about them; ``person_id`` is none as long as no address was proved."""

    reference: str
    name: str
    email: str
    zone: str
    person_id: int | None
    enrollments: tuple[tuple[int, str], ...]

    @property
    def enrollment_ids(self) -> tuple[int, ...]:
        """The ids of the enrollments."""
        return tuple(number for number, _ in self.enrollments)

    @property
    def references(self) -> tuple[str, ...]:
        """What rows about them are about: the person and each enrollment."""
        own = () if self.person_id is None else (self.reference,)
        return (*own, *(reference for _, reference in self.enrollments))


def of_person(person: Person) -> Subject:
    """Return a person with all enrollments, oldest first."""
    query = sa.select(Enrollment.id, Enrollment.reference).where(Enrollment.person_id == person.id)
    mine = tuple((number, reference) for number, reference in db.session.execute(query.order_by(Enrollment.id)))
    return Subject(person.reference, person.name, person.email, person.zone, person.id, mine)


def by_reference(reference: str) -> Subject:
    """Return whom the reference of a person or an enrollment means; raises NotFound."""
    person = db.session.scalar(sa.select(Person).where(Person.reference == reference))
    if person is not None:
        return of_person(person)
    enrollment = db.session.scalar(sa.select(Enrollment).where(Enrollment.reference == reference))
    if enrollment is None:
        raise NotFound
    if enrollment.person_id is not None:
        return of_person(db.session.get_one(Person, enrollment.person_id))
    one = ((enrollment.id, enrollment.reference),)
    return Subject(reference, enrollment.legal_name, enrollment.claimed_email, enrollment.zone, None, one)


def to_erase(reference: str) -> Subject:
    """Return whom a reference means, with the canceled enrollments that were typed under the same address as well.

    Nobody proved these, so a person's copy does not show them; found by their search words, as they are indexed.
    """
    subject = by_reference(reference)
    if subject.person_id is None:
        return subject
    words = sa.select(SearchWord.subject_id).where(
        SearchWord.kind == SEARCH_KIND, SearchWord.word == subject.email[:LONGEST_WORD]
    )
    typed = sa.select(Enrollment.id, Enrollment.reference).where(
        Enrollment.id.in_(words),
        Enrollment.claimed_email == subject.email,
        Enrollment.person_id.is_(None),
        Enrollment.state == EnrollmentState.CANCELED,
    )
    unproved = tuple((number, named) for number, named in db.session.execute(typed.order_by(Enrollment.id)))
    return replace(subject, enrollments=subject.enrollments + unproved)


def found(typed: str) -> Subject | None:
    """Return whom a typed reference or e-mail address means, or None."""
    address = email_address(typed)
    if address is not None:
        person = db.session.scalar(sa.select(Person).where(Person.email == address))
        return None if person is None else of_person(person)
    try:
        return by_reference(typed.strip().upper())
    except NotFound:
        return None
