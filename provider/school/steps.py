"""The first hour of a new school: what is done, what is missing, and what to do about it; nobody ticks a box."""

from dataclasses import dataclass
from enum import StrEnum

from provider.kernel.lifecycles import State, Tone
from provider.school.rules import Key, is_nobodys


class Standing(State):
    """How a step stands."""

    DONE = "done"
    MISSING = "missing"
    OPTIONAL = "optional"

    @property
    def tone(self) -> Tone:
        """How it is colored."""
        tones: dict[Standing, Tone] = {Standing.DONE: "good", Standing.MISSING: "warn"}
        return tones.get(self, "neutral")


class Trial(StrEnum):
    """What became of the last test letter."""

    NONE = "none"
    ON_ITS_WAY = "on_its_way"
    DELAYED = "delayed"
    UNATTENDED = "unattended"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the steps follow from; ``chosen`` are the settings that somebody has set, ``trial`` is the test letter.

    ``enrolled`` says that anybody ever has, ``second_factor`` that the one who looks has one.
    """

    chosen: frozenset[str]
    name: str
    zone: str
    enrolled: bool
    domain: str
    color: str
    payment_lines: int
    cards_on: bool
    live_cards: bool
    webhook_secret: bool
    mail_leaves: bool
    trial: Trial
    real_programs: int
    sample_programs: int
    counsel: str | None
    second_factor: bool
    staff: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in addresses, its title, how it stands, and a sentence on what there is or what to do."""

    name: str
    title: str
    standing: Standing
    sentence: str


def steps(facts: Facts) -> list[Step]:
    """Return the steps in the order in which a school takes them."""
    return [
        _name(facts),
        _zone(facts),
        _mailboxes(facts),
        _letter(facts),
        _color(facts),
        _payment(facts),
        _cards(facts),
        _program(facts),
        _counsel(facts),
        _second_factor(facts),
        _staff(facts),
    ]


def progress(found: list[Step]) -> tuple[int, int]:
    """Return how many of the needed steps are missing, and how many there are."""
    needed = [step for step in found if step.name not in _OPTIONAL]
    return sum(step.standing is not Standing.DONE for step in needed), len(needed)


_OPTIONAL = frozenset({"cards", "color", "staff"})


def _step(name: str, title: str, *, done: bool, yes: str, no: str) -> Step:
    standing = Standing.DONE if done else Standing.OPTIONAL if name in _OPTIONAL else Standing.MISSING
    return Step(name, title, standing, yes if done else no)


def _name(facts: Facts) -> Step:
    return _step(
        "name",
        "Name of the school",
        done=Key.NAME in facts.chosen,
        yes=f"Pages, papers and letters say “{facts.name}”.",
        no=f"Pages, papers and letters still say “{facts.name}”. Write the name of your school.",
    )


def _zone(facts: Facts) -> Step:
    if facts.enrolled:
        words = f"Dates of payments and refunds count in {facts.zone}; it stays, since students have enrolled."
        return _step("zone", "Time zone", done=True, yes=words, no=words)
    return _step(
        "zone",
        "Time zone",
        done=Key.ZONE in facts.chosen,
        yes=f"Dates of payments and refunds count in {facts.zone}.",
        no=f"Dates of payments and refunds count in {facts.zone} so far. Choose yours before the first student "
        "enrolls: after that it cannot be changed.",
    )


def _mailboxes(facts: Facts) -> Step:
    return _step(
        "mailboxes",
        "Mailboxes",
        done=not is_nobodys(facts.domain),
        yes=f"Letters come from addresses at {facts.domain}.",
        no=f"Letters come from addresses at {facts.domain}, which belongs to nobody: answers are lost. "
        "Write the domain of your school’s mail.",
    )


def _letter(facts: Facts) -> Step:
    words = {
        Trial.NONE: "No letter was tried yet. Send one to yourself.",
        Trial.ON_ITS_WAY: "A test letter is on its way. Look again in a minute.",
        Trial.DELAYED: "The mail server did not take the test letter yet; it is tried again. See what the server said, "
        "and ask the operator of the machine.",
        Trial.UNATTENDED: "A test letter waits and nobody sends it: the worker does not seem to run. "
        "Ask the operator of the machine to start it.",
        Trial.FAILED: "The last test letter could not be delivered. See what the mail server said.",
        Trial.SENT: "A test letter was sent.",
    }
    done = facts.trial is Trial.SENT and facts.mail_leaves
    stays = "Letters do not leave this machine, and reach nobody. Ask the operator to set MAIL_URL to a mail server."
    said = words[facts.trial] if facts.mail_leaves else stays
    return _step("letter", "A test letter", done=done, yes=said, no=said)


def _color(facts: Facts) -> Step:
    return _step(
        "color",
        "Color",
        done=Key.ACCENT in facts.chosen,
        yes=f"Links and buttons wear {facts.color}."
        if facts.color
        else "You keep the color that comes with the software.",
        no="Links and buttons wear the color that comes with the software. You may choose your own.",
    )


def _payment(facts: Facts) -> Step:
    return _step(
        "payment",
        "How students pay",
        done=facts.payment_lines > 0,
        yes="Students read where to send a transfer or a check.",
        no="Students are told to ask you where to pay. Write the account for transfers and the address for checks.",
    )


def _cards(facts: Facts) -> Step:
    if facts.cards_on:
        no = (
            "The keys of Stripe are set, and the signing secret of the webhook is missing: what Stripe reports is "
            "refused, and payments are learned of late. Ask the operator to set it."
        )
    else:
        no = "Students cannot pay by card. The operator may set the keys of Stripe."
    return _step(
        "cards",
        "Cards",
        done=facts.cards_on and facts.webhook_secret,
        yes="Students pay by card."
        if facts.live_cards
        else "The keys of Stripe are for tests: students see card fields, and no money moves.",
        no=no,
    )


def _program(facts: Facts) -> Step:
    if facts.real_programs and facts.sample_programs:
        no = "Your own program is on sale, and samples still are beside it. Take them off sale, or make them yours."
    elif facts.sample_programs:
        no = "Only samples are on sale. Make them yours, or add your own program and take the samples off sale."
    else:
        no = "Nothing is on sale. Add a program with a way of paying, and put it on sale."
    return _step(
        "program",
        "First program and plan",
        done=facts.real_programs > 0 and facts.sample_programs == 0,
        yes="Your own program is on sale, and no sample is.",
        no=no,
    )


def _counsel(facts: Facts) -> Step:
    return _step(
        "counsel",
        "Truth in Lending",
        done=facts.counsel is not None,
        yes=f"Counsel was asked, says {facts.counsel}.",
        no="Ask your counsel whether your installments need disclosures, and confirm with name and date that you did.",
    )


def _second_factor(facts: Facts) -> Step:
    return _step(
        "second-factor",
        "Your second factor",
        done=facts.second_factor,
        yes="Nobody signs in to your account with your password alone.",
        no="Your password alone opens everything. Set up an app that makes codes.",
    )


def _staff(facts: Facts) -> Step:
    return _step(
        "staff",
        "Colleagues",
        done=facts.staff > 1,
        yes="More than one person works in the back office.",
        no="You are alone here. Invite others, each with the roles they need; a second administrator is a good idea.",
    )
