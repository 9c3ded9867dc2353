from collections.abc import Callable

import pytest

from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.mail import addresses, queries
from provider.mail.models import AddressHealth
from provider.mail.rules import SOFT_BOUNCES, AddressState, address_after, refuses_address
from tests.harness.letters import POSTED

Post = Callable[..., str]
WHO = "ana@example.com"
_A = AddressState

pytestmark = pytest.mark.usefixtures("context")


def back(reference: str, *, hard: bool = False, complained: bool = False) -> AddressHealth:
    with unit_of_work():
        letter = queries.by_reference(reference)
        return addresses.came_back(letter, said="550 no such user", at=POSTED, hard=hard, complained=complained)


@pytest.mark.parametrize("count", range(1, SOFT_BOUNCES + 1))
def test_three_letters_put_off_are_not_one_that_was_refused(count: int) -> None:
    after = address_after(_A.DOUBTFUL, hard=False, complained=False, soft_bounces=count)
    assert after is (_A.DOUBTFUL if count <= 3 else _A.BOUNCED)


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 No such mailbox",
        "553 5.1.2 We do not know this domain",
        "501 5.1.3 Bad address syntax",
        "551 5.1.6 Moved away",
        "556 5.1.10 This domain takes no mail",
        "550 5.2.1 Mailbox disabled",
    ],
)
def test_a_server_may_refuse_a_letter_for_its_address(said: str) -> None:
    assert refuses_address(said)


@pytest.mark.parametrize(
    "said",
    [
        "450 4.1.1 Not known yet",
        "550 No such user, or so we say",
        "554 5.7.1 Relay access denied",
        "550 5.1.8 Your own domain does not exist",
        "550 5.1.12 Something new",
        "552 5.2.2 Mailbox full",
        "552 5.2.10 Something new",
        "554 5.7.1 as 550 5.1.1 said",
    ],
)
def test_a_server_may_refuse_a_letter_for_what_is_no_fault_of_its_address(said: str) -> None:
    assert not refuses_address(said)


def test_letters_that_come_back_mark_the_address_they_went_to_and_no_other(post: Post) -> None:
    first = post("N-1")
    for number in range(SOFT_BOUNCES):
        assert back(post(f"N-2{number}")).state is (_A.DOUBTFUL if number < 3 else _A.BOUNCED)
    assert queries.troubled([WHO, "ben@example.com"]).keys() == {WHO}
    assert back(first, complained=True).state is _A.COMPLAINED
    assert back(first, hard=True).state is _A.COMPLAINED


def test_one_letter_that_is_put_off_again_and_again_counts_once(post: Post) -> None:
    reference = post()
    assert [back(reference).soft_bounces for _ in range(5)] == [1] * 5


def test_an_address_works_again_once_somebody_says_so(post: Post) -> None:
    back(post("N-1"), hard=True)
    with unit_of_work():
        health = queries.health(WHO, lock=True)
        assert health is not None
        addresses.works_again(health, actor=SYSTEM, at=POSTED)
    assert queries.troubled([WHO]) == {}
    with pytest.raises(IllegalTransition), unit_of_work():
        addresses.works_again(health, actor=SYSTEM, at=POSTED)
    assert back(post("N-2")).state is _A.DOUBTFUL
