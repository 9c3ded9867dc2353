"""One search over everything that rooms handed in: what one may see, by kind, in a constant number of statements."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from provider.kernel.finding import Hit, Source
from provider.kernel.registry import registry
from provider.search.queries import typed_in
from provider.search.rules import whole_reference

MOST = 5
MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Group:
    """What one source found; ``more`` when there is more of it, ``href`` the list that shows all of it."""

    label: str
    hits: Sequence[Hit]
    more: bool
    href: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a whole reference leads, or else everything found, by kind."""

    straight: str | None = None
    groups: Sequence[Group] = ()


def open_sources(may: Callable[[str], bool]) -> list[Source]:
    """Return the sources that somebody may search, in the order they are shown."""
    return sorted((source for source in registry().sources.values() if may(source.needs)), key=lambda one: one.rank)


def find(typed: str, *, may: Callable[[str], bool], most: int = MOST) -> Found:
    """Find what was typed in whatever the person may see; nothing else is asked, so nothing else can be told.

    Letters and tasks are found around what was found before them, so their number of statements is constant too.
    """
    sources = open_sources(may)
    if (named := _named(typed, sources)) is not None:
        return Found(straight=named.href)
    words = typed_in(sorted({source.kind for source in sources}), typed)
    found = {
        source.label: source.worded(words[source.kind], most + 1) for source in sources if source.worded is not None
    }
    names = _names(hit for hits in found.values() for hit in hits[:most])
    for source in sources:
        if source.told is not None and names:
            found[source.label] = _once([*found.get(source.label, ()), *source.told(names, most + 1)])
    shown = [source for source in sources if found.get(source.label)]
    return Found(groups=[_group(source, found[source.label], typed, most) for source in shown])


def _named(typed: str, sources: Sequence[Source]) -> Hit | None:
    """Return the record of a whole reference, if it was one and may be seen."""
    reference = whole_reference(typed)
    if reference is None:
        return None
    prefix, whole = reference
    for source in sources:
        if prefix in source.prefixes and source.named is not None and (hit := source.named(whole)) is not None:
            return hit
    return None


def _names(hits: Iterable[Hit]) -> list[str]:
    return list(dict.fromkeys(name for hit in hits for name in hit.names))[:MOST_NAMES]


def _once(hits: Sequence[Hit]) -> list[Hit]:
    return list({hit.reference: hit for hit in hits}.values())


def _group(source: Source, hits: Sequence[Hit], typed: str, most: int) -> Group:
    href = source.whole_list(typed) if source.whole_list is not None else None
    return Group(source.label, hits[:most], more=len(hits) > most, href=href)
