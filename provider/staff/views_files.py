"""Uploaded proofs, always as a download: what a stranger uploaded is never drawn inside our pages.

Reading one writes one row of history: who read which document, and when.
"""

from flask import Response

from provider.accounts.rules import Permission
from provider.files import actions
from provider.files.queries import with_bytes
from provider.files.rules import EXTENSIONS
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at

door = Door("staff_files", __name__, needs=Permission.SEE_MONEY, url_prefix="/staff/files")


@door.get("/<reference>")
def show(reference: str) -> Response:
    with unit_of_work():
        file = with_bytes(reference)
        actions.read(file, actor=actor(), at=received_at())
        response = Response(file.data, mimetype=file.content_type)
        name = f"{file.reference}.{EXTENSIONS.get(file.content_type, 'bin')}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
