"""Letters on the way to a placement: to the student, and to the site as far as it has to know."""

import datetime as dt

from provider.accounts.models import SignedLink
from provider.affiliations.models import Opening, SiteContact
from provider.affiliations.rules import ONE_DAY, Pattern, Period, clock_time, days_of, named_days
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships.fitting import in_miles
from provider.externships.models import Offer, Placement
from provider.externships.papers import local_time
from provider.externships.rules import ENDING, TENTHS, ReleaseReason, in_common
from provider.mail.rules import Letter, Mailbox, Value

Values = dict[str, Value]


def offer(one: Offer, link: SignedLink) -> Letter:
    """Offer a place: where, when, and until when it may be accepted or declined."""
    enrollment = one.request.enrollment
    return _to_student(
        "place_offered",
        enrollment,
        one.reference,
        _place(one.opening, attended(one))
        | _days(one.first_on, one.last_on)
        | {
            "far": how_far(one.tenths),
            "site_agreed": one.site_agreed,
            "expires_at": one.expires_at.isoformat() if one.expires_at else None,
            "offer_link": link.reference,
        },
    )


def ask_site(one: Offer, link: SignedLink, *, reminder: bool = False) -> Letter:
    """Ask the site for a student who accepted: name, program and days, and no more; once more as a reminder."""
    return _to_site(
        "place_asked",
        one.opening.preceptor,
        one.request.enrollment,
        f"{one.reference}:reminded" if reminder else one.reference,
        _place(one.opening, attended(one))
        | _days(one.first_on, one.last_on)
        | {"student": one.request.enrollment.legal_name, "answer_link": link.reference, "reminder": reminder},
    )


def offer_over(one: Offer, *, why: str, sentence: str) -> Letter:
    """Tell a student that an offer came to nothing, and that the search goes on; ``why`` names the kind of end."""
    return _to_student(
        "offer_over",
        one.request.enrollment,
        f"{one.reference}:over",
        _where(one.opening) | {"why": why, "sentence": sentence},
    )


def site_not_needed(one: Offer, *, sentence: str) -> Letter:
    """Tell a site that was asked for a student that it need not answer any more."""
    enrollment = one.request.enrollment
    values = _where(one.opening) | _days(one.first_on, one.last_on)
    values |= {"student": enrollment.legal_name, "sentence": sentence}
    return _to_site("site_not_needed", one.opening.preceptor, enrollment, f"{one.reference}:over", values)


def confirmed(one: Placement) -> Letter:
    """Confirm a placement to the student: where, when, whom, what to bring."""
    return _to_student("place_confirmed", one.enrollment, one.reference, confirmation(one))


def confirmed_to_site(one: Placement, *, number: int = 0) -> Letter:
    """Confirm a placement to its preceptor, with what the site needs to reach the student; again to each new one."""
    event = f"{one.reference}:{number}"
    return _to_site("place_confirmed_site", one.preceptor, one.enrollment, event, confirmation(one))


def released(one: Placement, reason: ReleaseReason) -> Letter:
    """Tell a student that a placement came to nothing, and that the search goes on."""
    values = _where(one.opening) | _days(one.first_on, one.last_on)
    values |= {"sentence": reason.sentence, "begun": one.started_at is not None}
    return _to_student("place_released", one.enrollment, f"{one.reference}:released", values)


def released_to_site(one: Placement, reason: ReleaseReason) -> Letter:
    """Tell a preceptor that a student does not come, or does not come any more."""
    values = _where(one.opening) | _days(one.first_on, one.last_on)
    told = site_sentence(reason)
    values |= {"student": one.enrollment.legal_name, "sentence": told, "begun": one.started_at is not None}
    return _to_site("place_released_site", one.preceptor, one.enrollment, f"{one.reference}:released", values)


def held(one: Placement, *, documents: list[str], number: int) -> Letter:
    """Tell a student that nothing counts until documents hold again; an empty list says that they do."""
    values: Values = _where(one.opening) | {
        "documents": list(documents),
        "through": one.last_on.isoformat(),
        "first_on": one.first_on.isoformat(),
        "begun": one.started_at is not None,
    }
    return _to_student("place_held", one.enrollment, f"{one.reference}:held:{number}", values)


def preceptor_changed(one: Placement, *, number: int) -> Letter:
    """Tell a student who supervises from now on."""
    event = f"{one.reference}:preceptor:{number}"
    return _to_student("preceptor_changed", one.enrollment, event, _where(one.opening) | _contact(one.preceptor))


