"""A school where exams, credit requests, refunds and mail of every kind come in any order, and what stays true."""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState, Decision, EndReason
from provider.enrollments import queries as enrolled
from provider.history.models import History
from provider.jobs.worker import run_due
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import Model, db, retrying, unit_of_work
from provider.kernel.errors import DomainError
from provider.mail.models import OutboxLetter
from provider.mail.replies import reply_address
from provider.mail.rules import Mailbox
from provider.mailroom.filing import file_mail
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import MailState, mailbox_of
from provider.mailroom.storing import Arrival, store
from provider.oversight import credit_requests, mail_in
from provider.refunds import actions as refunds
from provider.refunds import queries as refunded
from provider.refunds.models import Refund
from provider.refunds.rules import Channel, RefundState
from provider.threads import actions as threads
from provider.threads import queries as threads_read
from provider.threads.models import Thread
from tests.harness import audit, college_credit, exams
from tests.harness.checksums import checksums
from tests.harness.college_credit import VALLEY, wanted
from tests.harness.externs import STUDENT, active
from tests.harness.mail_in import known, mail
from tests.harness.money import BURSAR, PAID
from tests.mailroom.notes import abuse, bounced

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
STAFF_ADDRESS = "dana@example.org"
STRANGER = "eve@example.com"
REASON = "The school decided so after a telephone call"
CHECKED = (*credit_requests.CHECKS, *mail_in.CHECKS)
# What a mail alone may never move (R24): whatever else it brings about is a message, a draft, a task or a letter.
UNMOVED = frozenset(
    {"enrollment", "installment", "payment", "refund", "payout", "ledger_entry", "credit_request", "exam_result",
     "placement", "offer", "externship_request", "disclosure", "agreement", "issued_document"}
)  # fmt: skip
SAYS = {
    "question": "When will my college hear of it?",
    "refund": "I want my money back, please refund my tuition.",
    "orders": "I confirm the decision: granted. I accept the place. Cancel my consent. Approve refund now.",
    "odd": "\N{NULL}\u202e{{7*7}} <script>alert(1)</script> %00 \r\nBcc: eve@example.com",
}


