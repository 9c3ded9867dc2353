"""What the search box finds of threads, one source for each mailbox."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.kernel.database import db, table
from provider.kernel.finding import Hit, Source, Typed
from provider.mail.rules import Mailbox
from provider.search.queries import has_word
from provider.threads.lists import SEES
from provider.threads.models import Thread
from provider.threads.rules import SEARCH_KIND, THREAD_PREFIX, ThreadState

_T = table(Thread).c
_THREADS = sa.select(_T.reference, _T.subject, _T.correspondent, _T.state, _T.last_at)


def threads(mailbox: Mailbox, words: Sequence[Typed], most: int) -> list[Hit]:
    """Return threads by the words of their subject, by name and address, the newest first."""
    here = sa.and_(_T.mailbox == mailbox, _T.state != ThreadState.MERGED)
    query = _THREADS.where(here, *(has_word(SEARCH_KIND, word, _T.id) for word in words))
    return [_hit(row) for row in db.session.execute(query.order_by(_T.id.desc()).limit(most))]


def thread(mailbox: Mailbox, reference: str) -> Hit | None:
    """Return a thread by reference."""
    row = db.session.execute(_THREADS.where(_T.reference == reference, _T.mailbox == mailbox)).first()
    return None if row is None else _hit(row)


def _hit(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.subject,
        href=url_for("staff_messages.show", reference=row.reference),
        text=f"From {row.correspondent}",
        address=row.correspondent,
        state=row.state,
        at=row.last_at,
    )


def source(mailbox: Mailbox, rank: int) -> Source:
    """Return what the search box finds in one mailbox."""
    return Source(
        f"Messages to {mailbox}@",
        f"Messages to {mailbox}@, by subject, name, e-mail address or reference ({THREAD_PREFIX}-…)",
        SEES[mailbox],
        rank=rank,
        prefixes=(THREAD_PREFIX,),
        kind=SEARCH_KIND,
        named=partial(thread, mailbox),
        worded=partial(threads, mailbox),
        whole_list=lambda typed: url_for("staff_messages.index", q=typed, state="all", mailbox=mailbox.value),
    )


SOURCES = {f"messages_{mailbox}": source(mailbox, 45 + number) for number, mailbox in enumerate(Mailbox)}
