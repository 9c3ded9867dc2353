"""What may be uploaded, judged by content and never by name."""

LARGEST_BYTES = 10 * 1024 * 1024
_SIGNATURES = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def content_type(data: bytes) -> str | None:
    """Return the type of a PDF, JPEG or PNG by its first bytes, or None."""
    return next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
