"""What a published number is: its metric, statistic, period, occupation and source, and how it is written."""

import calendar
import datetime as dt
import enum
import re
from dataclasses import dataclass
from decimal import Decimal

NATION = "US"
_MONTH = re.compile(r"(\d{4})-(\d{2})\Z", re.ASCII)
_YEAR = re.compile(r"(\d{4})\Z", re.ASCII)
_WINDOW = re.compile(r"(\d{4})-(\d{4})\Z", re.ASCII)
_READ = re.compile(r"read (\d{4})-(\d{2})\Z", re.ASCII)


class Unit(enum.StrEnum):
    """What a metric is counted in."""

    DOLLARS = "dollars"
    CENTS = "dollars and cents"
    PERCENT = "percent"
    MONTHS = "months"
    HOURS = "hours"
    MINUTES = "minutes"
    COUNT = "count"


class Metric(enum.StrEnum):
    """What a figure measures."""

    ANNUAL_WAGE = "annual_wage"
    HOURLY_WAGE = "hourly_wage"
    EMPLOYMENT = "employment"
    EMPLOYMENT_PROJECTED = "employment_projected"
    EMPLOYMENT_CHANGE = "employment_change"
    EMPLOYMENT_GROWTH = "employment_growth"
    ANNUAL_OPENINGS = "annual_openings"
    EMPLOYMENT_SHARE = "employment_share"
    CERTIFICATION_DEMAND = "certification_demand"
    TRAINING_LENGTH = "training_length"
    TRAINING_COST = "training_cost"
    DEGREE_CREDITS = "degree_credits"
    CERTIFIED_PREMIUM = "certified_premium"
    METRO_PREMIUM = "metro_premium"
    VENIPUNCTURES = "venipunctures"
    CAPILLARY_STICKS = "capillary_sticks"
    EKGS = "ekgs"
    ARTERIAL_WATCHED = "arterial_watched"
    WORK_HOURS = "work_hours"
    THEORY_HOURS = "theory_hours"
    CLINICAL_HOURS = "clinical_hours"
    RENEWAL = "renewal"
    RENEWAL_CREDITS = "renewal_credits"
    EXAM_TIME = "exam_time"
    EXAM_QUESTIONS = "exam_questions"
    PASSED = "passed"

    @property
    def label(self) -> str:
        """Name it in sentence case."""
        return _METRICS[self][0]

    @property
    def unit(self) -> Unit:
        """Say what it is counted in."""
        return _METRICS[self][1]


_METRICS = {
    Metric.ANNUAL_WAGE: ("Pay a year", Unit.DOLLARS),
    Metric.HOURLY_WAGE: ("Pay an hour", Unit.CENTS),
    Metric.EMPLOYMENT: ("Jobs", Unit.COUNT),
    Metric.EMPLOYMENT_PROJECTED: ("Jobs at the end of the window", Unit.COUNT),
    Metric.EMPLOYMENT_CHANGE: ("Change in the number of jobs", Unit.COUNT),
    Metric.EMPLOYMENT_GROWTH: ("Growth in the number of jobs", Unit.PERCENT),
    Metric.ANNUAL_OPENINGS: ("Openings a year", Unit.COUNT),
    Metric.EMPLOYMENT_SHARE: ("Share of the jobs", Unit.PERCENT),
    Metric.CERTIFICATION_DEMAND: ("Employers who require or encourage certification", Unit.PERCENT),
    Metric.TRAINING_LENGTH: ("Length of training", Unit.MONTHS),
    Metric.TRAINING_COST: ("Cost of training", Unit.DOLLARS),
    Metric.DEGREE_CREDITS: ("Semester hours of a degree", Unit.COUNT),
    Metric.CERTIFIED_PREMIUM: ("Extra pay with a certificate", Unit.PERCENT),
    Metric.METRO_PREMIUM: ("Extra pay in large cities", Unit.PERCENT),
    Metric.VENIPUNCTURES: ("Venipunctures on live people", Unit.COUNT),
    Metric.CAPILLARY_STICKS: ("Capillary or finger sticks on live people", Unit.COUNT),
    Metric.EKGS: ("EKGs on live people", Unit.COUNT),
    Metric.ARTERIAL_WATCHED: ("Arterial punctures watched", Unit.COUNT),
    Metric.WORK_HOURS: ("Hours of work instead", Unit.HOURS),
    Metric.THEORY_HOURS: ("Hours of theory", Unit.HOURS),
    Metric.CLINICAL_HOURS: ("Hours of practice", Unit.HOURS),
    Metric.RENEWAL: ("Renewal", Unit.MONTHS),
    Metric.RENEWAL_CREDITS: ("Credits or points for renewal", Unit.COUNT),
    Metric.EXAM_TIME: ("Exam time", Unit.MINUTES),
    Metric.EXAM_QUESTIONS: ("Exam questions", Unit.COUNT),
    Metric.PASSED: ("Passed the exam", Unit.PERCENT),
}


class Statistic(enum.StrEnum):
    """What the number says of those it was taken from; a percentile is no maximum."""

    MEDIAN = "median"
    MEAN = "mean"
    P10 = "p10"
    P25 = "p25"
    P75 = "p75"
    P90 = "p90"
    COUNT = "count"
    SHARE = "share"
    PROJECTION = "projection"
    YEARLY_AVERAGE = "yearly_average"
    MINIMUM = "minimum"
    FIXED = "fixed"
    RANGE = "range"
    UNSPECIFIED = "unspecified"

    @property
    def label(self) -> str:
        """Say what it means, in words that go after a number."""
        return {
            "median": "median (half earn more)",
            "mean": "mean, not a median (a few high wages pull it up)",
            "p10": "10th percentile (one in ten earns less)",
            "p25": "25th percentile (one in four earns less)",
            "p75": "75th percentile (one in four earns more)",
            "p90": "90th percentile (one in ten earns more)",
            "count": "count",
            "share": "share",
            "projection": "projection",
            "yearly_average": "average a year of the projection",
            "minimum": "the least that is asked",
            "fixed": "as the issuing body sets it",
            "range": "a range, with no word on what it covers",
            "unspecified": "the page does not say whether it is a mean or a median",
        }[self.value]


