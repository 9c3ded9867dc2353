"""Reading what is asked for and what was shown: of one person for a place, and of very many for the planner."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.accounts.models import Person
from provider.affiliations.models import Site
from provider.documents.models import TO_CHECK_ROWS, DocumentRequirement, StudentDocument
from provider.documents.rules import DocumentKind, DocumentState, Shown, Standing, best, standing, worst
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.files.models import File
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Page, Sort, up_to
from provider.kernel.registry import DocumentsNeeded, registry
from provider.programs.models import Program

People = Collection[int] | sa.Select[tuple[int]]
_LEARNING = (EnrollmentState.ACTIVE, EnrollmentState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for a document: the code of a program, the name of a site, or both; and what they say about it."""

    program: str | None
    site: str | None
    remark: str | None

    @property
    def who(self) -> str:
        """Name whoever asks."""
        if self.site is None:
            return f"The program {self.program}"
        return self.site if self.program is None else f"{self.site} (for {self.program})"


@dataclass(frozen=True, slots=True)
class Need:
    """A document that somebody has to show, and how it stands through the last day for which it is needed.

    ``document`` is the upload by which it stands so; none when nothing was uploaded.
    """

    kind: DocumentKind
    standing: Standing
    asks: tuple[Ask, ...]
    document: StudentDocument | None

    @property
    def remark(self) -> str | None:
        """What those who ask say about it."""
        return " ".join(dict.fromkeys(ask.remark for ask in self.asks if ask.remark)) or None


@dataclass(frozen=True, slots=True)
class Requirements:
    """What programs and sites ask for, read once for very many questions."""

    kinds: Mapping[tuple[int | None, int | None], frozenset[DocumentKind]]

    def of(self, program_id: int, site_id: int | None) -> frozenset[DocumentKind]:
        """Return what a program asks for, and with a site what this asks of everybody and of that program."""
        own = self.kinds.get((program_id, None), frozenset())
        if site_id is None:
            return own
        of_site = self.kinds.get((None, site_id), frozenset())
        return own | of_site | self.kinds.get((program_id, site_id), frozenset())


_R, _D = table(DocumentRequirement).c, table(StudentDocument).c


def asked_by(program_ids: Collection[int], site_ids: Collection[int]) -> Requirements:
    """Return what these programs and sites ask for; one statement.

    It reads every requirement that stands: they are few, and a list of thousands of sites would not fit a statement.
    """
    query = sa.select(_R.program_id, _R.site_id, _R.kind).where(_R.ended_at.is_(None))
    programs, sites = {None, *program_ids}, {None, *site_ids}
    found: dict[tuple[int | None, int | None], set[DocumentKind]] = {}
    for program_id, site_id, kind in db.session.execute(query):
        if program_id in programs and site_id in sites:
            found.setdefault((program_id, site_id), set()).add(kind)
    return Requirements({key: frozenset(kinds) for key, kinds in found.items()})


def held_by(person_ids: People) -> Mapping[int, tuple[Shown, ...]]:
    """Return what people uploaded, by their ids; one statement, however many a query of ids stands for."""
    query = sa.select(_D.person_id, _D.kind, _D.state, _D.expires_on).where(_D.person_id.in_(person_ids))
    found: dict[int, list[Shown]] = {}
    for person_id, kind, state, expires_on in db.session.execute(query.order_by(_D.id)):
        found.setdefault(person_id, []).append(Shown(kind, state, expires_on))
    return {person_id: tuple(shown) for person_id, shown in found.items()}


def standings(
    person_id: int, program_id: int, site_id: int | None, *, through: dt.date, today: dt.date
) -> tuple[Need, ...]:
    """Return what somebody has to show for a program, and at a site, good through a day; two statements."""
    return needs(person_id, [DocumentsNeeded(program_id, site_id, through, "")], today=today)


