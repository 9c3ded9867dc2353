"""A long list taken out of the house: how long it takes, and how much memory the web process needs on top for it."""

import http.client
import re
import time
from urllib.parse import urlencode

from tests.bench import table
from tests.bench.measure import Sheet
from tests.bench.servers import Side

LIST = "/staff/enrollments"
WANTED = {"state": "active"}  # a good hundred thousand of a million
GIVE_UP_SECONDS = 120
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Exports:
    """Both kinds of file from the larger database; a worker that did not work on it does not grow."""

    def __init__(self, sheet: Sheet, side: Side, cookie: str) -> None:
        self.sheet, self.side, self.cookie = sheet, side, cookie

    def run(self) -> None:
        """Take the list as each kind of file, and add a row for each."""
        (token,) = set(_TOKEN.findall(self._ask("GET", LIST, "")[1].decode()))
        for kind in ("csv", "xlsx"):
            before = self.side.resident_megabytes()
            self.side.forget_peaks()
            began = time.perf_counter()
            form = urlencode({"csrf_token": token, "format": kind, **WANTED})
            told, content = self._ask("POST", f"{LIST}/export", form)
            took = time.perf_counter() - began
            peaks = self.side.resident_megabytes("VmHWM")
            grown = max(peak - rest for peak, rest in zip(peaks, before, strict=True))
            lines = content.count(b"\n") - 1
            size = f"{lines:,} rows, " if kind == "csv" else ""
            self.sheet.add(
                table.EXPORT, grown, product=f"{size}{len(content) / 1e6:.1f} MB in {took:.1f} s, {told}", detail=kind
            )

    def _ask(self, method: str, path: str, body: str) -> tuple[str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.side.port, timeout=GIVE_UP_SECONDS)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if set_now := answer.headers.get("Set-Cookie"):  # a page with a form puts the form's token into the session
            self.cookie = set_now.partition(";")[0]
        if answer.status != 200:
            message = f"{method} {path} answered {answer.status}: {content[:1500].decode()}"
            raise SystemExit(message)
        return f"{answer.headers.get('Content-Type', '').partition(';')[0]}", content
