"""The ways of sixty students in their programs, each cut off by today: who began when, on which plan, and what then."""

from dataclasses import dataclass

from provider.payments.gateway import DisputeStatus, IntentStatus, ReturnStatus
from provider.refunds.rules import Channel
from tests.demo import card_steps as cards
from tests.demo import steps
from tests.demo.steps import Step
from tests.demo.times import Start, When, after, ago, business_ago, due, office
from tests.harness.service_words import ASKS, FAILS_LATER

Beat = tuple[When, Step]
QUICK: Beat = (after(minutes=20), steps.prove)
PAID: Beat = (office(), steps.pay)
CARD: Beat = (after(minutes=6), cards.pay())
KEPT: Beat = (after(minutes=6), cards.pay(keep=True))


@dataclass(frozen=True, slots=True)
class Way:
    """One student's way: its name in the list of who to look at, its plan, its start, and what follows.

    ``who`` names the one who goes it, with state and ZIP code, where it matters where they live.
    """

    name: str
    program: str
    plan: str
    start: Start
    beats: tuple[Beat, ...] = ()
    bounces: bool = False
    who: str | None = None


def way(name: str, start: Start, *beats: Beat, plan: str = "ccma upfront", bounces: bool = False) -> Way:
    """Return a way; ``plan`` names program and plan in one."""
    program, chosen = plan.split()
    return Way(name, program, chosen, start, beats, bounces)


def unpaid() -> list[Way]:
    """Return those who have not paid, or never did."""
    return [
        way("just enrolled", ago(0.03)),
        way("letter lost", ago(3), bounces=True),
        way("unproved", ago(9), plan="cpct-a upfront"),
        way("awaiting payment", ago(0.7), QUICK, plan="ccma installments"),
        way("card declined", ago(2), QUICK, (after(minutes=9), cards.pay(FAILS_LATER)), plan="cpt upfront"),
        way(
            "awaiting payment",
            ago(4),
            QUICK,
            (office(), steps.remark("Asked by telephone whether a money order is fine. It is.")),
            plan="cpct-a installments",
        ),
        way("reminded", ago(9), QUICK),
        way("canceled unpaid", ago(26), QUICK),
        way("canceled unproved", ago(41), plan="cpct-a upfront"),
        way("canceled by the student", ago(17), QUICK, (after(days=2), steps.cancel), plan="cpt installments"),
        way("chose another plan", ago(33), QUICK, (after(hours=3), steps.enroll_again("ccma", "installments")),
            (after(minutes=10), steps.prove), PAID, (due(), steps.pay)),
        way("came too late", ago(24), QUICK, (office(12), steps.pay_too_late)),
    ]  # fmt: skip


def upfront() -> list[Way]:
    """Return those who paid everything at once and study, or are done."""
    return [
        way("refund window open", ago(0.85), CARD, QUICK),
        way("refund window open", ago(0.2), QUICK, CARD, plan="cpt upfront"),
        way("payment processing", ago(0.1), QUICK, (after(minutes=6), cards.pay(bank=IntentStatus.PROCESSING))),
        way("bank asks to confirm", ago(0.01), (after(minutes=6), cards.pay(ASKS, confirm=False)),
            plan="cpct-a upfront"),
        way("active", ago(6), QUICK, CARD),
        way("active", ago(13), QUICK, (after(minutes=7), cards.pay(ASKS)), plan="cpt upfront"),
        way("active", ago(19), QUICK, (after(minutes=5), cards.pay(FAILS_LATER)), (after(minutes=12), cards.pay())),
        way("active", ago(31), CARD, QUICK, (office(9), steps.remark("Needs captions in the videos of week 4.")),
            (after(minutes=5), steps.follow_up("Ask the instructor for captions in week 4.", in_days=6))),
        way("disputed", ago(38), CARD, QUICK, (after(days=30), cards.dispute()), plan="cpct-a upfront"),
        way("dispute won", ago(55), CARD, QUICK, (after(days=18), cards.dispute("product_not_received")),
            (after(days=12), cards.decide(DisputeStatus.WON))),
        way("dispute lost", ago(64), QUICK, CARD, (after(days=9), cards.dispute("unrecognized")),
            (after(days=20), cards.decide(DisputeStatus.LOST)), plan="cpt upfront"),
        way("overpaid", ago(15), QUICK, PAID, (office(3), steps.pay_too_much)),
        way("reversed", ago(9), QUICK, PAID, (office(1), steps.reverse)),
        way("completed", ago(71), QUICK, CARD, (after(days=59), steps.complete)),
        way("a second program", ago(69), QUICK, PAID, (after(days=50), steps.complete),
            (after(days=5), steps.enroll_again("ccma", "installments")), QUICK, KEPT, plan="cpt upfront"),
        way("asks for erasure", ago(66), QUICK, PAID, (after(days=51), steps.complete),
            (after(days=4), steps.ask_erasure), plan="cpt upfront"),
    ]  # fmt: skip


