"""Follows every link of ours from a page on, as one person sees them, and hands over each page."""

from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

from tests.harness.visitor import Page, Visitor


def crawl(visitor: Visitor, *starts: str) -> Iterator[Page]:
    """Open each address once, with its question as it stands; papers and files are opened and not read."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        path = waiting.pop()
        page = Page(visitor.client.get(path), path)
        yield page
        if page.html is None or page.status != 200:
            continue
        for anchor in page.all("a[href]"):
            target = urldefrag(anchor.attrs["href"])[0]
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not target.startswith("/") or target in seen:
                continue
            seen.add(target)
            waiting.append(target)
