"""A browser page that remembers what it complained about: errors, broken policies, requests that left the school."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

# A page that is meant to be refused says so in the console as well.
_EXPECTED = "Failed to load resource: the server responded with a status of 4"


@dataclass(slots=True)
class Watched:
    """One page and its complaints."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page


def watch(context: BrowserContext, *origins: str) -> Watched:
    """Open a page whose complaints are kept; a request to anywhere else, which gets nowhere, is one as well."""
    watched = Watched(context.new_page())

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            watched.complaints.append(f"{watched.page.url}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((*origins, "data:", "about:")):
            watched.complaints.append(f"{watched.page.url} asked for {request.url}")

    watched.page.on("console", said)
    watched.page.on("pageerror", lambda error: watched.complaints.append(f"{watched.page.url}: {error}"))
    watched.page.on("dialog", lambda dialog: watched.complaints.append(f"{watched.page.url}: {dialog.message}"))
    context.on("request", asked)
    return watched
