"""What the registries call by name: the queue of credit requests, and how stories tell of them."""

from flask import url_for

from provider.accounts.rules import Permission
from provider.credits import lists, owning, queries
from provider.credits.rules import REQUEST_PREFIX
from provider.kernel.registry import Registry, Strand

STORY = Strand(
    "credits",
    "College credit",
    frozenset({"credit_request"}),
    {
        "credit_request.requested": ("Credit request waits for its check", "document"),
        "credit_request.changed": ("Credit request set right", "document"),
        "credit_request.answered_by_mail": ("Answer that came by mail written down", "event"),
        "credit_request.assigned": ("Credit request given to {new}", "person"),
        "credit_request.freed": ("Credit request given back by {old}", "person"),
        "credit_request.verified": ("Credit request verified", "good"),
        "credit_request.needs_information": ("Student asked for information", "warn"),
        "credit_request.taken_back": ("Letter to the college taken back", "warn"),
        "credit_request.sent": ("Letter sent to the college", "letter"),
        "credit_request.reminded": ("College reminded after {days} days", "letter"),
        "credit_request.received": ("The college has the letter", "event"),
        "credit_request.granted": ("Credit granted by the college", "good"),
        "credit_request.partly_granted": ("Credit granted in part by the college", "good"),
        "credit_request.denied": ("Credit not granted by the college", "warn"),
        "credit_request.closed": ("Credit request closed", "event"),
        "credit_request.withdrawn": ("Credit request taken back", "warn"),
    },
    needs=Permission.SEE_CREDITS,
    of_people=True,
)


def _own_page(person_id: int, reference: str) -> str:
    queries.own(person_id, reference)
    return url_for("credits.show", reference=reference)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.queues["credits"] = lists.QUEUE
    registry.own_pages[REQUEST_PREFIX] = _own_page
    registry.strands.append(STORY)
    registry.rights_lost.append(owning.free)
