"""What each public page shows, put together from the offer once a page has to be made."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from provider.careers.queries import library
from provider.careers.rules import address_of
from provider.catalog.pages import Moment
from provider.catalog.queries import PlanOffer, ProgramOffer
from provider.credits.published import numbers
from provider.credits.rules import FEWEST_PUBLISHED, REMIND_REGISTRAR_DAYS
from provider.kernel.days import counted, day_of, start_of
from provider.kernel.settings import settings
from provider.places.rules import STATE_NAMES
from provider.policies.rules import NATIONWIDE, PolicyVersion, federal_reserve_holidays, payout_dates
from provider.programs.rules import Availability
from provider.tuition.rules import PlanKind, Row

AFTERNOON = dt.timedelta(hours=15, minutes=15)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One way of paying as a page shows it, with every date and amount for somebody who enrolls today."""

    name: str
    total_cents: int
    summary: str
    sample: bool
    saving_cents: int
    schedule: tuple[Row, ...]
    enroll_url: str


def program(moment: Moment, slug: str) -> Values:
    """Return one program with its plans; raises NotFound."""
    offer = moment.catalog.program(slug)
    rows = sorted(offer.state_rules, key=lambda rule: rule.state)
    closed = [rule for rule in rows if rule.availability is Availability.CLOSED]
    return {
        "offer": offer,
        "cards": _cards(offer, moment.today),
        "least_cents": min((plan.total_cents for plan in offer.plans), default=0),
        "closed": closed,
        "closed_names": ", ".join(dict.fromkeys(STATE_NAMES[rule.state] for rule in closed)),
        "notices": [rule for rule in rows if rule.availability is Availability.NOTICE],
        "states": STATE_NAMES,
        "careers": library().led_to_by(credential.code for credential in offer.credentials),
    }


def home(moment: Moment) -> Values:
    """Return every program with the least that it costs, and the careers that are compared in an article."""
    edited = [(address_of(one.careers), one.title) for one in library().comparisons.values()]
    return {**programs(moment), "comparisons": edited}


def programs(moment: Moment) -> Values:
    """Return every program with the least that it costs."""
    offers = [(offer, min((plan.total_cents for plan in offer.plans), default=0)) for offer in moment.catalog.programs]
    return {"offers": offers, "sample": any(offer.has_sample for offer in moment.catalog.programs)}


def tuition(moment: Moment) -> Values:
    """Return every program with its plans; one enrolls from the program's own page, below its prerequisites."""
    offers = [
        (offer, [replace(card, enroll_url="") for card in _cards(offer, moment.today)])
        for offer in moment.catalog.programs
    ]
    return {"offers": offers, "sample": any(offer.has_sample for offer in moment.catalog.programs)}


def refund_policy(moment: Moment) -> Values:
    """Return the refund policy with examples that begin today."""
    zone = settings().SCHOOL_ZONE
    payout = payout_dates(start_of(moment.today, zone), zone)
    paid_at = start_of(moment.today, zone) + AFTERNOON
    holidays = {
        day
        for year in range(moment.today.year, payout.overdue_on.year + 1)
        for day in federal_reserve_holidays(year)
        if moment.today < day <= payout.overdue_on
    }
    return {
        "payout": payout,
        "holidays": sorted(holidays),
        "paid_at": paid_at,
        "until": paid_at + dt.timedelta(hours=moment.policy.hours) if moment.policy else None,
        "versions": [_dated(version, moment) for version in reversed(moment.catalog.policies)],
        "since": day_of(moment.policy.effective_from, zone) if moment.policy else None,
        "floors": [floor for floor in moment.catalog.floors if floor.enabled],
        "states": STATE_NAMES | {NATIONWIDE: "All states"},
    }


def faq(moment: Moment) -> Values:
    """Return each question with the day on which its answer was last changed."""
    zone = settings().SCHOOL_ZONE
    items = [(item, day_of(item.updated_at, zone)) for item in moment.catalog.faq]
    return {"items": items, "sample": any(offer.has_sample for offer in moment.catalog.programs)}


def credentials(moment: Moment) -> Values:
    """Return the credentials, and which program leads to each."""
    return {"leading": _leading(moment)}


def exam(moment: Moment, slug: str) -> Values:
    """Return one credential; raises NotFound."""
    found = moment.catalog.credential(slug)
    return {"credential": found, "programs": _leading(moment).get(found.code, [])}


def college_credit(moment: Moment) -> Values:
    """Return the credentials that a number of credits is stated for, and what colleges decided so far."""
    advised = [credential for credential in moment.catalog.credentials if credential.recommendation]
    return {
        "advised": advised,
        "sample": any(one.recommendation.sample for one in advised if one.recommendation),
        "numbers": numbers(),
        "fewest": FEWEST_PUBLISHED,
        "reminders": REMIND_REGISTRAR_DAYS,
    }


def _cards(offer: ProgramOffer, today: dt.date) -> list[PlanCard]:
    return [_card(offer, plan, plan.schedule(today, offer.class_weeks)) for plan in offer.plans]


def _card(offer: ProgramOffer, plan: PlanOffer, rows: tuple[Row, ...]) -> PlanCard:
    summary = "One payment, due on the day you enroll."
    if plan.kind is PlanKind.INSTALLMENTS:
        summary = f"{counted(len(rows), 'payment')} within the {counted(offer.class_weeks, 'week')} of the class."
    return PlanCard(
        name=plan.title,
        total_cents=plan.total_cents,
        summary=summary,
        sample=plan.sample,
        saving_cents=offer.saving_cents(plan),
        schedule=rows,
        enroll_url=url_for("enrollments.new", program=offer.slug, plan=plan.slug),
    )


def _dated(version: PolicyVersion, moment: Moment) -> tuple[PolicyVersion, dt.date, str]:
    begins = day_of(version.effective_from, settings().SCHOOL_ZONE)
    if version == moment.policy:
        return version, begins, "In force"
    later = moment.policy is None or version.effective_from > moment.policy.effective_from
    return version, begins, "Not yet in force" if later else "No longer in force"


def _leading(moment: Moment) -> dict[str, list[ProgramOffer]]:
    found: dict[str, list[ProgramOffer]] = {}
    for offer in moment.catalog.programs:
        for credential in offer.credentials:
            found.setdefault(credential.code, []).append(offer)
    return found
