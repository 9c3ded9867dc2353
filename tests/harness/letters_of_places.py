"""A full set of values for the letters on the way to a placement."""

from collections.abc import Mapping

from provider.mail.rules import Value

_LINK = "K-7K2M9Q4T"
_AT = "2026-11-21T23:31:59+00:00"
_PRECEPTOR: dict[str, Value] = {
    "preceptor": "Dr. Mia Ortiz",
    "preceptor_title": "Lead phlebotomist",
    "preceptor_email": "mia@hospital.example",
    "preceptor_phone": "555 010 0177",
}
_PLACE: dict[str, Value] = {
    "name": "Ana Ñúñez",
    "program": "Certified Clinical Medical Assistant",
    "reference": "E-7K2M9Q4T",
    "student_zone": "America/Los_Angeles",
    "site": "Riverside Hospital",
    "location": "Main building",
    "street": "1 River Road",
    "city": "Albany, NY 12207",
    "zone": "America/New_York",
    "days": "Monday to Friday",
    "times": "8:00 AM to 4:00 PM",
    "clock": "New York time",
    "bring": "Closed shoes, a watch with a second hand",
    "first_on": "2026-12-01",
    "last_on": "2027-01-29",
}
_TO_SITE: dict[str, Value] = {"contact": "Dr. Mia Ortiz", "student": "Ana Ñúñez"}
_CONFIRMED: dict[str, Value] = {
    **_PLACE,
    **_PRECEPTOR,
    "placement": "PL-7K2M9Q4T",
    "begins_on": "2026-12-01",
    "student": "Ana Ñúñez",
    "student_email": "ana@example.org",
    "student_phone": "555 010 0199",
    "weekdays": 31,
    "from_minute": 480,
    "until_minute": 960,
    "hours": 160,
    "miles": "12.4",
    "confirmed_at": _AT,
}
PLACES: Mapping[str, dict[str, Value]] = {
    "place_offered": {
        **_PLACE,
        "far": "12.4 miles from your ZIP code, as the crow flies",
        "site_agreed": False,
        "expires_at": _AT,
        "offer_link": _LINK,
    },
    "place_asked": {**_TO_SITE, **_PLACE, "answer_link": _LINK, "reminder": True},
    "offer_over": {**_PLACE, "why": "expired", "sentence": "You could answer until November 26, 2026."},
    "site_not_needed": {**_TO_SITE, **_PLACE, "sentence": "The student does not take part any more."},
    "place_confirmed": _CONFIRMED,
    "place_confirmed_site": _CONFIRMED | _TO_SITE,
    "place_released": {**_PLACE, "sentence": "The site does not take students any more.", "begun": True},
    "place_released_site": {
        **_TO_SITE,
        **_PLACE,
        "sentence": "The site does not take students any more.",
        "begun": False,
    },
    "place_held": {**_PLACE, "documents": ["TB test", "Flu shot"], "through": "2027-01-29", "begun": True},
    "preceptor_changed": {**_PLACE, **_PRECEPTOR},
    "preceptor_relieved": {**_TO_SITE, **_PLACE, "preceptor": "Dr. Ida Moss", "begun": True},
}