def installments() -> list[Way]:
    """Return those who pay by installments: in time, early, late, and very late, by a kept card or by transfer."""
    often = ((due(), steps.pay),) * 4
    return [
        way("paying by card", ago(5), KEPT, QUICK, plan="ccma installments"),
        way("paying by card", ago(24), QUICK, KEPT, plan="cpt installments"),
        way("paying by card", ago(35), QUICK, KEPT, plan="ccma installments"),
        way("paying by card", ago(61), KEPT, QUICK, plan="ccma installments"),
        way("paying", ago(47), QUICK, PAID, *often, plan="cpct-a installments"),
        way("due this week", ago(26), QUICK, KEPT, plan="ccma installments"),
        way("paid early", ago(28), QUICK, KEPT, (after(days=6), cards.pay(rest=True)), plan="cpct-a installments"),
        way("paid in part", ago(32), QUICK, PAID, (due(2), steps.pay_part(20_000)), plan="ccma installments"),
        way("card declined on its day", ago(30), QUICK, KEPT, (after(days=9), cards.keep(FAILS_LATER)),
            plan="ccma installments"),
        way("another card after a decline", ago(50), KEPT, QUICK, (after(days=20), cards.keep(FAILS_LATER)),
            (due(1), cards.pay(keep=True)), plan="ccma installments"),
        way("late", ago(27), QUICK, PAID, plan="cpct-a installments"),
        way("on hold", ago(42), QUICK, KEPT, (after(days=9), cards.keep(FAILS_LATER)), plan="ccma installments"),
        way("on hold", ago(72), QUICK, PAID, (due(), steps.pay),
            (due(11), steps.remark("Called twice, no answer. Wrote to ask for another number.")),
            plan="ccma installments"),
        way("hold released", ago(45), QUICK, PAID,
            (due(12), steps.remark("Started a new job; pays on the 15th of next month. Agreed with the bursar.")),
            (after(minutes=10), steps.release_hold),
            (after(minutes=5), steps.follow_up("Has the late installment come in?", in_days=20, by_bursar=True)),
            plan="ccma installments"),
        way("payments paused", ago(33), QUICK, KEPT,
            (office(6), cards.pause("On sick leave until next month; agreed by telephone.")), plan="ccma installments"),
        way("done, still paying", ago(62), QUICK, PAID, (due(), steps.pay), (due(), steps.pay),
            (after(days=9), steps.complete), plan="cpct-a installments"),
    ]  # fmt: skip


def leaving() -> list[Way]:
    """Return those who asked for their money back, and those who left without it."""
    by_check = (after(minutes=15), steps.prove), (after(minutes=40), steps.pay)
    by_card = (after(minutes=5), cards.pay()), (after(minutes=15), steps.prove)
    shifts = steps.ask("My shifts changed and I cannot study this winter.")
    moved = "Moves abroad with the family; agreed by telephone and by letter."
    clinic = "In hospital during the whole window; the letter of the clinic is on file."
    return [
        way("refund on its way", business_ago(2), *by_card,
            (after(hours=3), cards.ask_back(ReturnStatus.PENDING, "I found a class near my home."))),
        way("refund by check to send", business_ago(5), *by_check, (after(hours=2), steps.ask()), plan="cpt upfront"),
        way("refund to a card failed", business_ago(3), *by_card, (after(hours=6), cards.ask_back(ReturnStatus.FAILED)),
            plan="cpt upfront"),
        way("refund due", business_ago(8), *by_check, (after(hours=4), steps.ask(channel=Channel.LINK))),
        way("refund overdue", business_ago(13), *by_check, (after(hours=3), steps.ask()), plan="cpct-a upfront"),
        way("refund half sent", business_ago(4), *by_card, (after(minutes=50), steps.pay),
            (after(hours=2), steps.ask("It is the wrong program for me.")), plan="cpt installments"),
        way("refund settled", business_ago(24), *by_check, (after(hours=3), shifts), (office(4), steps.pay_out)),
        way("refund settled", business_ago(1), *by_card, (after(minutes=50), steps.ask(channel=Channel.LINK)),
            plan="cpt upfront"),
        way("refund by mail", business_ago(10), *by_check,
            (after(hours=22), steps.enter_mailed(3, "Mail to enquiries@, subject “please cancel”, same day.")),
            (office(3), steps.pay_out)),
        way("refund declined", business_ago(14), *by_card, (after(days=4), steps.ask("The videos are too fast."))),
        way("refund declined", business_ago(29), *by_check, (after(days=9), steps.ask()), plan="cpct-a upfront"),
        way("exception made", business_ago(20), *by_card, (after(days=6), steps.ask("I was in hospital that week.")),
            (office(1), steps.override(clinic))),
        way("exception on its way", business_ago(9), *by_check, (after(days=5), steps.ask("My father died.")),
            (office(2), steps.override("Death in the family; the certificate was shown to the bursar.")),
            plan="cpt upfront"),
        way("late payment returned", ago(38), QUICK, (after(days=1), steps.cancel), (office(3), steps.pay_too_late),
            (office(1), steps.return_late), (office(4), steps.pay_out)),
        way("withdrawn", ago(52), QUICK, KEPT, (office(20), steps.withdraw(moved, waive=True)),
            plan="ccma installments"),
        way("withdrawn, still owing", ago(58), QUICK, PAID, (due(), steps.pay), (office(5), steps.withdraw(
            "Wants to go on later with another school; keeps the materials.", waive=False)),
            plan="cpct-a installments"),
    ]  # fmt: skip


def everybody() -> list[Way]:
    """Return the sixty."""
    return [*unpaid(), *upfront(), *installments(), *leaving()]
