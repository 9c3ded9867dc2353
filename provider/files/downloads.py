"""Giving out what was uploaded: always as a download, and never without writing down who read it."""

from flask import Response

from provider.files import actions
from provider.files.models import File
from provider.files.rules import EXTENSIONS
from provider.kernel.errors import NotFound
from provider.kernel.web import actor, as_download, received_at


def given_out(file: File | None, name: str) -> Response:
    """Answer with a file under a name of ours, in the unit of work that remembers it; raises NotFound without one."""
    if file is None:
        raise NotFound
    actions.read(file, actor=actor(), at=received_at())
    return as_download(file.data, file.content_type, f"{name}.{EXTENSIONS[file.content_type]}")
