"""The same figures for machines: JSON, CSV and linked data, each number with where it comes from."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from provider.careers.figures import Derived, Figure, Measures, Metric, Source, Statistic, Words
from provider.careers.library import Career, Comparison, Library, License
from provider.careers.rules import address_of, apart, difference
from provider.kernel.settings import settings
from provider.places.rules import STATE_NAMES

if TYPE_CHECKING:
    from provider.careers.showing import Leading

Json = Mapping[str, Any]
COLUMNS = (
    "owner", "id", "metric", "statistic", "low", "high", "unit", "period", "period_begins", "period_ends", "place",
    "industry", "occupation_code", "occupation", "occupation_measures", "confidence", "note", "source", "source_url",
    "source_vintage", "source_read",
)  # fmt: skip


def plain(words: Words) -> str:
    """Write a text without links."""
    return "".join(
        piece.written if isinstance(piece, Figure) else piece.text if isinstance(piece, Derived) else piece
        for piece in words
    )


def as_json(library: Library, careers: Sequence[Career]) -> Json:
    """Return everything that the page says in numbers."""
    address = address_of(career.slug for career in careers)
    codes = dict.fromkeys(code for career in careers for code in career.credentials)
    licenses = dict.fromkeys(row for career in careers for row in library.licenses_of(career.slug))
    return {
        "address": f"{settings().BASE_URL}/careers/{address}",
        "title": library.title(careers),
        "careers": [_career(career) for career in careers],
        "differences": list(_differences(careers)),
        "credentials": [
            {
                "code": code,
                "name": library.credentials[code].name,
                "issued_by": library.credentials[code].body.name,
                "figures": [_figure(figure) for figure in library.credentials[code].figures],
            }
            for code in codes
        ],
        "licensing": [_license(row) for row in licenses],
    }


def as_csv(library: Library, careers: Sequence[Career]) -> str:
    """Return one line for each figure of the page."""
    codes = dict.fromkeys(code for career in careers for code in career.credentials)
    figures = [figure for career in careers for figure in career.figures]
    figures += [figure for code in codes for figure in library.credentials[code].figures]
    licenses = dict.fromkeys(row for career in careers for row in library.licenses_of(career.slug))
    figures += [figure for row in licenses for figure in row.figures]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for figure in figures:
        writer.writerow(_line(figure))
    return text.getvalue()


def linked_data(
    careers: Sequence[Career], edited: Comparison | None, title: str, leading: "Sequence[Leading]"
) -> Markup:
    """Return what search engines read: the same as stands on the page, and nothing of it that is borrowed or sample."""
    base = settings().BASE_URL
    trail = [{"name": "Careers", "item": f"{base}/careers"}, {"name": title}]
    found: list[Json] = [
        {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": number} | step for number, step in enumerate(trail, 1)
            ],
        }
    ]
    found += [_occupation(career) for career in careers]
    found += [_program(lead) for lead in leading]
    if edited and edited.faq:
        entries = [
            {"@type": "Question", "name": asked, "acceptedAnswer": {"@type": "Answer", "text": plain(answer)}}
            for asked, answer in edited.faq
        ]
        found.append({"@type": "FAQPage", "mainEntity": entries})
    text = json.dumps({"@context": "https://schema.org", "@graph": found}, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - JSON in which no tag can begin


def _career(career: Career) -> Json:
    return {
        "slug": career.slug,
        "name": career.name,
        "updated_on": career.updated_on.isoformat(),
        "occupation": {
            "code": career.occupation.code,
            "name": career.occupation.name,
            "measures": career.occupation.measures.value,
            "note": career.occupation.note,
        },
        "figures": [_figure(figure) for figure in career.figures],
    }


def _figure(figure: Figure) -> Json:
    return {
        "id": figure.key,
        "metric": figure.metric.value,
        "statistic": figure.statistic.value,
        "low": str(figure.low),
        "high": None if figure.high is None else str(figure.high),
        "unit": figure.metric.unit.value,
        "written": figure.written,
        "period": _period(figure),
        "place": figure.place,
        "industry": figure.industry or None,
        "occupation": figure.occupation.name if figure.occupation else None,
        "confidence": figure.confidence.value,
        "note": figure.note or None,
        "source": _source(figure.source),
    }


def _period(figure: Figure) -> Json | None:
    if figure.period is None:
        return None
    begins, ends = figure.period.begins.isoformat(), figure.period.ends.isoformat()
    return {"label": figure.period.label, "begins": begins, "ends": ends}


def _source(source: Source) -> Json:
    return {
        "title": source.title,
        "url": source.url or None,
        "vintage": source.vintage or None,
        "read": source.read_on,
    }


def _license(row: License) -> Json:
    return {
        "state": row.state,
        "state_name": STATE_NAMES[row.state],
        "careers": list(row.careers),
        "name": row.name,
        "kind": row.kind,
        "disputed": row.disputed,
        "says": [plain(words) for words in row.told.words],
        "as_of": row.as_of.isoformat(),
        "confidence": row.confidence.value,
        "figures": [_figure(figure) for figure in row.figures],
        "sources": [_source(source) for source in row.told.sources],
    }


def _differences(careers: Sequence[Career]) -> list[Json]:
    """Return each difference that may be stated; the others are not there."""
    found: list[Json] = []
    for one, other in combinations(careers, 2):
        for mine in one.figures:
            theirs = other.figure(mine.metric, mine.statistic, mine.industry)
            if theirs is not None and apart(mine, theirs) is None:
                more, less = (mine, theirs) if mine.low >= theirs.low else (theirs, mine)
                value = str(difference(more, less))
                found.append({"more": more.key, "less": less.key, "by": value, "unit": mine.metric.unit.value})
    return found


def _line(figure: Figure) -> dict[str, str]:
    period, occupation, source = figure.period, figure.occupation, figure.source
    return {
        "owner": figure.owner,
        "id": figure.id,
        "metric": figure.metric.value,
        "statistic": figure.statistic.value,
        "low": str(figure.low),
        "high": "" if figure.high is None else str(figure.high),
        "unit": figure.metric.unit.value,
        "period": period.label if period else "",
        "period_begins": period.begins.isoformat() if period else "",
        "period_ends": period.ends.isoformat() if period else "",
        "place": figure.place,
        "industry": figure.industry,
        "occupation_code": occupation.code if occupation else "",
        "occupation": occupation.name if occupation else "",
        "occupation_measures": occupation.measures.value if occupation else "",
        "confidence": figure.confidence.value,
        "note": figure.note,
        "source": source.title,
        "source_url": source.url,
        "source_vintage": source.vintage,
        "source_read": source.read_on,
    }


def _occupation(career: Career) -> Json:
    told: dict[str, Any] = {
        "@type": "Occupation",
        "name": career.name,
        "occupationalCategory": f"{career.occupation.code} {career.occupation.name}",
    }
    if career.entry:
        told["educationRequirements"] = career.entry.education
    pay = _distribution(career)
    if pay and career.occupation.measures is not Measures.BORROWED:
        told["estimatedSalary"] = [pay]
    return told


def _distribution(career: Career) -> Json | None:
    names = {"percentile10": Statistic.P10, "median": Statistic.MEDIAN, "percentile90": Statistic.P90}
    found = {
        name: figure for name, statistic in names.items() if (figure := career.figure(Metric.ANNUAL_WAGE, statistic))
    }
    if "median" not in found or len({figure.period for figure in found.values()}) > 1:
        return None
    period = found["median"].period
    label = f"{career.occupation.name}, {period.label if period else ''}"
    return {
        "@type": "MonetaryAmountDistribution",
        "name": label,
        "currency": "USD",
        "duration": "P1Y",
        **{name: int(figure.low) for name, figure in found.items()},
    }


def _program(lead: "Leading") -> Json:
    offer, base = lead.offer, settings().BASE_URL
    told: dict[str, Any] = {
        "@type": "EducationalOccupationalProgram",
        "name": offer.title,
        "url": f"{base}/programs/{offer.slug}",
        "educationalProgramMode": "online",
        "timeToComplete": f"P{offer.class_weeks}W",
        "occupationalCategory": f"{lead.career.occupation.code} {lead.career.occupation.name}",
        "provider": {"@type": "EducationalOrganization", "name": settings().SCHOOL_NAME},
    }
    offers = [
        {
            "@type": "Offer",
            "name": plan.title,
            "price": f"{plan.total_cents // 100}.{plan.total_cents % 100:02d}",
            "priceCurrency": "USD",
        }
        for plan in offer.plans
        if not plan.sample
    ]
    return told | {"offers": offers} if offers else told
