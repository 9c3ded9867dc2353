"""What the payment service says has gone back of a payment, held against our own payouts of it; pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from provider.payments.gateway import CURRENCY, Return, ReturnStatus
from provider.refunds.rules import PayoutState

_WAITING = frozenset({PayoutState.DUE, PayoutState.FAILED})


@dataclass(frozen=True, slots=True)
class Part:
    """A payout of the payment: ``return_id`` is the service's name for its present try, ``former`` of failed ones."""

    reference: str
    state: PayoutState
    cents: int
    by_card: bool
    return_id: str | None = None
    former: frozenset[str] = frozenset()

    @property
    def unanswered(self) -> bool:
        """Say whether the service was asked, or is about to be, and its answer is not known yet."""
        return self.by_card and self.state is PayoutState.SENDING and self.return_id is None

    @property
    def waits(self) -> bool:
        """Say whether money that went back to the card would do in place of ours."""
        return self.by_card and self.state in _WAITING


@dataclass(slots=True)
class Plan:
    """What to do: payouts that take the state of a return, money given back elsewhere, and what cannot be.

    ``covered_cents`` went back elsewhere and counts for payouts that are still to be sent. ``unclear``: ours is being
    sent at this moment, so that nobody can say yet what the other one is; look again.
    """

    follow: list[tuple[str, Return]] = field(default_factory=list)
    outside: list[Return] = field(default_factory=list)
    too_much: list[Return] = field(default_factory=list)
    covered_cents: int = 0
    unclear: bool = False


def match(parts: Sequence[Part], returns: Sequence[Return], *, captured_cents: int) -> Plan:
    """Return what the returns of a payment mean for its payouts; the same returns in any order mean the same.

    A return is known by its own id, then by the payout it names, then by its amount. What is left is money that
    somebody gave back at the service itself; it never counts beyond what was captured.
    """
    plan = Plan()
    free = _unknown(plan, parts, returns)
    free = _ours(plan, parts, free)
    free = [one for one in free if one.status is not ReturnStatus.FAILED]
    free = _instead(plan, parts, free)
    if free and any(part.unanswered and part.reference not in _followed(plan) for part in parts):
        plan.unclear, plan.covered_cents = True, _sum(free)
        return plan
    _elsewhere(plan, parts, returns, free, captured_cents)
    return plan


def _unknown(plan: Plan, parts: Sequence[Part], returns: Sequence[Return]) -> list[Return]:
    """Let payouts follow the returns that they know by id; return the others, oldest first."""
    by_id = {one.id: one for one in returns if one.currency == CURRENCY}
    known = {part.return_id: part.reference for part in parts if part.by_card and part.return_id in by_id}
    plan.follow += [(reference, by_id[name]) for name, reference in known.items() if name]
    former = {name for part in parts for name in part.former}
    free = [one for one in by_id.values() if one.id not in known and one.id not in former]
    return sorted(free, key=lambda one: (one.created_at, one.id))


def _ours(plan: Plan, parts: Sequence[Part], free: list[Return]) -> list[Return]:
    """Let payouts follow the returns that name them: their answers were lost on the way."""
    for part in parts:
        mine = [one for one in free if one.reference == part.reference]
        alive = [one for one in mine if one.status is not ReturnStatus.FAILED]
        found = alive[:1] if part.waits else (alive[:1] or mine[-1:]) if part.unanswered else []
        plan.follow += [(part.reference, one) for one in found]
        free = [one for one in free if one not in found]
    return free


def _instead(plan: Plan, parts: Sequence[Part], free: list[Return]) -> list[Return]:
    """Let what was given back elsewhere stand for a payout that waits: one of the same amount, or all together."""
    for part in parts:
        if not part.waits or part.reference in _followed(plan):
            continue
        same = [one for one in free if one.amount_cents == part.cents][:1]
        whole = same or (free if _sum(free) == part.cents else [])
        if whole:
            unsettled = [one for one in whole if one.status is ReturnStatus.PENDING]
            plan.follow.append((part.reference, (unsettled or whole)[-1]))
            free = [one for one in free if one not in whole]
    return free


def _elsewhere(
    plan: Plan, parts: Sequence[Part], returns: Collection[Return], free: list[Return], captured_cents: int
) -> None:
    """Sort what is left into money given back elsewhere, and money of which there cannot be so much."""
    counted = sum(part.cents for part in parts)
    names = {one.id for one in returns}
    other_ways = sum(
        part.cents
        for part in parts
        if part.state is PayoutState.SENT and not (part.by_card and part.return_id in names)
    )
    alive = [one for one in returns if one.status is not ReturnStatus.FAILED and one.currency == CURRENCY]
    if _sum(alive) + other_ways <= counted:
        plan.covered_cents = _sum(free)
        return
    for one in free:
        if counted + one.amount_cents <= captured_cents:
            plan.outside.append(one)
            counted += one.amount_cents
        else:
            plan.too_much.append(one)


def _followed(plan: Plan) -> set[str]:
    return {reference for reference, _ in plan.follow}


def _sum(returns: Collection[Return]) -> int:
    return sum(one.amount_cents for one in returns)