def needs(person_id: int, wanted: Sequence[DocumentsNeeded], *, today: dt.date) -> tuple[Need, ...]:
    """Return what somebody has to show for all of this together, each document once as it stands worst."""
    if not wanted:
        return ()
    rows = _asking(wanted)
    documents = of_person(person_id)
    found = []
    for kind in DocumentKind:
        asking = [row for row in rows if row.kind is kind]
        days = [one.through or today for one in wanted if any(_meets(row, one) for row in asking)]
        if asking:
            mine = [document for document in documents if document.kind is kind]
            how = worst(standing(kind, [one.shown for one in mine], through=day, today=today) for day in days)
            asks = tuple(Ask(row.program_code, row.site_name, row.remark) for row in asking)
            found.append(Need(kind, how, asks, best(mine, through=max(days), today=today)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asking:
    kind: DocumentKind
    program_id: int | None
    site_id: int | None
    remark: str | None
    program_code: str | None
    site_name: str | None


def _asking(wanted: Iterable[DocumentsNeeded]) -> list[_Asking]:
    query = (
        sa.select(_R.kind, _R.program_id, _R.site_id, _R.remark, Program.code, Site.name)
        .select_from(table(DocumentRequirement))
        .outerjoin(Program, Program.id == _R.program_id)
        .outerjoin(Site, Site.id == _R.site_id)
        .where(_R.ended_at.is_(None), sa.or_(*(_met(one) for one in wanted)))
    )
    return [_Asking(*tuple(row)) for row in db.session.execute(query.order_by(_R.id))]


def _met(one: DocumentsNeeded) -> sa.ColumnElement[bool]:
    program = sa.or_(_R.program_id == one.program_id, _R.program_id.is_(None))
    site = _R.site_id.is_(None) if one.site_id is None else sa.or_(_R.site_id == one.site_id, _R.site_id.is_(None))
    return sa.and_(program, site)


def _meets(row: _Asking, one: DocumentsNeeded) -> bool:
    return row.program_id in {None, one.program_id} and row.site_id in {None, one.site_id}


def wanted(person_id: int) -> Sequence[DocumentsNeeded]:
    """Return what somebody needs documents for: what they asked for, else what each of their programs asks of all."""
    known = registry().documents_needed
    asked = known(person_id) if known is not None else ()
    if asked:
        return asked
    query = sa.select(Enrollment.program_id).where(Enrollment.person_id == person_id, Enrollment.state.in_(_LEARNING))
    programs = db.session.scalars(query.order_by(Enrollment.id)).all()
    return [
        DocumentsNeeded(one, None, None, "When you ask for an externship", asked=False)
        for one in dict.fromkeys(programs)
    ]


def of_person(person_id: int) -> Sequence[StudentDocument]:
    """Return everything somebody uploaded, newest first."""
    query = sa.select(StudentDocument).where(StudentDocument.person_id == person_id)
    return db.session.scalars(query.options(joinedload(StudentDocument.file)).order_by(_D.id.desc())).all()


_WHOLE = sa.select(StudentDocument).options(joinedload(StudentDocument.person), joinedload(StudentDocument.file))


def by_reference(reference: str, *, lock: bool = False) -> StudentDocument:
    """Return one document with its student and its file's facts; raises NotFound."""
    query = _WHOLE.where(StudentDocument.reference == reference)
    found = db.session.scalar(query.with_for_update(of=StudentDocument) if lock else query)
    if found is None:
        raise NotFound
    return found


def own(person_id: int, reference: str) -> StudentDocument:
    """Return a document to the student who uploaded it; what is not theirs raises NotFound like what is not there."""
    found = by_reference(reference)
    if found.person_id != person_id:
        raise NotFound
    return found


def stored(person_id: int) -> tuple[int, int]:
    """Return how many documents somebody has here, and of how many bytes together."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(File.size), 0)).join_from(StudentDocument, File)
    number, size = db.session.execute(query.where(StudentDocument.person_id == person_id)).one()
    return number, size


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of documents that wait for a check."""
    return up_to(sa.select(_D.id).where(TO_CHECK_ROWS))


@dataclass(frozen=True, slots=True)
class Line:
    """One document as the staff's list shows it."""

    id: int
    reference: str
    kind: DocumentKind
    state: DocumentState
    student: str
    student_reference: str
    expires_on: dt.date | None
    uploaded_at: dt.datetime
    checked_at: dt.datetime | None


OLDEST = Sort("oldest", "Oldest first", "Uploaded", ascending=True, earlier="Older", later="Newer")
NEWEST = Sort("newest", "Newest first", "Uploaded")
_LINES = sa.select(
    _D.id,
    _D.reference,
    _D.kind,
    _D.state,
    Person.name,
    Person.reference,
    _D.expires_on,
    _D.uploaded_at,
    _D.checked_at,
).join_from(table(StudentDocument), table(Person))


def _ways(every: sa.Select[Any], state: DocumentState, _words: Words) -> list[sa.Select[Any]]:
    return [every.where(TO_CHECK_ROWS if state is DocumentState.UPLOADED else _D.state == state)]


_DOCUMENTS = Lines(Line, _LINES, sorts=(NEWEST, OLDEST), ways=_ways)


def page(
    state: DocumentState = DocumentState.UPLOADED, *, before: int | None = None, after: int | None = None
) -> Page[Line]:
    """Return a page of documents in a state: what waits for a check oldest first, others newest first."""
    sort = OLDEST if state is DocumentState.UPLOADED else NEWEST
    return _DOCUMENTS.page(state, sort=sort, before=before, after=after)


def requirement(reference: str, *, lock: bool = False) -> DocumentRequirement:
    """Return one requirement; raises NotFound."""
    query = sa.select(DocumentRequirement).where(DocumentRequirement.reference == reference)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Required:
    """One requirement as the staff's list shows it."""

    id: int
    reference: str
    kind: DocumentKind
    program: str | None
    site: str | None
    remark: str | None
    created_at: dt.datetime
    ended_at: dt.datetime | None

    @property
    def ask(self) -> Ask:
        """Who asks."""
        return Ask(self.program, self.site, self.remark)


_REQUIRED = (
    sa.select(_R.id, _R.reference, _R.kind, Program.code, Site.name, _R.remark, _R.created_at, _R.ended_at)
    .select_from(table(DocumentRequirement))
    .outerjoin(Program, Program.id == _R.program_id)
    .outerjoin(Site, Site.id == _R.site_id)
)


def of_programs() -> list[Required]:
    """Return what programs ask of all their students, by program, in the order of kinds."""
    query = _REQUIRED.where(_R.ended_at.is_(None), _R.site_id.is_(None)).order_by(Program.position, _R.id)
    return [Required(*tuple(row)) for row in db.session.execute(query)]


def _of_sites(every: sa.Select[Any], site: str, _words: Words) -> list[sa.Select[Any]]:
    every = every.where(_R.ended_at.is_(None), _R.site_id.is_not(None))
    return [every.where(_R.site_id.in_(sa.select(Site.id).where(Site.reference == site))) if site else every]


def _ended(every: sa.Select[Any], _site: str, _words: Words) -> list[sa.Select[Any]]:
    return [every.where(_R.ended_at.is_not(None))]


# What sites ask for, or one site by its reference; and what is not asked for any more, of whatever site.
of_sites = Lines(Required, _REQUIRED, sorts=(NEWEST,), ways=_of_sites).page
ended = Lines(Required, _REQUIRED, sorts=(NEWEST,), ways=_ended).page


def expiring(first_on: dt.date, last_on: dt.date) -> Sequence[StudentDocument]:
    """Return the accepted documents whose last good day lies between two days, the soonest first."""
    query = _WHOLE.where(
        StudentDocument.state == DocumentState.ACCEPTED, StudentDocument.expires_on.between(first_on, last_on)
    )
    return db.session.scalars(query.order_by(_D.expires_on, _D.id)).all()


def over(today: dt.date, most: int) -> Sequence[str]:
    """Return references of accepted documents whose last good day has passed."""
    query = sa.select(_D.reference).where(_D.state == DocumentState.ACCEPTED, _D.expires_on < today)
    return db.session.scalars(query.order_by(_D.expires_on, _D.id).limit(most)).all()
