"""Taking a code, with limits on tries: the second step of signing in, and of being asked again."""

import datetime as dt

from provider.accounts import factors, queries
from provider.accounts.factors import KeyChanged, NoFactor, WrongCode
from provider.accounts.throttles import count_try, forget_key
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.database import unit_of_work
from provider.kernel.errors import TooMany
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import client, received_at

QUARTER = dt.timedelta(minutes=15)
HOUR = dt.timedelta(hours=1)


def code_fits(form: Form, field: str, reference: str, actor: Actor) -> bool:
    """Take the code of a form, once, for a person; else put the sentence beside its field, or above the form."""
    try:
        check_code(reference=reference, code=form.data[field], client=client(), actor=actor, at=received_at())
    except (WrongCode, KeyChanged) as refusal:
        form.add_error(field, refusal.sentence)
    except (TooMany, NoFactor) as refusal:
        form.add_error("_schema", refusal.sentence)
    return form.ok


def check_code(*, reference: str, code: str, client: str, actor: Actor, at: dt.datetime) -> None:
    """Take a code of a person, once; raises TooMany, and what `factors.take_code` raises.

    Wrong codes are counted for account and client, and for the account: only who knows the password gets here, so a
    stranger keeps nobody out. A try is counted before its code is looked at, so that tries at once count as well.
    """
    known, keys = settings(), (f"second-factor:{reference}:{client}", f"second-factor:{reference}")
    with unit_of_work():
        count_try(key=keys[0], limit=known.CODE_TRIES, window=QUARTER, at=at)
        count_try(key=keys[1], limit=known.CODE_TRIES_OF_ACCOUNT, window=HOUR, at=at)
    try:
        with unit_of_work():
            factors.take_code(person=queries.by_reference(reference, lock=True), code=code, actor=actor, at=at)
            for key in keys:
                forget_key(key)
    except WrongCode:
        with unit_of_work():
            note(
                queries.by_reference(reference), "person.code_refused", actor=actor, at=at, personal={"client": client}
            )
        raise
