"""Uploaded proofs, always as a download: what a stranger uploaded is never drawn inside our pages."""

from flask import Response

from provider.accounts.rules import Permission
from provider.files.queries import with_bytes
from provider.files.rules import EXTENSIONS
from provider.kernel.doors import Door

door = Door("staff_files", __name__, needs=Permission.SEE_MONEY, url_prefix="/staff/files")


@door.get("/<reference>")
def show(reference: str) -> Response:
    file = with_bytes(reference)
    response = Response(file.data, mimetype=file.content_type)
    name = f"{file.reference}.{EXTENSIONS.get(file.content_type, 'bin')}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
