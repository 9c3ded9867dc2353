"""Keeping texts for answers."""

import datetime as dt

import sqlalchemy as sa

from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold, rows_changed
from provider.kernel.errors import DomainError
from provider.kernel.text import listed
from provider.mail.rules import Mailbox
from provider.threads.models import CannedText
from provider.threads.rules import CANNED_PREFIX, Placeholder, unknown_placeholders


class UnknownPlaceholder(DomainError):
    """A text names something that nothing is put in the place of."""

    status = 422
    code = "unknown_placeholder"
    sentence = "This text has a placeholder that there is none of."


class TitleTaken(DomainError):
    """Two texts of one name cannot be told apart."""

    code = "canned_title_taken"
    sentence = "Another text has this title. Choose one that tells them apart."


class Retired(DomainError):
    """A text that was taken away is not changed any more."""

    code = "canned_retired"
    sentence = "This text was taken away. Write a new one."


def check_placeholders(text: str) -> None:
    """Raise UnknownPlaceholder with a sentence that names it and those there are."""
    unknown = unknown_placeholders(text)
    if unknown:
        known = listed([f"{{{one}}}" for one in Placeholder], "or")
        raise UnknownPlaceholder(f"Nothing is put in the place of {listed(unknown)}. Write {known}, just like that.")


def write(*, title: str, mailbox: Mailbox | None, text: str, actor: Actor, at: dt.datetime) -> CannedText:
    """Keep a text; raises UnknownPlaceholder and TitleTaken. That titles differ is a unique index, too."""
    check_placeholders(text)
    _check_title(title, None)
    reference = references.new(CANNED_PREFIX)
    kept = hold(CannedText(reference=reference, title=title, mailbox=mailbox, text=text, changed_at=at))
    history.note(kept, "canned_text.written", actor=actor, at=at, data={"new": {"title": title}})
    return kept


def change(
    kept: CannedText, *, title: str, mailbox: Mailbox | None, text: str, actor: Actor, at: dt.datetime
) -> CannedText:
    """Change a text that is locked; raises UnknownPlaceholder, TitleTaken and Retired."""
    check_placeholders(text)
    if kept.retired_at is not None:
        raise Retired
    _check_title(title, kept.id)
    old = {"title": kept.title, "mailbox": kept.mailbox, "text": kept.text}
    kept.title, kept.mailbox, kept.text, kept.changed_at = title, mailbox, text, at
    data = history.difference(old, {"title": title, "mailbox": mailbox, "text": text})
    if data:
        history.note(kept, "canned_text.changed", actor=actor, at=at, data=data)
    return kept


def retire(kept: CannedText, *, actor: Actor, at: dt.datetime) -> None:
    """Take a text away, once; raises Retired. It stays in the history."""
    taken = sa.update(CannedText).where(CannedText.id == kept.id, CannedText.retired_at.is_(None))
    if rows_changed(taken.values(retired_at=at)) != 1:
        raise Retired
    history.note(kept, "canned_text.retired", actor=actor, at=at)


def _check_title(title: str, but: int | None) -> None:
    """Say it in words before the index does."""
    others = sa.select(CannedText.id).where(CannedText.title == title, CannedText.retired_at.is_(None))
    if db.session.scalar(others.where(CannedText.id != (but or 0))) is not None:
        raise TitleTaken
