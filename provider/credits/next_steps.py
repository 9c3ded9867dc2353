"""What happens next with a credit request and by when, in plain sentences; pure."""

import datetime as dt
from dataclasses import dataclass

from provider.credits.rules import REMIND_REGISTRAR_DAYS, CreditState, EndReason
from provider.kernel.days import written

_S = CreditState


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sentences depend on; days are None where they do not apply."""

    state: CreditState
    college: str
    due_on: dt.date | None = None
    overdue: bool = False
    sent_on: dt.date | None = None
    badge_claimed: bool = True
    end_reason: EndReason | None = None
    was_sent: bool = False
    taken_back: bool = False  # a letter went, and none stands any more


def steps(standing: Standing) -> tuple[str, ...]:
    """Return what happens next, the first thing first."""
    found = _STEPS[standing.state](standing)
    return tuple(one for one in found if one)


def _requested(standing: Standing) -> tuple[str, ...]:
    return (
        "We check what you wrote. If something is missing, we ask you.",
        _promise(standing),
        "You can change your request, or take it back, until we have checked it.",
    )


def _verified(standing: Standing) -> tuple[str, ...]:
    return (_promise(standing), "You can still take your request back.")


def _needs_information(_: Standing) -> tuple[str, ...]:
    return ("You answer our question. The clock stands still until you do.", "Then we check your request and send it.")


def _sent(standing: Standing) -> tuple[str, ...]:
    return (
        f"{standing.college} confirms that it has our letter, and decides. Each college takes its own time.",
        _reminders(standing),
        _badge(standing),
        "You see here, and in a letter, what the college decides.",
    )


def _received(standing: Standing) -> tuple[str, ...]:
    return (
        f"{standing.college} decides. Each college takes its own time.",
        _badge(standing),
        "You see here, and in a letter, what the college decides.",
    )


def _granted(_: Standing) -> tuple[str, ...]:
    return (
        "Look at your transcript at the college: the credit should stand there.",
        "If another college should hear of it, ask again: this request is closed then.",
    )


def _denied(_: Standing) -> tuple[str, ...]:
    return (
        "Colleges decide on their own. You can ask the registrar there what would change the decision.",
        "You can ask that another college be told: this request is closed then.",
    )


def _closed(standing: Standing) -> tuple[str, ...]:
    if standing.was_sent and not standing.taken_back:
        return ("Nothing more happens here. You can ask again for this or another college.",)
    return (f"{_nothing_there(standing)} You can ask again.",)


def _withdrawn(standing: Standing) -> tuple[str, ...]:
    if standing.end_reason is EndReason.REFUNDED:
        return ("Your tuition was refunded, so nothing is sent to the college. Your exam result stays yours.",)
    return (f"{_nothing_there(standing)} You can ask again at any time.",)


def _nothing_there(standing: Standing) -> str:
    return "We took our letter back." if standing.taken_back else "Nothing was sent to the college."


def _promise(standing: Standing) -> str:
    if standing.overdue:
        return "The promised day has passed. We are sorry; your request stays open, and we are on it."
    return f"We send it by the end of {written(standing.due_on)}." if standing.due_on else ""


def _reminders(standing: Standing) -> str:
    if standing.sent_on is None:
        return ""
    first, second = (standing.sent_on + dt.timedelta(days=days) for days in REMIND_REGISTRAR_DAYS)
    return f"If it does not answer, we remind it on {written(first)} and on {written(second)}."


def _badge(standing: Standing) -> str:
    claim = "" if standing.badge_claimed else "Claim your digital badge. "
    return f"{claim}Order the official transcript from the platform of your badge, sent to {standing.college}."


_STEPS = {
    _S.REQUESTED: _requested,
    _S.VERIFIED: _verified,
    _S.NEEDS_INFORMATION: _needs_information,
    _S.SENT: _sent,
    _S.RECEIVED: _received,
    _S.GRANTED: _granted,
    _S.PARTLY_GRANTED: _granted,
    _S.DENIED: _denied,
    _S.CLOSED: _closed,
    _S.WITHDRAWN: _withdrawn,
}
