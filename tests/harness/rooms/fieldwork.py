"""At a site: hours, procedures, weeks, evaluations, visits and the record."""

from collections.abc import Iterator

from flask import Flask

from provider.accounts.rules import Role
from provider.fieldwork.evaluating import ASPECTS, OVERALL, SKILLS
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.rules import EvaluationKind
from provider.fieldwork.weeks import WEEK_LINK
from tests.harness import (
    season_of_hours,
    season_of_placements,
)
from tests.harness.room import (
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
from tests.harness.season_of_placements import placement_of
from tests.harness.stage import Stage

A_DAY = {"begins": "00:00", "ends": "00:01"}
ENTRIES = "/staff/externships/placements/{extern_placement}"
SKILL_FIELDS = [*(point.key for point in SKILLS), OVERALL]
SITE_FIELDS = [*(point.key for point in ASPECTS), OVERALL]
FORMS = (
    Case("clock in", "extern", "/my/externship/hours", {"client_key": "season-clock"}, part="/clock-in"),
    Case("clock out", "extern", "/my/externship/hours", {"rest": "0"}, part="/clock-out"),
    Case("day", "extern", "/my/externship/hours", A_DAY, part="/my/externship/hours"),
    Case("day again", "extern", "/my/externship/hours/{extern_entry}", first=True),
    Case("procedure", "extern", "/my/externship/procedures", {"kind": "ekg", "number": "2"}, part="/procedures"),
    Case("procedure again", "extern", "/my/externship/procedures/{extern_procedure}", first=True),
    Case("week now", "extern", "/my/externship/hours?week={extern_unsent}", part="/weeks"),
    Case("week of hours", None, "/links/{week}", {"signature": "Pat Lee"}, first=True),
    Case("week asked about", None, "/links/{week}", {"question": "Was she here on Friday?"}),
    Case("entry", Role.COORDINATOR, ENTRIES + "/entries/{extern_entry}", {"reason": "The student wrote to us."}),
    Case("evaluation", None, "/links/{evaluate}", dict.fromkeys(SKILL_FIELDS, "4") | {"signature": "Pat Lee"}),
    Case("evaluation of a site", "extern", "/my/externship/evaluation", dict.fromkeys(SITE_FIELDS, "4")),
    Case(
        "visit",
        Role.COORDINATOR,
        "/staff/placements/{extern_placement}/record",
        {"visited_on": "2026-11-20", "words": "All is well"},
        "/visits",
    ),
    Case(
        "completion of a placement",
        Role.COORDINATOR,
        "/staff/placements/{extern_placement}/record",
        {"signature": "Dana Dean", "reason": "The clinic closed a week early"},
        "/completion",
    ),
    Case(
        "revocation",
        Role.COORDINATOR,
        "/staff/placements/{recorded_placement}/record",
        {"reason": "Approved for another student"},
        "/revocation",
    ),
    Case(
        "new record",
        Role.COORDINATOR,
        "/staff/placements/{revoked_placement}/record",
        {"signature": "Dana Dean"},
        "/record",
    ),
)
BUTTONS = {
    "/my/externship/hours/{extern_entry}/removal": "extern",
    "/my/externship/procedures/{extern_procedure}/removal": "extern",
    ENTRIES + "/weeks/{extern_week}/resend": Role.COORDINATOR,
    "/staff/placements/{extern_placement}/evaluations/final": Role.COORDINATOR,
}


def _student(stage: Stage) -> Iterator[Visit]:
    """Hours and procedures, the evaluation and the record: of who is at a site, and of who has none of them."""
    extern, nobody, paying = (stage.season[state] for state in ("extern", "settled", "paying"))
    mine = looked_up(stage.app, lambda: season_of_hours.of(extern.enrollment))
    for name, entry in {"hours": mine["entry"], "procedures": mine["procedure"]}.items():
        path = f"/my/externship/{name}"
        yield Visit(f"my-{name}", path, extern.email)
        yield Visit(f"my-{name}-none", path, nobody.email)
        yield Visit(f"my-{name}-entry", f"{path}/{entry}", extern.email)
    path = "/my/externship/evaluation"
    yield Visit("my-evaluation", path, season_of_placements.EMAIL)
    yield Visit("my-evaluation-errors", path, season_of_placements.EMAIL, sent_empty=True, status=422)
    yield Visit("my-evaluation-none", path, paying.email)
    for name, who in {"": "recorded", "-revoked": "revoked", "-none": "paying"}.items():
        yield Visit(f"my-record{name}", "/my/externship/record", stage.season[who].email)


def _staff(stage: Stage) -> Iterator[Visit]:
    externs = {key: stage.season[key].enrollment for key in ("extern", "recorded", "revoked")}
    placements = looked_up(stage.app, lambda: {key: placement_of(one) for key, one in externs.items()})
    mine = looked_up(stage.app, lambda: season_of_hours.of(externs["extern"]))
    home = f"/staff/externships/placements/{mine['placement']}/entries"
    paths = {
        "entries": home,
        "entry": f"{home}/{mine['entry']}",
        **{f"record-{key}": f"/staff/placements/{reference}/record" for key, reference in placements.items()},
    }
    yield from by_staff(stage, paths, sent_empty=("entry",))


def _extern(school: Flask, season: Season) -> dict[str, str]:
    """Return what somebody who is at a site has there."""
    enrollment = season["extern"].enrollment
    found = looked_up(school, lambda: season_of_hours.of(enrollment))
    return {f"extern_{name}": reference for name, reference in found.items()} | {
        "extern_placement": looked_up(school, lambda: placement_of(enrollment))
    }


def _recorded(school: Flask, season: Season) -> dict[str, str]:
    return {
        f"{key}_placement": looked_up(school, lambda key=key: placement_of(season[key].enrollment))  # type: ignore[misc]
        for key in ("recorded", "revoked")
    }


def _objects(season: Season) -> Objects:
    told = season_of_hours.of(season["extern"].enrollment)
    return {
        "/staff/placements/": {"reference": placement_of(season["recorded"].enrollment), "kind": "final"},
        "/my/externship/hours/": {"reference": told["entry"]},
        "/my/externship/procedures/": {"reference": told["procedure"]},
        "/staff/externships/placements/": {
            "reference": told["placement"],
            "entry": told["entry"],
            "week": told["week"],
        },
    }


OF_EXTERN = ("placement", "entry", "procedure", "week", "unsent")
RECORDS = (
    Records(tuple(f"extern_{name}" for name in OF_EXTERN), _extern),
    Records(("recorded_placement", "revoked_placement"), _recorded),
    by_link("week", WEEK_LINK, lambda _: season_of_hours.waiting_week()),
    by_link("evaluate", EVALUATION_LINK, lambda _: season_of_placements.asked(EvaluationKind.FINAL)),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
