"""Everything that changes programs and answers; an edit of a program makes its next version."""

import datetime as dt

from sqlalchemy.orm.attributes import set_committed_value

from provider.history.actions import difference, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.programs import queries
from provider.programs.models import FaqItem, Program, ProgramVersion
from provider.programs.rules import Content


class ProgramRefused(DomainError):
    """What was written of a program cannot be published; the sentence says why."""

    status = 422
    code = "program_refused"


class ProgramChanged(DomainError):
    """Somebody else made a newer version meanwhile."""

    code = "program_changed"
    sentence = "Somebody else changed this program meanwhile. Reload the page and make your change again."


class CodeTaken(DomainError):
    """Another program has this code or this address."""

    code = "program_taken"
    sentence = "Another program has this code or this address already. Choose others, or edit that program."


def add_program(*, slug: str, code: str, position: int, actor: Actor, at: dt.datetime) -> Program:
    """Add a program that is not on sale and says nothing yet."""
    program = Program(reference=references.new("PG"), slug=slug, code=code, position=position, on_sale=False)
    db.session.add(program)
    db.session.flush()
    set_committed_value(program, "versions", [])
    note(program, "program.added", actor=actor, at=at, data={"code": code})
    return program


def open_program(*, slug: str, code: str, actor: Actor, at: dt.datetime) -> Program:
    """Add a program at the end of the page, not on sale and without words yet; raises CodeTaken."""
    if queries.taken(slug=slug, code=code):
        raise CodeTaken
    return add_program(slug=slug, code=code, position=queries.last_position() + 1, actor=actor, at=at)


def save_program_version(
    *,
    program: Program,
    title: str,
    class_weeks: int,
    sample: bool,
    content: Content,
    actor: Actor,
    at: dt.datetime,
    based_on: int | None = None,
) -> ProgramVersion:
    """Add the next version of a program, or return the present one when nothing differs.

    ``based_on`` is the version that the editor saw: ProgramChanged when there is a newer one by now. ProgramRefused
    says what keeps the words from being published. Agreements made before keep what they froze.
    """
    last = queries.program(program.reference, lock=True).versions[:1]
    number = last[0].number if last else 0
    if based_on is not None and based_on != number:
        raise ProgramChanged
    if problems := content.problems():
        raise ProgramRefused(" ".join(problems))
    if unknown := set(content.credentials) - {credential.code for credential in queries.credentials()}:
        raise ProgramRefused(f"There is no credential {', '.join(sorted(unknown))}. Choose from the list.")
    stored = content.as_json()
    if last and (last[0].title, last[0].class_weeks, last[0].sample, last[0].content) == (
        title, class_weeks, sample, stored,
    ):  # fmt: skip
        return last[0]
    version = ProgramVersion(
        program_id=program.id,
        number=number + 1,
        title=title,
        class_weeks=class_weeks,
        sample=sample,
        content=stored,
        created_at=at,
        created_by=actor.reference,
    )
    db.session.add(version)
    db.session.flush()
    db.session.expire(program, ["versions"])
    data = {"number": version.number} | difference(_written(last[0]) if last else {}, _written(version))
    note(program, "program.version_added", actor=actor, at=at, data=data)
    return version


def _written(version: ProgramVersion) -> dict[str, object]:
    own = {"title": version.title, "class_weeks": version.class_weeks, "sample": version.sample}
    return own | version.content


def set_on_sale(*, program: Program, on_sale: bool, actor: Actor, at: dt.datetime) -> bool:
    """Put a program on sale or take it off; returns whether that was a change. Enrollments stay as they are."""
    if program.on_sale is on_sale:
        return False
    program.on_sale = on_sale
    note(program, "program.put_on_sale" if on_sale else "program.taken_off_sale", actor=actor, at=at)
    return True


def save_faq(
    *, slug: str, position: int, question: str, answer: str, actor: Actor, at: dt.datetime,
    updated_at: dt.datetime | None = None,
) -> FaqItem:  # fmt: skip
    """Add or change a question; its date moves only when its words do. ``updated_at`` dates a text older than today."""
    item = queries.faq_by_slug(slug)
    if item is None:
        item = FaqItem(slug=slug, position=position, question=question, answer=answer, updated_at=updated_at or at)
        db.session.add(item)
        db.session.flush()
        note(item, "faq_item.added", actor=actor, at=at, data={"slug": slug} | difference({}, _asked(item)))
        return item
    before = _asked(item)
    item.position = position
    if (item.question, item.answer) != (question, answer):
        stamp = updated_at if updated_at is not None and updated_at > item.updated_at else at
        item.question, item.answer, item.updated_at = question, answer, stamp
    if changed := difference(before, _asked(item)):
        note(item, "faq_item.changed", actor=actor, at=at, data={"slug": slug} | changed)
    return item


def _asked(item: FaqItem) -> dict[str, object]:
    return {"question": item.question, "answer": item.answer, "position": item.position}


def remove_faq(*, item: FaqItem, actor: Actor, at: dt.datetime) -> None:
    """Take a question off the page."""
    note(item, "faq_item.removed", actor=actor, at=at, data={"slug": item.slug} | difference(_asked(item), {}))
    db.session.delete(item)
