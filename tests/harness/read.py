"""What tests read in a running school: files of letters, words of papers, what a page says in the end."""

import io
import re
import time
from collections.abc import Callable
from email.message import EmailMessage

import pypdf

from tests.harness.remote import RemoteVisitor
from tests.harness.smtp import Delivery
from tests.harness.visitor import Page

SECONDS = 15.0


def files(letter: Delivery) -> dict[str, bytes]:
    """Return what is attached to a letter, by the kind of file, with the names checked."""
    found = {}
    for part in letter.mail.iter_attachments():
        assert isinstance(part, EmailMessage)
        found[part.get_content_type()] = part.get_payload(decode=True)
        assert part.get_filename(), part.get_content_type()
    return found  # type: ignore[return-value] # decoded payloads are bytes


def read(data: bytes) -> str:
    """Return the words of a PDF, which is tagged."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert "/StructTreeRoot" in reader.trailer["/Root"]  # type: ignore[operator] # a dictionary
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def lacking(paper: str, facts: tuple[str, ...]) -> list[str]:
    """Return what a paper does not say; blanks aside, since a reader of PDFs takes a wide gap of letters for one."""
    squeezed = paper.replace(" ", "")
    return [fact for fact in facts if fact.replace(" ", "") not in squeezed]


def until(look: Callable[[], Page], words: str) -> Page:
    """Open a page again and again until the worker has done what it tells of."""
    end = time.monotonic() + SECONDS
    page = look()
    while words not in page.words():
        assert time.monotonic() < end, page.words()
        time.sleep(0.05)
        page = look()
    return page


def uploaded(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def reference_in(visitor: RemoteVisitor, pattern: str) -> str:
    """Return the one thing on a page that looks like this."""
    assert visitor.page is not None
    found = set(re.findall(pattern, visitor.page.text))
    assert len(found) == 1, (visitor.page.path, found)
    return str(found.pop())
