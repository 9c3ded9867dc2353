"""Where people's data is held that paying by card left: what the service calls their cards, and what was tried."""

from provider.cards.models import Card, CardCustomer, Charge, ChargePause, Dispute
from provider.oversight import personal_finders as find
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, WOULD_OPEN, Held, Section

CARDS: tuple[Held, ...] = (
    Held(
        "card_customers",
        CardCustomer,
        Section.PAYMENTS,
        find.of_enrollment(CardCustomer),
        {},
        ("customer_id",),
        {"enrollment_id": INSIDE},
    ),
    Held(
        "cards",
        Card,
        Section.PAYMENTS,
        find.of_enrollment(Card),
        {
            "reference": "Card",
            "state": "State",
            "brand": "Brand",
            "last4": "Last digits",
            "exp_month": "Month it ends",
            "exp_year": "Year it ends",
            "kept": "Kept for installments",
            "consented_at": "Your consent",
            "saved_at": "Saved",
        },
        ("consent", "customer_id", "setup_id", "method_id", "created_at", "released_at", "detached_at"),
        {"id": INSIDE, "enrollment_id": INSIDE},
    ),
    Held(
        "charges",
        Charge,
        Section.PAYMENTS,
        find.of_enrollment(Charge),
        {
            "reference": "Card payment",
            "amount_cents": "Amount",
            "state": "State",
            "failure": "Why it was declined",
            "started_at": "Started",
        },
        ("purpose", "installment_number", "attempt", "intent_id", "ended_at"),
        {
            "id": INSIDE,
            "enrollment_id": INSIDE,
            "card_id": INSIDE,
            "payment_id": INSIDE,
            "client_secret": WOULD_OPEN,
        },
    ),
    Held(
        "disputes",
        Dispute,
        Section.PAYMENTS,
        find.of_payment(Dispute),
        {"reference": "Dispute", "amount_cents": "Amount", "state": "State", "opened_at": "Since", "ended_at": "Ended"},
        ("service_id", "reason", "respond_by"),
        {"id": INSIDE, "payment_id": INSIDE},
    ),
    Held(
        "charge_pauses",
        ChargePause,
        Section.PAYMENTS,
        find.of_enrollment(ChargePause),
        {"reference": "Pause of automatic payments", "reason": "Reason", "paused_at": "Since", "released_at": "Until"},
        (),
        {"id": INSIDE, "enrollment_id": INSIDE, "paused_by": COLLEAGUE, "released_by": COLLEAGUE},
    ),
)