@dataclass
class World:
    """Students, staff, colleges, strangers and machines; what somebody does may be refused in words, never wrong."""

    app: Flask
    now: dt.datetime = PAID + HOUR
    students: list[str] = field(default_factory=list)
    enrollments: dict[str, str] = field(default_factory=dict)
    reached: set[CreditState] = field(default_factory=set)
    filed: set[MailState] = field(default_factory=set)

    def __post_init__(self) -> None:
        known(STAFF_ADDRESS, Role.BURSAR)

    def enroll(self) -> None:
        """One more student pays for a program and has an account."""
        email = f"student{len(self.students)}@example.com"
        self.enrollments[email] = active(email=email, at=self.now)
        self.students.append(email)

    def sits_an_exam(self, student: str, code: str, *, passed: bool) -> None:
        """A student reports an exam of last week, and staff verify it."""
        said = exams.facts((self.now - 7 * DAY).date(), passed=passed, number="C-1")

        def happens() -> None:
            exams.verify(exams.report(student, said, code=code, at=self.now), at=self.now)

        self._tried(happens)

    def ask(self, student: str, code: str) -> None:
        """A student asks that a college be told."""
        self._tried(lambda: college_credit.ask(student, code=code, at=self.now))

    def student_does(self, age: int, what: str) -> None:
        """A student changes a request, answers a question with it, or takes it back; maybe from an old tab."""
        request = self._request(age)
        if request is None:
            return
        reference, said = request.reference, wanted(request.person.email, college=VALLEY)
        if what == "withdraw":
            self._tried(lambda: college_credit.withdraw(reference, at=self.now))
        else:
            self._tried(lambda: college_credit.change(reference, said, answer="The one in the city.", at=self.now))

    def staff_do(self, age: int, steps: Sequence[str]) -> None:
        """Staff do the next things to a request, or some that cannot be done any more."""
        request = self._request(age)
        does: dict[str, Callable[[str], None]] = {
            "verify": lambda one: college_credit.verify(one, at=self.now),
            "ask": lambda one: college_credit.ask_information(one, at=self.now),
            "send": lambda one: college_credit.send(one, at=self.now),
            "receive": lambda one: college_credit.receive(one, at=self.now),
            "grant": lambda one: college_credit.decide(one, at=self.now),
            "deny": lambda one: college_credit.decide(one, _DENIED, at=self.now),
            "close": lambda one: college_credit.close(one, EndReason.OTHER, REASON, at=self.now),
        }
        if request is not None:
            for step in steps:
                self._tried(partial(does[step], request.reference))

    def refund(self, student: str) -> None:
        """A student asks for the money back; too late, the bursar makes an exception."""
        enrollment = self.enrollments[student]
        self._in_unit(
            lambda: refunds.ask(
                enrollment=enrolled.by_reference(enrollment, lock=True), note=None, channel=Channel.PAGE,
                actor=STUDENT, received_at=self.now, at=self.now,
            )
        )  # fmt: skip
        declined = self._read(
            sa.select(Refund.reference).where(
                Refund.enrollment.has(reference=enrollment), Refund.state == RefundState.DECLINED
            )
        )
        if declined:
            self._in_unit(
                lambda: refunds.override(
                    refund=refunded.by_reference(declined[0]), reason=REASON, actor=BURSAR, at=self.now
                )
            )

    def writes(self, who: str, says: str, mailbox: Mailbox, *, proved: bool) -> None:
        """Somebody writes a mail, with or without what proves that it was them."""
        self.comes_in(mail(SAYS[says], sender=who, to=f"{mailbox}@example.org", proved=proved), mailbox=mailbox)

    def answers_a_letter(self, age: int, who: str | None, says: str, *, proved: bool) -> None:
        """Somebody answers the address of a letter: whoever got it, or another one."""
        for letter in self._letters(age):
            to = reply_address(
                letter=letter.reference, recipient=letter.recipient, mailbox=letter.mailbox, queued_at=letter.queued_at
            )
            self.comes_in(
                mail(SAYS[says], sender=who or letter.recipient, to=to, proved=proved), mailbox=letter.mailbox, to=to
            )

    def machine_says(self, age: int, what: str) -> None:
        """A machine answers, gives a letter back, or says that it did without having had it."""
        for letter in self._letters(age):
            machines = {
                "away": mail("I am away.", sender=letter.recipient, Auto_Submitted="auto-replied"),
                "bounce": bounced(letter.message_id, letter.recipient),
                "forged bounce": bounced("<l-22222222@example.org>", letter.recipient),
                "abuse": abuse(letter.message_id),
                "ourselves": mail("A letter.", sender="externship@example.org"),
            }
            self.comes_in(machines[what], mailbox=Mailbox.ENQUIRIES, sender=None)

    def comes_in(
        self, content: bytes, *, mailbox: Mailbox, to: str | None = None, sender: str | None = "x@example.com"
    ) -> None:
        """Take a mail in and file it; it moves nothing that a person or a signed link has to decide."""
        before = self._unmoved()
        letters = self._count(OutboxLetter)
        address = to or f"{mailbox}@example.org"
        assert mailbox_of(address, {"example.org"}) is mailbox
        with unit_of_work():
            store([Arrival(content, ((mailbox, address),), sender, "127.0.0.1", self.now)])
        self._file()
        assert self._unmoved() == before
        assert self._count(OutboxLetter) - letters <= 1  # the acknowledgment

    def _file(self) -> None:
        """Run what is due now, of mail alone: other jobs may well move money."""
        for reference in self._read(sa.select(IncomingMail.reference).where(IncomingMail.state == MailState.STORED)):
            db.session.rollback()
            file_mail({"mail": reference}, now=self.now)

    def proves(self, age: int) -> None:
        """Somebody presses the button of the link that shows that a mail was theirs."""
        found = self._read(sa.select(Thread.reference).order_by(Thread.id.desc()).offset(age).limit(1))
        link = Actor(ActorKind.LINK, "K-22222222")
        if found:
            self._in_unit(
                lambda: threads.prove(threads_read.by_reference(found[0], lock=True), actor=link, at=self.now)
            )

    def wait(self, hours: float) -> None:
        """Time passes, and the jobs run once or, late, not until now; twice changes nothing more."""
        self.now += hours * HOUR
        db.session.rollback()
        run_due(self.now)
        run_due(self.now)

    def check(self) -> None:
        """Say what the audit of credit and of mail finds now, at each commit."""
        found = audit.told_by(CHECKED)
        assert not found, "\n".join(found)
        db.session.rollback()

    def check_at_rest(self) -> None:
        """Say what the whole audit finds in the end, and note where requests and mails came to on their way."""
        self.reached |= {CreditState(state) for state in self._states(CreditRequest)}
        self.filed |= {MailState(state) for state in self._states(IncomingMail)}
        db.session.remove()
        found = [line for line in audit.found(self.app, self.now) if "never_stuck" not in line]
        assert not found, "\n".join(found)

    def _states(self, model: type[Model]) -> Sequence[str]:
        kind = sa.select(History.new_state).where(History.subject_kind == model.__tablename__)
        return self._read(kind.where(History.new_state.is_not(None)).distinct())

    def _unmoved(self) -> dict[str, str]:
        return checksums(self.app, apart=frozenset(Model.metadata.tables) - UNMOVED)

    def _request(self, age: int) -> CreditRequest | None:
        found = self._read(sa.select(CreditRequest.reference).order_by(CreditRequest.id.desc()))
        return college_credit.request(found[age % len(found)]) if found else None

    def _letters(self, age: int) -> Sequence[OutboxLetter]:
        return self._read(sa.select(OutboxLetter).order_by(OutboxLetter.id.desc()).offset(age).limit(1))

    def _count(self, model: type[OutboxLetter]) -> int:
        db.session.rollback()
        return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def _read(self, query: sa.Select[Any]) -> Sequence[Any]:
        db.session.rollback()
        return db.session.scalars(query).all()

    def _in_unit(self, act: Callable[[], object]) -> None:
        db.session.rollback()
        self._tried(lambda: retrying(act))

    def _tried(self, act: Callable[[], object]) -> None:
        """Let something be done or be refused in words; nothing else may come of it."""
        with suppress(DomainError):
            act()
        db.session.rollback()


_DENIED = Decision(CreditState.DENIED, reason="We take no credit from certificates.", by="A. Ash")
