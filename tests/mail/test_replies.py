import datetime as dt

import pytest

from provider.mail.replies import read_address, reply_address
from provider.mail.rules import REPLY_DAYS, Mailbox
from tests.harness.letters import POSTED

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.one_database("sqlite")]

WHO = "ana@example.com"
LAST = dt.datetime(2027, 5, 20, 23, 59, 59, tzinfo=dt.UTC)


def address(recipient: str = WHO, mailbox: Mailbox = Mailbox.EXTERNSHIP) -> str:
    return reply_address(letter="L-7K2M9Q4T", recipient=recipient, mailbox=mailbox, queued_at=POSTED)


@pytest.mark.parametrize("mailbox", Mailbox)
def test_an_address_says_which_letter_is_answered_and_fits_any_mail_server(mailbox: Mailbox) -> None:
    local, _, domain = address(mailbox=mailbox).partition("@")
    found = read_address(address(mailbox=mailbox))
    assert (domain, len(local) <= 64) == ("example.org", True)
    assert found is not None
    assert (found.letter, found.mailbox, found.is_ours(WHO, now=POSTED)) == ("L-7K2M9Q4T", mailbox, True)


def test_its_last_day_counts_whole() -> None:
    found = read_address(address())
    assert found is not None
    assert found.ends_on == LAST.date() == (POSTED + dt.timedelta(days=REPLY_DAYS)).date()
    assert found.is_ours(WHO, now=LAST)
    assert not found.is_ours(WHO, now=LAST + dt.timedelta(seconds=1))


def test_servers_that_fold_the_case_of_addresses_do_no_harm() -> None:
    found = read_address(address().upper())
    assert found is not None
    assert found.is_ours(WHO.title(), now=POSTED)


def test_an_address_made_for_somebody_else_is_not_ours() -> None:
    found = read_address(address())
    assert found is not None
    assert not found.is_ours("ben@example.com", now=POSTED)


@pytest.mark.parametrize("at", range(len("externship+"), len("externship+") + 28))
def test_whoever_changes_one_letter_of_it_gets_nowhere(at: int) -> None:
    ours = address()
    changed = ours[:at] + ("2" if ours[at] != "2" else "3") + ours[at + 1 :]
    found = read_address(changed)
    assert found is None or not found.is_ours(WHO, now=POSTED)


@pytest.mark.parametrize(
    "other",
    ["", "externship@example.org", "externship+@example.org", "externship+abc@example.org", "a@b@c", "\x00@example.org",
     "bursar+7k2m9q4t0001aaaaaaaaaaaaaaaa@example.org", "externship+7k2m9q4t0001aaaaaaaaaaaaaaaa@example.com"],
)  # fmt: skip
def test_any_other_address_is_none_of_ours(other: str) -> None:
    assert read_address(other) is None
