"""The reviewed answers of access.csv, and what an application answers in their place."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule

from provider.accounts.rules import Outside, Role
from provider.kernel.web import CONTENT_SECURITY_POLICY
from tests.harness.objects import OTHER_OWNERS, address, objects
from tests.harness.room import MINE, OWNER, STRANGER, Objects
from tests.harness.season import Season
from tests.harness.stories import enroll, sign_in
from tests.harness.visitor import Visitor

REVIEWED = Path(__file__).parents[1] / "architecture" / "access.csv"
# What every answer carries; a page with one script inside names it by its hash, which is the only difference.
SAFE = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NEVER = {"Server", "X-Powered-By", "Access-Control-Allow-Origin"}
# Doors whose answers may be kept by others: nothing on them is anybody's.
KEPT = {"careers", "site", "static", "font", "accent"}
KEY = ("endpoint", "method", "whose")
WHO: tuple[str, ...] = (*Outside, *Role)
SCRIPT = re.compile(r"script-src 'sha256-[\w+/=]+'")
SANDBOX = "sandbox; default-src 'none'"  # of a file that somebody sent
ASKS_AGAIN = "; connect-src 'self'"  # of a page whose script sends what waits once the line is back
UNASKED = {"unasked": "1"}


@dataclass(frozen=True, slots=True)
class Row:
    """What everybody gets at an address: ``whose`` is own or other where the record has a student, else nothing.

    A 303 leads to the sign-in page. A 422 says that one may: the form was sent with a field that it does not have.
    """

    endpoint: str
    method: str
    whose: str
    answers: dict[str, int]


def read(path: Path = REVIEWED) -> list[Row]:
    """Return the reviewed rows; fails where one stands twice or a column is not known."""
    with path.open(newline="") as file:
        reader = csv.DictReader(file, strict=True)
        assert tuple(reader.fieldnames or ()) == (*KEY, *WHO)
        rows = [
            Row(
                line["endpoint"],
                line["method"],
                line["whose"],
                {who: int(line[who]) for who in WHO if line[who]},
            )
            for line in reader
        ]
    twice = [key for key, times in Counter((row.endpoint, row.method, row.whose) for row in rows).items() if times > 1]
    assert twice == []
    return rows


def addresses(app: Flask) -> dict[tuple[str, str], Rule]:
    """Return every address of the application with its method."""
    methods = {"HEAD", "OPTIONS"}
    return {
        (rule.endpoint, method): rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - methods
    }


def without_row(rows: Sequence[Row], app: Flask) -> set[tuple[str, str]]:
    """Return the addresses that nobody reviewed."""
    return set(addresses(app)) - {(row.endpoint, row.method) for row in rows}


def without_address(rows: Sequence[Row], app: Flask) -> set[tuple[str, str]]:
    """Return the rows whose address is gone."""
    return {(row.endpoint, row.method) for row in rows} - set(addresses(app))


class Party:
    """One kind of person at a browser, with what is theirs."""

    def __init__(self, app: Flask, season: Season, who: str, whose: str) -> None:
        self.app, self.visitor = app, Visitor(app)
        self.others: dict[str, Visitor] = {}
        self.who = who
        self.missing: list[str] = []
        self.known: Objects = objects(app, season)
        if who in season.staff:
            sign_in(self.visitor, season.staff[Role(who)], follow=False)
        elif who == Outside.STUDENT:
            sign_in(self.visitor, season[STRANGER if whose == "other" else OWNER].email, follow=False)
        elif whose == "own":
            self.known[MINE] |= {"reference": enroll(self.visitor)}
        self.visitor.get("/contact")
        for other in set(OTHER_OWNERS.values()) if (who, whose) == (Outside.STUDENT, "own") else ():
            self.others[other] = Visitor(app)
            sign_in(self.others[other], season[other].email, follow=False)
            self.others[other].get("/contact")

    def path(self, row: Row) -> str:
        """Return the row's address with a record of each kind that it names."""
        return address(self.app, addresses(self.app)[row.endpoint, row.method], self.known)

    def _visitor(self, row: Row) -> Visitor:
        """Return who visits a row: the owner of what stands there, where that is not the OWNER."""
        begins = next((begins for begins in OTHER_OWNERS if self.path(row).startswith(begins)), None)
        if row.whose != "own" or self.who != Outside.STUDENT or begins is None:
            return self.visitor
        return self.others[OTHER_OWNERS[begins]]

    def answer(self, row: Row, expected: int) -> int:
        """Visit the address and return the status; 0 for a redirect that does not lead to the sign-in page."""
        sent = None
        if row.method != "GET":
            sent = {"csrf_token": self._visitor(row).token()} | (UNASKED if expected == 422 else {})
        answer = self._visitor(row).client.open(self.path(row), method=row.method, data=sent)
        answer.close()
        self.missing = unsafe(row, answer.headers)
        elsewhere = answer.status_code == 303 and not answer.headers["Location"].startswith("/sign-in")
        return 0 if elsewhere else answer.status_code


def unsafe(row: Row, headers: Headers) -> list[str]:
    """Return what the headers of an answer lack, or say and should not."""
    told = {name: SCRIPT.sub("script-src 'self'", headers.get(name, "")).removesuffix(ASKS_AGAIN) for name in SAFE}
    if told["Content-Security-Policy"] == SANDBOX:
        told["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    wrong = [name for name, value in SAFE.items() if told[name] != value] + sorted(NEVER & set(headers.keys()))
    personal = row.endpoint.partition(".")[0] not in KEPT
    return wrong + ["no-store"] * (personal and headers.get("Cache-Control") != "no-store")


def surprises(party: Party, who: str, rows: Iterable[Row]) -> Iterator[str]:
    """Visit each row as one person and say where the answer is another one."""
    for row in rows:
        expected = row.answers.get(who)
        if expected is not None and (status := party.answer(row, expected)) != expected:
            yield f"{row.method} {row.endpoint} {row.whose} for {who}: {status}, not {expected}"
        elif expected is not None and party.missing:
            yield f"{row.method} {row.endpoint} {row.whose} for {who}: {party.missing}"
