"""Between password and code: who gave the right password waits here, in the signed cookie, and nothing opens yet."""

import datetime as dt

from flask import session

from provider.accounts import queries
from provider.accounts.links import hash_of
from provider.accounts.rules import HALF_SIGNED_IN
from provider.kernel import clock

HALF = "half"


def wait(account: queries.Account) -> None:
    """Remember for ten minutes that this browser gave the password of an account."""
    session[HALF] = {"who": account.email, "at": clock.now().isoformat(), "by": _mark(account)}
    session.permanent = True


def waiting(now: dt.datetime) -> queries.Account | None:
    """Return whose password this browser gave; nobody when that is too long ago, or the password or a lock changed."""
    half = session.get(HALF)
    if half is None or now - dt.datetime.fromisoformat(half["at"]) > HALF_SIGNED_IN:
        return None
    account = queries.to_sign_in(half["who"])
    stands = account is not None and account.disabled_at is None and _mark(account) == half["by"]
    return account if stands else None


def _mark(account: queries.Account) -> str:
    """Return what changes with the password; the cookie can be read, and from this nobody learns anything."""
    return hash_of(f"half:{account.password_hash}")[:32]
