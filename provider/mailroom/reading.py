"""Reading a mail as it came: whatever is wrong with it, something comes out and nothing is raised; pure.

The standard library's parser in its oldest manner is the one that bears most. What it gives is decoded here, by
character sets that are what they say, or as well as it goes.
"""

import codecs
import email
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses
from html.parser import HTMLParser

from provider.kernel.text import email_address

MOST_PARTS = 100  # of one mail that is taken apart; one with more is shown by its headers, and kept whole
LONGEST_HEADER = 998
LONGEST_TEXT = 100_000
MOST_REFERENCES = 50
NESTED = "This mail could not be taken apart to be shown. It is kept as it came."
# What the parser and the codecs raise for mails that nobody ought to have sent.
BROKEN = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    HeaderParseError,
    MemoryError,
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_NOT_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7", "mbcs"})
_DECEIVING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_BREAKS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol"})
_SILENT = frozenset({"script", "style", "head", "title"})
_STARTS_PART = re.compile(rb"^content-type:|\bboundary\s*=", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What came with a mail: the name and type that it says, and its size."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as it is read. ``sender`` is None unless exactly one From names exactly one address."""

    message: Message
    sender: str | None
    sender_name: str
    subject: str
    message_id: str | None
    answers: tuple[str, ...]  # the Message-IDs of In-Reply-To and References, the nearest first
    text: str
    enclosed: tuple[Enclosed, ...]

    def header(self, name: str) -> str | None:
        """Return the first header of a name as one line, or None."""
        found = self.headers(name)
        return found[0] if found else None

    def headers(self, name: str) -> list[str]:
        """Return all headers of a name, the topmost first, each as one line."""
        return [_line(str(value)) for value in self.message.get_all(name, [])]


def read(raw: bytes) -> Reading:
    """Read a mail; every part that cannot be read is left out."""
    message, parts = _taken_apart(raw)
    sender, name = _sender(message)
    text, enclosed = _content(parts) if parts else (NESTED, ())
    identity = _MESSAGE_ID.search(_line(str(message.get("Message-ID", ""))))
    return Reading(
        message,
        sender,
        name,
        _decoded(str(message.get("Subject", ""))),
        identity[0] if identity else None,
        _answers(message),
        text,
        enclosed,
    )


def _taken_apart(raw: bytes) -> tuple[Message, list[Message]]:
    """Return a mail and its parts; of one that is nested too deep only the headers, and no part."""
    if len(_STARTS_PART.findall(raw)) <= 2 * MOST_PARTS:
        try:
            message = email.message_from_bytes(raw, policy=compat32)
            return message, list(message.walk())[:MOST_PARTS]
        except BROKEN:
            pass
    try:
        return BytesHeaderParser(policy=compat32).parsebytes(raw), []
    except BROKEN:
        return Message(compat32), []


def _sender(message: Message) -> tuple[str | None, str]:
    """Return the one address that is said to have written a mail, and the name beside it."""
    values = [str(value) for value in message.get_all("From", [])]
    try:
        found = getaddresses([_line(value) for value in values])
    except BROKEN:
        found = []
    if len(values) != 1 or len(found) != 1:
        return None, ""
    return email_address(found[0][1]), _decoded(found[0][0])


def _answers(message: Message) -> tuple[str, ...]:
    found: list[str] = []
    for name in ("In-Reply-To", "References"):
        ids = _MESSAGE_ID.findall(" ".join(_line(str(value)) for value in message.get_all(name, [])))
        found += ids if name == "In-Reply-To" else reversed(ids)
    return tuple(dict.fromkeys(found))[:MOST_REFERENCES]


def _line(value: str) -> str:
    """Return a header as one line of text without control characters."""
    return " ".join(clean(value[: 8 * LONGEST_HEADER]).split())[: 4 * LONGEST_HEADER]


def _decoded(value: str) -> str:
    """Return a header with its encoded words decoded, as one line."""
    try:
        words = [_as_text(part, charset) for part, charset in decode_header(_line(value))]
    except BROKEN:
        words = [value]
    return _line("".join(words))[:LONGEST_HEADER]


def _as_text(part: bytes | str, charset: str | None) -> str:
    return part if isinstance(part, str) else decode(part, charset)


def decode(content: bytes, charset: str | None) -> str:
    """Return bytes as text by the character set that they claim; when that is a lie, as well as it goes."""
    for name in (charset, "utf-8"):
        try:
            known = codecs.lookup(name.strip("\"' ")).name if name else None
            if known is not None and known not in _NOT_CHARSETS:
                return content.decode(known)
        except BROKEN:
            continue
    return content.decode("cp1252", "replace")


def clean(value: str) -> str:
    """Return a text that can be stored and that deceives nobody: no control characters but tabs and ends of lines."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(
        c
        for c in plain
        if c in "\n\t" or (c not in _DECEIVING and unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})
    )


def _content(parts: Sequence[Message]) -> tuple[str, tuple[Enclosed, ...]]:
    """Return the words of a mail, the plain ones before those of a web page, and what is enclosed."""
    plain: list[str] = []
    pages: list[str] = []
    enclosed: list[Enclosed] = []
    for part in _leaves(parts):
        kind = _kind(part)
        if _is_enclosed(part):
            enclosed.append(Enclosed(_file_name(part), kind[:100], len(payload(part))))
        elif kind == "text/plain":
            plain.append(decode(payload(part), _charset(part)))
        else:
            pages.append(_words_of(decode(payload(part), _charset(part))))
    words = "\n\n".join(one.strip() for one in (plain if any(one.strip() for one in plain) else pages))
    return clean(words)[:LONGEST_TEXT], tuple(enclosed)


def _is_enclosed(part: Message) -> bool:
    attached = _file_name(part) or part.get_content_disposition() == "attachment"
    return bool(attached) or _kind(part) not in {"text/plain", "text/html"}


def enclosed_in(raw: bytes, number: int) -> bytes | None:
    """Return the bytes of a file that came with a mail, by its place in the reading of it; None where there is none."""
    _, parts = _taken_apart(raw)
    files = [part for part in _leaves(parts) if _is_enclosed(part)]
    return payload(files[number - 1]) if 0 < number <= len(files) else None


def _kind(part: Message) -> str:
    """Return what a part says to be; one that says to have parts and has none is words."""
    kind = part.get_content_type()
    return "text/plain" if kind.startswith("multipart/") else kind


def _leaves(parts: Sequence[Message]) -> Iterator[Message]:
    """Yield the parts with content of their own; of a mail within the mail only that it is there."""
    inside: set[int] = set()
    for part in parts:
        if id(part) in inside:
            continue
        if part.get_content_maintype() == "message":
            inside |= {id(one) for one in part.walk()}
            yield part
        elif not part.is_multipart():
            yield part


def payload(part: Message) -> bytes:
    """Return the bytes of a part; of a mail within a mail its text as it is written."""
    try:
        found = part.get_payload(decode=True)
        if isinstance(found, bytes):
            return found
        return part.as_bytes() if part.is_multipart() else b""
    except BROKEN:
        return b""


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except BROKEN:
        return None


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
    except BROKEN:
        name = None
    return _decoded(name or "").replace("/", "_").replace("\\", "_")[:200]


class _Words(HTMLParser):
    """Keeps the words of a web page, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.kept.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(self._silent - (tag in _SILENT), 0)
        if tag in _BREAKS:
            self.kept.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.kept.append(data)


def _words_of(page: str) -> str:
    parser = _Words()
    try:
        parser.feed(page[: 4 * LONGEST_TEXT])
        parser.close()
    except BROKEN:
        return page[:LONGEST_TEXT]
    lines = (" ".join(line.split()) for line in "".join(parser.kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
