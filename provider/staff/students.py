"""Everything a page shows of one student with all enrollments, read in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provider.accounts.models import Person
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.mail import queries as mail
from provider.mail.models import AddressHealth
from provider.payments import queries as payments
from provider.refunds import queries as refunds
from provider.staff import stories
from provider.staff.stories import Records, Story, Wanted
from provider.staff.thread_pages import Beside, beside
from provider.tasks import queries as tasks
from provider.tasks.models import Task


@dataclass(frozen=True, slots=True)
class Student:
    """One student whole, as whoever looks may see it; ``paid`` is what installments received, by enrollment."""

    person: Person
    enrollments: Sequence[Enrollment]
    paid: dict[int, int]
    tasks: Sequence[Task]
    story: Story
    money: bool
    marks: Mapping[str, AddressHealth]
    beside: Beside | None


def read(reference: str) -> Student:
    """Read one student for the signed-in person; somebody without an enrollment raises NotFound."""
    person, enrolled = enrollments.of_student(reference)
    money, ids = may(Permission.SEE_MONEY), [one.id for one in enrolled]
    abouts = {person.reference: "", **{one.reference: one.reference for one in enrolled}}
    raised = tasks.about_any(list(abouts))
    records = Records(
        payments.of_enrollments(ids) if money else (), refunds.of_enrollments(ids) if money else (), raised
    )
    return Student(
        person=person,
        enrollments=enrolled,
        paid={one.id: sum(installment.paid_cents for installment in one.installments) for one in enrolled},
        tasks=[task for task in raised if task.done_at is None],
        story=stories.read(abouts, records, Wanted.of_request()),
        money=money,
        marks=mail.troubled([person.email]),
        beside=beside(*abouts, person_id=person.id, emails={person.email}),
    )
