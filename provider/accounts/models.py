"""People, their roles, their sessions, signed links, throttles."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.accounts.rules import LONGEST_THROTTLE_KEY, EmailChangeState, LinkState, Role, link_state
from provider.kernel.database import EmailText, Line, Model, Ref, known


class Person(Model):
    """One human with one proven or claimed e-mail address, lower-cased and unique."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    name: Mapped[Line]
    email: Mapped[EmailText]
    email_proved_at: Mapped[dt.datetime | None]
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    zone: Mapped[str] = mapped_column(sa.String(64))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]
    grants: Mapped[list["RoleGrant"]] = relationship(back_populates="person", lazy="selectin")

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
    )

    @property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        """Somebody with at least one role."""
        return bool(self.grants)


class RoleGrant(Model):
    """One role of one person."""

    __tablename__ = "role_grant"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)
    granted_at: Mapped[dt.datetime]
    granted_by: Mapped[Ref | None]
    person: Mapped[Person] = relationship(back_populates="grants")

    __table_args__ = (known("role", Role),)


OPEN_ROWS = sa.text("ended_at IS NULL")


class PersonSession(Model):
    """One browser that somebody is signed in with; its cookie holds a key, the table only the key's hash.

    ``confirmed_at`` is when the person last proved in it who they are, by signing in or when asked again.
    """

    __tablename__ = "person_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    key_hash: Mapped[str] = mapped_column(sa.String(64))
    began_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime]
    browser: Mapped[Line]
    client: Mapped[str] = mapped_column(sa.String(45))
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("key_hash"),
        sa.CheckConstraint("seen_at >= began_at AND confirmed_at >= began_at", name="seen_after_it_began"),
        sa.Index(None, "person_id", sqlite_where=OPEN_ROWS, postgresql_where=OPEN_ROWS),
        sa.Index(None, "person_id", "id"),
    )


_ASKED = sa.text("state = 'asked'")


class EmailChange(Model):
    """One change of an account's address: asked for by its person, confirmed by whoever reads the new mailbox."""

    __tablename__ = "email_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    old_email: Mapped[EmailText]
    new_email: Mapped[EmailText]
    state: Mapped[EmailChangeState]
    asked_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("state", EmailChangeState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint(
            "old_email = lower(old_email) AND new_email = lower(new_email) AND old_email <> new_email",
            name="another_lower_email",
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NOT NULL) = (state IN ('confirmed', 'undone'))", name="confirmed_has_instant"
        ),
        sa.Index(None, "person_id"),
        sa.Index("uq_email_change_asked", "person_id", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
    )


class SecondFactor(Model):
    """The app that makes somebody's codes; its key is derived from the nonce, so that the table alone makes none.

    ``last_step`` is the 30 seconds whose code was taken last: neither that one nor an earlier one is taken again.
    ``key_hash`` tells whether the school's key is still the one that the app's key was made with.
    """

    __tablename__ = "second_factor"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True, autoincrement=False)
    nonce: Mapped[str] = mapped_column(sa.String(64))
    key_hash: Mapped[str] = mapped_column(sa.String(64))
    set_at: Mapped[dt.datetime]
    last_step: Mapped[int]


class RecoveryCode(Model):
    """A code on paper that stands in for the app, once; only its hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    __table_args__ = (sa.UniqueConstraint("person_id", "code_hash"),)


class SignedLink(Model):
    """One link that opens one thing for whoever holds it; the token is derived, only its hash is stored."""

    __tablename__ = "signed_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    purpose: Mapped[str] = mapped_column(sa.String(32))
    subject_reference: Mapped[Ref]
    nonce: Mapped[str] = mapped_column(sa.String(64))
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(None, "purpose", "subject_reference"),
    )

    def state(self, now: dt.datetime) -> LinkState:
        """Say how it stands."""
        return link_state(now=now, expires_at=self.expires_at, used_at=self.used_at, revoked_at=self.revoked_at)


class Throttle(Model):
    """How often something was tried by one key in one window of time."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(sa.String(LONGEST_THROTTLE_KEY), primary_key=True)
    window_start: Mapped[dt.datetime] = mapped_column(primary_key=True)
    tries: Mapped[int]
