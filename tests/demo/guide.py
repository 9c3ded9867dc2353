"""Who is who in a demonstration: whom to sign in as, and what there is to see as them."""

from collections.abc import Sequence

from provider.accounts.rules import Role
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.externships.offer_ends import ANSWER_LINK
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel.settings import settings
from provider.mailroom.rules import PROVE
from provider.verification.rules import written_code
from tests.demo import extern_steps, field_steps, links
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
EXTERNS: tuple[tuple[str, str], ...] = (
    ("completed", "may ask for an externship: My externship"),
    ("documents missing", "asked; documents are missing, one was refused"),
    ("offer waits for the student", "has an offer to accept or decline"),
    ("hours to enter", "is at a site: days to enter, one was sent back"),
    ("clocked in", "is at a site and clocked in: clock out"),
    ("externship completed", "has the record, as a page and as a PDF"),
)
OFFICER = "checks results and requests: /staff/exams and /staff/credit-requests"
CREDIT: tuple[tuple[str, str], ...] = (
    ("nearly done", "reported an exam result, which waits for its check: My exams"),
    ("record revoked", "failed an exam, and sees from when it may be taken again"),
    ("placed", "asked that a college be told: My credit requests"),
    ("site closed", "was asked for something before the letter can go"),
    ("externship completed", "was granted credit by a college"),
)
MAIL: tuple[tuple[str, str], ...] = (
    ("papers", "asks what is missing; begin the answer with it"),
    ("money back", "asks for the money back in time; one click to the draft"),
    ("boss", "claims to be a colleague; held"),
    ("unproved", "not proved yet"),
)
PROVES = "a student says that this mail was theirs"


def written(cast: Cast) -> str:
    """Return the table of people, with the one password; needs an application context, for the links."""
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
            *_lines("Externships: sign in as", [*_externs(cast), (STAFF[Role.COORDINATOR][1], "places them")]),
            "",
            *_lines("Exams and college credit: sign in as", [*_credit(cast), (STAFF[Role.CREDIT_OFFICER][1], OFFICER)]),
            "",
            *_lines("Mail that came in: sign in as the administrator; the last one opens for anybody", _mail(cast)),
            "",
            *_lines("Externships: open without an account, as whoever got the letter", _by_links(cast)),
            "",
            *_lines("Externships: the coordinator’s pages, and what everybody may see", _pages(cast)),
            "",
            *_lines("Staff", staff),
            "",
        ]
    )


def _mail(cast: Cast) -> list[tuple[str, str]]:
    """Return pages of mail, for the administrator, and the link by which a student proves one."""
    base, threads = settings().BASE_URL, {name: cast.post.thread(name).reference for name, _ in MAIL}
    found = [(f"{base}/staff/messages/{threads[name]}", said) for name, said in MAIL]
    return [*found, (base + links.path(PROVE, threads["unproved"]), PROVES)]


def _credit(cast: Cast) -> list[tuple[str, str]]:
    return [(cast.first(way).email, said) for way, said in CREDIT]


def _externs(cast: Cast) -> list[tuple[str, str]]:
    return [(cast.first(way).email, said) for way, said in EXTERNS]


def _by_links(cast: Cast) -> list[tuple[str, str]]:
    """Return the links that letters of the demonstration carry, and who may open them."""
    named = cast.office.named
    asked = extern_steps.offer_of(cast.player("waits for the site"))
    week = field_steps.waiting_week(cast.player("hours to enter"))
    evaluation = field_steps.waiting_evaluation(cast.player("nearly done"))
    found = [
        (ANSWER_LINK, asked.reference, "a site says whether a student may come"),
        (WEEK_LINK, week.reference, "a preceptor approves a week of hours and procedures"),
        (EVALUATION_LINK, evaluation.reference, "a preceptor evaluates a student"),
        (OFFER_PLACES, named["contact lakeshore 0"], "a site offers places"),
        (SIGN_AGREEMENT, named["agreement lakeshore"], "a site signs its agreement"),
        (COUNTERSIGN_AGREEMENT, named["agreement sound shore"], "the school signs after the site"),
    ]
    return [(settings().BASE_URL + links.path(purpose, subject), said) for purpose, subject, said in found]


def _pages(cast: Cast) -> list[tuple[str, str]]:
    named = cast.office.named
    stands, revoked = (
        written_code(field_steps.record_of_player(cast.player(way)).document.code)
        for way in ("externship completed", "record revoked")
    )
    found = [
        ("/staff/externships", "who waits for a place; open one, and place by hand"),
        (f"/staff/plans/{named['plan ready']}", "a plan to look at and to send, with its map"),
        (f"/staff/plans/{named['plan sent']}", "a plan that was sent; one place had closed meanwhile"),
        (f"/verify/{stands}", "a record that anybody may check"),
        (f"/verify/{revoked}", "one that the school does not stand by any more"),
        ("/externships", "what the school promises, and how it keeps it, in numbers"),
    ]
    return [(settings().BASE_URL + path, said) for path, said in found]


def _lines(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(email) for email, _ in rows)
    return [f"  {title}", *(f"    {email:{width}}  {said}" for email, said in rows)]
