"""Colleges: named by a request, set right by staff when a name or a mailbox proved wrong; letters that come back."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from provider.credits import queries
from provider.credits.models import College, CreditRequest
from provider.credits.refusals import CollegeReplaced, CollegeUnchanged, MailboxRefused
from provider.credits.rules import COLLEGE_PREFIX, college_key, mailbox_problem
from provider.history.actions import difference, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.settings import settings
from provider.tasks import queries as tasks
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState

UNREACHED = TaskKind.REGISTRAR_UNREACHED


def named(*, name: str, registrar_email: str, students: str = "", at: dt.datetime) -> College:
    """Return the college of a name and a mailbox; a new one is offered to others once it was written to.

    ``students`` is the address of who names it. Raises MailboxRefused.
    """
    problem = mailbox_problem(registrar_email, students=students, schools=settings().MAIL_DOMAIN)
    if problem is not None:
        raise MailboxRefused(problem)
    key = college_key(name)
    found = queries.college_like(registrar_email, key)
    if found is None:
        found = College(
            reference=references.new(COLLEGE_PREFIX),
            name=name,
            key=key,
            registrar_email=registrar_email,
            created_at=at,
            replaced_by=None,
        )
        db.session.add(found)
        db.session.flush()
    return found


def correct(*, college: College, name: str, registrar_email: str, actor: Actor, at: dt.datetime) -> College:
    """Set a college right, and return what is right: its own row, which the wrong one names from now on.

    What students agreed to and where letters went stays as it was. Only how a name is written is changed in place.
    Raises MailboxRefused, CollegeUnchanged, CollegeReplaced for what was set right before.
    """
    if college.replaced_by_id is not None:
        raise CollegeReplaced
    before = {"name": college.name, "registrar_email": college.registrar_email}
    right = named(name=name, registrar_email=registrar_email, at=at)
    if right is college:
        if college.name == name:
            raise CollegeUnchanged
        college.name = name
    else:
        # What led to the wrong one leads on, and what is right again is followed by nothing, whoever sets it right now.
        queries.any_college(right.reference, lock=True).replaced_by_id = None
        db.session.flush()
        led_here = sa.or_(College.replaced_by_id == college.id, College.id == college.id)
        db.session.execute(sa.update(College).where(led_here).values(replaced_by_id=right.id))
    changed = difference(before, {"name": name, "registrar_email": registrar_email})
    fields = sorted(changed["new"])
    note(college, "college.corrected", actor=actor, at=at, data={"fields": fields}, personal=changed)
    for task in _open_tasks(college):
        finish_by_key(key=task.key, at=at)
    return right


def unreached(values: Mapping[str, Any], recipient: str, said: str, at: dt.datetime) -> None:
    """Put a letter that did not reach a registrar before staff: one task for each college, while it is open.

    Whoever sees the request through that the letter was about has it. ``values`` are those of the letter. A mailbox
    that was set right since, and a request that is over, need nobody.
    """
    query = (
        sa.select(College, CreditRequest.assigned_to)
        .join(CreditRequest, CreditRequest.college_id == College.id)
        .where(CreditRequest.reference == values.get("reference"), CreditRequest.ended_at.is_(None))
        .where(College.registrar_email == recipient, College.replaced_by_id.is_(None))
    )
    found = db.session.execute(query).first()
    if found is None or _open_tasks(found.College):
        return
    college, owner = found
    raise_task(
        kind=UNREACHED,
        key=f"registrar_unreached:{college.reference}:{at:%Y%m%d%H%M%S%f}",
        about=college.reference,
        owner=owner,
        sentence=f"Our letter to the registrar of {college.name}, {recipient}, came back: {said} Find the right "
        "mailbox, set it right here, and send the letter again.",
        at=at,
    )


def _open_tasks(college: College) -> list[Task]:
    found = tasks.about(college.reference)
    return [one for one in found if one.kind is UNREACHED and one.state is TaskState.OPEN]
