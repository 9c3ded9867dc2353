"""Cards: events taken in, due installments charged, and pages while the payment service hangs.

Installments are charged by two workers, in turns with bare clients of the same server: that is what the server can do
by itself. It is slower with each charge that it has, so that it forgets everything between batches.
"""

import datetime as dt
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.app import create_app
from provider.cards import schedule
from provider.cards.models import Card, Charge
from provider.cards.rules import CardState, ChargeState, charging_day
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import EnrollmentState, InstallmentState
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from tests.bench import bare, table
from tests.bench.fill import fill
from tests.bench.hung import Hung
from tests.bench.load import Order
from tests.bench.measure import Loader, Sheet, rate_ratio
from tests.bench.servers import BIN, ROOT, Databases, Side
from tests.harness import service_words
from tests.harness.card_service import CardService

BARE = "tests.bench.bare:create_app()"
WORKERS = 2
GIVE_UP_SECONDS = 600.0
ACTIVE_OF_A_HUNDRED = 57  # of the enrollments that tests.bench.fill makes, rounded down: they owe a second installment
LATER = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class _Account:
    customer: str
    method: str


class Cards:
    """The card rows of one database."""

    def __init__(self, sheet: Sheet, databases: Databases, folder: Path, loader: Loader) -> None:
        self.sheet, self.folder, self.loader = sheet, folder / databases.name / "cards", loader
        self.side = Side("product", self.folder / "product", databases.url("cards"), "/programs/ccma")
        self.bare = Side("bare", self.folder / "bare", databases.url("bare_cards"), "/page", BARE)
        self.service = CardService(self.folder / "service")
        self.side.environ |= self.service.settings
        self.bare.environ[bare.SECRET] = self.service.secret
        self.app: Flask

    def run(self, *, due: int, batch: int, rounds: int, seconds: float) -> None:
        """Fill a school and measure everything; what was started is ended, whatever happens."""
        self.side.prepare()
        fill(self.side.environ, due * 100 // ACTIVE_OF_A_HUNDRED + 300)
        bare.fill(self.bare.environ["DATABASE_URL"], 10)
        self.app = create_app(Config.load(self.side.environ))
        with self.service:
            self.installments(due, batch)
            try:
                for side in (self.bare, self.side):
                    side.start()
                Hung(self.sheet, self.side, self.service, self.loader).run(self.app)
                self.intake(rounds, seconds)
            finally:
                for side in (self.bare, self.side):
                    side.stop()
        with self.app.app_context():
            db.engine.dispose()

    def intake(self, rounds: int, seconds: float) -> None:
        """Take in events over eight connections; nobody works on them meanwhile, on either side."""
        plain = Order("event", self.bare.port, 8, seconds, path="/hook", secret=self.service.secret)
        order = replace(plain, port=self.side.port, path="/hooks/stripe")
        both = self.loader.in_turns({"bare": plain, "product": order}, rounds)
        ours, plain_ones = both["product"], both["bare"]
        self.sheet.compare(table.INTAKE, rate_ratio(ours, plain_ones), plain_ones, ours)
        self.sheet.compare(table.INTAKE_TAIL, ours.tail(), plain_ones, ours)

    def installments(self, due: int, batch: int) -> None:
        """Charge installments by two workers, in turns with the server alone."""
        waiting = self._give_everybody_a_card(due)
        alone: list[float] = []
        ours: list[float] = []
        asking = 0.0
        with self._workers():
            for first in range(0, due, batch):
                alone.append(self._alone(batch, str(first)))
                rate, asked = self._ours(waiting[first : first + batch])
                ours.append(rate)
                asking += asked
        ratio = statistics.median(mine / other for mine, other in zip(ours, alone, strict=True))
        self.sheet.add(
            table.INSTALLMENTS,
            ratio,
            bare=f"{statistics.median(alone):.0f}/s by {WORKERS} bare clients",
            product=f"{statistics.median(ours):.0f}/s by {WORKERS} workers, {due:,} asked for in {asking:.1f} s",
        )

    def _give_everybody_a_card(self, due: int) -> list[int]:
        """Keep a card for as many active enrollments as are to be charged; return their ids."""
        now = clock.now()
        with self.app.app_context(), unit_of_work():
            query = (
                sa.select(Enrollment.id)
                .join(Installment, Installment.enrollment_id == Enrollment.id)
                .where(Enrollment.state == EnrollmentState.ACTIVE, Enrollment.id > 1)
                .where(Installment.number == 2, Installment.state == InstallmentState.SCHEDULED)
            )
            found = list(db.session.scalars(query.order_by(Enrollment.id).limit(due)))
            assert len(found) == due, f"{len(found)} enrollments to charge instead of {due}"
            later = now.date() + LATER
            db.session.execute(sa.update(Installment).where(Installment.number == 2).values(due_on=later))
            db.session.execute(sa.insert(Installment), [_third(each, later) for each in found])
            db.session.execute(sa.insert(Card), [_card(each, now) for each in found])
        return found

    def _alone(self, count: int, tag: str) -> float:
        """Return how many charges a second the server takes from clients that do nothing else."""
        account = self._account()
        command = [sys.executable, "-m", "tests.bench.charger", self.service.url, account.customer, account.method]
        clients = [
            subprocess.Popen(
                [*command, str(count // WORKERS), f"{tag}-{number}"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(WORKERS)
        ]
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
        told = [tuple(map(float, client.communicate("go\n")[0].split())) for client in clients]
        return count / (max(ended for _, ended in told) - min(began for began, _ in told))

    def _ours(self, batch: Sequence[int]) -> tuple[float, float]:
        """Return how many charges a second the workers settle, and how long it took to ask for them."""
        account, now = self._account(), clock.now()
        with self.app.app_context():
            with unit_of_work():
                of_batch = Installment.enrollment_id.in_(batch)
                today = charging_day(now, Config().SCHOOL_ZONE)
                db.session.execute(sa.update(Installment).where(of_batch, Installment.number == 2).values(due_on=today))
                card = {"customer_id": account.customer, "method_id": account.method}
                db.session.execute(sa.update(Card).where(Card.enrollment_id.in_(batch)).values(**card))
            began = time.perf_counter()
            schedule.ask_for_due(now=now)
            asked = time.perf_counter() - began
            first, last = self._settled(batch)
        taken = self.service.totals()
        assert len(taken) == len(batch), f"the service took {len(taken)} charges instead of {len(batch)}"
        return (len(batch) - 1) / (last - first).total_seconds(), asked

    def _settled(self, batch: Sequence[int]) -> tuple[dt.datetime, dt.datetime]:
        """Wait until each charge of a batch is captured; return the first and the last instant."""
        of_batch = sa.and_(Charge.enrollment_id.in_(batch), Charge.state == ChargeState.CAPTURED)
        query = sa.select(sa.func.count(), sa.func.min(Charge.ended_at), sa.func.max(Charge.ended_at)).where(of_batch)
        end = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < end:
            count, first, last = db.session.execute(query).one()
            db.session.rollback()
            if count == len(batch) and first is not None and last is not None:
                return first, last
            time.sleep(0.3)
        message = f"{len(batch)} charges were not settled. The workers' log:\n{self.side.log.read_text()[-3000:]}"
        raise SystemExit(message)

    def _account(self) -> _Account:
        """Empty the server, and give it one customer with one card."""
        self.service.reset()
        gateway, tag = self.service.gateway, str(time.monotonic_ns())
        customer = gateway.create_customer(key=f"{tag}c", reference="E-BENCH")
        setup = gateway.begin_setup(key=f"{tag}s", customer_id=customer, reference="CD-BENCH")
        return _Account(customer, str(self.service.confirm_setup(setup.id, service_words.GOOD).method_id))

    @contextmanager
    def _workers(self) -> Iterator[None]:
        command = [str(BIN / "flask"), "--app", "provider", "worker"]
        with self.side.log.open("ab") as log:
            running = [
                subprocess.Popen(command, cwd=ROOT, env=self.side.environ, stdout=log, stderr=log)
                for _ in range(WORKERS)
            ]
        try:
            yield
        finally:
            for worker in running:
                worker.terminate()
            for worker in running:
                worker.wait(30)


def _third(enrollment_id: int, due_on: dt.date) -> dict[str, object]:
    """Return one more installment, so that the card is still needed after what is charged today."""
    return {
        "id": 4 * enrollment_id + 3,
        "enrollment_id": enrollment_id,
        "number": 3,
        "due_on": due_on,
        "amount_cents": 10_000,
        "paid_cents": 0,
        "state": InstallmentState.SCHEDULED,
    }


def _card(enrollment_id: int, at: dt.datetime) -> dict[str, object]:
    return {
        "reference": f"CD-BENCH{enrollment_id}",
        "enrollment_id": enrollment_id,
        "state": CardState.SAVED,
        "customer_id": "cus_bench",
        "method_id": "pm_bench",
        "brand": "visa",
        "last4": "4242",
        "exp_month": 12,
        "exp_year": 2034,
        "kept": True,
        "consent": "Yes.",
        "consented_at": at,
        "created_at": at,
        "saved_at": at,
    }
