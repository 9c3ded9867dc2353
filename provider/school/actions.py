"""Setting what a school says of itself; each change is remembered with what stood there before."""

import datetime as dt
from collections.abc import Mapping

from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.school import accent, queries
from provider.school.models import SchoolSetting
from provider.school.rules import EVENT, Key


class SetByOperator(DomainError):
    """The environment sets this, and wins over the page."""

    code = "set_by_operator"

    def __init__(self, key: Key) -> None:
        super().__init__(f"The operator of this machine sets this ({key}). Ask them to change it, or to take it out.")


class ZoneFixed(DomainError):
    """Dates of money count in the zone."""

    code = "zone_fixed"
    sentence = (
        "The time zone stays as it is since the first student has enrolled: the dates of their payments and of their "
        "refunds count in it."
    )


class Unreadable(DomainError):
    """The color would make words that cannot be read; the sentence names the nearest that would not."""

    status = 422
    code = "color_unreadable"


def save(*, values: Mapping[Key, str], zone_fixed: bool, actor: Actor, at: dt.datetime) -> frozenset[Key]:
    """Set what a school says of itself; returns the settings that were changed, or set for the first time.

    ``zone_fixed`` says that a student has enrolled. Raises SetByOperator, ZoneFixed, Unreadable; then nothing is kept.
    """
    changed = set()
    for key, value in values.items():
        if key in queries.operators().given:
            raise SetByOperator(key)
        row = queries.setting(key, lock=True)
        old = row.value if row else str(getattr(queries.operators(), key))
        _check(key, old, value, zone_fixed=zone_fixed)
        if row is not None and old == value:
            continue
        if row is None:
            row = SchoolSetting(key=key, value=value, set_at=at, set_by=actor.reference)
            db.session.add(row)
        row.value, row.set_at, row.set_by = value, at, actor.reference
        db.session.flush()
        note(row, EVENT, actor=actor, at=at, data={"setting": key.value, "old": old, "new": value})
        changed.add(key)
    return frozenset(changed)


def _check(key: Key, old: str, new: str, *, zone_fixed: bool) -> None:
    if key is Key.ZONE and zone_fixed and new != old:
        raise ZoneFixed
    if key is Key.ACCENT and new and (sentence := accent.problem(new)) is not None:
        raise Unreadable(sentence)
