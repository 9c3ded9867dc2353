"""What a new school is told: each step follows from facts, and says what to do."""

from dataclasses import replace
from typing import Any

import pytest

from provider.school.rules import Key
from provider.school.steps import Facts, Standing, Step, Trial, progress, steps

NEW = Facts(
    chosen=frozenset(), name="Sample School", zone="America/New_York", enrolled=False, domain="example.org", color="",
    payment_lines=0, cards_on=False, live_cards=False, webhook_secret=False,
    mail_leaves=False, trial=Trial.NONE, real_programs=0, sample_programs=3, counsel=None,
    second_factor=False, staff=1,
)  # fmt: skip
READY = Facts(
    chosen=frozenset(Key), name="Bay Health", zone="America/Denver", enrolled=True, domain="bay.edu", color="#7a1f5c",
    payment_lines=3, cards_on=True, live_cards=True, webhook_secret=True,
    mail_leaves=True, trial=Trial.SENT, real_programs=1, sample_programs=0,
    counsel="Ada Admin on January 9, 2026", second_factor=True, staff=2,
)  # fmt: skip


def step(facts: Facts, name: str) -> Step:
    (found,) = [each for each in steps(facts) if each.name == name]
    return found


def test_a_new_school_lacks_every_needed_step_and_a_ready_one_none() -> None:
    assert {each.standing for each in steps(NEW)} == {Standing.MISSING, Standing.OPTIONAL}
    assert progress(steps(NEW)) == (8, 8)
    assert {each.standing for each in steps(READY)} == {Standing.DONE}
    assert progress(steps(READY)) == (0, 8)


def test_what_is_optional_is_never_counted_as_missing() -> None:
    bare = replace(READY, chosen=frozenset(Key) - {Key.ACCENT}, color="", staff=1, cards_on=False)
    assert [each.name for each in steps(bare) if each.standing is Standing.OPTIONAL] == ["color", "cards", "staff"]
    assert progress(steps(bare)) == (0, 8)


@pytest.mark.parametrize(
    "name, changed",
    [
        ("name", {"chosen": frozenset(Key) - {Key.NAME}}),
        ("zone", {"chosen": frozenset(Key) - {Key.ZONE}, "enrolled": False}),
        ("mailboxes", {"domain": "school.example.org"}),
        ("letter", {"mail_leaves": False}),
        ("letter", {"trial": Trial.NONE}),
        ("letter", {"trial": Trial.ON_ITS_WAY}),
        ("letter", {"trial": Trial.DELAYED}),
        ("letter", {"trial": Trial.UNATTENDED}),
        ("letter", {"trial": Trial.FAILED}),
        ("payment", {"payment_lines": 0}),
        ("program", {"real_programs": 0}),
        ("program", {"sample_programs": 1}),
        ("program", {"sample_programs": 1, "real_programs": 0}),
        ("counsel", {"counsel": None}),
        ("second-factor", {"second_factor": False}),
    ],
)
def test_each_needed_step_goes_missing_alone(name: str, changed: dict[str, Any]) -> None:
    found = steps(replace(READY, **changed))
    assert [each.name for each in found if each.standing is not Standing.DONE] == [name]
    assert progress(found) == (1, 8)


def test_a_zone_that_students_have_enrolled_in_is_no_question_any_more() -> None:
    assert step(replace(NEW, enrolled=True), "zone").standing is Standing.DONE


def test_every_sentence_of_what_is_missing_is_another_one() -> None:
    told = [step(replace(READY, trial=trial), "letter").sentence for trial in Trial]
    told += [each.sentence for each in steps(NEW)]
    told += [
        step(replace(READY, sample_programs=1), "program").sentence,
        step(replace(READY, real_programs=0), "program").sentence,
    ]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    "changed, done, word",
    [
        ({}, True, "Students pay by card."),
        ({"live_cards": False}, True, "for tests"),
        ({"webhook_secret": False}, False, "signing secret of the webhook is missing"),
        ({"cards_on": False, "webhook_secret": False}, False, "cannot pay by card"),
        ({"cards_on": False}, False, "cannot pay by card"),
    ],
    ids=["live", "test", "no secret", "off", "a secret alone"],
)
def test_cards_are_done_with_both_keys_and_the_secret(changed: dict[str, Any], *, done: bool, word: str) -> None:
    found = step(replace(READY, **changed), "cards")
    assert (found.standing is Standing.DONE, word in found.sentence) == (done, True)
