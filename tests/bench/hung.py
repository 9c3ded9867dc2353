"""Pages while the payment service hangs: eight students wait for it, and everybody else must not notice."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.passwords import hash_password
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.kernel.database import db, unit_of_work
from tests.bench import table
from tests.bench.fill import EMAIL, PASSWORD
from tests.bench.load import Order
from tests.bench.measure import Loader, Series, Sheet, median_ratio
from tests.bench.servers import Side
from tests.harness.card_service import CardService
from tests.harness.service_words import Fault

HUNG = 8  # all that may: half of the threads of each of the two web processes
MOST_TRIES = 20  # whom the busier process tells to come again has to be somebody else
PAGES = 4
WAITS = 2
ROUNDS = 8
SECONDS = 0.25  # of one page in one round: all of them have to be over before the product gives up
GIVE_UP_SECONDS = 5.0
HANG_SECONDS = 60.0  # the product gives up after ten
CALL = "create_customer"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Hung:
    """Pages of a server where eight requests wait for the payment service, in turns with one where nobody does.

    Both serve one school, so that a slow moment of the machine hits both.
    """

    def __init__(self, sheet: Sheet, side: Side, service: CardService, loader: Loader) -> None:
        self.sheet, self.side, self.service, self.loader = sheet, side, service, loader
        self.idle = Side("nobody waits", side.folder, side.environ["DATABASE_URL"], side.page)
        self.idle.environ = side.environ | {"PORT": str(self.idle.port)}
        self.students: Iterator[tuple[str, str]]

    def run(self, app: Flask) -> None:
        """Open each page on both servers."""
        self.students = iter(self._signed_in(app, PAGES * WAITS * MOST_TRIES + 1))
        own, cookie = next(self.students)
        pages = {
            "/programs/ccma": "",
            "/staff/enrollments": self._sign_in(EMAIL),
            "/my": cookie,
            f"/my/enrollments/{own}": cookie,
        }
        self.idle.start()
        try:
            found = {path: self._compared(path, cookie) for path, cookie in pages.items()}
        finally:
            self.idle.stop()
        worst = max(found, key=lambda path: median_ratio(*found[path]))
        hung, idle = found[worst]
        each = (f"{path.replace(own, '…')} {median_ratio(*two):.2f}" for path, two in found.items())
        self.sheet.notes.append(f"{self.sheet.database}, p50 while 8 calls hang, against idle: {', '.join(each)}")
        self.sheet.add(
            table.HUNG,
            median_ratio(hung, idle),
            bare=idle.written(),
            product=f"{hung.written()}, worst: {worst.replace(own, '…')}",
            errors=hung.errors + idle.errors,
        )

    def _compared(self, path: str, cookie: str) -> tuple[Series, Series]:
        """Open a page on both servers in turns, while eight wait on one."""
        waiting = self._hang()
        order = Order("reading", self.side.port, 1, SECONDS, path=path, cookie=cookie)
        theirs = cookie.replace(f"-{self.side.port}=", f"-{self.idle.port}=")  # a cookie's name holds the port
        both = self.loader.in_turns({"hung": order, "idle": replace(order, port=self.idle.port, cookie=theirs)}, ROUNDS)
        assert all(each.is_alive() for each in waiting), "a call ended while pages were measured"
        for each in waiting:
            each.join()
        return both["hung"], both["idle"]

    def _hang(self) -> list[threading.Thread]:
        """Let eight students wait for the service; return their threads."""
        self.service.reset()
        self.service.hang_for(HANG_SECONDS)
        self.service.fail_next(*[Fault.HANG] * HUNG, call=CALL)
        waiting: list[threading.Thread] = []
        tries, end = 0, time.monotonic() + GIVE_UP_SECONDS
        while self.service.calls().get(CALL, 0) < HUNG:
            waiting = [each for each in waiting if each.is_alive()]
            while len(waiting) < HUNG:
                tries += 1
                waiting.append(threading.Thread(target=self._ask_for_card, args=next(self.students), daemon=True))
                waiting[-1].start()
            assert tries < MOST_TRIES, f"{tries} students tried to wait, and not {HUNG} calls hang"
            assert time.monotonic() < end, f"not {HUNG} calls hang after {GIVE_UP_SECONDS:.0f} s"
            time.sleep(0.05)
        return [each for each in waiting if each.is_alive()]

    def _ask_for_card(self, reference: str, cookie: str) -> None:
        """Begin to enter a card, as the page's script does."""
        home = f"/my/enrollments/{reference}/pay"
        with closing(http.client.HTTPConnection("127.0.0.1", self.side.port, timeout=60)) as line:
            line.request("GET", home, headers={"Cookie": cookie})
            answer = line.getresponse()
            token = _TOKEN.search(answer.read().decode())
            assert token is not None, f"{home} answered {answer.status} without a form"
            if set_now := answer.headers.get("Set-Cookie"):
                cookie = set_now.partition(";")[0]
            headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", f"{home}/card", urlencode({"csrf_token": token[1]}), headers)
            line.getresponse().read()

    def _signed_in(self, app: Flask, count: int) -> list[tuple[str, str]]:
        """Sign in students of active enrollments; return their enrollments and cookies."""
        query = (
            sa.select(Enrollment.reference, Person.email, Person.id)
            .join(Person, Person.id == Enrollment.person_id)
            .where(Enrollment.state == EnrollmentState.ACTIVE)
            .order_by(Enrollment.id.desc())
        )
        with app.app_context():
            hashed = hash_password(PASSWORD)
            with unit_of_work():
                found = db.session.execute(query.limit(count)).all()
                ids = [row.id for row in found]
                db.session.execute(sa.update(Person).where(Person.id.in_(ids)).values(password_hash=hashed))
        return [(row.reference, self._sign_in(row.email)) for row in found]

    def _sign_in(self, email: str) -> str:
        order = Order("sign_in", self.side.port, 1, 1, most=1, path=f"{email} {PASSWORD}")
        return self.loader.must(order).cookie
