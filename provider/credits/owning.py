"""Whose a credit request is: one colleague sees it through to a decision, or nobody yet."""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from provider.accounts.rules import Permission
from provider.credits.ending import sent_key, undecided_key
from provider.credits.models import ACTIVE_ROWS, CreditRequest
from provider.credits.refusals import CannotOwn, OwnedAlready, RequestOver
from provider.credits.rules import ENDED
from provider.history.actions import note
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db
from provider.tasks.actions import hand_over

TAKES = frozenset({Permission.SEE_CREDITS, Permission.SEND_CREDITS})  # what it takes to own one


def assign(
    *, request: CreditRequest, to: str | None, may_own: Collection[str], actor: Actor, at: dt.datetime
) -> CreditRequest:
    """Give a request to somebody who may decide on it, or back to nobody; raises RequestOver, CannotOwn."""
    if request.state in ENDED:
        raise RequestOver
    if to is not None and to not in may_own:
        raise CannotOwn
    _give(request, to, actor, at)
    return request


def take(*, request: CreditRequest, may_own: Collection[str], actor: Actor, at: dt.datetime) -> CreditRequest:
    """Let somebody see a request through that is nobody's; raises RequestOver, CannotOwn, OwnedAlready."""
    if request.assigned_to not in {None, actor.reference}:
        raise OwnedAlready
    return assign(request=request, to=actor.reference, may_own=may_own, actor=actor, at=at)


def take_unowned(request: CreditRequest, actor: Actor, at: dt.datetime) -> None:
    """Let a request that is nobody's be that of the colleague who works on it."""
    if request.assigned_to is None and actor.kind is ActorKind.STAFF:
        _give(request, actor.reference, actor, at)


def free(owner: str, held: Collection[str], actor: Actor, at: dt.datetime) -> None:
    """Give what is not over back to nobody where its owner may not decide on it any more."""
    if TAKES.issubset(held):
        return
    theirs = sa.select(CreditRequest).where(ACTIVE_ROWS, CreditRequest.assigned_to == owner)
    for request in db.session.scalars(theirs.order_by(CreditRequest.id).with_for_update()).all():
        _give(request, None, actor, at)


def _give(request: CreditRequest, to: str | None, actor: Actor, at: dt.datetime) -> None:
    """Write down whose a request is, and its open tasks with it; nothing is written where it is so already."""
    if to == request.assigned_to:
        return
    data = {name: value for name, value in {"old": request.assigned_to, "new": to}.items() if value}
    request.assigned_to = to
    event = "credit_request.assigned" if to else "credit_request.freed"
    note(request, event, actor=actor, at=at, about=request.about, data=data)
    keys = {undecided_key(request), sent_key(request)}
    hand_over(keys=keys, old=data.get("old"), new=to, actor=actor, at=at)
