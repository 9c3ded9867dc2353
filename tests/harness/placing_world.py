"""A school where everything about externships may happen in any order, and what must be true of it all the while."""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from provider.affiliations import openings, sites
from provider.affiliations import queries as supply_rows
from provider.affiliations.models import AffiliationAgreement, Opening
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import AgreementState, Period, SiteState
from provider.documents.rules import DocumentKind
from provider.enrollments import queries as enrolled
from provider.externships import ending, offer_queries, offers, placements, queries, releasing, site_answers
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.rules import ReleaseReason, RequestState
from provider.fieldwork import records
from provider.jobs.worker import run_due
from provider.kernel.database import db, retrying
from provider.kernel.errors import DomainError
from provider.oversight import at_sites, guarantee, placing
from provider.refunds import actions as refunds
from provider.refunds import queries as refunded
from provider.refunds.models import Refund
from provider.refunds.rules import Channel, RefundState
from tests.harness import audit, externs, papers
from tests.harness.externs import ASKED, COORDINATOR, STUDENT
from tests.harness.money import BURSAR, stored
from tests.harness.sites import Supply, agree, supply

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
REASON = "The school decided so after a telephone call"
SHOT = DocumentKind.INFLUENZA
CHECKED = (*placing.CHECKS, *guarantee.CHECKS, *at_sites.CHECKS)


