"""The mail of a student around a credit request, as whoever looks may see it."""

from collections.abc import Sequence

from provider.credits.models import CreditRequest
from provider.kernel.paging import PAGE
from provider.threads import queries
from provider.threads.lists import seen
from provider.threads.models import Thread


def of_student(found: CreditRequest) -> Sequence[Thread]:
    """Return the last messages that an answer of the student may stand in; never those of the registrar."""
    every = queries.beside(
        person_id=found.person_id,
        emails={found.person.email},
        abouts={found.reference},
        mailboxes=seen(),
        most=PAGE,
    )
    return [one for one in every if one.correspondent != found.college.registrar_email]
