import time
from collections.abc import Callable

import pytest

from provider.files.rules import Fault, fault
from tests.harness.hostile_files import CORPUS, PDF, jpeg, png


@pytest.mark.parametrize("name", CORPUS)
def test_each_file_is_refused_for_what_it_is_or_can_do_no_harm(name: str) -> None:
    data, why = CORPUS[name]
    begun = time.perf_counter()
    assert fault(data) is why
    assert time.perf_counter() - begun < 0.5


def test_the_corpus_has_more_than_twenty_that_are_refused() -> None:
    assert sum(why is not None for _, why in CORPUS.values()) > 20
    assert {why for _, why in CORPUS.values() if why} == set(Fault)


@pytest.mark.parametrize("make", [png, jpeg])
def test_the_largest_pictures_are_taken_and_none_larger(make: Callable[[int, int], bytes]) -> None:
    assert fault(make(12_000, 10_000)) is None
    assert fault(make(12_000, 10_001)) is Fault.MANY_PIXELS
    assert fault(make(30_000, 4_000)) is None
    assert fault(make(30_001, 3_900)) is Fault.MANY_PIXELS


def test_blanks_behind_a_pdf_do_no_harm() -> None:
    assert fault(PDF + b"\r\n\0\0  ") is None
    assert fault(PDF.rstrip()) is None


def test_each_fault_says_what_to_do() -> None:
    assert len({one.sentence for one in Fault}) == len(Fault)
    assert all(one.sentence.endswith(".") for one in Fault)
