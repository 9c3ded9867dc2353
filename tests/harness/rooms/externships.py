"""Asking for a place, offers, placements, and the plans of the planner."""

import datetime as dt
from collections.abc import Iterator

from flask import Flask

from provider.accounts.rules import Role
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.kernel import clock
from tests.harness import (
    season_of_offers,
    season_of_plans,
)
from tests.harness.room import (
    OWNER,
    Case,
    Objects,
    Records,
    Room,
    Visit,
    by_link,
    by_staff,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case("externship", "graduate", "/my/externship/{graduate}", {"consent": "on"}),
    Case("externship wishes", "completed", "/my/externship/{completed}/wishes"),
    Case(
        "early externship",
        Role.COORDINATOR,
        "/staff/enrollments/{late}/externship",
        {
            "reason": "The only place of this year begins next week",
            "earliest_on": f"{clock.now() + dt.timedelta(days=20):%Y-%m-%d}",
            "agreed": "on",
        },
    ),
    Case(
        "take an offer back",
        Role.COORDINATOR,
        "/staff/externships/{offered_request}",
        {"words": "She called: too far"},
        "/take-back",
    ),
    Case(
        "release a placement",
        Role.COORDINATOR,
        "/staff/placements/{placement}",
        {"reason": "site_asked", "words": "The ward closes"},
        "/release",
    ),
    Case(
        "another preceptor",
        Role.COORDINATOR,
        "/staff/placements/{placement}",
        {},
        "/preceptor",
    ),
    Case(
        "decline own offer", "overpaid", "/my/externship/offers/{place_offer}", {"words": "Too far for me"}, "/decline"
    ),
    Case("decline an offer", None, "/links/{offer_link}", {"words": "Too far for me"}),
    Case("decline a student", None, "/links/{answer_link}", {"reason": "Our preceptor is away"}),
)
BUTTONS = {
    "/staff/externships/export": Role.COORDINATOR,
    "/my/externship/offers/{place_offer}/accept": "overpaid",
    "/staff/externships/{ready_request}/places/{place_opening}": Role.COORDINATOR,
    "/my/externship/{completed}/withdrawal": "completed",
    "/staff/plans": Role.COORDINATOR,
    "/staff/plans/{planned}/again": Role.COORDINATOR,
    "/staff/plans/{planned}/commit": Role.COORDINATOR,
    "/staff/plans/{planned}/drop": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/bar/{plan_opening}": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/leave-out": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/pin/{plan_opening}": Role.COORDINATOR,
    "/staff/plans/{planned}/students/{plan_student}/undo": Role.COORDINATOR,
}


def _student(stage: Stage) -> Iterator[Visit]:
    """The externship of a student in the program, of who may ask, of who has asked, and of who has an offer."""
    waiting, asking, asked = (stage.season[state] for state in ("paying", "graduate", "completed"))
    yield Visit("my-externship-not-yet", f"/my/externship/{waiting.enrollment}", waiting.email)
    here = f"/my/externship/{asking.enrollment}"
    yield Visit("my-externship-asking", here, asking.email)
    yield Visit("my-externship-asking-errors", here, asking.email, sent_empty=True, status=422)
    here = f"/my/externship/{asked.enrollment}"
    yield Visit("my-externship", here, asked.email)
    yield Visit("my-externship-wishes", f"{here}/wishes", asked.email)
    yield Visit("my-externship-withdraw", f"{here}/withdrawal", asked.email)
    yield Visit("my-externships", "/my/externship", stage.season["canceled"].email)
    overpaid = stage.season["overpaid"]
    offered = looked_up(stage.app, lambda: season_of_offers.offer_of(overpaid.enrollment))
    yield Visit("my-offer", f"/my/externship/offers/{offered}", overpaid.email)


def _staff(stage: Stage) -> Iterator[Visit]:
    """The queue, a request in each of its ways, the places around one, a placement, and a plan."""
    made = {name: stage.season[name].enrollment for name in ("paying", "overpaid", "declined", "fresh")}
    requests = looked_up(stage.app, lambda: {name: season_of_offers.request_of(one) for name, one in made.items()})
    placement = looked_up(stage.app, lambda: season_of_offers.placement_of(made["paying"]))
    parts, without = looked_up(stage.app, lambda: (season_of_plans.parts(), season_of_plans.without()))
    planned = f"/staff/plans/{parts['reference']}"
    paths = {
        "externship-early": f"/staff/enrollments/{stage.season['late'].enrollment}/externship",
        "externships": "/staff/externships",
        "externships-ready": "/staff/externships?state=ready",
        "externships-none": "/staff/externships?q=nobody+at+all",
        **{f"externship-{name}": f"/staff/externships/{one}" for name, one in requests.items()},
        "places": f"/staff/externships/{requests['fresh']}/places",
        "places-not-now": f"/staff/externships/{requests['declined']}/places",
        "placement": f"/staff/placements/{placement}",
        "plans": "/staff/plans",
        "placement-plan": planned,
        "placement-plan-unplaced": f"{planned}?view=unplaced",
        "placement-plan-student": f"{planned}/students/{parts['student']}",
        "placement-plan-without": f"{planned}/students/{without}",
    }
    yield from by_staff(stage, paths)


def _places(school: Flask, season: Season) -> dict[str, str]:
    """Return the request, offer and placement of the season, and the opening that was asked for."""
    waits = season["overpaid"].enrollment
    return looked_up(
        school,
        lambda: {
            "place_offer": season_of_offers.offer_of(waits),
            "offered_request": season_of_offers.request_of(waits),
            "ready_request": season_of_offers.request_of(season["fresh"].enrollment),
            "place_opening": season_of_offers.opening_of(season["declined"].enrollment),
            "placement": season_of_offers.placement_of(season["paying"].enrollment),
        },
    )


def _planned(school: Flask, season: Season) -> dict[str, str]:
    """Return the plan of the season, with a student of it and the opening they have."""
    plan = looked_up(school, season_of_plans.parts)
    return {"planned": plan["reference"], "plan_student": plan["student"], "plan_opening": plan["opening"]}


def _objects(season: Season) -> Objects:
    owner = season[OWNER].enrollment
    return {
        "/my/externship/": {"reference": owner},
        "/my/externship/offers/": {"reference": season_of_offers.offer_of(owner)},
        "/my/externship/placements/": {"reference": season_of_offers.placement_of(owner)},
        "/staff/externships/": {
            "reference": season_of_offers.request_of(season["fresh"].enrollment),
            "opening": season_of_offers.opening_of(owner),
        },
        "/staff/plans/": season_of_plans.parts(),
    }


RECORDS = (
    Records(("place_offer", "offered_request", "ready_request", "place_opening", "placement"), _places),
    Records(("planned", "plan_student", "plan_opening"), _planned),
    by_link("offer_link", OFFER_LINK, lambda season: season_of_offers.offer_of(season["overpaid"].enrollment)),
    by_link("answer_link", ANSWER_LINK, lambda season: season_of_offers.offer_of(season["declined"].enrollment)),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
