import pytest

from provider.threads.rules import LIFECYCLE, Standing, ThreadState, first_state, state_after

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
