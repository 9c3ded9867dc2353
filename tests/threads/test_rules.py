import datetime as dt

import pytest

from provider.threads.rules import (
    LIFECYCLE,
    Placeholder,
    Standing,
    ThreadState,
    allows,
    earlier,
    fill,
    first_state,
    placeholders,
    reply_subject,
    state_after,
    unknown_placeholders,
    waited,
)

_S = ThreadState


def test_a_message_waits_for_an_answer_unless_nobody_wrote_it_or_nobody_may_be_believed() -> None:
    assert [first_state(standing, automatic=False) for standing in Standing] == [_S.WAITING] * 3 + [_S.QUARANTINED]
    assert [first_state(standing, automatic=True) for standing in Standing] == [_S.CLOSED] * 3 + [_S.QUARANTINED]


@pytest.mark.parametrize("state", ThreadState)
@pytest.mark.parametrize("standing", Standing)
def test_a_thread_goes_only_where_its_lifecycle_lets_it(state: _S, standing: Standing) -> None:
    for automatic in (False, True):
        after = state_after(state, standing, automatic=automatic)
        assert after is state or LIFECYCLE.can(state, after)


@pytest.mark.parametrize("state", [_S.ANSWERED, _S.CLOSED])
def test_whoever_writes_again_opens_a_thread_again_and_a_machine_does_not(state: _S) -> None:
    assert state_after(state, Standing.UNKNOWN, automatic=False) is _S.WAITING
    assert state_after(state, Standing.UNKNOWN, automatic=True) is state


def test_a_placeholder_is_one_pair_of_braces_around_a_known_name() -> None:
    facts = {Placeholder.NAME: "{school}", Placeholder.SCHOOL: "Sample School"}
    text = "Hello {name} of {school}. {{7*7}} {{name}} {missing} {% raw %}"
    assert fill(text, facts) == "Hello {school} of Sample School. {{7*7}} {{name}} {missing} {% raw %}"
    assert placeholders(text) == {Placeholder.NAME, Placeholder.SCHOOL, Placeholder.MISSING}
    assert unknown_placeholders("{name} {Name} { name } {price} {price} {{7*7}} {7}") == [
        "{Name}",
        "{ name }",
        "{price}",
    ]


def test_a_reply_says_so_once() -> None:
    assert [reply_subject(one) for one in ("TB test", "RE: TB test")] == ["Re: TB test", "RE: TB test"]


def test_only_proved_writers_are_told_what_records_say() -> None:
    assert [one for one in Placeholder if one.of_records] == [Placeholder.PROGRAM, Placeholder.MISSING]
    assert all(allows(standing).endswith(".") for standing in Standing)


def test_the_last_ten_messages_stand_open_and_no_single_one_is_folded() -> None:
    assert [earlier(number) for number in (0, 10, 11, 12, 40)] == [0, 0, 0, 2, 30]


@pytest.mark.parametrize(
    "minutes, told",
    [(-5, "less than an hour"), (0, "less than an hour"), (59, "less than an hour"), (60, "1 hour"),
     (47 * 60 + 59, "47 hours"), (48 * 60, "2 days"), (72 * 60 - 1, "2 days"), (72 * 60, "3 days")],
)  # fmt: skip
def test_who_waits_is_told_for_how_long_in_hours_and_days_that_are_over(minutes: int, told: str) -> None:
    since = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
    assert waited(since, since + dt.timedelta(minutes=minutes)) == told
