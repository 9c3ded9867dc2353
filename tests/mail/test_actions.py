import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from provider.jobs.worker import run_due
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.kernel.stretches import Stretch
from provider.mail import actions, handlers, lists, queries
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from tests.harness.letters import POSTED, VALUES, a_letter
from tests.harness.smtp import MailServer

Post = Callable[..., str]
Row = Callable[[str], OutboxLetter]
HOUR = dt.timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("context")


def cancel(reference: str) -> None:
    with unit_of_work():
        actions.cancel(queries.by_reference(reference, lock=True), actor=SYSTEM, at=POSTED)


def resend(reference: str, at: dt.datetime = POSTED + HOUR) -> str:
    with unit_of_work():
        return actions.resend(queries.by_reference(reference, lock=True), actor=SYSTEM, at=at).reference


def test_one_event_makes_one_letter_for_each_recipient(post: Post) -> None:
    post("N-1")
    post("N-1", recipient="ben@example.com")
    with pytest.raises(sa.exc.IntegrityError):
        post("N-1")
    with unit_of_work():
        actions.post_once(a_letter("N-1"), at=POSTED)
        actions.post_once(a_letter("N-2"), at=POSTED)
    assert len(db.session.scalars(sa.select(OutboxLetter)).all()) == 3


def test_a_sent_letter_is_sent_again_as_a_new_one(server: MailServer, post: Post, row: Row) -> None:
    first = post()
    run_due(POSTED)
    second = resend(first)
    run_due(POSTED + HOUR)
    third = resend(second)
    run_due(POSTED + HOUR)
    assert [row(each).event for each in (first, second, third)] == ["N-1", "N-1:again:1", "N-1:again:2"]
    assert [row(each).state for each in (first, second, third)] == [LetterState.SENT] * 3
    assert len({delivery.message_id for delivery in server.deliveries}) == 3
    assert len({delivery.body() for delivery in server.deliveries}) == 1


def test_a_letter_on_its_way_or_canceled_is_not_sent_again(post: Post) -> None:
    reference = post()
    with pytest.raises(actions.OnItsWay):
        resend(reference)
    cancel(reference)
    with pytest.raises(actions.OnItsWay):
        resend(reference)


def test_canceled_letters_stay_and_others_leave(server: MailServer, post: Post, row: Row) -> None:
    canceled = post("N-1")
    others = [
        post("N-2", about="E-22222222"),
        post("N-3", template="certificate_revoked", values=VALUES["certificate_revoked"]),
    ]
    cancel(canceled)
    run_due(POSTED)
    assert row(canceled).state is LetterState.CANCELED
    assert [row(reference).state for reference in others] == [LetterState.SENT] * 2


def test_staff_see_letters_by_state_newest_first(post: Post, server: MailServer) -> None:
    sent = post("N-1")
    run_due(POSTED)
    waiting = post("N-2")
    failed = post("N-3", template="no_such_letter")
    cancel(waiting)
    run_due(POSTED)
    listed = {state: [each.reference for each in lists.staff_page(state).rows] for state in (None, *LetterState)}
    assert listed == {
        None: [failed, waiting, sent],
        LetterState.QUEUED: [],
        LetterState.SENDING: [],
        LetterState.SENT: [sent],
        LetterState.FAILED: [failed],
        LetterState.CANCELED: [waiting],
    }
    told = queries.told(["E-7K2M9Q4T"], Stretch(9, oldest_first=True))
    assert [each.reference for each in told] == [sent, waiting, failed]
    assert db.session.scalar(sa.select(queries.waiting())) == 1
    with pytest.raises(NotFound):
        queries.by_reference("L-22222222")


def test_a_letter_that_hangs_and_one_that_opens_a_link_are_breaches(post: Post, server: MailServer) -> None:
    hanging = post("N-1")
    telling = post("N-2", recipient="ben@example.com")
    run_due(POSTED)
    assert (list(handlers.stuck()), list(handlers.sent_as_stored())) == ([], [])
    with unit_of_work():
        db.session.execute(
            sa.update(OutboxLetter)
            .where(OutboxLetter.reference == hanging)
            .values(state=LetterState.QUEUED, sent_at=None, give_up_at=POSTED - dt.timedelta(days=30))
        )
        db.session.execute(
            sa.update(OutboxLetter)
            .where(OutboxLetter.reference == telling)
            .values(body_text="http://127.0.0.1:8000/links/abc")
        )
    assert [(breach.invariant, breach.subject) for breach in (*handlers.stuck(), *handlers.sent_as_stored())] == [
        (handlers.NEVER_STUCK, hanging),
        (handlers.SENT_AS_STORED, telling),
    ]
