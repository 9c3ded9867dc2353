"""What the registries call by name about registrars: their link, the paper of the letter, and the reminders."""

import datetime as dt

from provider.credits import colleges, queries, registrar, registrar_papers, reminding
from provider.credits.registrar_link import AnswerLink
from provider.kernel.database import retrying
from provider.kernel.days import day_of
from provider.kernel.registry import Payload, Periodic, Registry
from provider.kernel.settings import settings

REMIND = "credits.remind_registrars"


def remind(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Remind every registrar who is due, each in a unit of its own."""
    for reference in reminding.due(now):
        retrying(lambda reference=reference: reminding.remind(reference=reference, at=now))  # type: ignore[misc]


def _morning(now: dt.datetime) -> str:
    return day_of(now, settings().SCHOOL_ZONE).isoformat()


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[registrar.ANSWER_LINK] = AnswerLink()
    registry.jobs[REMIND] = remind
    registry.periodic.append(Periodic(REMIND, _morning))
    registry.unreached |= dict.fromkeys((registrar.TEMPLATE, registrar.REMINDER), colleges.unreached)
    registry.attachments[registrar.TEMPLATE] = registrar_papers.attachments
    registry.recommendation_used = queries.last_pass_on
