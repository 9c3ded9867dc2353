"""Fills a school whose graduates all wait for a place, with openings around them: what the planner is measured on.

Students and openings lie at random on a map as large as gives each student some hundred openings within fifty miles.
Ids go by the day on which somebody asked. A few things do not fit: agreements that end too early, evenings, sites that
ask for one more document, sites that were declined.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from config import Config
from provider.accounts.models import Person
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteContact, SiteLocation
from provider.affiliations.rules import AgreementState, OpeningState, SiteKind, SiteState
from provider.app import create_app
from provider.documents.models import DocumentRequirement, StudentDocument
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipPreference, ExternshipRequest, Offer
from provider.externships.rules import OfferState, RequestState
from provider.files.models import File
from provider.kernel import clock
from provider.kernel.database import Model, db, is_sqlite, table, unit_of_work
from tests.bench.bulk import Bulk, loading
from tests.bench.fill import FIRST_NAMES, LAST_NAMES, numbered, pick

SEED = 20_261_122
AROUND = 100  # openings within fifty miles of a student, more or less
MILES_OF_A_DEGREE = 69.1
MIDDLE = (39.0, -96.0)
CELL = 0.5  # degrees
DAYTIME, EVENING, ANY_TIME = (480, 990), (960, 1320), (360, 1080)
WEEKDAYS, THREE_DAYS = 31, 7
OF_PROGRAM = (DocumentKind.TB, DocumentKind.INFLUENZA, DocumentKind.CPR_CARD)
OF_SITES = DocumentKind.BACKGROUND_CHECK
OF_STUDENTS: tuple[type[Model], ...] = (Person, Enrollment, File, StudentDocument)
EVENINGS, OUT_OF_AGREEMENT = 20, 25  # one of so many
AT_A_TIME = 10_000
Degrees = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Map:
    """Where students and openings lie."""

    students: tuple[Degrees, Degrees]
    openings: tuple[Degrees, Degrees]
    dice: np.random.Generator

    @classmethod
    def drawn(cls, students: int, openings: int) -> "Map":
        """Draw it; the same for the same numbers."""
        dice = np.random.default_rng([SEED, students, openings])
        side = math.sqrt(openings / AROUND * math.pi * 50**2)  # miles
        tall, wide = side / MILES_OF_A_DEGREE, side / MILES_OF_A_DEGREE / math.cos(math.radians(MIDDLE[0]))

        def points(count: int) -> tuple[Degrees, Degrees]:
            return MIDDLE[0] + tall * (dice.random(count) - 0.5), MIDDLE[1] + wide * (dice.random(count) - 0.5)

        return cls(points(students), points(openings), dice)

    def near(self, some: NDArray[np.int64]) -> list[int]:
        """Return for each of some students the number of an opening that lies in the same part of the map; 0: none."""
        keys = _cells(*self.openings)
        order = np.argsort(keys, kind="stable")
        mine = _cells(self.students[0][some], self.students[1][some])
        first, last = (np.searchsorted(keys[order], mine, side=side) for side in ("left", "right"))
        chosen = first + np.floor(self.dice.random(len(some)) * (last - first)).astype(np.int64)
        found: list[int] = np.where(last > first, order[np.minimum(chosen, len(order) - 1)] + 1, 0).tolist()
        return found


def _cells(latitude: Degrees, longitude: Degrees) -> NDArray[np.int64]:
    return np.floor(latitude / CELL).astype(np.int64) * 10_000 + np.floor(longitude / CELL).astype(np.int64)


def fill(environ: Mapping[str, str], students: int, openings: int) -> None:
    """Give an empty school so many graduates who wait for a place, and so many openings, each at a site of its own."""
    app = create_app(Config.load(environ))
    with app.app_context():
        now, drawn = clock.now(), Map.drawn(students, openings)
        program, plan = db.session.execute(
            sa.text("SELECT program_id, id FROM tuition_plan ORDER BY program_id, id LIMIT 1")
        ).one()
        db.session.remove()
        with loading(OF_STUDENTS, 1, students) as bulk:
            _graduates(bulk, now, int(program), int(plan))
        with unit_of_work():
            _supply(now, int(program), drawn)
            _demand(now, drawn)
        if not is_sqlite():
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("SET default_transaction_read_only = off")
                connection.exec_driver_sql("VACUUM ANALYZE")
                connection.invalidate()
        db.engine.dispose()


def give(environ: Mapping[str, str], places: int) -> None:
    """Let openings whose agreement holds have so many places in all: as many each, the rest here and there."""
    app = create_app(Config.load(environ))
    with app.app_context():
        with unit_of_work():
            query = sa.select(Opening.id).where(Opening.id % OUT_OF_AGREEMENT != 0)
            ids = list(db.session.scalars(query.order_by(Opening.id)))
            each, rest = divmod(places, len(ids))
            more = np.random.default_rng(SEED).permutation(len(ids))[:rest]
            db.session.execute(sa.update(Opening).values(capacity=each))
            chosen = [ids[number] for number in more]
            for start in range(0, len(chosen), AT_A_TIME):
                some = Opening.id.in_(chosen[start : start + AT_A_TIME])
                db.session.execute(sa.update(Opening).where(some).values(capacity=each + 1))
        db.engine.dispose()


def _graduates(bulk: Bulk, now: dt.datetime, program: int, plan: int) -> None:
    """Write people who have completed their program, each with three documents, most with a fourth."""
    name = f"{pick(FIRST_NAMES, 'n')} || ' ' || {pick(LAST_NAMES, f'n / {len(FIRST_NAMES)}')}"
    email, since = f"'student' || {numbered('n')} || '@example.org'", now - dt.timedelta(days=300)
    at = bulk.instant("n", since)
    bulk.rows(
        Person, id="n", reference=_reference("P"), name=name, email=email, email_proved_at=at, created_at=at,
        zone="'America/Chicago'",
    )  # fmt: skip
    bulk.rows(
        Enrollment, id="n", reference=_reference("E"), program_id=f"{program}", plan_id=f"{plan}", person_id="n",
        state="'completed'", submission_key=f"'browser-' || {numbered('n')}", answers_digest="'0'", legal_name=name,
        claimed_email=email, state_code="'KS'", zip="'66101'", zone="'America/Chicago'", accepted_at=at, proved_at=at,
        purchased_at=at, completed_at=bulk.instant("n + 8000000", since),
    )  # fmt: skip
    until = bulk.day("n % 200 * 86400", now + dt.timedelta(days=150))
    for number, kind in enumerate((*OF_PROGRAM, OF_SITES)):
        where, at_hand = ("n % 10 < 7" if kind is OF_SITES else "", f"4 * n + {number}")
        bulk.rows(
            File, where=where, id=at_hand, reference=_reference("F", at_hand), about=_reference("E"), size="1",
            content_type="'application/pdf'", sha256="'0'", data="'0'" if bulk.sqlite else "'0'::bytea", created_at=at,
        )  # fmt: skip
        bulk.rows(
            StudentDocument, where=where, id=at_hand, reference=_reference("D", at_hand), person_id="n",
            about=_reference("E"), kind=f"'{kind}'", file_id=at_hand, state=f"'{DocumentState.ACCEPTED}'",
            expires_on=until if kind is DocumentKind.CPR_CARD else "", uploaded_at=at, checked_at=at,
        )  # fmt: skip


def _supply(now: dt.datetime, program: int, drawn: Map) -> None:
    """Write an opening each with its site, location, preceptor and agreement."""
    latitude, longitude = (column.tolist() for column in drawn.openings)
    today, kinds = now.date(), list(SiteKind)
    first, last = today + dt.timedelta(days=14), today + dt.timedelta(days=110)
    rows: dict[type[Model], list[dict[str, Any]]] = {model: [] for model in
        (Site, SiteLocation, SiteContact, AffiliationAgreement, Opening)}  # fmt: skip
    for n, (north, east) in enumerate(zip(latitude, longitude, strict=True), 1):
        reference = f"{n:08d}"
        rows[Site].append(
            {"id": n, "reference": f"S-{reference}", "name": f"Clinic {n}", "kind": kinds[n % len(kinds)],
             "state": SiteState.OPEN, "created_at": now}
        )  # fmt: skip
        rows[SiteLocation].append(
            {"id": n, "reference": f"SL-{reference}", "site_id": n, "name": "Main building", "street": "1 Main Street",
             "city": "Somewhere", "state_code": "KS", "zip": "66101", "latitude": north, "longitude": east,
             "zone": "America/Chicago", "state": SiteState.OPEN}
        )  # fmt: skip
        rows[SiteContact].append(
            {"id": n, "reference": f"SC-{reference}", "site_id": n, "location_id": n, "name": "Pat Preceptor",
             "email": "pat@clinic.example", "supervises": True, "signs": True}
        )  # fmt: skip
        rows[AffiliationAgreement].append(
            {"id": n, "reference": f"AG-{reference}", "site_id": n, "state": AgreementState.IN_FORCE,
             "school_name": "The school", "first_on": today - dt.timedelta(days=400),
             "last_on": today + dt.timedelta(days=60 if n % OUT_OF_AGREEMENT == 0 else 500), "notice_days": 60,
             "all_locations": True, "all_programs": True, "signature": "Pat", "signed_at": now,
             "countersignature": "Dana", "countersigned_at": now, "created_at": now}
        )  # fmt: skip
        since, until = EVENING if n % EVENINGS == 0 else DAYTIME
        rows[Opening].append(
            {"id": n, "reference": f"OP-{reference}", "location_id": n, "program_id": program, "preceptor_id": n,
             "state": OpeningState.OPEN, "first_on": first, "last_on": last, "weekdays": WEEKDAYS,
             "from_minute": since, "until_minute": until, "capacity": 0, "taken": 0, "created_at": now}
        )  # fmt: skip
    for model, some in rows.items():
        _insert(model, some)
    asked: list[dict[str, Any]] = [{"program_id": program, "site_id": None, "kind": kind} for kind in OF_PROGRAM]
    asked += [{"program_id": None, "site_id": n, "kind": OF_SITES} for n in range(4, len(latitude) + 1, 4)]
    db.session.execute(sa.delete(DocumentRequirement))  # the sample's
    _insert(DocumentRequirement, [one | {"reference": f"DR-{n}", "created_at": now} for n, one in enumerate(asked)])


def _demand(now: dt.datetime, drawn: Map) -> None:
    """Write a request each, the longest waiting first; a third like two locations, one of fifty declined a site."""
    latitude, longitude = (column.tolist() for column in drawn.students)
    count = len(latitude)
    liking, declining = np.arange(0, count, 3), np.arange(7, count, 50)
    waited = dt.timedelta(days=50) / count
    _insert(ExternshipRequest, [
        {"id": n, "reference": f"XR-{n:08d}", "enrollment_id": n, "state": RequestState.READY,
         "asked_at": now - waited * (count + 1 - n), "zip": "66101", "latitude": north, "longitude": east,
         "miles": 75 if n % 5 == 0 else 50, "weekdays": THREE_DAYS if n % 7 == 0 else WEEKDAYS,
         "from_minute": since, "until_minute": until, "earliest_on": now.date(),
         "site_kind": SiteKind.HOSPITAL if n % 3 == 1 else None, "reminded_days": 0}
        for n, (north, east) in enumerate(zip(latitude, longitude, strict=True), 1)
        for since, until in (EVENING if n % EVENINGS == 0 else ANY_TIME,)
    ])  # fmt: skip
    first, second = drawn.near(liking), drawn.near(liking)
    liked = [
        {"request_id": row + 1, "rank": rank, "location_id": location}
        for row, one, other in zip(liking.tolist(), first, second, strict=True)
        for rank, location in enumerate(dict.fromkeys(found for found in (one, other) if found), 1)
    ]
    _insert(ExternshipPreference, liked)
    _insert(Offer, [
        {"reference": f"OF-{row:08d}", "request_id": row + 1, "opening_id": opening, "state": OfferState.DECLINED,
         "first_on": now.date(), "last_on": now.date(), "site_agreed": False, "created_at": now, "ended_at": now}
        for row, opening in zip(declining.tolist(), drawn.near(declining), strict=True) if opening
    ])  # fmt: skip


def _insert(model: type[Model], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(sa.insert(table(model)), rows)


def _reference(prefix: str, n: str = "n") -> str:
    return f"'{prefix}-' || substr(cast(100000000 + {n} AS text), 2)"
