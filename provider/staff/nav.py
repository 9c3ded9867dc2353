"""The menu of the back office: the rooms a person may see, with what waits in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from provider.accounts.rules import Permission
from provider.accounts.sessions import may, signed_in
from provider.credits import lists as credit_requests
from provider.documents import queries as documents
from provider.exams import queries as exams
from provider.externships import request_lists as externships
from provider.kernel.paging import MOST_COUNTED, counted
from provider.mail import queries as mail
from provider.mailroom import draft_lists as refunds
from provider.tasks import queries as tasks
from provider.threads import lists as threads

P = Permission
# Pages of a room that have a door of their own.
WITHIN = {
    "staff_students": "staff_enrollments",
    "staff_notes": "staff_enrollments",
    "staff_installments": "staff_enrollments",
    "staff_statements": "staff_enrollments",
    "staff_early": "staff_enrollments",
    "staff_certificates": "staff_enrollments",
    "staff_many_enrollments": "staff_enrollments",
    "staff_many_letters": "staff_mail",
    "staff_files": "staff_payments",
    "staff_payment_events": "staff_payments",
    "staff_payouts": "staff_refunds",
    "staff_refund_drafts": "staff_refunds",
    "staff_overrides": "staff_refunds",
    "staff_locations": "staff_sites",
    "staff_contacts": "staff_sites",
    "staff_affiliations": "staff_sites",
    "staff_site_import": "staff_sites",
    "staff_placements": "staff_externships",
    "staff_records": "staff_externships",
    "staff_entries": "staff_externships",
    "staff_requirements": "staff_documents",
    "staff_exam_import": "staff_exams",
    "staff_colleges": "staff_credits",
    "staff_message_sorting": "staff_messages",
    "staff_texts": "staff_messages",
    "staff_addresses": "staff_messages",
}
Entry = tuple[str, str, bool, str | None]


@dataclass(frozen=True, slots=True)
class Room:
    """One room of the menu: its endpoint, who sees it, and what is counted in it."""

    label: str
    endpoint: str
    needs: Permission
    waiting: Callable[[], sa.ScalarSelect[int]] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Rooms that stand together in the menu; it shows when this person may see one. The first have no heading."""

    label: str | None
    rooms: tuple[Room, ...]


SECTIONS = (
    Section(
        None,
        (
            Room("Home", "staff.index", P.SEE_STAFF_PAGES),
            Room("Tasks", "staff_tasks.index", P.SEE_TASKS, tasks.waiting),
            Room("Messages", "staff_messages.index", P.SEE_MESSAGES, threads.waiting),
            Room("Letters", "staff_mail.index", P.SEE_MAIL, mail.waiting),
        ),
    ),
    Section(
        "Students",
        (
            Room("Enrollments", "staff_enrollments.index", P.SEE_ENROLLMENTS),
            Room("Completions", "staff_completions.index", P.SEE_ENROLLMENTS),
            Room("Exams", "staff_exams.index", P.SEE_EXAMS, exams.waiting),
            Room("Credit requests", "staff_credits.index", P.SEE_CREDITS, credit_requests.waiting),
        ),
    ),
    Section(
        "Placement",
        (
            Room("Externships", "staff_externships.index", P.SEE_PLACEMENTS, externships.waiting),
            Room("Documents", "staff_documents.index", P.SEE_DOCUMENTS, documents.waiting),
            Room("Plans", "staff_plans.index", P.SEE_PLACEMENTS),
            Room("Openings", "staff_openings.index", P.SEE_SITES),
            Room("Sites", "staff_sites.index", P.SEE_SITES),
        ),
    ),
    Section(
        "Money",
        (
            Room("Payments", "staff_payments.index", P.SEE_MONEY),
            Room("Refunds", "staff_refunds.index", P.SEE_MONEY, refunds.money_waiting),
            Room("Daily close", "staff_closing.index", P.SEE_MONEY),
            Room("Journal", "staff_journal.index", P.SEE_MONEY),
        ),
    ),
    Section(
        "Public pages",
        (
            Room("Programs", "staff_programs.index", P.SEE_CATALOG),
            Room("Recommended credit", "staff_recommendations.index", P.SEE_CATALOG),
            Room("Refund policy", "staff_policies.index", P.SEE_CATALOG),
            Room("Questions", "staff_faq.index", P.SEE_CATALOG),
        ),
    ),
    Section(
        "People and records",
        (
            Room("People", "staff_people.index", P.SEE_PEOPLE),
            Room("Access", "staff_access.index", P.SEE_PEOPLE),
            Room("Links", "staff_links.index", P.SEE_LINKS),
            Room("Disclosures", "staff_disclosures.index", P.SEE_PERSONAL_DATA),
            Room("Erasures", "staff_erasures.index", P.SEE_PERSONAL_DATA),
            Room("History", "staff_history.index", P.SEE_HISTORY),
            Room("Setup", "staff_setup.index", P.SEE_SETUP),
        ),
    ),
)
ROOMS = tuple(room for section in SECTIONS for room in section.rooms)


@cache
def _waiting(count: Callable[[], sa.ScalarSelect[int]], _held: frozenset[Permission]) -> sa.ScalarSelect[int]:
    """Return the query of a count, built once for all who may see the same."""
    return count()


def figure(number: int) -> str:
    """Write a count that was only taken up to a limit."""
    return f"{number}" if number < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


class Menu:
    """The rooms as the layout lists them, counted in one statement when a page first shows them."""

    def __init__(self) -> None:
        self._sections: list[tuple[str | None, list[Entry]]] | None = None

    def __iter__(self) -> Iterator[tuple[str | None, list[Entry]]]:
        """Yield each section's heading and its rooms: label, address, whether this page is in it, how much waits."""
        if self._sections is None:
            self._sections = list(self._counted())
        return iter(self._sections)

    def _counted(self) -> Iterator[tuple[str | None, list[Entry]]]:
        viewer = signed_in()
        held = viewer.permissions if viewer else frozenset()
        here = WITHIN.get(request.blueprint or "", request.blueprint)
        waiting = counted(
            {room.endpoint: _waiting(room.waiting, held) for room in ROOMS if room.waiting and may(room.needs)}
        )
        for section in SECTIONS:
            entries = [
                (
                    room.label,
                    url_for(room.endpoint),
                    here == room.endpoint.partition(".")[0],
                    figure(number) if (number := waiting.get(room.endpoint, 0)) else None,
                )
                for room in section.rooms
                if may(room.needs)
            ]
            if entries:
                yield section.label, entries


def layout() -> dict[str, Any]:
    """Give the layout its menu; nothing is read until the layout is drawn, so that an error page needs no database."""
    return {"staff_nav": Menu()}
