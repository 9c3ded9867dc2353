"""Fills the product's database: one enrollment by its own action, then any number of others by bulk SQL.

They came in one a minute, the last of them just now, so that what a promise keeps waiting (payments in their two
weeks, refunds in their ten business days) is as much in a small school as in a large one, while what has ended grows.
A few rare things (returns, records in error, exceptions) happened long ago only: whoever looks for them from the
newest end walks through everything.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from config import Config
from provider.accounts import actions as accounts
from provider.accounts.models import Person
from provider.accounts.passwords import hash_password
from provider.app import create_app
from provider.catalog import queries as catalog
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.history.blocks import mark_blocks
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import Model, db, unit_of_work
from provider.kernel.references import ALPHABET
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.mail.models import OutboxLetter
from provider.payments.models import Allocation, Payment, Receipt
from provider.policies import queries as policies
from provider.refunds.models import Payout, Refund
from provider.search.models import SearchWord
from provider.tasks.models import Task
from tests.bench import placing
from tests.bench.bulk import Bulk, loading

EMAIL = "admin@example.org"
PASSWORD = "a long and quiet password"
FIRST_NAMES = ("Ana", "Ben", "Chloe", "Dmitri", "Efua", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Kira")
LAST_NAMES = ("Abbott", "Baker", "Castro", "Diaz", "Evans", "Fischer", "Garcia", "Huang", "Ibrahim", "Jones", "Kumar")
MODELS: tuple[type[Model], ...] = (
    Person, Enrollment, Agreement, Installment, SearchWord, Payment, Allocation, Receipt, LedgerPosting, LedgerEntry,
    Refund, Payout, OutboxLetter, Task, History, *placing.MODELS,
)  # fmt: skip
MINUTE = 60
PEOPLE = 100  # the first ids are the school's own
ENDED_LONG_AGO = 2_000
TOLD = "n % 10 = 0"  # whose ledger and receipts are there, too: a page opens one of them, the others only take room


def fill(environ: Mapping[str, str], number: int) -> None:
    """Give an empty school its administrator and this many enrollments with all that belongs to them."""
    app = create_app(Config.load(environ))
    with app.app_context():
        _admin()
        at = clock.now()
        _one_enrollment(at)
        db.session.remove()
        with loading(MODELS, 2, number) as bulk:
            _Rows(bulk, at, number).write()
        with unit_of_work():
            mark_blocks(now=clock.now(), most=number)  # what its own job would do within an hour
        db.engine.dispose()


def _admin() -> None:
    hashed, at = hash_password(PASSWORD), clock.now()
    with unit_of_work():
        accounts.first_admin(name="Ada Admin", email=EMAIL, password_hash=hashed, actor=SYSTEM, at=at)


def _one_enrollment(at: dt.datetime) -> None:
    answers = enrollments.Answers(
        legal_name="Tom Template",
        email="template@example.org",
        phone=None,
        state_code="NY",
        zip="10001",
        zone="America/New_York",
        signature="Tom Template",
    )
    with unit_of_work():
        offer = catalog.offer(catalog.read().programs[0].slug)
        enrollments.accept(
            answers=answers,
            offer=offer,
            plan=max(offer.plans, key=lambda plan: plan.count),
            policy=policies.in_force(at),
            browser="0" * 64,
            client_address="127.0.0.1",
            actor=SYSTEM,
            at=at,
        )


class _Rows:
    """What belongs to enrollment number ``n``, table by table; ids are made from ``n``, too."""

    def __init__(self, bulk: Bulk, now: dt.datetime, number: int) -> None:
        self.bulk, self.number = bulk, number
        self.since = now - dt.timedelta(minutes=number + 1)
        self.day = self.since.replace(hour=12, minute=0, second=0, microsecond=0)
        self.first_name, self.last_name = pick(FIRST_NAMES, "n"), pick(LAST_NAMES, f"n / {len(FIRST_NAMES)}")
        self.email = f"'student' || {numbered('n')} || '@example.org'"
        self.waiting, self.paid = f"(n % 10 IN (6, 7, 8) AND n > {number - 20_000})", "n % 10 NOT IN (6, 7, 8)"
        self.late = f"(n % 100 = 3 AND n > {number - 200_000})"
        self.at = self.after(0)

    def after(self, seconds: int) -> str:
        """Return the instant so many seconds after the enrollment."""
        return self.bulk.instant(f"n * {MINUTE} + {seconds}", self.since)

    def write(self) -> None:
        """Write all tables."""
        self._people()
        self._enrollments()
        self._words()
        self._money()
        self._refunds()
        self._letters()
        self._tasks()
        self._history()
        placing.write(
            self.bulk,
            self.after,
            lambda seconds: self.bulk.day(f"n * {MINUTE} + {seconds}", self.since),
            waiting=f"n > {self.number - 6_000}",
            padded=numbered("n"),
        )

    def _people(self) -> None:
        self.bulk.rows(
            Person,
            where="n % 10 <> 8",
            id=f"n + {PEOPLE}",
            reference=_reference("P"),
            name=f"{self.first_name} || ' ' || {self.last_name}",
            email=self.email,
            email_proved_at=self.after(20),
            zone="'America/New_York'",
            created_at=self.after(20),
        )

    def _enrollments(self) -> None:
        template = dict(db.session.execute(sa.select(Enrollment.__table__)).mappings().one())
        programs = db.session.scalars(sa.text("SELECT id FROM program ORDER BY id")).all()
        state = (
            f"CASE WHEN {self.waiting} AND n % 10 = 6 THEN 'awaiting_payment' WHEN {self.waiting} THEN 'started' "
            "WHEN n % 10 IN (6, 7, 8) THEN 'canceled' WHEN n % 50 = 2 THEN 'refunded' "
            f"WHEN n % 100 = 5 AND n < {ENDED_LONG_AGO} THEN 'withdrawn' "
            f"WHEN n % 10 = 9 OR n < {self.number - 200_000} THEN 'completed' ELSE 'active' END"
        )
        self.bulk.rows(
            Enrollment,
            id="n",
            reference=_reference("E"),
            program_id=pick(programs, "n"),
            plan_id=str(template["plan_id"]),
            person_id=f"CASE WHEN n % 10 <> 8 THEN n + {PEOPLE} END",
            state=state,
            submission_key=f"'browser-' || {numbered('n')}",
            answers_digest=f"'{template['answers_digest']}'",
            legal_name=f"{self.first_name} || ' ' || {self.last_name}",
            claimed_email=self.email,
            state_code="'NY'",
            zip="'10001'",
            zone="'America/New_York'",
            accepted_at=self.at,
            proved_at=f"CASE WHEN n % 10 <> 8 THEN {self.after(20)} END",
            purchased_at=f"CASE WHEN {self.paid} THEN {self.after(40)} END",
            completed_at=f"CASE WHEN n % 10 = 9 OR n < {self.number - 200_000} THEN {self.after(50)} END",
            hold_on=f"CASE WHEN {self.late} AND n % 200 = 3 THEN {self.bulk.day(f'n * {MINUTE}', self.day)} END",
        )
        db.session.remove()
        self._agreements()

    def _agreements(self) -> None:
        """Copy the first agreement and two of its installments, without its paper: gigabytes that no list opens."""
        left_out = {"inclusions": self.bulk.json("[]"), "terms": "'The terms.'", "consent": "'Yes.'"}
        self._copies(Agreement, "enrollment_id", enrollment_id="n", accepted_at=self.at, **left_out)
        paid = f"t.number = 1 AND {self.paid}"
        self._copies(
            Installment,
            "enrollment_id",
            rows=" AND t.number < 3",
            id="4 * n + t.number",
            enrollment_id="n",
            paid_cents=f"CASE WHEN {paid} THEN t.amount_cents ELSE 0 END",
            state=(
                f"CASE WHEN {paid} THEN 'paid' WHEN t.number = 2 AND {self.late} THEN 'past_due' "
                f"WHEN n % 10 IN (6, 7, 8) AND NOT {self.waiting} THEN 'canceled' ELSE 'scheduled' END"
            ),
        )

    def _copies(self, model: type[Model], key: str, *, rows: str = "", **changed: str) -> None:
        columns = {column.name: changed.get(column.name, f't."{column.name}"') for column in model.__table__.columns}
        names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(columns.values())
        template = f"FROM {self.bulk.numbers}, {model.__tablename__} t WHERE t.{key} = 1{rows}"
        self.bulk.run(f"INSERT INTO {model.__tablename__} ({names}) SELECT {values} {template}")

    def _words(self) -> None:
        reference = _reference("E")
        for word in (
            self.first_name, self.last_name, f"'student' || {numbered('n')}", self.email, "'example'", "'org'", "'e'",
            f"substr({reference}, 3)", reference,
        ):  # fmt: skip
            self.bulk.rows(SearchWord, word=f"lower({word})", kind="'enrollment'", subject_id="n")
        self._words_of_people()

    def _words_of_people(self) -> None:
        for word in (self.first_name, self.last_name, f"'student' || {numbered('n')}", self.email, _reference("P")):
            proved, person = "n % 10 <> 8", f"n + {PEOPLE}"
            self.bulk.rows(SearchWord, where=proved, word=f"lower({word})", kind="'person'", subject_id=person)

    def _money(self) -> None:
        amount = self.bulk.scalar("SELECT amount_cents FROM installment WHERE enrollment_id = 1 AND number = 1")
        total = self.bulk.scalar("SELECT total_cents FROM agreement WHERE enrollment_id = 1")
        for_return, reversed_ = (f"(n % 500 = {rest} AND n < {ENDED_LONG_AGO})" for rest in (10, 20))
        self.bulk.rows(
            Payment,
            where=self.paid,
            id="n",
            reference=_reference("PY"),
            enrollment_id="n",
            method=pick(("bank_transfer", "check", "money_order"), "n"),
            state=f"CASE WHEN {reversed_} THEN 'reversed' ELSE 'captured' END",
            amount_cents=f"{amount}",
            external_reference=f"'Check ' || {numbered('n')}",
            received_at=self.after(40),
            recorded_at=self.after(40),
            proof_note="'Statement of the day'",
            for_return=for_return,
            reversed_at=f"CASE WHEN {reversed_} THEN {self.after(50)} END",
            reversed_reason=f"CASE WHEN {reversed_} THEN 'Another student' END",
        )
        self.bulk.rows(
            Allocation, where=self.paid, id="n", payment_id="n", installment_id="4 * n + 1", cents=f"{amount}"
        )
        self.bulk.run("INSERT INTO receipt_series (name, last_number) VALUES ('bench', 10000000)")
        self.bulk.rows(
            Receipt,
            where=TOLD,
            id="n",
            reference=_reference("RC"),
            kind="'receipt'",
            series="'bench'",
            number="n",
            payment_id="n",
            issued_at=self.after(40),
            content=self.bulk.json("{}"),
        )
        self._postings("accepted", TOLD, 0, _reference("E"), total, ("receivable", "tuition"))
        self._postings("captured", TOLD, 40, _reference("PY"), amount, ("cash_offline", "receivable"))

    def _postings(self, kind: str, where: str, seconds: int, subject: str, cents: int, sides: tuple[str, str]) -> None:
        posting = f"2 * n + {min(seconds, 1)}"
        self.bulk.rows(
            LedgerPosting,
            where=where,
            id=posting,
            about=_reference("E"),
            kind=f"'{kind}'",
            at=self.after(seconds),
            subject_reference=subject,
        )
        for number, (account, side) in enumerate(zip(sides, ("debit", "credit"), strict=True)):
            self.bulk.rows(
                LedgerEntry,
                where=where,
                id=f"2 * ({posting}) + {number}",
                posting_id=posting,
                account=f"'{account}'",
                side=f"'{side}'",
                cents=f"{cents}",
            )

    def _refunds(self) -> None:
        """Of every fifty one asked for the money back; those of the last days wait to be paid out."""
        asked, waiting = f"n % 50 = 2 AND {self.paid}", f"n > {self.number - 10_000}"
        declined = f"(n % 200 = 2 AND n < {ENDED_LONG_AGO})"
        amount = self.bulk.scalar("SELECT amount_cents FROM installment WHERE enrollment_id = 1 AND number = 1")
        day = 24 * 60
        self.bulk.rows(
            Refund,
            where=asked,
            id="n",
            reference=_reference("R"),
            enrollment_id="n",
            state=f"CASE WHEN {declined} THEN 'declined' WHEN {waiting} THEN 'approved' ELSE 'settled' END",
            basis="'window'",
            channel="'page'",
            amount_cents=f"{amount}",
            asked_at=self.after(50),
            decided_at=self.after(50),
            purchased_at=self.after(40),
            decision=self.bulk.json('{"refusal": null, "window": null}'),
            due_on=self.bulk.day(f"(n + 9 * {day}) * {MINUTE}", self.since),
            overdue_on=self.bulk.day(f"(n + 14 * {day}) * {MINUTE}", self.since),
            settled_at=f"CASE WHEN NOT {declined} AND NOT {waiting} THEN {self.after(55)} END",
        )
        self.bulk.rows(
            Payout,
            where=f"{asked} AND NOT {declined}",
            id="n",
            reference=_reference("PO"),
            refund_id="n",
            payment_id="n",
            amount_cents=f"{amount}",
            method="'check'",
            state=f"CASE WHEN {waiting} THEN 'due' ELSE 'sent' END",
            external_reference=f"CASE WHEN NOT {waiting} THEN 'Check back ' || {numbered('n')} END",
            sent_at=f"CASE WHEN NOT {waiting} THEN {self.after(55)} END",
        )

    def _letters(self) -> None:
        failed = f"(n % 500 = 30 AND n < {ENDED_LONG_AGO})"
        for number, (template, where, subject) in enumerate(
            (
                ("enrollment_received", "0 = 0", "We have your enrollment"),
                ("receipt", TOLD, "Your receipt"),
            )
        ):
            reference = _reference("L", f"(2 * n + {number})")
            state = f"CASE WHEN {failed} THEN 'failed' ELSE 'sent' END" if number else "'sent'"
            self.bulk.rows(
                OutboxLetter,
                where=where,
                id=f"2 * n + {number}",
                reference=reference,
                event=_reference("E"),
                template=f"'{template}'",
                mailbox="'enquiries'",
                recipient=self.email,
                about=_reference("E"),
                values=self.bulk.json("{}"),
                message_id=f"'<' || lower({reference}) || '@example.org>'",
                state=state,
                queued_at=self.after(40 * number),
                give_up_at=self.after(3 * 86_400),
                sent_at=f"CASE WHEN {state} = 'sent' THEN {self.after(40 * number + 5)} END",
                attempts="1",
                subject=f"'{subject}'",
                body_text="'Dear student'",
                body_html="'Dear student'",
            )

    def _tasks(self) -> None:
        """Of every hundred one was to be called about a late installment; those of the last weeks wait."""
        waiting = f"n > {self.number - 20_000}"
        self.bulk.rows(
            Task,
            where=f"n % 100 = 3 AND {self.paid}",
            id="n",
            reference=_reference("T"),
            kind="'payment_hold'",
            key=f"'hold:' || {numbered('n')}",
            state=f"CASE WHEN {waiting} THEN 'open' ELSE 'done' END",
            about=_reference("E"),
            sentence="'An installment is more than ten days late. Call the student.'",
            created_at=self.after(50),
            due_on=self.bulk.day(f"(n + {24 * 60}) * {MINUTE}", self.since),
            turn_on=self.bulk.day(f"(n + {24 * 60}) * {MINUTE}", self.since),
            done_at=f"CASE WHEN NOT {waiting} THEN {self.after(55)} END",
        )

    def _history(self) -> None:
        """The lines of each story, written as they came."""
        lines = (
            ("enrollment", _reference("E"), "enrollment.started", "'started'", 0, "0 = 0"),
            ("enrollment", _reference("E"), "enrollment.awaiting_payment", "'awaiting_payment'", 20, "n % 10 <> 8"),
            ("payment", _reference("PY"), "payment.captured", "'captured'", 40, self.paid),
        )
        for number, (kind, reference, event, state, seconds, where) in enumerate(lines):
            self.bulk.rows(
                History,
                where=where,
                id=f"{len(lines)} * n + 1000 + {number}",
                at=self.after(seconds),
                subject_kind=f"'{kind}'",
                subject_reference=reference,
                about=_reference("E"),
                event=f"'{event}'",
                new_state=state,
                actor_kind=("'visitor'", "'system'", "'staff'")[number],
                actor_reference="NULL" if number < 2 else "'P-2222222' || (n % 7 + 2)",
                request_id=f"'request-' || {numbered('n')}",
                data=self.bulk.json("{}"),
            )


def story(number: int, prefix: str = "E") -> str:
    """Return the reference of an enrollment (or its student) that is told whole: paid, with ledger and receipt."""
    base, letters, n = len(ALPHABET), "", number - number % 10
    for place in range(4, -1, -1):
        letters += ALPHABET[n // base**place % base]
    return f"{prefix}-ZZZ{letters}"


def _reference(prefix: str, n: str = "n") -> str:
    base = len(ALPHABET)
    letters = [f"substr('{ALPHABET}', {n} / {base**place} % {base} + 1, 1)" for place in range(4, -1, -1)]
    return f"'{prefix}-ZZZ' || {' || '.join(letters)}"


def numbered(n: str) -> str:
    """Return the number as text of seven digits, so that words come in the order of the rows."""
    return f"substr(cast(10000000 + {n} AS text), 2)"


def pick(values: Sequence[str] | Sequence[int], n: str) -> str:
    arms = " ".join(f"WHEN {i} THEN {value!r}" for i, value in enumerate(values))
    return f"CASE {n} % {len(values)} {arms} END"
