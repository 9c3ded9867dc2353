"""The words of the agreement that is offered today, written once as long as nothing they are made from changes."""

import datetime as dt
from dataclasses import dataclass

from provider.catalog.queries import PlanOffer, ProgramOffer
from provider.enrollments import terms
from provider.kernel.settings import settings
from provider.policies.rules import PolicyVersion


@dataclass(frozen=True, slots=True)
class _Written:
    """The text of one plan, with what it was written from."""

    offer: ProgramOffer
    plan: PlanOffer
    policy: PolicyVersion
    on: dt.date
    text: str


_written: dict[int, _Written] = {}


def offered_terms(offer: ProgramOffer, plan: PlanOffer, policy: PolicyVersion, today: dt.date) -> str:
    """Return the agreement's text as it would be accepted today (a date in the school's zone); written once a day."""
    last = _written.get(plan.id)
    if last and last.offer is offer and last.plan is plan and (last.policy, last.on) == (policy, today):
        return last.text
    text = _write(offer, plan, policy, today)
    _written[plan.id] = _Written(offer, plan, policy, today, text)
    return text


def _write(offer: ProgramOffer, plan: PlanOffer, policy: PolicyVersion, today: dt.date) -> str:
    return terms.write(
        terms.Offered(
            school=settings().SCHOOL_NAME,
            program_title=offer.title,
            program_code=offer.code,
            program_version=offer.version,
            class_weeks=offer.class_weeks,
            plan_title=plan.title,
            plan_version=plan.version,
            total_cents=plan.total_cents,
            rows=plan.schedule(today, offer.class_weeks),
            policy=policy,
            inclusions=[terms.Included(line.label, line.status, line.note) for line in offer.inclusions],
            prerequisites=offer.prerequisites,
            credits=credits_of(offer, today),
            unpaid_days=settings().UNPAID_CANCEL_DAYS,
            sample=offer.sample or plan.sample,
        )
    )


def credits_of(offer: ProgramOffer, today: dt.date) -> list[str]:
    """Say what may be said on a day of the credits that are recommended for a program's credentials."""
    return [
        f"{credential.name}: {credential.recommendation.wording(today)}"
        for credential in offer.credentials
        if credential.recommendation is not None
    ]
