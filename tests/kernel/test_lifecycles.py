import pytest

from provider.kernel.lifecycles import IllegalTransition, Lifecycle, State


class Light(State):
    RED_LIGHT = "red_light"
    GREEN = "green"
    BROKEN = "broken"


LIFECYCLE = Lifecycle(
    {Light.RED_LIGHT: frozenset({Light.GREEN, Light.BROKEN}), Light.GREEN: frozenset({Light.RED_LIGHT})}
)


def test_a_lifecycle_lets_pass_exactly_what_its_table_names() -> None:
    allowed = {(old, new) for old in Light for new in Light if LIFECYCLE.can(old, new)}
    assert allowed == {
        (Light.RED_LIGHT, Light.GREEN),
        (Light.RED_LIGHT, Light.BROKEN),
        (Light.GREEN, Light.RED_LIGHT),
    }


def test_a_last_state_is_named_and_leads_nowhere() -> None:
    assert set(LIFECYCLE) == set(Light)
    assert len(LIFECYCLE) == 3
    assert LIFECYCLE[Light.BROKEN] == frozenset()


def test_an_illegal_transition_says_how_it_stands() -> None:
    LIFECYCLE.check(Light.RED_LIGHT, Light.GREEN)
    with pytest.raises(IllegalTransition) as caught:
        LIFECYCLE.check(Light.BROKEN, Light.RED_LIGHT)
    assert (caught.value.old, caught.value.new, caught.value.status) == (Light.BROKEN, Light.RED_LIGHT, 409)
    assert caught.value.sentence == (
        "This is broken by now and cannot become red light. Reload the page to see how it stands."
    )


def test_a_state_is_neutral_and_reads_in_sentence_case_unless_its_room_says_more() -> None:
    assert [(state.label, state.tone) for state in Light] == [
        ("Red light", "neutral"),
        ("Green", "neutral"),
        ("Broken", "neutral"),
    ]
