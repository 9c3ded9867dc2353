"""The second factor: an app that makes codes (TOTP, RFC 6238), and recovery codes for the day the phone is gone."""

import datetime as dt
import hashlib
import hmac
import secrets
from base64 import b32encode

import pyotp
import sqlalchemy as sa

from provider.accounts import letters, queries
from provider.accounts.links import hash_of
from provider.accounts.models import Person, RecoveryCode, SecondFactor
from provider.accounts.rules import (
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    FactorEvent,
    code_steps,
    is_app_code,
    typed_code,
)
from provider.accounts.session_rows import end_sessions
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert_all, rows_changed
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post

NEW_APP_WRONG = "This code does not fit. Type the code that the app shows now; the phone’s clock has to be right."


class WrongCode(DomainError):
    """A code that does not fit, was taken before, or is too old."""

    status = 422
    code = "wrong_code"
    sentence = "This code does not fit. Each works once and for a short time: wait for the next one in your app."


class KeyChanged(DomainError):
    """The school's key is another one than when the app was set up, so that no code of the app can fit."""

    status = 422
    code = "key_changed"
    sentence = (
        "The codes of your app stopped working when the school’s key was changed. Use a recovery code and set up the "
        "app again, or ask an administrator to reset your second factor."
    )


class NoFactor(DomainError):
    """There is no second factor to do this with."""

    code = "no_factor"
    sentence = "No second factor is set for this account. Set one up first."


def new_nonce() -> str:
    """Return a fresh random part of a key."""
    return secrets.token_urlsafe(32)


def app_key(person: str, nonce: str) -> str:
    """Return the key that goes into a person's app: 160 bits in base 32, derived from the school's own key."""
    school = hashlib.sha256(f"second factor:{settings().SECRET_KEY}".encode()).digest()
    return b32encode(hmac.new(school, f"{person}.{nonce}".encode(), hashlib.sha256).digest()[:20]).decode()


def app_address(*, email: str, key: str) -> str:
    """Return what the QR code says to an app: the school, the account and the key."""
    return pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=settings().SCHOOL_NAME)


def fitting_step(key: str, code: str, *, at: dt.datetime) -> int | None:
    """Return the step whose code this is, of those taken at an instant."""
    typed, app = typed_code(code), pyotp.TOTP(key)
    fits = [step for step in code_steps(at) if hmac.compare_digest(app.generate_otp(step), typed)]
    return fits[-1] if is_app_code(typed) and fits else None


def set_up(
    *, person: Person, nonce: str, code: str, keep_session: str | None, actor: Actor, at: dt.datetime
) -> list[str]:
    """Set an app as the second factor, in place of one that was set; returns the new recovery codes, shown only now.

    The first code shows that the app has the key; it is taken with it. Sessions that began without it end, but for
    ``keep_session``. Raises WrongCode.
    """
    key = app_key(person.reference, nonce)
    step = fitting_step(key, code, at=at)
    if step is None:
        raise WrongCode(NEW_APP_WRONG)
    known = {"nonce": nonce, "key_hash": hash_of(key), "set_at": at, "last_step": step}
    renewed = rows_changed(sa.update(SecondFactor).where(SecondFactor.person_id == person.id).values(**known)) == 1
    if not renewed:
        db.session.add(SecondFactor(person_id=person.id, **known))
    codes = _new_codes(person, at)
    end_sessions(person=person, at=at, but=keep_session)
    _tell(person, FactorEvent.RENEWED if renewed else FactorEvent.SET, actor=actor, at=at)
    return codes


def take_code(*, person: Person, code: str, actor: Actor, at: dt.datetime) -> None:
    """Take a code of the app or a recovery code, once; of two at the same time one wins.

    Raises NoFactor, WrongCode, KeyChanged.
    """
    factor = queries.second_factor(person.id)
    if factor is None:
        raise NoFactor
    if not is_app_code(typed_code(code)):
        _take_recovery_code(person, code, actor=actor, at=at)
        return
    key = app_key(person.reference, factor.nonce)
    if not hmac.compare_digest(hash_of(key), factor.key_hash):
        raise KeyChanged
    step = fitting_step(key, code, at=at)
    if step is None or not _take_step(person, step):
        raise WrongCode


def _take_step(person: Person, step: int) -> bool:
    """Take a step unless it or a later one was taken; the database decides between two at once."""
    later = sa.update(SecondFactor).where(SecondFactor.person_id == person.id, SecondFactor.last_step < step)
    return rows_changed(later.values(last_step=step)) == 1


def _take_recovery_code(person: Person, code: str, *, actor: Actor, at: dt.datetime) -> None:
    unused = sa.update(RecoveryCode).where(
        RecoveryCode.person_id == person.id,
        RecoveryCode.code_hash == _hash(person, typed_code(code)),
        RecoveryCode.used_at.is_(None),
    )
    if rows_changed(unused.values(used_at=at)) != 1:
        raise WrongCode
    _tell(person, FactorEvent.RECOVERY_CODE_USED, actor=actor, at=at)


def renew_codes(*, person: Person, actor: Actor, at: dt.datetime) -> list[str]:
    """Make ten new recovery codes in place of all that were there; returns them, shown only now. Raises NoFactor."""
    if queries.second_factor(person.id) is None:
        raise NoFactor
    codes = _new_codes(person, at)
    _tell(person, FactorEvent.RECOVERY_CODES, actor=actor, at=at)
    return codes


def remove(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Take the second factor off, by the person's own wish; raises NoFactor."""
    _take_off(person)
    _tell(person, FactorEvent.REMOVED, actor=actor, at=at)


def reset(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Take somebody's second factor off because phone and codes are lost; their sessions end. Raises NoFactor."""
    _take_off(person)
    end_sessions(person=person, at=at)
    _tell(person, FactorEvent.RESET, actor=actor, at=at)


def _take_off(person: Person) -> None:
    if rows_changed(sa.delete(SecondFactor).where(SecondFactor.person_id == person.id)) != 1:
        raise NoFactor
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.person_id == person.id))


def _new_codes(person: Person, at: dt.datetime) -> list[str]:
    codes = [
        "".join(secrets.choice(references.ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
    ]
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    row = {"person_id": person.id, "made_at": at, "used_at": None}
    insert_all(RecoveryCode, [row | {"code_hash": _hash(person, code)} for code in codes])
    return codes


def _hash(person: Person, code: str) -> str:
    return hash_of(f"recovery:{person.reference}:{code}")


def _tell(person: Person, event: FactorEvent, *, actor: Actor, at: dt.datetime) -> None:
    """Remember what happened, and tell the person by a letter, so that a theft is noticed."""
    left, required = queries.recovery_codes_left(person.id), person.is_staff and settings().production
    note(person, f"person.second_factor_{event}", actor=actor, at=at)
    post(letters.second_factor(person, event, left=left, required=required, at=at), at=at)