class Measures(enum.StrEnum):
    """How a career stands to the occupation that official figures count."""

    OWN = "own"
    POOLED = "pooled"
    BORROWED = "borrowed"


class Why(enum.StrEnum):
    """Why a figure stands in the history and not on the page."""

    SUPERSEDED = "superseded"
    CONTRADICTED = "contradicted"
    MISLABELED = "mislabeled"
    UNVERIFIED = "unverified"
    UNDATED = "undated"
    OTHER_STATISTIC = "other_statistic"

    @property
    def label(self) -> str:
        """Say it in sentence case."""
        return {
            "superseded": "A newer figure exists",
            "contradicted": "Contradicted",
            "mislabeled": "Labeled wrongly where it was read",
            "unverified": "No source named",
            "undated": "No period named",
            "other_statistic": "Another statistic",
        }[self.value]


class Confidence(enum.StrEnum):
    """How sure we are of what was read."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def label(self) -> str:
        """Say it in sentence case."""
        return {
            "high": "the official text",
            "medium": "second hand, or two pages that agree",
            "low": "one commercial page",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a figure speaks of: a month, a year, a projection's window, or the month a page was read in."""

    begins: dt.date
    ends: dt.date
    label: str
    reading: bool = False

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ``2024-05``, ``2024``, ``2024-2034`` or ``read 2026-07``; raises ValueError for anything else."""
        if found := _WINDOW.match(text):
            first, last = int(found[1]), int(found[2])
            if first >= last:
                raise ValueError(text)
            return cls(dt.date(first, 1, 1), dt.date(last, 12, 31), f"{first}–{last}")
        if found := _YEAR.match(text):
            year = int(found[1])
            return cls(dt.date(year, 1, 1), dt.date(year, 12, 31), text)
        if found := _MONTH.match(text) or _READ.match(text):
            first_day = dt.date(int(found[1]), int(found[2]), 1)
            last_day = first_day.replace(day=calendar.monthrange(first_day.year, first_day.month)[1])
            written = f"{first_day:%B %Y}"
            if text.startswith("read"):
                return cls(first_day, last_day, f"in force when read in {written}", reading=True)
            return cls(first_day, last_day, written)
        raise ValueError(text)

    @property
    def is_window(self) -> bool:
        """Say whether it is a projection's."""
        return self.ends.year > self.begins.year

    @property
    def base(self) -> dt.date:
        """Return the day from which a figure's age counts: its period's last, or the end of a window's first year."""
        return dt.date(self.begins.year, 12, 31) if self.is_window else self.ends


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read: its title, short and whole, its address (if any), its own date, when it was read."""

    id: str
    title: str
    short: str
    url: str
    vintage: str
    read: Period
    copy: bool
    official: bool

    @property
    def read_on(self) -> str:
        """Say when it was read, and whether in a stored copy."""
        return f"{self.read.label}, in a stored copy" if self.copy else self.read.label


@dataclass(frozen=True, slots=True)
class Occupation:
    """The official occupation that a career's figures measure, and how the career stands to it."""

    code: str
    name: str
    measures: Measures
    note: str
    source: Source


@dataclass(frozen=True, slots=True)
class Figure:
    """One published number; ``low`` equals ``high`` unless it is a range, whose top may be open.

    ``owner`` is the career's slug or the credential's code. Without ``why`` the figure may be shown; with it, the
    figure stands in the history, for the reason given.
    """

    owner: str
    id: str
    metric: Metric
    statistic: Statistic
    low: Decimal
    high: Decimal | None
    period: Period | None
    place: str
    industry: str
    occupation: Occupation | None
    source: Source
    confidence: Confidence
    note: str = ""
    why: Why | None = None
    reason: "Words" = ()

    @property
    def key(self) -> str:
        """Name it among all figures."""
        return f"{self.owner}.{self.id}"

    @property
    def written(self) -> str:
        """Write it with its unit: ``$44,200``, ``12%``, ``9 to 24 months``."""
        return written(self.low, self.high, self.metric.unit)


@dataclass(frozen=True, slots=True)
class Derived:
    """A number worked out from figures, with how."""

    text: str
    of: tuple[Figure, ...]
    how: str


# A text with figures in it, each shown with its source.
Words = tuple[str | Figure | Derived, ...]


def written(low: Decimal, high: Decimal | None, unit: Unit) -> str:
    """Write a number or a range with its unit; an open range (no high) says so."""
    if low == high:
        return _number(low, unit, alone=True)
    if high is None:
        return f"{_number(low, unit, alone=True)} or more"
    return f"{_number(low, unit, alone=False)} to {_number(high, unit, alone=True)}"


def _number(value: Decimal, unit: Unit, *, alone: bool) -> str:
    if unit is Unit.CENTS:
        return f"${value:,.2f}"
    plain = f"{value.normalize():,f}"
    if unit is Unit.DOLLARS:
        return f"${plain}"
    if unit is Unit.PERCENT:
        return f"{plain}%"
    if unit is Unit.COUNT or not alone:
        return plain
    return f"{plain} {unit.value if value != 1 else unit.value.removesuffix('s')}"
