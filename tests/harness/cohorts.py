"""Wishes and places of the pure rules as the columns that the planner reads."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from provider.documents.rules import DocumentKind, DocumentState
from provider.externships.candidates import ALWAYS, Places, Students
from provider.externships.fitting import Place, Wish, minutes_needed
from provider.externships.plan_columns import KINDS, NO_KIND, PAIR, SITE_KINDS, covered_from


def students_of(wishes: Sequence[Wish], waited: Sequence[int]) -> Students:
    liked = sorted(
        (row * PAIR + location, rank)
        for row, wish in enumerate(wishes)
        for rank, location in enumerate(wish.preferred, 1)
    )
    return Students(
        ids=whole([one.id for one in wishes]),
        programs=whole([one.program_id for one in wishes]),
        latitude=np.array([one.point.latitude if one.point else np.nan for one in wishes]),
        longitude=np.array([one.point.longitude if one.point else np.nan for one in wishes]),
        miles=whole([one.miles for one in wishes]),
        weekdays=whole([one.pattern.weekdays for one in wishes]),
        from_minute=whole([one.pattern.from_minute for one in wishes]),
        until_minute=whole([one.pattern.until_minute for one in wishes]),
        earliest=whole([one.earliest_on.toordinal() for one in wishes]),
        minutes=whole([minutes_needed(one.required_hours) for one in wishes]),
        kinds=whole([NO_KIND if one.kind is None else SITE_KINDS[one.kind] for one in wishes]),
        waited=whole(waited),
        papers=np.array([[_good(one, kind) for kind in DocumentKind] for one in wishes], np.int64),
        declined=np.sort(whole([row * PAIR + site for row, one in enumerate(wishes) for site in one.declined_sites])),
        liked=whole([pair for pair, _ in liked]),
        ranks=whole([rank for _, rank in liked]),
    )


def places_of(places: Sequence[Place], today: dt.date) -> Places:
    """Return open places that are on the map, in their own order."""
    return Places(
        ids=whole([one.id for one in places]),
        programs=whole([one.program_id for one in places]),
        locations=whole([one.location_id for one in places]),
        sites=whole([one.site_id for one in places]),
        kinds=whole([SITE_KINDS[one.kind] for one in places]),
        latitude=np.array([one.point.latitude for one in places if one.point]),
        longitude=np.array([one.point.longitude for one in places if one.point]),
        weekdays=whole([one.pattern.weekdays for one in places]),
        from_minute=whole([one.pattern.from_minute for one in places]),
        until_minute=whole([one.pattern.until_minute for one in places]),
        first=whole([one.period.first_on.toordinal() for one in places]),
        last=whole([one.period.last_on.toordinal() for one in places]),
        tomorrow=whole([today.toordinal() + 1] * len(places)),
        covered_from=whole([covered_from(one.agreements, one.period.last_on) for one in places]),
        papers=whole([sum(1 << KINDS[kind] for kind in one.papers) for one in places]),
        free=whole([one.free for one in places]),
    )


def whole(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def _good(wish: Wish, kind: DocumentKind) -> int:
    accepted = [one for one in wish.papers if one.kind is kind and one.state is DocumentState.ACCEPTED]
    return max(((one.expires_on or dt.date.max).toordinal() for one in accepted), default=ALWAYS)
