"""What may be uploaded, judged by content and never by name."""

from enum import StrEnum

LARGEST_BYTES = 10 * 1024 * 1024
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
_SIGNATURES = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
EXTENSIONS = {PDF: "pdf", JPEG: "jpg", PNG: "png"}
MOST_PIXELS = 120_000_000  # the largest cameras in telephones make 108 million
LONGEST_EDGE = 30_000
_PDF_TAIL = 1024  # readers look for the end mark in the last kilobyte (ISO 32000-1, annex H.3.4.4)
_ZIP_TAIL = 65_557  # where readers of ZIP look for its directory: 22 bytes and a comment of at most 65,535
_BLANK = b"\x00\t\n\x0c\r "
# Start of frame, whatever the coding; C4, C8 and CC are other things.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _ALONE = 0xDA, 0xD9, frozenset({0x01, *range(0xD0, 0xD9)})
_MOST_PARTS = 20_000  # no picture has more; a file made of nothing but their headers must not keep us busy
Size = tuple[int, int]


class Fault(StrEnum):
    """Why an upload is not taken."""

    EMPTY = "empty"
    LARGE = "large"
    KIND = "kind"
    CUT_OFF = "cut_off"
    TWO_IN_ONE = "two_in_one"
    MANY_PIXELS = "many_pixels"

    @property
    def sentence(self) -> str:
        """Say what is wrong with the file and what to do."""
        return {
            "empty": "This file is empty. Choose another one.",
            "large": "This file is too large. It may have 10 megabytes.",
            "kind": "This is no PDF, JPEG or PNG, whatever its name says. Save it as a PDF, or take a photo of it.",
            "cut_off": "This file is not complete: its end is missing. Save or scan it again, and upload that.",
            "two_in_one": "This file hides another one inside. Print it to a PDF, or take a photo of it.",
            "many_pixels": "This picture has far more pixels than a camera makes. Take a photo with your telephone.",
        }[self.value]


def content_type(data: bytes) -> str | None:
    """Return the type of a PDF, JPEG or PNG by its first bytes, or None."""
    return next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)


def fault(data: bytes) -> Fault | None:
    """Say why a file is not taken: by size, kind, a missing end, a ZIP behind it, or pixels nobody could open.

    Reads headers and the end alone and unpacks nothing, so that no file can make it work long.
    """
    if not data:
        return Fault.EMPTY
    if len(data) > LARGEST_BYTES:
        return Fault.LARGE
    kind = content_type(data)
    if kind is None:
        return Fault.KIND
    if _is_zip(data):
        return Fault.TWO_IN_ONE
    return _pdf_fault(data) if kind == PDF else _picture_fault(_jpeg_size(data) if kind == JPEG else _png_size(data))


def _is_zip(data: bytes) -> bool:
    """Say whether a reader of ZIP files would open it: a directory whose comment ends where the file does."""
    tail = data[-_ZIP_TAIL:]
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def _pdf_fault(data: bytes) -> Fault | None:
    tail = data.rstrip(_BLANK)[-_PDF_TAIL:]
    mark = tail.rfind(b"%%EOF")
    if mark < 0:
        return Fault.CUT_OFF
    return Fault.TWO_IN_ONE if b"<" in tail[mark:] or b"MZ" in tail[mark:] else None


def _picture_fault(size: Size | None) -> Fault | None:
    if size is None:
        return Fault.CUT_OFF
    width, height = size
    if not width or not height:
        return Fault.CUT_OFF
    return Fault.MANY_PIXELS if max(size) > LONGEST_EDGE or width * height > MOST_PIXELS else None


def _png_size(data: bytes) -> Size | None:
    """Return the size that a PNG's header gives; None unless its chunks follow each other up to the last."""
    if data[8:16] != b"\x00\x00\x00\x0dIHDR":
        return None
    at = 8
    for _ in range(_MOST_PARTS):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at + 12 > len(data):
            return None
        if name == b"IEND":
            return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        at += length + 12
    return None


def _jpeg_size(data: bytes) -> Size | None:
    """Return the size that a JPEG's frame gives; None unless a scan follows it and the end mark comes after that."""
    at, size = 2, None
    for _ in range(_MOST_PARTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _SCAN:
            return size if data.find(bytes((0xFF, _END)), at) >= 0 else None
        if marker in _FRAMES and at + 9 <= len(data):
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
