"""Checking an address and a password, with limits on tries; it tells nobody whether there is such an account."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from provider.accounts import queries
from provider.accounts.passwords import hash_password, is_outdated, password_fits
from provider.accounts.throttles import Try, count_try, forget_key, take_back
from provider.jobs.actions import enqueue
from provider.kernel.database import unit_of_work
from provider.kernel.errors import TooMany
from provider.kernel.settings import settings

FAILED = "accounts.sign_in_failed"
QUARTER = dt.timedelta(minutes=15)
HOUR = dt.timedelta(hours=1)


class StrangersWait(TooMany):
    """So many wrong passwords were tried for an account that browsers it does not know have to wait."""

    sentence = (
        "Too many wrong passwords were tried for this account. You can still sign in with a browser that you signed in "
        "with before. For this browser, ask for a link to set a new password, or wait {minutes} minutes."
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: what was typed, in which browser, from where; ``device`` is set if the account knows it."""

    email: str
    device: str | None
    client: str
    browser: str
    at: dt.datetime
    request_id: str

    @property
    def own(self) -> Try:
        """This browser's tries for this account; a browser that the account does not know is counted by its client."""
        who = f"device:{self.device}" if self.device else f"client:{self.client}"
        return Try(f"sign-in:{self.email}:{who}", settings().SIGN_IN_TRIES, QUARTER)

    @property
    def among_strangers(self) -> Iterator[tuple[Try, type[TooMany]]]:
        """The tries it shares: those of its client for all accounts, those of all strangers for this account."""
        if self.device is None:
            yield Try(f"sign-in:client:{self.client}", settings().SIGN_IN_TRIES_OF_CLIENT, QUARTER), TooMany
            yield Try(f"sign-in:account:{self.email}", settings().SIGN_IN_TRIES_OF_STRANGERS, HOUR), StrangersWait


def check(account: queries.Account | None, password: str, attempt: Attempt) -> bool:
    """Say whether somebody may sign in; raises TooMany, StrangersWait.

    It costs the same hashes and statements whether there is no such account, the password is wrong, or it is locked.
    """
    _count(attempt)
    fits = password_fits(account.password_hash if account else None, password)
    right = fits and account is not None and account.disabled_at is None
    renewed = _renewed(account, password) if account is not None and right else None
    with unit_of_work():
        if right:
            _forget(attempt)
            if account is not None and renewed is not None:
                queries.by_reference(account.reference).password_hash = renewed
        else:
            _note_failure(attempt)
    return right


def _renewed(account: queries.Account, password: str) -> str | None:
    """Return a hash by the settings of today if the stored one has others."""
    if account.password_hash is None or not is_outdated(account.password_hash):
        return None
    return hash_password(password)


def _count(attempt: Attempt) -> None:
    """Count a try before its password is looked at, so that tries at the same time are counted, too."""
    with unit_of_work():
        _count_one(attempt.own, TooMany, attempt.at)
        for shared, refusal in attempt.among_strangers:
            _count_one(shared, refusal, attempt.at)


def _count_one(tried: Try, refusal: type[TooMany], at: dt.datetime) -> None:
    try:
        count_try(key=tried.key, limit=tried.limit, window=tried.window, at=at)
    except TooMany as full:
        raise refusal(wait=full.wait) from full


def _forget(attempt: Attempt) -> None:
    """Forget this browser's wrong tries; of those it shares only this one was right."""
    forget_key(attempt.own.key)
    for shared, _ in attempt.among_strangers:
        take_back(key=shared.key, window=shared.window, at=attempt.at)


def _note_failure(attempt: Attempt) -> None:
    """Leave it to a job to find out whose history it belongs to: here it would take longer for a known address."""
    payload = {
        "email": attempt.email,
        "client": attempt.client,
        "browser": attempt.browser,
        "at": attempt.at.isoformat(),
        "request_id": attempt.request_id,
    }
    enqueue(kind=FAILED, key=f"{FAILED}:{attempt.request_id}", payload=payload, at=attempt.at)
