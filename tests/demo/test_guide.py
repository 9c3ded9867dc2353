"""The guide to the demonstration: each person that it names is there, and each of its links opens what it says."""

import re

from provider.accounts.rules import Role
from provider.kernel import days
from provider.kernel.settings import settings
from tests.demo import guide
from tests.demo.conftest import Demonstration
from tests.demo.office import STAFF
from tests.demo.times import MONDAY, of_week
from tests.harness.season import PASSWORD
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

HEADINGS = {
    "a site says whether a student may come": "May this student come to you?",
    "a preceptor evaluates a student": "Final evaluation of Tuấn Lê",
    "a site offers places": "Places for students at Lakeshore Outpatient Center",
    "a site signs its agreement": "Affiliation agreement",
    "the school signs after the site": "Affiliation agreement",
    "a record that anybody may check": "Externship record",
    "one that the school does not stand by any more": "Externship record",
    "what the school promises, and how it keeps it, in numbers": "Externships",
    guide.PROVES: "Was this mail yours?",
}
OF_THE_OFFICE = {
    "asks what is missing; begin the answer with it": ("What is still missing?", "#begin option[value=missing]"),
    "asks for the money back in time; one click to the draft": (
        "Please cancel",
        '.notice a[href^="/staff/refund-drafts/"]',
    ),
    "claims to be a colleague; held": ("Urgent: list of students", ".notice--bad"),
    "not proved yet": ("When is my next installment?", ".panel .tag--warn"),
}


def test_it_names_people_with_one_password_and_links_that_open(demonstration: Demonstration) -> None:
    with demonstration.app.app_context():
        written = guide.written(demonstration.cast)
        base = settings().BASE_URL
        last_monday = of_week(demonstration.now, -1, MONDAY)
    addresses = {player.student.email for player in demonstration.cast.players} | {email for _, email in STAFF.values()}
    assert set(re.findall(r"^ {4}(\S+@example\.\w+) ", written, re.MULTILINE)) <= addresses
    assert f"Everybody’s password: {PASSWORD}" in written
    found = re.findall(rf"^ {{4}}{re.escape(base)}(/\S+) +(.+)$", written, re.MULTILINE)
    links = {said: path for path, said in found}
    visitor = Visitor(demonstration.app)
    week = {"a preceptor approves a week of hours and procedures": f"Week of {days.written(last_monday)}"}
    expected = HEADINGS | week
    assert {said: visitor.get(links[said]).title for said in expected} == expected
    assert STAFF[Role.COORDINATOR][1] in written
    sign_in(visitor, STAFF[Role.ADMIN][1], PASSWORD)
    for said, (title, shows) in OF_THE_OFFICE.items():
        page = visitor.get(links[said])
        assert (page.title, bool(page.all(shows))) == (title, True)
