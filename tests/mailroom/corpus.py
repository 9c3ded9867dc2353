"""Mails that are hostile or odd, each as it would come over the wire, with what is to be read of them."""

from collections.abc import Mapping
from dataclasses import dataclass

FROM = b"From: Sam Doe <sam@example.com>\r\nTo: enquiries@example.org\r\n"
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n"


@dataclass(frozen=True, slots=True)
class Odd:
    """One mail; ``subject`` and ``text`` are what is shown of it, ``sender`` who is said to have written it."""

    content: bytes
    subject: str = "Odd"
    text: str = "Text."
    sender: str | None = "sam@example.com"
    message_id: str | None = None
    enclosed: tuple[str, ...] = ()


def _with(head: bytes, body: bytes, subject: bytes = b"Odd") -> bytes:
    return FROM + b"Subject: " + subject + b"\r\n" + head + b"\r\n" + body


def _nested(depth: int) -> bytes:
    inner = b"Subject: innermost\r\n\r\nText.\r\n"
    for _ in range(depth):
        inner = b"Content-Type: message/rfc822\r\n\r\n" + inner
    return FROM + b"Subject: Odd\r\n" + inner


def _parts(depth: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return FROM + b"Subject: Odd\r\n" + head + b"Content-Type: text/plain\r\n\r\nText.\r\n"


MIXED = b"Content-Type: multipart/mixed; boundary=B\r\nMIME-Version: 1.0\r\n"
CALENDAR = (
    b"--B\r\nContent-Type: text/plain\r\n\r\nText.\r\n--B\r\nContent-Type: text/calendar; name=a.ics\r\n"
    b"\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n--B--\r\n"
)
DEEP = "This mail could not be taken apart to be shown. It is kept as it came."
ODD: Mapping[str, Odd] = {
    "nothing at all": Odd(b"", subject="", text="", sender=None),
    "only a line end": Odd(b"\r\n", subject="", text="", sender=None),
    "no headers": Odd(b"Just words.\r\n", subject="", text="Just words.", sender=None),
    "no Message-ID": Odd(_with(PLAIN, b"Text.")),
    "a character set that is a lie": Odd(
        _with(b"Content-Type: text/plain; charset=us-ascii\r\n", "Señor.".encode()), text="Señor."
    ),
    "a character set that nobody knows": Odd(
        _with(b"Content-Type: text/plain; charset=x-klingon\r\n", b"Se\xf1or."), text="Señor."
    ),
    "a character set that decodes no text": Odd(_with(b"Content-Type: text/plain; charset=hex\r\n", b"Text.")),
    "a character set that costs much": Odd(_with(b"Content-Type: text/plain; charset=punycode\r\n", b"Text.")),
    "UTF-16 without saying so": Odd(_with(b"", "Text.".encode("utf-16-le")), text="Text."),
    "bytes of zero and other controls": Odd(_with(PLAIN, b"Te\x00xt\x07.\x1b")),
    "words that read backwards": Odd(_with(PLAIN, "Te\u202ext.".encode())),
    "half of a surrogate": Odd(_with(PLAIN, b"Te\xed\xa0\x80xt."), text="Teí\u00a0€xt."),
    "a calendar": Odd(_with(MIXED, CALENDAR), enclosed=("a.ics text/calendar",)),
    "a mail in a mail": Odd(
        _with(MIXED, b"--B\r\n\r\nText.\r\n--B\r\nContent-Type: message/rfc822\r\n\r\n\r\nin\r\n--B--\r\n"),
        enclosed=(" message/rfc822",),
    ),
    "mails in mails, a thousand deep": Odd(_nested(1000), text=DEEP),
    "parts in parts, five hundred deep": Odd(_parts(500), text=DEEP),
    "parts in parts, ninety deep": Odd(_parts(90), text="Text."),
    "a boundary that never comes": Odd(_with(MIXED, b"Text.\r\n")),
    "parts without a boundary": Odd(_with(b"Content-Type: multipart/mixed\r\n", b"Text.\r\n")),
    "base64 that is none": Odd(
        _with(PLAIN + b"Content-Transfer-Encoding: base64\r\n", b"!!!not base64!!!\r\n"), text="!!!not base64!!!"
    ),
    "an encoding that nobody knows": Odd(_with(PLAIN + b"Content-Transfer-Encoding: x-rot\r\n", b"Text.\r\n")),
    "two senders": Odd(b"From: eve@example.net\r\n" + _with(PLAIN, b"Text."), sender=None),
    "two addresses in one From": Odd(
        _with(PLAIN, b"Text.").replace(b"<sam@example.com>", b"<sam@example.com>, <eve@example.net>"), sender=None
    ),
    "a From within the name": Odd(
        _with(PLAIN, b"Text.").replace(b"Sam Doe", b'"staff@example.org <staff@example.org>"')
    ),
    "no From": Odd(b"Subject: Odd\r\n\r\nText.", sender=None),
    "two subjects": Odd(_with(PLAIN + b"Subject: Second\r\n", b"Text.")),
    "a subject of two megabytes": Odd(_with(PLAIN, b"Text.", b"Odd" + b"x" * 2_000_000), subject="Odd" + "x" * 995),
    "a line end hidden in the subject": Odd(
        _with(PLAIN, b"Text.", b"=?utf-8?q?Odd=0D=0ABcc:_eve@example.net?="), subject="Odd Bcc: eve@example.net"
    ),
    "an encoded word that is none": Odd(_with(PLAIN, b"Text.", b"=?utf-8?b?@@@?="), subject=""),
    "bare line ends": Odd(_with(PLAIN, b"Text.\rMore.\nLast.").replace(b"\r\n", b"\n"), text="Text.\nMore.\nLast."),
    "a web page with a script": Odd(
        _with(b"Content-Type: text/html\r\n", b"<p>Text.</p><script>alert(1)</script><img src=x onerror=alert(1)>")
    ),
    "a file with a way out in its name": Odd(
        _with(
            MIXED,
            b"--B\r\n\r\nText.\r\n--B\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;"
            b' filename="../../etc/a.pdf"\r\n\r\nx\r\n--B--\r\n',
        ),
        enclosed=(".._.._etc_a.pdf application/pdf",),
    ),
    "a Message-ID of two lines": Odd(
        _with(PLAIN + b"Message-ID: <a@b>\r\n <c@d>\r\n", b"Text."), message_id="<a@b>"
    ),
    "a Message-ID without end": Odd(_with(PLAIN + b"Message-ID: <" + b"x" * 5000 + b"\r\n", b"Text.")),
    "a template": Odd(_with(PLAIN, b"{{ 7*7 }}"), text="{{ 7*7 }}"),
}  # fmt: skip
