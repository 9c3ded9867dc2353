"""Writing letters: from a template and its values to subject, text and HTML, and from these to a mail."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from config import ROOT
from provider.kernel import days, money, text, web
from provider.kernel.registry import Attachment, registry
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from provider.mail.replies import reply_address
from provider.mail.rules import LINK, LONGEST_SUBJECT, SHOWN_LINK, Manner
from provider.school.accent import DEFAULT as PLAIN
from provider.school.accent import Accent, shades

FOLDER = ROOT / "templates"
MANY_LINES = frozenset({"message"})  # the values that may have lines
_CONTROL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # scripts and emoji need them
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_POLICY = SMTP.clone(cte_type="7bit")
# What a broken template, a missing value or a value of another kind raises.
_BROKEN = (jinja2.TemplateError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


class Unsendable(Exception):
    """A letter that can never be sent as it is; the words say why, for staff."""


@dataclass(frozen=True, slots=True)
class School:
    """What a letter may say about the school."""

    name: str
    base_url: str
    enquiries: str
    answers: str  # the mailbox that the letter leaves from, which its footer names
    payment_lines: tuple[str, ...] = ()
    accent: Accent = PLAIN
    demonstration: bool = False
    cards_on: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as text; links are placeholders, so that what is stored opens nothing."""

    subject: str
    text: str
    html: str

    def replace(self, old: str, new: str) -> "Written":
        """Return it with something replaced in text and HTML alike."""
        return Written(self.subject, self.text.replace(old, new), self.html.replace(old, new))


def write(letter: OutboxLetter) -> Written:
    """Write a letter from its values; raises Unsendable when template and values do not fit."""
    known = settings()
    color = shades(known.ACCENT_COLOR) if known.ACCENT_COLOR else PLAIN
    school = School(
        known.SCHOOL_NAME,
        known.BASE_URL,
        known.mailbox("enquiries"),
        known.mailbox(letter.mailbox),
        known.payment_lines,
        color,
        demonstration=known.DEMONSTRATION,
        cards_on=known.cards_on,
    )
    values = {name: _value(name, value) for name, value in letter.values.items()} | _placeholders(letter)
    try:
        subject, body, html = (
            _templates().get_template(f"mail/{letter.template}/{name}").render(school=school, **values)
            for name in ("subject.txt", "body.txt", "body.html")
        )
    except _BROKEN as error:
        raise Unsendable(f"the letter could not be written: {type(error).__name__}: {error}") from error
    return Written(_header(subject)[:LONGEST_SUBJECT], _tidy(body), html.strip() + "\n")


def _placeholders(letter: OutboxLetter) -> dict[str, str]:
    """Return what stands for each link; a visitor cannot have typed the letter's own reference."""
    return {name: _placeholder(letter, link) for name, link in links_of(letter).items()}


def links_of(letter: OutboxLetter) -> dict[str, str]:
    """Return the references of the signed links of a letter by the names of their values."""
    return {name: value for name, value in letter.values.items() if name.endswith(LINK) and value}


def _placeholder(letter: OutboxLetter, link: str) -> str:
    return f"[{letter.reference}/{link}]"


def shown(letter: OutboxLetter, written: str | None) -> str:
    """Return stored text as staff may see it: a link is only said to be there."""
    found = written or ""
    for link in links_of(letter).values():
        found = found.replace(_placeholder(letter, link), SHOWN_LINK)
    return found


def addressed(letter: OutboxLetter, address_of: Callable[[str], str]) -> Written:
    """Return a written letter with its links; raises Unsendable when one would lead away from the school."""
    written = Written(letter.subject or "", letter.body_text or "", letter.body_html or "")
    for link in links_of(letter).values():
        address = address_of(link)
        if not f"{address}/".startswith(f"{settings().BASE_URL}/"):
            raise Unsendable("a link of this letter leads to another site than the school's")
        written = written.replace(_placeholder(letter, link), address)
    return written


def attachments_of(letter: OutboxLetter) -> Sequence[Attachment]:
    """Make the files that go with a letter, from the values that are stored of it; most letters have none.

    Raises Unsendable when the values do not fit.
    """
    make = registry().attachments.get(letter.template)
    try:
        return make(letter.values) if make else ()
    except _BROKEN as error:
        raise Unsendable(f"the letter's files could not be made: {type(error).__name__}: {error}") from error


