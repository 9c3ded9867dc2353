"""The field by which documents are uploaded."""

from typing import Any

from provider.files.rules import EXTENSIONS, LARGEST_BYTES
from provider.kernel.inputs import Upload


class Paper(Upload):
    """A PDF, or a photo of a paper; whether it is one is judged by its content when it is kept."""

    def __init__(self, label: str, hint: str = "", **kwargs: Any) -> None:
        meta = {"label": label, "hint": hint, "attrs": {"accept": ",".join(EXTENSIONS)}}
        super().__init__(most_bytes=LARGEST_BYTES, metadata=meta, **kwargs)
