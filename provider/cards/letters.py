"""Letters about paying by card."""

from provider.accounts.models import SignedLink
from provider.cards.models import Card, Charge
from provider.cards.rules import why_failed
from provider.enrollments.models import Enrollment
from provider.enrollments.telling import letter
from provider.mail.rules import Letter


def declined(
    charge: Charge, card: Card, enrollment: Enrollment, *, recipient: str, link: SignedLink, again_on: str | None
) -> Letter:
    """Word that an installment could not be charged, why, when it is tried again, and the link to change the card."""
    return letter(
        "card_declined",
        charge.reference,
        enrollment,
        recipient,
        {
            "number": charge.installment_number,
            "amount_cents": charge.amount_cents,
            "card": card.named,
            "why": why_failed(charge.failure),
            "again_on": again_on,
            "card_link": link.reference,
        },
    )