@dataclass
class World:
    """Students, sites, staff and the clock; what somebody does may be refused in words, never wrong."""

    app: Flask
    now: dt.datetime = ASKED
    students: list[str] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    reached: set[RequestState] = field(default_factory=set)

    def graduate(self) -> None:
        """One more student completes the program."""
        self.students.append(externs.graduate())

    def supply(self, capacity: int) -> None:
        """One more site has an opening, under an agreement of a year."""
        days = Period(dt.date(2027, 2, 20), dt.date(2027, 5, 31))
        year = Period(dt.date(2027, 1, 1), dt.date(2027, 12, 31))
        self.supplies.append(supply(capacity=capacity, days=days, agreement=year, at=self.now))

    def require_a_shot(self, made: Supply | None = None) -> None:
        """A site asks for a flu shot from now on, or else the program does."""
        whose = {"program": None, "site": made.site} if made else {}
        self._tried(lambda: papers.ask(SHOT, **whose, at=self.now))

    def ask(self, student: str) -> None:
        """A student asks for a place."""
        self._tried(lambda: externs.ask(student, at=self.now))

    def bring(self, student: str, days: int) -> None:
        """A student brings a flu shot that is good for so many days, and staff accept it."""
        email, good = stored(student).claimed_email, self.now.date() + days * DAY
        self._tried(lambda: papers.give(email, [SHOT], expires_on=good, at=self.now))

    def withdraw_request(self, student: str) -> None:
        """A student takes the request back."""
        found = self._request(student)
        if found is not None:
            self._in_unit(lambda: ending.withdraw(request=queries.by_reference(found), actor=STUDENT, at=self.now))

    def send(self, student: str, made: Supply) -> None:
        """A coordinator offers a place."""
        found = self._request(student)
        if found is not None:
            self._in_unit(
                lambda: offers.send(
                    request=queries.by_reference(found),
                    opening=supply_rows.opening(made.opening),
                    actor=COORDINATOR,
                    at=self.now,
                )
            )

    def answer(self, offer_id: int, *, yes: bool) -> None:
        """A student answers an offer, maybe from an old tab."""
        self._in_unit(lambda: self._said(offer_queries.held(offer_id), yes=yes))

    def _said(self, offer: Offer, *, yes: bool) -> None:
        if yes:
            offers.accept(offer=offer, actor=STUDENT, at=self.now)
        else:
            offers.decline(offer=offer, words=None, actor=STUDENT, at=self.now)

    def site_answers(self, offer_id: int, how: str) -> None:
        """A site answers an offer by its link, maybe for the second time."""
        self._in_unit(lambda: self._answered(offer_queries.held(offer_id), how))

    def _answered(self, offer: Offer, how: str) -> None:
        if how == "yes":
            site_answers.accept(offer=offer, actor=STUDENT, at=self.now)
        elif how == "no":
            site_answers.decline(offer=offer, reason="Our preceptor is ill.", actor=STUDENT, at=self.now)
        else:
            later = offer.first_on + 7 * DAY
            site_answers.propose(
                offer=offer, first_on=later, last_on=offer.last_on, words=None, actor=STUDENT, at=self.now
            )

    def take_back(self, offer_id: int) -> None:
        """A coordinator takes an offer back."""
        reason = ReleaseReason.COORDINATOR
        self._in_unit(
            lambda: offers.revoke(offer=offer_queries.held(offer_id), reason=reason, actor=COORDINATOR, at=self.now)
        )

    def release(self, placement_id: int) -> None:
        """A site cannot keep a student."""
        reason = ReleaseReason.SITE_ASKED
        self._in_unit(
            lambda: placements.release(
                placement=offer_queries.held_placement(placement_id), reason=reason, actor=COORDINATOR, at=self.now
            )
        )

    def complete(self, placement_id: int) -> None:
        """Staff complete a placement, with a record that says why it has few hours."""
        self._in_unit(
            lambda: records.complete(
                placement=offer_queries.held_placement(placement_id),
                signature="Dana Dean",
                reason=REASON,
                actor=COORDINATOR,
                at=self.now,
            )
        )

    def close_site(self, made: Supply) -> None:
        """A site closes, or opens again with its opening."""
        self._in_unit(lambda: self._turned(made))

    def _turned(self, made: Supply) -> None:
        if supply_rows.site(made.site).state is SiteState.OPEN:
            releasing.close_site(made.site, actor=COORDINATOR, at=self.now)
            return
        sites.reopen_site(supply_rows.site(made.site, lock=True), actor=COORDINATOR, at=self.now)
        sites.reopen_location(supply_rows.location(made.location, lock=True), actor=COORDINATOR, at=self.now)
        openings.reopen_opening(supply_rows.opening(made.opening, lock=True), actor=COORDINATOR, at=self.now)

    def end_agreement(self, made: Supply, days: int) -> None:
        """An agreement ends early, or a new one comes into force where none is."""
        running = self._in_force(made)
        if not running:
            until = (self.now + 200 * DAY).date()
            self._tried(lambda: agree(made.site, Period(self.now.date(), until), at=self.now))
            return
        on = self.now.date() + days * DAY
        self._in_unit(
            lambda: releasing.end_agreement(
                running[0], on=on, reason=REASON, both_agree=True, actor=COORDINATOR, at=self.now
            )
        )

    def _in_force(self, made: Supply) -> Sequence[str]:
        found = sa.select(AffiliationAgreement.reference).where(
            AffiliationAgreement.site_id == made.site_id,
            AffiliationAgreement.state == AgreementState.IN_FORCE,
            sa.func.coalesce(AffiliationAgreement.terminated_on, AffiliationAgreement.last_on) >= self.now.date(),
        )
        return db.session.scalars(found).all()

    def change_capacity(self, made: Supply, capacity: int) -> None:
        """A site has more places, or fewer."""
        self._in_unit(lambda: self._resized(supply_rows.opening(made.opening, lock=True), capacity))

    def _resized(self, opening: Opening, capacity: int) -> None:
        facts = OpeningFacts(
            opening.program_id, opening.preceptor_id, opening.period, opening.pattern, capacity, opening.bring
        )
        openings.change_opening(opening, facts, actor=COORDINATOR, at=self.now)

    def refund(self, student: str, *, agreed: bool) -> None:
        """A student asks for the money back, too late, and the bursar makes an exception."""
        self._in_unit(
            lambda: refunds.ask(
                enrollment=enrolled.by_reference(student, lock=True),
                note=None,
                channel=Channel.PAGE,
                actor=STUDENT,
                received_at=self.now,
                at=self.now,
            )
        )
        query = sa.select(Refund.reference).where(
            Refund.enrollment_id == stored(student).id, Refund.state == RefundState.DECLINED
        )
        declined = db.session.scalars(query.limit(1)).first()
        if declined is not None:
            self._in_unit(
                lambda: refunds.override(
                    refund=refunded.by_reference(declined),
                    reason=REASON,
                    actor=BURSAR,
                    at=self.now,
                    placement_ends=agreed,
                )
            )

    def leave_program(self, student: str, *, agreed: bool) -> None:
        """Staff withdraw a student from the program; of a running placement they have to say that it ends."""
        self._in_unit(
            lambda: refunds.withdraw(
                enrollment=enrolled.by_reference(student, lock=True),
                reason=REASON,
                waive=False,
                actor=BURSAR,
                at=self.now,
                placement_ends=agreed,
            )
        )

    def wait(self, hours: float) -> None:
        """Time passes, and the jobs run once or, late, not until now; twice changes nothing more."""
        self.now += hours * HOUR
        db.session.rollback()
        run_due(self.now)
        run_due(self.now)

    def offer_ids(self) -> Sequence[int]:
        """Every offer there ever was, the newest first."""
        return self._read(sa.select(Offer.id).order_by(Offer.id.desc()))

    def placement_ids(self) -> Sequence[int]:
        """Every placement there ever was, the newest first."""
        return self._read(sa.select(Placement.id).order_by(Placement.id.desc()))

    def _read(self, query: sa.Select[int]) -> Sequence[int]:
        db.session.rollback()
        return db.session.scalars(query).all()

    def _request(self, student: str) -> str | None:
        found = queries.open_of(stored(student).id)
        reference = found.reference if found else None
        db.session.rollback()
        return reference

    def _in_unit(self, act: Callable[[], object]) -> None:
        db.session.rollback()
        self._tried(lambda: retrying(act))

    def _tried(self, act: Callable[[], object]) -> None:
        """Let something be done or be refused in words; nothing else may come of it."""
        with suppress(DomainError):
            act()
        db.session.rollback()

    def check(self) -> None:
        """Say what the audit of places, of the guarantee and of what is done at sites finds now, at each commit."""
        found = audit.told_by(CHECKED)
        assert not found, "\n".join(found)
        self.reached |= set(db.session.scalars(sa.select(ExternshipRequest.state).distinct()))
        db.session.rollback()

    def check_at_rest(self) -> None:
        """Say what the whole audit finds in the end."""
        db.session.remove()
        found = [line for line in audit.found(self.app, self.now) if "never_stuck" not in line]
        assert not found, "\n".join(found)
