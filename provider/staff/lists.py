"""The lists of the back office, each described once: what narrows it, its orders, its columns.

The page, the export and the printed list of one kind all read the same description, so that a file holds what the
screen shows under the same filters.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import lists as enrollments
from provider.enrollments.lists import EnrollmentLine
from provider.enrollments.rules import UNPAID_STATES, EnrollmentState
from provider.externships import request_lists
from provider.externships.request_lists import RequestLine
from provider.externships.rules import RequestState
from provider.kernel.forms import Choices, Form, Schema
from provider.kernel.paging import PAGE, Page, Sort
from provider.kernel.sheets import Column
from provider.mail import lists as letters
from provider.mail.lists import LetterLine
from provider.mail.rules import LetterState
from provider.payments import lists as payments
from provider.payments.lists import PaymentLine
from provider.payments.rules import PaymentState
from provider.programs import queries as programs
from provider.refunds import lists as refunds
from provider.refunds import payout_lists as payouts
from provider.refunds.lists import RefundLine
from provider.refunds.payout_lists import PayoutLine
from provider.refunds.rules import PayoutState, RefundState
from provider.staff import listing
from provider.staff.schemas_lists import (
    FindActive,
    FindEnrollments,
    FindLetters,
    FindPayments,
    FindPayouts,
    FindRefunds,
    FindRequests,
)

R = TypeVar("R")
UNPAID, LATE = "unpaid", "late"
RECORDED, AWAITED, TO_RETURN, REVERSED = "recorded", "awaited", "to_return", "reversed"
DISPUTED, LOST = "disputed", "lost"
_OF_STATES = {REVERSED: PaymentState.REVERSED, DISPUTED: PaymentState.DISPUTED, LOST: PaymentState.LOST}
AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Asked(Generic[R]):
    """What somebody asked of a list: the filters as they were typed, and the order."""

    form: Form
    sort: Sort

    @property
    def status(self) -> int:
        """How the page answers."""
        return 200 if self.form.ok else 422

    @property
    def kept(self) -> dict[str, str]:
        """What the addresses of other pages of the same list carry."""
        return {name: value for name, value in self.form.data.items() if value}

    @property
    def narrowed(self) -> bool:
        """Say whether anything but the order was chosen."""
        return any(name != "sort" for name in self.kept)


class Listed(ABC, Generic[R]):
    """One list of the back office for one request."""

    name: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[type[Schema]]
    sorts: ClassVar[tuple[Sort, ...]]
    found: Callable[..., Page[R]]

    def __init__(self, given: Any) -> None:  # noqa: ANN401 - the address or a form, as Werkzeug reads both
        choices: dict[str, Choices] = {"sort": [(sort.name, sort.label) for sort in self.sorts], **self.choices()}
        form = listing.loaded(self.schema(), choices, given)
        named = form.data.get("sort")
        sort = next((one for one in self.sorts if one.name == named), self.sorts[0])
        self.asked: Asked[R] = Asked(form, sort)

    @property
    def readable(self) -> bool:
        """Say whether what it is narrowed to could be read."""
        return self.asked.form.ok

    def choices(self) -> dict[str, Choices]:
        """Return what the filters offer."""
        return {}

    def filters(self, data: Mapping[str, Any]) -> Any:  # noqa: ARG002, ANN401 - each list has its own
        """Return the filters as the list knows them; nothing given shows all."""
        return None

    def page(self, *, before: int | None = None, after: int | None = None, size: int = PAGE) -> Page[R]:
        """Return a page of what was asked for; of everything, when that could not be read."""
        chosen = self.filters(self.asked.form.data if self.readable else {})
        return self.found(chosen, sort=self.asked.sort, before=before, after=after, size=size)

    @abstractmethod
    def columns(self) -> Sequence[Column[R]]:
        """Return the columns of an exported list."""

    def rows(self) -> Iterator[Sequence[R]]:
        """Go through all of it in its order, some rows at a time."""
        forward = "after" if self.asked.sort.ascending else "before"
        key: int | None = None
        while True:
            page = self.page(**{forward: key}, size=AT_A_TIME)
            yield page.rows
            key = page.newer if self.asked.sort.ascending else page.older
            if key is None or not page.rows:
                return

    def in_words(self, *, typed: bool) -> list[tuple[str, str]]:
        """Return the filters as words; what was typed is personal and only said to be there, unless asked for."""
        found = []
        for field in self.asked.form.fields:
            value = self.asked.kept.get(field.name)
            if value is None or field.name == "sort":
                continue
            shown = {choice[0]: choice[1] for choice in field.choices}.get(value)
            found.append((field.label, shown or (value if typed else "what somebody typed")))
        return [*found, ("Order", self.asked.sort.label)]


class Enrollments(Listed[EnrollmentLine]):
    """Enrollments, all or narrowed."""

    name, title, sorts = "enrollments", "Enrollments", enrollments.SORTS
    schema: ClassVar[type[Schema]] = FindEnrollments
    found = enrollments.staff_page

    def choices(self) -> dict[str, Choices]:
        self.codes = programs.codes()
        every = listing.states(EnrollmentState)
        late = (LATE, "Late with an installment, or on hold")
        return {
            "state": [every[0], (UNPAID, "Waiting for payment"), *every[1:], late],
            "program": listing.programs(self.codes),
        }

    def filters(self, data: Mapping[str, Any]) -> enrollments.Filters:
        state = data.get("state", "")
        return enrollments.Filters(
            typed=data.get("q", ""),
            states=_states(state),
            program_id=listing.program(self.codes, data.get("program", "")),
            late=state == LATE,
        )

    def columns(self) -> Sequence[Column[EnrollmentLine]]:
        money: list[Column[EnrollmentLine]] = [
            Column("Paid (USD)", lambda one: one.paid_cents, money=True),
            Column("Tuition (USD)", lambda one: one.total_cents, money=True),
        ]
        return [
            Column("Reference", lambda one: one.reference),
            Column("Student", lambda one: one.legal_name, width=28),
            Column("E-mail", lambda one: one.claimed_email, width=28),
            Column("Program", lambda one: one.program_code),
            Column("Plan", lambda one: one.plan_title, width=20),
            Column("State", lambda one: one.state.label, width=20),
            Column("On hold since", lambda one: one.hold_on),
            *(money if may(Permission.SEE_MONEY) else []),
            Column("Enrolled (UTC)", lambda one: one.accepted_at),
            Column("First paid (UTC)", lambda one: one.purchased_at),
        ]


def _states(chosen: str) -> tuple[EnrollmentState, ...]:
    if chosen == UNPAID:
        return tuple(sorted(UNPAID_STATES))
    state = listing.state(EnrollmentState, chosen)
    return () if state is None else (state,)


class Active(Enrollments):
    """Enrollments that may be completed."""

    name, title, schema = "completions", "Active enrollments", FindActive

    def filters(self, data: Mapping[str, Any]) -> enrollments.Filters:
        return super().filters({**data, "state": EnrollmentState.ACTIVE.value})


class Payments(Listed[PaymentLine]):
    """Payments that were recorded."""

    name, title, schema, sorts = "payments", "Payments", FindPayments, payments.SORTS
    found = payments.staff_page

    def choices(self) -> dict[str, Choices]:
        views = {RECORDED: "Recorded", AWAITED: "Awaited", TO_RETURN: "To be returned", REVERSED: "Recorded in error"}
        views |= {DISPUTED: "Disputed", LOST: "Lost in dispute"}
        return {"view": list(views.items())}

    def filters(self, data: Mapping[str, Any]) -> payments.Filters:
        view = data.get("view", "")
        return payments.Filters(typed=data.get("q", ""), state=_OF_STATES.get(view), for_return=view == TO_RETURN)

    def columns(self) -> Sequence[Column[PaymentLine]]:
        return [
            Column("Reference", lambda one: one.reference, width=14),
            Column("Enrollment", lambda one: one.enrollment),
            Column("Student", lambda one: one.legal_name, width=28),
            Column("E-mail", lambda one: one.claimed_email, width=28),
            Column("Amount (USD)", lambda one: one.amount_cents, money=True),
            Column("Given back (USD)", lambda one: one.refunded_cents, money=True),
            Column("Method", lambda one: one.method.label),
            Column("Their reference", lambda one: one.external_reference, width=24),
            Column("State", lambda one: one.state.label),
            Column("To be returned", lambda one: "yes" if one.for_return and not one.refunded_cents else "no"),
            Column("Received (UTC)", lambda one: one.received_at),
            Column("Recorded (UTC)", lambda one: one.recorded_at),
        ]


class Awaited(Enrollments):
    """Enrollments whose first payment is awaited."""

    name, title, schema = "awaited-payments", "Awaited payments", FindPayments

    def choices(self) -> dict[str, Choices]:
        self.codes = {}
        return {"view": [(AWAITED, "Awaited")]}

    def filters(self, data: Mapping[str, Any]) -> enrollments.Filters:
        return enrollments.Filters(typed=data.get("q", ""), states=_states(UNPAID))


class Refunds(Listed[RefundLine]):
    """Every request for the money back."""

    name, title, schema, sorts = "refunds", "Refunds", FindRefunds, refunds.SORTS
    found = refunds.staff_page

    def choices(self) -> dict[str, Choices]:
        return {"state": listing.states(RefundState)}

    def filters(self, data: Mapping[str, Any]) -> refunds.Filters:
        return refunds.Filters(typed=data.get("q", ""), state=listing.state(RefundState, data.get("state", "")))

    def columns(self) -> Sequence[Column[RefundLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Enrollment", lambda one: one.enrollment),
            Column("Student", lambda one: one.legal_name, width=28),
            Column("E-mail", lambda one: one.claimed_email, width=28),
            Column("Amount (USD)", lambda one: one.amount_cents, money=True),
            Column("State", lambda one: one.state.label, width=20),
            Column("Rests on", lambda one: one.basis.label, width=20),
            Column("Asked (UTC)", lambda one: one.asked_at),
            Column("Decided (UTC)", lambda one: one.decided_at),
            Column("Promised by", lambda one: one.due_on),
            Column("At the latest", lambda one: one.overdue_on),
            Column("Paid back (UTC)", lambda one: one.settled_at),
        ]


class Payouts(Listed[PayoutLine]):
    """Every payment's part of a refund, in whatever state."""

    name, title, schema, sorts = "payouts", "Payouts", FindPayouts, payouts.SORTS
    found = payouts.staff_page

    def choices(self) -> dict[str, Choices]:
        return {"state": listing.states(PayoutState)}

    def filters(self, data: Mapping[str, Any]) -> payouts.Filters:
        return payouts.Filters(typed=data.get("q", ""), state=listing.state(PayoutState, data.get("state", "")))

    def columns(self) -> Sequence[Column[PayoutLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Refund", lambda one: one.refund),
            Column("Enrollment", lambda one: one.enrollment),
            Column("Student", lambda one: one.legal_name, width=28),
            Column("Payment", lambda one: one.payment),
            Column("Amount (USD)", lambda one: one.amount_cents, money=True),
            Column("Method", lambda one: one.method.label),
            Column("State", lambda one: one.state.label, width=20),
            Column("Sent under", lambda one: one.external_reference, width=24),
            Column("Approved (UTC)", lambda one: one.decided_at),
            Column("Promised by", lambda one: one.due_on),
            Column("At the latest", lambda one: one.overdue_on),
            Column("Sent (UTC)", lambda one: one.sent_at),
            Column("Why it failed", lambda one: one.failure, width=28),
        ]


class Letters(Listed[LetterLine]):
    """The school's letters, without their texts."""

    name, title, schema, sorts = "letters", "Letters", FindLetters, letters.SORTS
    found = letters.staff_page

    def choices(self) -> dict[str, Choices]:
        return {"state": listing.states(LetterState)}

    def filters(self, data: Mapping[str, Any]) -> LetterState | None:
        return listing.state(LetterState, data.get("state", ""))

    def columns(self) -> Sequence[Column[LetterLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Letter", lambda one: one.title, width=40),
            Column("To", lambda one: one.recipient, width=28),
            Column("About", lambda one: one.about),
            Column("State", lambda one: one.state.label),
            Column("Attempts", lambda one: one.attempts),
            Column("Written (UTC)", lambda one: one.queued_at),
            Column("Sent (UTC)", lambda one: one.sent_at),
        ]


class Requests(Listed[RequestLine]):
    """Externship requests, those that are open unless a state is asked for."""

    name, title, schema, sorts = "externships", "Externship requests", FindRequests, request_lists.SORTS
    found = request_lists.staff_page

    def choices(self) -> dict[str, Choices]:
        self.codes = programs.codes()
        return {"state": listing.states(RequestState, "All open"), "program": listing.programs(self.codes)}

    def filters(self, data: Mapping[str, Any]) -> request_lists.Filters:
        state = listing.state(RequestState, data.get("state", ""))
        return request_lists.Filters(
            typed=data.get("q", ""),
            states=() if state is None else (state,),
            program_id=listing.program(self.codes, data.get("program", "")),
        )

    def columns(self) -> Sequence[Column[RequestLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Enrollment", lambda one: one.enrollment),
            Column("Student", lambda one: one.legal_name, width=28),
            Column("Program", lambda one: one.program_code),
            Column("State", lambda one: one.state.label, width=20),
            Column("ZIP", lambda one: one.zip),
            Column("Miles", lambda one: one.miles),
            Column("Asked (UTC)", lambda one: one.asked_at),
            Column("Clock", lambda one: one.clock.value.capitalize() if one.clock else None),
            Column("Promised by", lambda one: one.due_on),
            Column("At the latest", lambda one: one.overdue_on),
        ]
