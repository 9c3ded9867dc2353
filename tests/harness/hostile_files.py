"""Files that somebody might upload to do harm, or by mistake; all made here, none kept."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from provider.files.rules import LARGEST_BYTES, Fault

PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def png(width: int, height: int, *, rows: bytes = b"\0\0\0\0", end: bool = True) -> bytes:
    """Return a PNG of a size, whatever its rows hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows))
    return body + chunk(b"IEND", b"") if end else body


def jpeg(width: int, height: int, *, scan: bool = True, end: bool = True, comment: bytes = b"") -> bytes:
    """Return a JPEG of a size with a scan of nothing."""
    parts = [b"\xff\xd8", b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"]
    if comment:
        parts.append(b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment)
    parts.append(b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00")
    if scan:
        parts.append(b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\x34")
    return b"".join(parts) + (b"\xff\xd9" if end else b"")


def zipped(name: str, data: bytes, *, comment: bytes = b"") -> bytes:
    """Return a ZIP with one file in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.comment = comment
    return made.getvalue()


# Each with why it is refused; none for what is kept, and can do no harm as a download.
CORPUS: dict[str, tuple[bytes, Fault | None]] = {
    "a zip bomb": (zipped("bomb.txt", b"\0" * 20_000_000), Fault.KIND),
    "a word file": (zipped("word/document.xml", b"<w:document/>"), Fault.KIND),
    "a zip behind a pdf": (PDF + zipped("evil.exe", b"MZ"), Fault.TWO_IN_ONE),
    "a zip whose comment ends like a pdf": (PDF + zipped("evil.exe", b"MZ", comment=b"%%EOF\n"), Fault.TWO_IN_ONE),
    "a zip behind a jpeg": (jpeg(8, 8) + zipped("evil.js", b"alert(1)"), Fault.TWO_IN_ONE),
    "a zip behind a png": (png(1, 1) + zipped("evil.js", b"alert(1)"), Fault.TWO_IN_ONE),
    "a page behind a pdf": (PDF + b"<html><script>alert(1)</script>", Fault.TWO_IN_ONE),
    "a page with the head of a pdf": (b"%PDF-1.7\n<html><script>alert(1)</script></html>", Fault.CUT_OFF),
    "a page inside of a pdf": (PDF[:9] + b"% <html><script>alert(1)</script></html>\n" + PDF[9:], None),
    "a pdf behind a page": (b"<html>" + PDF, Fault.KIND),
    "a page": (b"<!doctype html><script>alert(1)</script>", Fault.KIND),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', Fault.KIND),
    "a page in the comment of a jpeg": (jpeg(8, 8, comment=b"<script>alert(1)</script>"), None),
    "a page behind a png": (png(1, 1) + b"<script>alert(1)</script>", None),
    "a flood of pixels as png": (png(60_000, 60_000), Fault.MANY_PIXELS),
    "a flood of pixels as jpeg": (jpeg(60_000, 60_000), Fault.MANY_PIXELS),
    "a long and thin flood": (png(2_000_000, 1), Fault.MANY_PIXELS),
    "a png of no size": (png(0, 10), Fault.CUT_OFF),
    "a jpeg that unpacks to its own size": (jpeg(10_000, 12_000), None),
    "a png that unpacks to far more than it says": (png(1, 1, rows=b"\0" * 9_000_000), None),
    "a cut off pdf": (PDF[:-7], Fault.CUT_OFF),
    "a cut off jpeg": (jpeg(8, 8, end=False), Fault.CUT_OFF),
    "a jpeg without a picture": (jpeg(8, 8, scan=False, end=False), Fault.CUT_OFF),
    "a cut off png": (png(8, 8, end=False), Fault.CUT_OFF),
    "the first bytes of a png alone": (b"\x89PNG\r\n\x1a\n", Fault.CUT_OFF),
    "the first bytes of a jpeg alone": (b"\xff\xd8\xff", Fault.CUT_OFF),
    "the first bytes of a pdf alone": (b"%PDF-", Fault.CUT_OFF),
    "a jpeg of nothing but filling": (b"\xff\xd8" + b"\xff" * 200_000, Fault.CUT_OFF),
    "a jpeg of nothing but headers": (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 200_000, Fault.CUT_OFF),
    "a program": (b"MZ\x90\x00" + b"\0" * 100, Fault.KIND),
    "an old gif": (b"GIF89a\x01\x00\x01\x00", Fault.KIND),
    "a text": ("Übersicht der Impfungen".encode(), Fault.KIND),
    "nothing": (b"", Fault.EMPTY),
    "a byte too much": (PDF + b"\n" * (LARGEST_BYTES - len(PDF) + 1), Fault.LARGE),
    "just small enough": (PDF + b"\n" * (LARGEST_BYTES - len(PDF)), None),
    "a pdf": (PDF, None),
    "a photo": (jpeg(4_000, 3_000), None),
    "a photo with another one behind it": (jpeg(4_000, 3_000) + jpeg(160, 120), None),
    "a picture of a screen": (png(1_170, 2_532), None),
}
# What a browser may call a file; nothing of it is kept.
NAMES = (
    "../../etc/passwd",
    "..\\..\\windows\\system32\\evil.exe",
    "/etc/shadow",
    "a" * 300 + ".pdf",
    "invoice\u202efdp.exe",
    "evil.pdf\x00.html",
    "'><script>alert(1)</script>.pdf",
    "evil.svg",
    "evil.html",
    "nul",
    ".htaccess",
    "résumé – 履歴書.pdf",
    "a;filename=evil.html",
)


def refused() -> Iterator[tuple[str, bytes, Fault]]:
    """Yield what has to be refused, with why."""
    for name, (data, why) in CORPUS.items():
        if why is not None:
            yield name, data, why
