"""Every setting of the application: typed, read from the environment, with its default and its meaning."""

import datetime as dt
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).parent
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ConfigError(Exception):
    """A setting cannot be used; the message says which and what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings; an environment variable of the same name sets each."""

    # Where it listens: the port on loopback. A reverse proxy stands in front of it in production.
    PORT: int = 8000
    # The address people use. Links in letters start with it; https makes it production. Empty: http://127.0.0.1:PORT.
    BASE_URL: str = ""
    # The folder of the database, the mail, and the key made at first start.
    INSTANCE_DIR: Path = ROOT / "instance"
    # SQLite or PostgreSQL. Empty: SQLite in INSTANCE_DIR. Example: postgresql+psycopg://school@/school.
    DATABASE_URL: str = ""
    # How mail leaves: maildir:FOLDER, smtp://HOST:PORT, smtp://USER:PASSWORD@HOST:PORT?tls=required or smtps:// (both
    # also with ca=FILE for a certificate authority of your own). Empty: a maildir in INSTANCE_DIR.
    MAIL_URL: str = ""
    # Signs sessions and links. Needed in production (32 characters or more); elsewhere made at first start.
    SECRET_KEY: str = ""
    # Flask's debugger. Refused in production.
    DEBUG: bool = False
    # How many reverse proxies in front may be believed about the client's address.
    TRUSTED_PROXIES: int = 0
    # The school's name on pages and in letters.
    SCHOOL_NAME: str = "Sample School of Health Careers"
    # The zone that dates of money and business days are counted in.
    SCHOOL_ZONE: ZoneInfo = ZoneInfo("America/New_York")
    # The domain of the mailboxes enquiries@, externship@ and collegecredits@.
    MAIL_DOMAIN: str = "example.org"
    # The port on which mail comes in, by SMTP or LMTP. Empty: PORT + 1.
    MAILROOM_PORT: int = 0
    # The address on which mail comes in; the default is for a mail server on the same machine.
    MAILROOM_HOST: str = "127.0.0.1"
    # Megabytes of the largest mail that is taken.
    MAILROOM_LARGEST_MB: int = 15
    # The name under which your own mail server writes Authentication-Results. Empty: no such header is believed.
    MAILROOM_AUTHSERV_ID: str = ""
    # How students pay: the account and the postal address, as pages and letters print them; a | starts a new line.
    PAYMENT_INSTRUCTIONS: str = ""
    # Stripe's secret key (sk_test_… or sk_live_…). Without the two keys nobody pays by card.
    STRIPE_SECRET_KEY: str = ""
    # Stripe's publishable key (pk_…), which the browser's card fields use.
    STRIPE_PUBLISHABLE_KEY: str = ""
    # The signing secret (whsec_…) of the webhook endpoint BASE_URL/hooks/stripe. Without it every event is refused.
    STRIPE_WEBHOOK_SECRET: str = ""
    # Where Stripe's API is called.
    STRIPE_API_URL: str = "https://api.stripe.com"
    # From where the browser loads Stripe's card fields.
    STRIPE_JS_URL: str = "https://js.stripe.com/v3/"
    # Says on every page that this is a demonstration where no money moves, and explains the test cards.
    DEMONSTRATION: bool = False
    # The school's own color, like #7a1f5c. Empty: the one that comes with the software.
    ACCENT_COLOR: str = ""
    # Hours for which a letter that cannot be delivered is tried again.
    MAIL_RETRY_HOURS: int = 72
    # Days without a payment after which a student is reminded.
    UNPAID_REMINDER_DAYS: int = 7
    # Days without a payment after which an enrollment is canceled.
    UNPAID_CANCEL_DAYS: int = 14
    # Days from asking for an externship to a confirmed place, as the guarantee promises them.
    GUARANTEE_DAYS: int = 60
    # Miles around a student's ZIP code in which a place is looked for, unless the student says otherwise.
    GUARANTEE_MILES: int = 50
    # Days of missing documents after which an externship request falls asleep; bringing them wakes it.
    DOCUMENTS_LAPSE_DAYS: int = 30
    # Business days in which a credit request is checked and sent; time that waits for the student stands still.
    CREDIT_DAYS: int = 5
    # Days for which a student may answer the offer of a place; the last one counts whole.
    OFFER_DAYS: int = 5
    # What a plan of placements counts a preference for: tenths of a mile for each rank on the student's list.
    PLAN_WEIGHT_RANK: int = 40
    # The same for a site of the kind that the student would like.
    PLAN_WEIGHT_KIND: int = 50
    # The same for each day since they asked; it decides who is placed where places are few.
    PLAN_WEIGHT_WAITING: int = 5
    # How many openings a plan looks at for each student, the best ones.
    PLAN_OPENINGS: int = 50
    # Hours for which a link that proves an e-mail address works.
    EMAIL_LINK_HOURS: int = 72
    # Minutes for which a link that sets a password works.
    PASSWORD_LINK_MINUTES: int = 60
    # Hours without a click after which a person signs in again.
    SESSION_IDLE_HOURS: int = 12
    # Hours in all after which a person signs in again.
    SESSION_HOURS: int = 168
    # Hours without a click after which a member of staff signs in again.
    STAFF_SESSION_IDLE_HOURS: int = 2
    # Hours in all after which a member of staff signs in again: a working day.
    STAFF_SESSION_HOURS: int = 12
    # Enrollments that one client may send in an hour before it has to wait.
    ENROLLMENTS_PER_HOUR: int = 60
    # Messages that one client may send by the contact form in an hour before it has to wait.
    MESSAGES_PER_HOUR: int = 10
    # Codes of documents that the school never issued, which one client may try in an hour before it has to wait.
    CODES_PER_HOUR: int = 30
    # Wrong passwords in 15 minutes before one browser (or one client without a known browser) waits for one account.
    SIGN_IN_TRIES: int = 10
    # Wrong passwords in 15 minutes, for whatever accounts, before one client has to wait.
    SIGN_IN_TRIES_OF_CLIENT: int = 100
    # Wrong passwords in an hour for one account before browsers that never signed in to it have to wait.
    SIGN_IN_TRIES_OF_STRANGERS: int = 30
    # Letters with links that one client may ask for in an hour before it has to wait.
    LINK_LETTERS_PER_HOUR: int = 30
    # Wrong codes of the second factor in 15 minutes before one client has to wait for one account.
    CODE_TRIES: int = 5
    # Wrong codes of the second factor in an hour before everybody who knows the account's password has to wait.
    CODE_TRIES_OF_ACCOUNT: int = 20
    # Minutes for which a proof of who one is counts before money leaves or rights change; then it is asked for again.
    CONFIRM_MINUTES: int = 10
    # Memory of a password's hash (argon2id), in KiB.
    PASSWORD_MEMORY_KIB: int = 19_456
    # Rounds of a password's hash.
    PASSWORD_ROUNDS: int = 2
    # The catalog that is loaded into an empty database. Empty: the sample that comes with the software.
    CATALOG_FILE: str = ""
    # A folder of your own data files of careers, read beside those that come with the software (docs/careers.md).
    CAREERS_DIR: str = ""
    # Months after which a canceled enrollment that nobody proved loses its personal data (“retention”); 0: never.
    RETENTION_CANCELED_MONTHS: int = 12
    # Months after the end of a student's last externship request (without one: after the upload) after which uploaded
    # health and other documents are removed; 0: never.
    RETENTION_DOCUMENT_MONTHS: int = 12
    # Months after which the texts of letters are removed; that they were sent, when and to whom stays. 0: never.
    RETENTION_LETTER_MONTHS: int = 24
    # Months after which mails as they came in are removed; what was read of them stays with its thread. 0: never.
    RETENTION_MAIL_MONTHS: int = 24
    # Months after which mail and messages that were answered are blanked; 0: never.
    RETENTION_MESSAGE_MONTHS: int = 12
    # Months after which ended sessions, and personal links that nobody used, are removed; 0: never.
    RETENTION_SESSION_MONTHS: int = 6
    # Months after which “careers check” calls a figure old.
    FIGURE_MONTHS: int = 24
    # Web processes.
    WEB_WORKERS: int = 2
    # Threads in each web process.
    WEB_THREADS: int = 8

    # Which of the above the environment sets; no setting itself.
    given: frozenset[str] = frozenset()

    @property
    def production(self) -> bool:
        """An https address is production."""
        return self.BASE_URL.startswith("https://")

    @property
    def payment_lines(self) -> tuple[str, ...]:
        """The lines that tell students where to pay; none as long as the school has not said it."""
        return tuple(line.strip() for line in self.PAYMENT_INSTRUCTIONS.split("|") if line.strip())

    @property
    def cards_on(self) -> bool:
        """Cards are taken once both keys are set."""
        return bool(self.STRIPE_SECRET_KEY and self.STRIPE_PUBLISHABLE_KEY)

    @property
    def live_cards(self) -> bool:
        """A live key moves real money."""
        return "_live_" in self.STRIPE_SECRET_KEY

    def session_idle(self, *, staff: bool) -> dt.timedelta:
        """Return how long a session may be left alone."""
        return dt.timedelta(hours=self.STAFF_SESSION_IDLE_HOURS if staff else self.SESSION_IDLE_HOURS)

    def session_length(self, *, staff: bool) -> dt.timedelta:
        """Return how long a session may last in all."""
        return dt.timedelta(hours=self.STAFF_SESSION_HOURS if staff else self.SESSION_HOURS)

    def mailbox(self, name: str) -> str:
        """Return the address of one of the school's mailboxes."""
        return f"{name}@{self.MAIL_DOMAIN}"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Config":
        """Read the environment and complete what follows from it; raises ConfigError with a sentence."""
        known = {f.name: f.type for f in fields(cls) if f.name.isupper() and environ.get(f.name, "").strip()}
        given = {name: _read(name, kind, environ[name]) for name, kind in known.items()}
        given["given"] = frozenset(known)
        given.setdefault("BASE_URL", f"http://127.0.0.1:{given.get('PORT', cls.PORT)}")
        given["BASE_URL"] = _base_url(given["BASE_URL"])
        instance = given["INSTANCE_DIR"] = ROOT / given.get("INSTANCE_DIR", cls.INSTANCE_DIR)
        given.setdefault("DATABASE_URL", f"sqlite:///{instance / 'school.sqlite3'}")
        given.setdefault("MAIL_URL", f"maildir:{instance / 'mail'}")
        given.setdefault("MAILROOM_PORT", given.get("PORT", cls.PORT) + 1)
        config = cls(**given)
        config._refuse_unsafe()
        if config.SECRET_KEY:
            return config
        return cls(**given | {"SECRET_KEY": _own_key(instance)})

    def _refuse_unsafe(self) -> None:
        if self.STRIPE_SECRET_KEY and not self.STRIPE_PUBLISHABLE_KEY:
            message = (
                "STRIPE_PUBLISHABLE_KEY is missing: without it no card fields can be shown. Set both keys, or none."
            )
            raise ConfigError(message)
        if self.cards_on and ("_live_" in self.STRIPE_PUBLISHABLE_KEY) != self.live_cards:
            message = (
                "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes: take both live, or both test."
            )
            raise ConfigError(message)
        if self.live_cards and self.DEMONSTRATION:
            message = "DEMONSTRATION is on, and the keys of Stripe are live: take one of them out, or real money moves."
            raise ConfigError(message)
        if not self.production:
            return
        if self.cards_on and not self.STRIPE_WEBHOOK_SECRET:
            message = (
                "STRIPE_WEBHOOK_SECRET is missing: with an https BASE_URL and cards, set what Stripe shows for it."
            )
            raise ConfigError(message)
        if len(self.SECRET_KEY) < 32:
            message = "SECRET_KEY is missing: with an https BASE_URL, set it to 32 or more random characters."
            raise ConfigError(message)
        if self.DEBUG:
            message = "DEBUG is on: with an https BASE_URL, take it out; it shows visitors the program's inside."
            raise ConfigError(message)


def _read(name: str, kind: Any, value: str) -> Any:  # noqa: ANN401 - each setting has its own type
    value = value.strip()
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]
        return kind(value)
    except (KeyError, ValueError, ZoneInfoNotFoundError) as error:
        message = f"{name} is “{value}”, which cannot be read as {kind.__name__}."
        raise ConfigError(message) from error


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        message = f"BASE_URL is “{value}”; write it like https://school.example.org, without a path."
        raise ConfigError(message)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        message = f"BASE_URL is “{value}”; http is for this machine only. Use https for {parts.hostname}."
        raise ConfigError(message)
    return value.rstrip("/")


def _own_key(instance: Path) -> str:
    """Return the key of this instance, made once and readable by its owner only."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)  # names, money and keys are nobody else's
    path = instance / "secret.key"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
