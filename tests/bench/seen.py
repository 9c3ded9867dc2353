"""What a page costs in Chromium with an empty cache: requests, bytes, first paint, layout shift. Told, not judged."""

import statistics
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.harness.chromium import ARGUMENTS, executable

WIDTHS = (375, 1280)
HEIGHT = 800
# Entries from before the observer are handed to it once it looks; what comes late comes within half a second. Half of
# the visit is spent at the end of the page, since what is out of view does not shift.
_MEASURED = """async () => {
  const pause = time => new Promise(done => setTimeout(done, time));
  const shifts = [];
  const note = list => shifts.push(...list.getEntries());
  const observer = new PerformanceObserver(note);
  observer.observe({type: "layout-shift", buffered: true});
  await document.fonts.ready;
  await pause(500);
  scrollTo(0, document.documentElement.scrollHeight);
  await pause(500);
  note({getEntries: () => observer.takeRecords()});
  const painted = Object.fromEntries(performance.getEntriesByType("paint").map(one => [one.name, one.startTime]));
  const shifted = shifts.reduce((sum, one) => sum + one.value, 0);
  return [painted["first-paint"], painted["first-contentful-paint"], shifted];
}"""


@dataclass(slots=True)
class Visit:
    """One visit: bytes over the wire by address, headers included, and what the browser measured of itself."""

    fetched: dict[str, int] = field(default_factory=dict)
    painted: float = 0.0
    with_content: float = 0.0
    shifted: float = 0.0


def facts(url: str, visits: int) -> list[str]:
    """Open a page at each width and return a line for each, with the medians of so many visits."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        _visited(browser, url, WIDTHS[0])  # the first page of a browser waits for the browser
        found = {width: [_visited(browser, url, width) for _ in range(visits)] for width in WIDTHS}
        browser.close()
    return [_written(width, visits) for width, visits in found.items()]


def _visited(browser: Browser, url: str, width: int) -> Visit:
    context = browser.new_context(viewport={"width": width, "height": HEIGHT})
    page, visit = context.new_page(), Visit()
    wire, addresses = context.new_cdp_session(page), dict[str, str]()

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def fetched(event: dict[str, Any]) -> None:
        visit.fetched[addresses[event["requestId"]]] = int(event["encodedDataLength"])

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.loadingFinished", fetched)
    wire.send("Network.enable")
    page.goto(url, wait_until="networkidle")
    visit.painted, visit.with_content, visit.shifted = page.evaluate(_MEASURED)
    context.close()
    return visit


def _written(width: int, visits: list[Visit]) -> str:
    last = visits[-1].fetched
    painted, content = (
        statistics.median(times) for times in ([one.painted for one in visits], [one.with_content for one in visits])
    )
    shifted = max(one.shifted for one in visits)
    listed = ", ".join(f"{path} {size:,}" for path, size in last.items())
    return (
        f"Chromium, {width} px, empty cache: {len(last)} requests, {sum(last.values()):,} bytes ({listed}); "
        f"first paint {painted:.0f} ms, with content {content:.0f} ms (medians of {len(visits)}); "
        f"layout shift {shifted:.3f}"
    )
