"""Who is who in a demonstration: whom to sign in as, and what there is to see as them."""

from collections.abc import Sequence

from provider.accounts.rules import Role
from tests.demo.office import STAFF
from tests.demo.season import Cast
from tests.harness.season import PASSWORD

SHOWN: tuple[tuple[str, str], ...] = (
    ("refund window open", "paid today: one button gives the money back"),
    ("awaiting payment", "enrolled, has not paid"),
    ("payment processing", "paid by card; the bank has not answered yet"),
    ("paying by card", "a kept card pays the installments on their days"),
    ("card declined on its day", "the bank declined an installment; it is tried again"),
    ("disputed", "complained to the bank, which holds the money until it decides"),
    ("paying", "pays by transfer and check, in time"),
    ("late", "an installment is some days late"),
    ("on hold", "an installment is more than ten days late"),
    ("refund on its way", "asked in time: the money is on its way back to the card"),
    ("refund half sent", "paid by card and by check: one half is sent, the other due"),
    ("refund overdue", "the promised ten business days are over"),
    ("refund declined", "asked too late"),
    ("exception made", "asked too late, and staff made an exception"),
    ("completed", "finished the program"),
    ("a second program", "finished one program, and studies another"),
    ("withdrawn", "left without a refund; the rest is waived"),
)


def written(cast: Cast) -> str:
    """Return the table of people, with the one password."""
    staff = [(STAFF[role][1], f"{role.label}. {role.duty}") for role in Role]
    students = [(cast.first(way).email, said) for way, said in SHOWN]
    return "\n".join(
        [
            "",
            "  This is a demonstration: no money moves, and the students are invented.",
            f"  Sign in at /sign-in. Everybody’s password: {PASSWORD}",
            "",
            *_lines("Students", students),
            "",
            *_lines("Staff", staff),
            "",
        ]
    )


def _lines(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(email) for email, _ in rows)
    return [f"  {title}", *(f"    {email:{width}}  {said}" for email, said in rows)]
