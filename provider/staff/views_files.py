"""Proofs of payments, always as a download: what a stranger uploaded is never drawn inside our pages.

Reading one writes one row of history: who read which document, and when. What students upload for an externship has a
door of its own: whoever sees money does not see health papers.
"""

from flask import Response

from provider.accounts.rules import Permission
from provider.files.downloads import given_out
from provider.files.queries import with_bytes
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.payments import queries

door = Door("staff_files", __name__, needs=Permission.SEE_MONEY, url_prefix="/staff/files")


@door.get("/<reference>")
def show(reference: str) -> Response:
    if not queries.is_proof(reference):
        raise NotFound
    with unit_of_work():
        return given_out(with_bytes(reference), reference)