def compose(letter: OutboxLetter, written: Written, attached: Sequence[Attachment] = ()) -> EmailMessage:
    """Make the mail: one recipient, the letter's own Message-ID and date; raises Unsendable for a bad address."""
    if text.email_address(letter.recipient) != letter.recipient:
        raise Unsendable("the address is not one single e-mail address")
    known = settings()
    mail = EmailMessage(policy=_POLICY)
    mailbox = known.mailbox(letter.mailbox)
    mail["From"] = Address(display_name=_header(known.SCHOOL_NAME), addr_spec=mailbox)
    mail["To"] = Address(addr_spec=letter.recipient)
    mail["Reply-To"] = Address(addr_spec=_reply_to(letter))
    mail["Subject"] = written.subject
    mail["Date"] = letter.queued_at
    mail["Message-ID"] = letter.message_id
    if letter.in_reply_to is not None:
        mail["In-Reply-To"] = mail["References"] = letter.in_reply_to
    if letter.manner is not Manner.PERSONAL:
        mail["Auto-Submitted"] = "auto-replied" if letter.manner is Manner.ACKNOWLEDGMENT else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(written.text)
    mail.add_alternative(written.html, subtype="html")
    mail.set_boundary(f"=_{letter.reference}_=")  # the same bytes at every attempt
    for one in attached:
        main, _, sub = one.kind.partition("/")
        coded: dict[str, Any] = {"params": {"charset": "utf-8"}} if main == "text" else {}
        mail.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name, **coded)
    if attached:
        mail.set_boundary(f"=+{letter.reference}+=")  # no beginning of the inner one
    return mail


def _reply_to(letter: OutboxLetter) -> str:
    """Return where answers go: an address that is not exactly one is left out for the letter's own."""
    given = text.email_address(letter.reply_to) if letter.reply_to else None
    return given or reply_address(
        letter=letter.reference, recipient=letter.recipient, mailbox=letter.mailbox, queued_at=letter.queued_at
    )


def _header(value: str) -> str:
    """Return a text for a header; encoded words are broken up, or the email package decodes them, line ends and all."""
    return _line(value).replace("=?", "= ?")


def _line(value: str) -> str:
    """Return a text as one line that cannot deceive: no line ends, no control or direction characters."""
    return " ".join(_plain(value).split())


def _plain(value: str) -> str:
    kept = (c if c == "\n" or c in _JOINERS or unicodedata.category(c) not in _CONTROL else " " for c in value)
    return "".join(kept)


def _isolated(value: str) -> str:
    """Keep right-to-left letters from reordering the words around them."""
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in value):
        return "\n".join(f"\u2068{part}\u2069" if part else part for part in value.split("\n"))
    return value


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, str):
        return _isolated(_plain(value.replace("\r\n", "\n")).strip() if name in MANY_LINES else _line(value))
    if isinstance(value, list):
        return [_value(name, each) for each in value]
    if isinstance(value, dict):
        return {inner: _value(inner, each) for inner, each in value.items()}
    return value


def _tidy(body: str) -> str:
    """Return a text with at most one empty line in a row, and a line end at its end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(part.rstrip() for part in body.splitlines()).strip()) + "\n"


def _instant(value: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    return instant


def _when(value: str, zone: str | None = None) -> str:
    return web.when(_instant(value), zone)


def _utc(value: str) -> str:
    return web.utc(_instant(value))


def _day(value: str, zone: str | None = None) -> str:
    if "T" not in value:
        return days.written(dt.date.fromisoformat(value))
    return days.written(days.day_of(_instant(value), ZoneInfo(zone) if zone else settings().SCHOOL_ZONE))


def _before(value: str, other: str) -> bool:
    return _instant(value) < _instant(other)


@jinja2.pass_context  # or the address of a constant path is written into the compiled template, for good
def _address(_context: jinja2.runtime.Context, path: str) -> str:
    """Return the full address of a page of the school."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"not a path of this site: {path}")
    return settings().BASE_URL + path


def _words(value: str) -> str:
    """Write a name such as ``bank_transfer`` as people say it."""
    return value.replace("_", " ").lower()


_FILTERS: Mapping[str, Callable[..., str]] = {
    "money": money.dollars,
    "when": _when,
    "utc": _utc,
    "day": _day,
    "address": _address,
    "words": _words,
}


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    """Return the mail templates, apart from the pages': no request, no session, no addresses made from a Host."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(("html",), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    environment.tests["before"] = _before
    return environment
