"""What the school offers, as plain values that pages and agreements are made from."""

import datetime as dt
from dataclasses import dataclass, field

from provider.kernel.errors import NotFound
from provider.policies.rules import PolicyVersion, StateFloor, in_force
from provider.programs.rules import (
    InclusionLine,
    Link,
    Recommendation,
    Standing,
    StateRule,
    credit_wording,
    standing_in,
)
from provider.tuition.rules import Plan, PlanKind, Row, saving_cents


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of an exam: how many scored items, and the whole percent derived from them."""

    name: str
    items: int
    percent: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read."""

    title: str
    url: str
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class RecommendationView:
    """A recommended number of credits, with where it comes from."""

    reference: str
    terms: Recommendation
    sample: bool

    @property
    def credits(self) -> int:
        """The number itself; pages show it through `wording` only."""
        return self.terms.credits

    def wording(self, on: dt.date) -> str:
        """Say what may be said of it on a day."""
        return credit_wording(self.terms, on)


@dataclass(frozen=True, slots=True)
class CredentialView:
    """A credential with the facts of its exam; what was not read is None."""

    code: str
    slug: str
    name: str
    body: str
    minutes: int | None
    scored_items: int | None
    unscored_items: int | None
    options_per_item: int | None
    renewal_months: int | None
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    blueprint: str = ""
    topics: tuple[Topic, ...] = ()
    recommendation: RecommendationView | None = None


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One way of paying for a program."""

    id: int
    reference: str
    slug: str
    version: int
    kind: PlanKind
    title: str
    total_cents: int
    count: int
    sample: bool

    @property
    def terms(self) -> Plan:
        """Return it as the rules know it."""
        return Plan(self.kind, self.total_cents, self.count)

    def schedule(self, on: dt.date, class_weeks: int) -> tuple[Row, ...]:
        """Return the dated rows for a student who accepts on a day (in the school's zone)."""
        return self.terms.schedule(on, class_weeks)


@dataclass(frozen=True, slots=True)
class ProgramOffer:
    """A program on sale, in its version in force, with the plans it is sold under."""

    id: int
    reference: str
    slug: str
    code: str
    version: int
    title: str
    class_weeks: int
    sample: bool
    summary: str
    teaching: str
    outcome: str
    credentials: tuple[CredentialView, ...]
    inclusions: tuple[InclusionLine, ...]
    prerequisites: tuple[str, ...]
    state_rules: tuple[StateRule, ...]
    links: tuple[Link, ...]
    externship_hours: int | None
    plans: tuple[PlanOffer, ...]

    def plan(self, slug: str | None) -> PlanOffer | None:
        """Return the plan of a name, or None."""
        return next((plan for plan in self.plans if plan.slug == slug), None)

    def standing(self, state: str) -> Standing:
        """Say whether residents of a state may enroll."""
        return standing_in(state, self.state_rules)

    def saving_cents(self, plan: PlanOffer) -> int:
        """Return what paying this way saves against the dearest installments; 0 for installments themselves."""
        if plan.kind is not PlanKind.UPFRONT:
            return 0
        dearer = [other.terms for other in self.plans if other.kind is PlanKind.INSTALLMENTS]
        return max((saving_cents(plan.terms, other) for other in dearer), default=0)

    @property
    def has_sample(self) -> bool:
        """Say whether anything shown of it is sample."""
        advised = [credential.recommendation for credential in self.credentials if credential.recommendation]
        return self.sample or any(plan.sample for plan in self.plans) or any(advice.sample for advice in advised)


@dataclass(frozen=True, slots=True)
class FaqView:
    """One question with its answer and the instant it was last changed."""

    slug: str
    question: str
    answer: str
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the public pages show; two with the same content are equal, whenever they were read."""

    programs: tuple[ProgramOffer, ...]
    credentials: tuple[CredentialView, ...]
    faq: tuple[FaqView, ...]
    policy: PolicyVersion | None
    policies: tuple[PolicyVersion, ...]
    floors: tuple[StateFloor, ...]
    read_at: dt.datetime = field(compare=False)

    def program(self, slug: str) -> ProgramOffer:
        """Return the program of a name; raises NotFound."""
        found = next((program for program in self.programs if program.slug == slug), None)
        if found is None:
            raise NotFound
        return found

    def policy_at(self, at: dt.datetime) -> PolicyVersion | None:
        """Return the refund policy in force at an instant, or None before the first of all."""
        return in_force(self.policies, at)

    def credential(self, slug: str) -> CredentialView:
        """Return the credential of a name; raises NotFound."""
        found = next((credential for credential in self.credentials if credential.slug == slug), None)
        if found is None:
            raise NotFound
        return found


# The offer of a school whose database nobody has reached yet.
NOTHING = Catalog((), (), (), None, (), (), dt.datetime.min.replace(tzinfo=dt.UTC))
