"""Papers of the demonstration: one page that any reader opens, with some lines of text, written out by hand."""

from collections.abc import Sequence

FONT = b"<< /Font << /F 5 0 R >> >>"


def page(*lines: str) -> bytes:
    """Return a PDF of one page with these lines, of which the first one stands large."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources " + FONT + b" >>",
        _stream(_drawn(lines)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    written, starts = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    end += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return written + end


def _stream(drawn: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawn), drawn)


def _drawn(lines: Sequence[str]) -> bytes:
    sizes = [20] + [12] * (len(lines) - 1)
    told = [f"/F {size} Tf ({_plain(line)}) Tj 0 -26 Td" for size, line in zip(sizes, lines, strict=True)]
    return "\n".join(["BT 72 700 Td", *told, "ET"]).encode("cp1252", "replace")


def _plain(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
