"""What happens next with an externship request and by when, in plain sentences; pure."""

import datetime as dt
from dataclasses import dataclass

from provider.externships.rules import OfferState, RequestState
from provider.kernel.days import written

_R = RequestState


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sentences depend on: days and instants are ready words, None where they do not apply."""

    state: RequestState
    unpaid: bool = False
    offer: OfferState | None = None
    lacking: bool = False
    lapses: str | None = None
    answer_by: str | None = None
    due_on: dt.date | None = None
    overdue: bool = False
    begins_on: dt.date | None = None
    ends_on: dt.date | None = None


def steps(facts: Facts) -> tuple[str, ...]:
    """Return what happens next, the first thing first."""
    found = _unpaid(facts) if facts.unpaid else _STEPS[facts.state](facts)
    return tuple(one for one in found if one)


def _unpaid(_: Facts) -> tuple[str, ...]:
    return (
        "Your enrollment waits for a payment again. Until it is paid, you can be offered no place and take none.",
        "As soon as it is paid, your request goes on as it stands.",
        "If the enrollment is canceled instead, this request ends with it. That costs you nothing.",
    )


def _documents(facts: Facts) -> tuple[str, ...]:
    if facts.lacking:
        return (
            "You upload the documents that are missing. Each is checked by the school.",
            f"If they are still missing on {facts.lapses}, your request falls asleep, and wakes when you bring them."
            if facts.lapses
            else "",
            "As soon as all are accepted we look for a place, and the clock runs.",
        )
    return ("We check your documents. The clock runs meanwhile.", "When all are accepted, we look for a place.")


def _ready(facts: Facts) -> tuple[str, ...]:
    return (
        "We look for a place that fits your wishes, and write to you as soon as we have one.",
        "You accept or decline it. Declining costs nothing; we look on.",
        _promise(facts),
    )


def _offered(facts: Facts) -> tuple[str, ...]:
    if facts.offer is OfferState.ACCEPTED:
        return ("The site answers. The clock runs meanwhile, and you need not do anything.", _promise(facts))
    by = f" by {facts.answer_by}" if facts.answer_by else ""
    return (
        f"You answer the offer{by}. The clock stands still until you do.",
        "When you accept, the site confirms. When you decline, we look on.",
    )


def _placed(facts: Facts) -> tuple[str, ...]:
    begins = f"Your externship begins on {written(facts.begins_on)}." if facts.begins_on else "Your place is confirmed."
    return (begins, "Keep your documents good through your last day there; we remind you before one expires.")


def _running(facts: Facts) -> tuple[str, ...]:
    ends = f" Your last day there is {written(facts.ends_on)}." if facts.ends_on else ""
    return (f"You enter your hours, and your preceptor approves them once a week.{ends}",)


def _completed(_: Facts) -> tuple[str, ...]:
    return ("You have completed your externship. There is nothing left to do.",)


def _lapsed(_: Facts) -> tuple[str, ...]:
    return (
        "Nothing happens by itself now, and nothing is lost.",
        "You upload the documents that are missing. The request wakes as soon as all of them are here.",
    )


def _withdrawn(_: Facts) -> tuple[str, ...]:
    return ("This request has ended. It cost you nothing.",)


def _promise(facts: Facts) -> str:
    if facts.overdue:
        return "The promised day has passed. We are sorry; a coordinator is on it, and your request stays open."
    return f"You have a confirmed place by {written(facts.due_on)}. That is our promise." if facts.due_on else ""


_STEPS = {
    _R.REQUESTED: _ready,
    _R.DOCUMENTS: _documents,
    _R.READY: _ready,
    _R.OFFERED: _offered,
    _R.PLACED: _placed,
    _R.RUNNING: _running,
    _R.COMPLETED: _completed,
    _R.LAPSED: _lapsed,
    _R.WITHDRAWN: _withdrawn,
}
