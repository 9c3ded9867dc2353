"""How addresses stand: what came back from them, and that one works again."""

import datetime as dt

from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold
from provider.kernel.registry import registry
from provider.mail import queries
from provider.mail.models import AddressHealth, OutboxLetter
from provider.mail.rules import ADDRESS_LIFECYCLE, ADDRESS_PREFIX, AddressState, address_after


def came_back(
    letter: OutboxLetter, *, said: str, at: dt.datetime, hard: bool = False, complained: bool = False
) -> AddressHealth:
    """Remember that a letter came back, for good (``hard``) or not, or that its recipient ``complained`` of it.

    A letter that a server refused because there is no such address came back, too. Only the letter's own recipient is
    marked. The same letter coming back softly twice counts once.
    """
    health = queries.health(letter.recipient, lock=True)
    again = health is not None and health.letter == letter.reference
    soft = 0 if health is None else health.soft_bounces
    soft += not hard and not complained and not again
    if hard:
        tell_of(letter, said=said, at=at)
    state = address_after(health.state if health else None, hard=hard, complained=complained, soft_bounces=soft)
    if health is None:
        health = hold(
            AddressHealth(
                reference=references.new(ADDRESS_PREFIX), email=letter.recipient, state=state, soft_bounces=soft,
                letter=letter.reference, said=said, since=at, last_at=at,
            )
        )  # fmt: skip
        history.born(health, actor=SYSTEM, at=at)
        db.session.flush()
        return health
    if state is not health.state:
        history.move(health, state, ADDRESS_LIFECYCLE, actor=SYSTEM, at=at)
        health.since = at
    health.soft_bounces, health.letter, health.said, health.last_at = soft, letter.reference, said, at
    return health


def tell_of(letter: OutboxLetter, *, said: str, at: dt.datetime) -> None:
    """Let the room of a letter hear that it did not arrive."""
    hears = registry().unreached.get(letter.template)
    if hears is not None:
        hears(letter.values, letter.recipient, said, at)


def works_again(health: AddressHealth, *, actor: Actor, at: dt.datetime) -> AddressHealth:
    """Believe somebody who says that letters to an address arrive again; raises IllegalTransition if it was said."""
    history.move(health, AddressState.WORKS, ADDRESS_LIFECYCLE, actor=actor, at=at)
    health.soft_bounces, health.since = 0, at
    return health
