"""Counters toward credentials: the numbers of R19 with their sources, and what is still missing."""

import re

from provider.fieldwork.counters import COUNTERS, standings
from provider.fieldwork.rules import ProcedureKind

K = ProcedureKind


def test_the_numbers_are_those_that_the_bodies_ask_for() -> None:
    assert {counter.key: {kind.value: asked for kind, asked in counter.asks.items()} for counter in COUNTERS} == {
        "nha-cpt": {"venipuncture": 30, "capillary": 10},
        "amt-rpt": {"venipuncture": 50, "capillary": 10},
        "ca-cpt-1": {"venipuncture": 50, "capillary": 10},
        "nha-cet": {"ekg": 10},
    }


def test_each_names_where_and_when_it_was_read_and_the_license_says_that_it_is_one() -> None:
    assert all(re.fullmatch(r"[JFMASOND][a-z]+ 20\d\d", counter.source.read) for counter in COUNTERS)
    assert all(counter.source.url.startswith(("https://", "http://")) for counter in COUNTERS)
    licenses = [counter for counter in COUNTERS if counter.is_license]
    assert [counter.key for counter in licenses] == ["ca-cpt-1"]
    assert "Only a training program that the State of California has approved counts" in (licenses[0].remark or "")


def test_what_is_missing_is_told_and_never_less_than_nothing() -> None:
    found = {one.counter.key: one for one in standings({K.VENIPUNCTURE: 49, K.CAPILLARY: 12})}
    assert [(line.kind.value, line.missing, line.percent) for line in found["amt-rpt"].lines] == [
        ("venipuncture", 1, 98),
        ("capillary", 0, 100),
    ]
    assert {key: one.reached for key, one in found.items()} == {
        "nha-cpt": True,
        "amt-rpt": False,
        "ca-cpt-1": False,
        "nha-cet": False,
    }
    assert all(line.missing == line.asked for one in standings({}) for line in one.lines)