def relieved(one: Placement, former: SiteContact, *, number: int) -> Letter:
    """Thank the preceptor before, who has nothing left to do."""
    values = _where(one.opening) | _days(one.first_on, one.last_on)
    values |= {"student": one.enrollment.legal_name, "preceptor": one.preceptor.name}
    values |= {"begun": one.started_at is not None}
    event = f"{one.reference}:relieved:{number}"
    return _to_site("preceptor_relieved", former, one.enrollment, event, values)


def confirmation(one: Placement) -> Values:
    """Return all that a confirmation says: the letters, the paper and the calendar file read nothing else."""
    pattern = attended(one)
    return (
        _place(one.opening, pattern)
        | _days(one.first_on, one.last_on)
        | _contact(one.preceptor)
        | {
            "placement": one.reference,
            "begins_on": first_attended(one.period, pattern).isoformat(),
            "name": one.enrollment.legal_name,
            "program": one.enrollment.agreement.program_title,
            "student": one.enrollment.legal_name,
            "student_email": enrollments.recipient(one.enrollment),
            "student_phone": one.enrollment.phone,
            "weekdays": pattern.weekdays,
            "from_minute": pattern.from_minute,
            "until_minute": pattern.until_minute,
            "hours": one.required_hours,
            "miles": None if one.tenths is None else f"{one.tenths / TENTHS:.1f}",
            "confirmed_at": one.confirmed_at.isoformat(),
        }
    )


def attended(one: Offer | Placement) -> Pattern:
    """Return on which days and at which hours a student is there: what the opening and the student have in common."""
    return in_common(one.opening.pattern, one.request.pattern)


def first_attended(days: Period, pattern: Pattern) -> dt.date:
    """Return the first of the days on which a student is there: the period itself may begin on another weekday."""
    every = (days.first_on + n * ONE_DAY for n in range((days.last_on - days.first_on).days + 1))
    return next((day for day in every if day.weekday() in days_of(pattern.weekdays)), days.first_on)


def how_far(tenths: int | None) -> str | None:
    """Write tenths of a mile between two ZIP codes as a student reads them; a fraction of a mile is not told apart."""
    if tenths is None:
        return None
    return f"{'Less than a mile' if tenths < TENTHS else in_miles(tenths)} from your ZIP code, as the crow flies"


def site_sentence(reason: ReleaseReason) -> str:
    """Say why to a site: what is the student's own matter stays with the school."""
    if reason in {ReleaseReason.SITE_CLOSED, ReleaseReason.AGREEMENT_ENDED, ReleaseReason.SITE_ASKED}:
        return reason.sentence
    if reason is ReleaseReason.OTHER_DATES:
        return "You proposed other days."
    return "The student does not take part any more." if reason in ENDING else "The school took it back."


def _where(opening: Opening) -> Values:
    return {"site": opening.location.site.name, "location": opening.location.name}


def _place(opening: Opening, pattern: Pattern) -> Values:
    location = opening.location
    return _where(opening) | {
        "street": location.street,
        "city": f"{location.city}, {location.state_code} {location.zip}",
        "zone": location.zone,
        "days": named_days(pattern.weekdays),
        "times": f"{clock_time(pattern.from_minute)} to {clock_time(pattern.until_minute)}",
        "clock": local_time(location.zone),
        "bring": opening.bring,
    }


def _days(first_on: dt.date, last_on: dt.date) -> Values:
    return {"first_on": first_on.isoformat(), "last_on": last_on.isoformat()}


def _contact(preceptor: SiteContact) -> Values:
    return {
        "preceptor": preceptor.name,
        "preceptor_title": preceptor.title,
        "preceptor_email": preceptor.email,
        "preceptor_phone": preceptor.phone,
    }


def _to_student(template: str, enrollment: Enrollment, event: str, values: Values) -> Letter:
    known: Values = {
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "reference": enrollment.reference,
        "student_zone": enrollment.zone,
    }
    return Letter(
        template=template,
        recipient=enrollments.recipient(enrollment),
        event=event,
        about=enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values=known | values,
    )


def _to_site(template: str, contact: SiteContact, enrollment: Enrollment, event: str, values: Values) -> Letter:
    known: Values = {"contact": contact.name, "program": enrollment.agreement.program_title}
    return Letter(
        template=template,
        recipient=contact.email,
        event=event,
        about=enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values=known | values,
    )
