"""Reading the offer: fresh from the database, or as this process last saw it."""

import datetime as dt
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, aliased

from provider.catalog.models import CatalogStamp
from provider.catalog.offers import (
    Catalog,
    CredentialView,
    FaqView,
    PlanOffer,
    ProgramOffer,
    RecommendationView,
    Source,
    Topic,
)
from provider.kernel import clock
from provider.kernel.database import db, insert_unless, table
from provider.kernel.days import day_of
from provider.kernel.errors import NotFound
from provider.kernel.settings import settings
from provider.policies import queries as policies
from provider.policies.models import RefundPolicy, StateFloorRow
from provider.policies.rules import in_force
from provider.programs import queries as programs
from provider.programs.models import Blueprint, Credential, FaqItem, Program, ProgramVersion
from provider.programs.models import Recommendation as RecommendationRow
from provider.programs.rules import Content, Recommendation, percentages
from provider.tuition.models import TuitionPlan

__all__ = [
    "Catalog",
    "CredentialView",
    "FaqView",
    "PlanOffer",
    "ProgramOffer",
    "RecommendationView",
    "Source",
    "Topic",
    "current",
    "current_if_any",
    "forget",
    "held",
    "now",
    "offer",
    "read",
]

FRESH_SECONDS = 30.0
RETRY_SECONDS = 5.0
START_SECONDS = 0.5
_STAMP = sa.select(table(CatalogStamp).c.value)
_SHOWN = (
    Program,
    ProgramVersion,
    TuitionPlan,
    Credential,
    Blueprint,
    RecommendationRow,
    FaqItem,
    RefundPolicy,
    StateFloorRow,
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The offer with the stamp it bore, and the day on which it was read: some of it holds on certain days."""

    catalog: Catalog
    stamp: str | None
    on: dt.date


@dataclass(slots=True)
class Held:
    """What this process last saw, until when that is fresh, and how often it was told that something changed."""

    seen: _Seen | None = None
    fresh_until: float = 0.0
    changes: int = 0
    reading: threading.Lock = field(default_factory=threading.Lock)

    def still_shows(self, catalog: Catalog) -> bool:
        """Say whether an offer is the one last seen, and fresh."""
        return self.seen is not None and self.seen.catalog is catalog and time.monotonic() < self.fresh_until


_held: WeakKeyDictionary[Engine, Held] = WeakKeyDictionary()


def held() -> Held:
    """Return what this process holds of the offer."""
    return _held.setdefault(db.engine, Held())


def current() -> Catalog:
    """Return the offer as this process last saw it, at most half a minute ago; no statement while it is fresh.

    One request reads it again, the others go on with the old one; so does everybody while the database is away. As
    long as nothing changes it is the same object.
    """
    holding = held()
    known = holding.seen
    if known is not None and time.monotonic() < holding.fresh_until:
        return known.catalog
    if not holding.reading.acquire(blocking=known is None):
        return known.catalog if known else read()
    try:
        return _refresh(holding)
    finally:
        holding.reading.release()


def current_if_any() -> Catalog | None:
    """Return the offer as this process last saw it, or None when it never saw one and the database is away.

    While it is away one request in a few seconds asks it; nobody else waits for the answer, but for a moment at start.
    """
    holding = held()
    if holding.seen is not None:
        return current()
    patience = 0 if holding.fresh_until > 0 else START_SECONDS
    if time.monotonic() < holding.fresh_until or not holding.reading.acquire(timeout=patience):
        return None
    try:
        return _refresh(holding)
    except sa.exc.SQLAlchemyError:
        return None
    finally:
        holding.reading.release()


def _refresh(holding: Held) -> Catalog:
    known, changes = holding.seen, holding.changes
    try:
        stamp, today, fresh = db.session.scalar(_STAMP), _today(), read()
    except sa.exc.SQLAlchemyError:
        db.session.rollback()
        holding.fresh_until = time.monotonic() + RETRY_SECONDS
        if known is None:
            raise
        return known.catalog
    shown = known.catalog if known is not None and known.catalog == fresh else fresh
    holding.seen = _Seen(shown, stamp, today)
    if holding.changes == changes:
        holding.fresh_until = time.monotonic() + FRESH_SECONDS
    return shown


def now() -> Catalog:
    """Return the offer as it is in the database this moment: one statement, as long as stamp and day are as we saw."""
    holding = held()
    stamp, known, today = db.session.scalar(_STAMP), holding.seen, _today()
    if known is not None and (known.stamp, known.on) == (stamp, today):
        return known.catalog
    fresh = read()
    if forget not in db.session.info:  # what this transaction changed itself may yet be taken back
        holding.seen = _Seen(fresh, stamp, today)
    return fresh


def _today() -> dt.date:
    return day_of(clock.now(), settings().SCHOOL_ZONE)


def forget() -> None:
    """Read the offer again at the next request; called by itself when this process commits a change of it."""
    holding = held()
    holding.changes += 1
    holding.fresh_until = 0.0


@sa.event.listens_for(db.session, "after_flush")
def _notice(session: Session, _: UOWTransaction) -> None:
    if any(isinstance(row, _SHOWN) for row in (*session.new, *session.dirty, *session.deleted)):
        _stamp_anew(session)


@sa.event.listens_for(db.session, "do_orm_execute")
def _notice_bulk(statement: ORMExecuteState) -> None:
    changes = statement.is_update or statement.is_insert or statement.is_delete
    if changes and statement.bind_mapper is not None and statement.bind_mapper.class_ in _SHOWN:
        _stamp_anew(statement.session)


def _stamp_anew(session: Session) -> None:
    session.info[forget] = True
    value = secrets.token_hex(16)
    stamp = insert_unless(CatalogStamp).values(id=1, value=value)
    session.connection().execute(stamp.on_conflict_do_update(index_elements=["id"], set_={"value": value}))


@sa.event.listens_for(db.session, "after_commit")
def _forget_changed(session: Session) -> None:
    if session.info.pop(forget, False):
        forget()


def read() -> Catalog:
    """Read everything from the database."""
    now = clock.now()
    today = _today()
    credentials = [_credential(row, today) for row in programs.credentials()]
    by_code = {credential.code: credential for credential in credentials}
    plans: dict[int, list[TuitionPlan]] = {}
    for plan in db.session.scalars(_plans()):
        plans.setdefault(plan.program_id, []).append(plan)
    offers = [
        _offer(program, version, plans.get(program.id, []), by_code)
        for program, version in db.session.execute(_programs())
    ]
    versions = policies.versions()
    return Catalog(
        programs=tuple(offers),
        credentials=tuple(credentials),
        faq=tuple(FaqView(row.slug, row.question, row.answer, row.updated_at) for row in programs.faq()),
        policy=in_force(versions, now),
        policies=tuple(versions),
        floors=tuple(policies.floor(row) for row in policies.floor_rows()),
        read_at=now,
    )


def offer(slug: str) -> ProgramOffer:
    """Read one program that is on sale, in three statements; raises NotFound."""
    found = db.session.execute(_programs().where(Program.slug == slug)).first()
    if found is None:
        raise NotFound
    program, version = found
    plans = db.session.scalars(_plans().where(TuitionPlan.program_id == program.id)).all()
    codes = version.content["credentials"]
    joined = (
        sa.select(Credential, RecommendationRow, Blueprint)
        .outerjoin(RecommendationRow, RecommendationRow.credential_id == Credential.id)
        .outerjoin(Blueprint, Blueprint.credential_id == Credential.id)
        .where(Credential.code.in_(codes))
        .order_by(RecommendationRow.valid_from, Blueprint.id)
    )
    newest: dict[str, CredentialView] = {}
    today = _today()
    for credential, advice, blueprint in db.session.execute(joined):
        known = newest.get(credential.code)
        held_on = _recommendation(advice, today) or (known.recommendation if known else None)
        newest[credential.code] = _view(credential, blueprint, held_on)
    return _offer(program, version, plans, newest)


def _programs() -> sa.Select[Program, ProgramVersion]:
    any_version = aliased(ProgramVersion)
    newer = sa.select(sa.func.max(any_version.number)).where(any_version.program_id == Program.id)
    return (
        sa.select(Program, ProgramVersion)
        .join(ProgramVersion, ProgramVersion.program_id == Program.id)
        .where(Program.on_sale, ProgramVersion.number == newer.scalar_subquery())
        .order_by(Program.position, Program.id)
    )


def _plans() -> sa.Select[TuitionPlan]:
    return sa.select(TuitionPlan).where(TuitionPlan.retired_at.is_(None)).order_by(TuitionPlan.count, TuitionPlan.id)


def _credential(row: Credential, today: dt.date) -> CredentialView:
    holding = (view for one in row.recommendations if (view := _recommendation(one, today)) is not None)
    return _view(row, row.blueprints[0] if row.blueprints else None, next(holding, None))


def _view(row: Credential, blueprint: Blueprint | None, advice: RecommendationView | None) -> CredentialView:
    return CredentialView(
        code=row.code,
        slug=row.slug,
        name=row.name,
        body=row.body,
        minutes=row.minutes,
        scored_items=row.scored_items,
        unscored_items=row.unscored_items,
        options_per_item=row.options_per_item,
        renewal_months=row.renewal_months,
        notes=tuple(row.content.get("notes", ())),
        sources=tuple(Source(**source) for source in row.content.get("sources", ())),
        blueprint=blueprint.version if blueprint else "",
        topics=_topics(blueprint),
        recommendation=advice,
    )


def _topics(blueprint: Blueprint | None) -> tuple[Topic, ...]:
    if blueprint is None:
        return ()
    percents = percentages([topic["items"] for topic in blueprint.topics])
    return tuple(
        Topic(topic["name"], topic["items"], percent) for topic, percent in zip(blueprint.topics, percents, strict=True)
    )


def _recommendation(row: RecommendationRow | None, today: dt.date) -> RecommendationView | None:
    """Return a recommendation if it holds on a day, which one of a credential does at most."""
    if row is None:
        return None
    terms = Recommendation(row.credits, row.source, row.valid_from, row.valid_to, row.confirmed_by, row.confirmed_on)
    return RecommendationView(row.reference, terms, row.sample) if terms.holds(today) else None


def _offer(
    program: Program, version: ProgramVersion, plans: Sequence[TuitionPlan], credentials: dict[str, CredentialView]
) -> ProgramOffer:
    content = Content.from_json(version.content)
    return ProgramOffer(
        id=program.id,
        reference=program.reference,
        slug=program.slug,
        code=program.code,
        version=version.number,
        title=version.title,
        class_weeks=version.class_weeks,
        sample=version.sample,
        summary=content.summary,
        teaching=content.teaching,
        outcome=content.outcome,
        credentials=tuple(credentials[code] for code in content.credentials if code in credentials),
        inclusions=content.inclusions,
        prerequisites=content.prerequisites,
        state_rules=content.state_rules,
        links=content.links,
        externship_hours=content.externship_hours,
        plans=tuple(
            PlanOffer(
                plan.id, plan.reference, plan.slug, plan.version, plan.kind, plan.title, plan.total_cents, plan.count,
                plan.sample,
            )
            for plan in plans
        ),
    )  # fmt: skip
