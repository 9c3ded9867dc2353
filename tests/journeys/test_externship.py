"""From a completed program to a record that anybody can check: the site and its preceptor act by links alone."""

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from provider.fieldwork.evaluating import ASPECTS, OVERALL, SKILLS
from provider.kernel.days import written
from tests.harness.papers import PAPER
from tests.harness.people import Journey, enroll_and_prove, record_payment, set_password, submit_to
from tests.harness.read import files, lacking, read, reference_in, until, uploaded
from tests.harness.remote import RemoteVisitor
from tests.harness.sites import PDF
from tests.harness.stories import sign_in
from tests.harness.visitor import Page

pytestmark = pytest.mark.xdist_group("servers")
DAY = dt.timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
STUDENT, NAME = "grace@student.example", "Grace Graduate"
PRECEPTOR, PAT = "pat@clinic.example", "Pat Preceptor"
DEAN, DANA = "dean@example.org", "Dana Dean"
SITE, PROGRAM = "Riverside Clinic", "Clinical medical assistant"
WORKDAYS, WEEKS = ["0", "1", "2", "3", "4"], 4
REFERENCE = r"-[2-9A-Z]{8}"


@dataclass
class Story:
    """One externship: the school it happens in, and what its people learned on the way."""

    journey: Journey
    today: dt.date = field(default_factory=lambda: dt.datetime.now(NEW_YORK).date() + DAY)
    enrollment: str = ""
    placement: str = ""

    @cached_property
    def monday(self) -> dt.date:
        """The first day: the first Monday that is a week away."""
        return self.today + (7 + (-self.today.weekday()) % 7) * DAY

    @property
    def last_on(self) -> dt.date:
        """The last day: the Friday of the last week."""
        return self.day(WEEKS - 1, 4)

    def day(self, week: int, weekday: int) -> dt.date:
        return self.monday + (7 * week + weekday) * DAY

    def at(self, day: dt.date, wall: str) -> None:
        """Let it be a time of day at the clinic, which is in the school's own zone."""
        local = dt.datetime.combine(day, dt.time.fromisoformat(wall), tzinfo=NEW_YORK)
        self.journey.server.set_clock(local.astimezone(dt.UTC))

    def student(self) -> RemoteVisitor:
        """Return the student, who signs in anew each week: no session lasts longer."""
        someone = self.journey.visitor()
        assert sign_in(someone, STUDENT).path == "/my"
        return someone

    def holder(self, to: str, words: str) -> RemoteVisitor:
        """Return somebody without an account in front of the page to which the link in their letter leads."""
        someone = self.journey.visitor()
        someone.get(self.journey.link_in(self.journey.letter(to, words)))
        return someone


def _graduate(story: Story) -> None:
    """Let somebody enroll, pay, set a password and complete the program."""
    journey = story.journey
    student, story.enrollment = enroll_and_prove(journey, STUDENT, NAME)
    record_payment(journey.admin(), story.enrollment, "EXTERN-1")
    set_password(journey, student, STUDENT)
    staff = journey.admin()
    staff.get(f"/staff/enrollments/{story.enrollment}")
    submit_to(staff, "/completion", {})
    journey.letter(STUDENT, "You completed")


def _supply(story: Story) -> None:
    """Let staff add a clinic with somebody there, both sides sign by links, and the clinic offer its places itself."""
    journey, staff = story.journey, story.journey.admin()
    staff.get("/staff/sites/new")
    assert staff.page is not None
    programs = [one.attrs["value"] for one in staff.page.all("input[name=programs]")]
    page = staff.submit({"name": SITE, "kind": "clinic", "programs": programs})
    site = page.path
    staff.get(f"{site}/locations/new")
    where = {"name": "Main building", "street": "1 Main Street", "city": "New York", "state": "NY", "zip": "10001"}
    staff.submit(where)
    staff.get(f"{site}/contacts/new")
    person = {"name": PAT, "email": PRECEPTOR, "title": "Nurse manager", "phone": "555-010-0142"}
    staff.submit(person | {"supervises": "on", "signs": "on"})
    staff.get(f"{site}/agreements/new")
    days = {"first_on": story.today.isoformat(), "last_on": (story.today + 365 * DAY).isoformat()}
    page = staff.submit(days | {"file": uploaded(PDF, "agreement.pdf")})
    staff.get(f"{page.path}/sending")
    staff.submit({"countersigner_name": DANA, "countersigner_email": DEAN})
    for to, name, words in ((PRECEPTOR, PAT, "Please sign"), (DEAN, DANA, "Please countersign")):
        signer = story.holder(to, words)
        said = signer.submit({"signature": name, "read": "on"}).words()
        assert "Your signature is stored" in said, said
    for to in (PRECEPTOR, DEAN):
        assert f"{PAT} signed for {SITE}, {DANA} for the school" in " ".join(
            journey.letter(to, "In force").body().split()
        )
    staff.get(site)
    submit_to(staff, "/openings-link", {})
    _offer_places(story)


def _option(page: Page, name: str, words: str) -> str:
    """Return the one value of a list that is shown with these words."""
    (value,) = [one.attrs["value"] for one in page.all(f"select[name={name}] option") if words in one.to_text()]
    return str(value)


def _offer_places(story: Story) -> None:
    host = story.holder(PRECEPTOR, "Offer places")
    assert host.page is not None
    host.get(f"{host.page.path}?page=new")
    assert host.page is not None
    program, preceptor = (_option(host.page, *one) for one in (("program", PROGRAM), ("preceptor", PAT)))
    week = {"weekdays": WORKDAYS, "from_time": "08:00", "until_time": "16:30"}
    days = {"first_on": story.monday.isoformat(), "last_on": story.last_on.isoformat()}
    chosen = {"program": program, "preceptor": preceptor, "places": "1", "bring": "Closed shoes"}
    page = host.submit(week | days | chosen)
    assert "Your places are stored" in page.words()
    assert "0 of 1 taken" in page.words()


def _ask(story: Story) -> None:
    """Let the graduate ask at their page, and bring what the program wants to see; staff look at each and accept it."""
    journey, staff, student = story.journey, story.journey.admin(), story.student()
    student.get("/my/externship", 303)
    student.follow()
    wishes = {"zip": "10001", "miles": "25", "weekdays": WORKDAYS, "from_minute": "480", "until_minute": "1020"}
    page = student.submit(wishes | {"earliest_on": story.monday.isoformat(), "consent": "on"})
    assert "Your request is in" in page.words()
    journey.letter(STUDENT, "Your externship request is in")
    page = student.get("/my/externship/documents")
    wanted = [one.attrs["href"] for one in page.all("main .card a") if "upload?kind=" in one.attrs["href"]]
    assert {"tb", "cpr_card"} <= {one.rpartition("=")[2] for one in wanted}, "what the sample catalog asks for"
    for number, address in enumerate(wanted):
        student.get(address)
        good = {"expires_on": (story.last_on + 90 * DAY).isoformat()}
        page = student.submit(good | {"file": uploaded(PAPER, f"scan{number}.pdf")})
        assert "We have your document" in page.words()
    staff.get("/staff/documents")
    assert staff.page is not None
    waiting = sorted(set(re.findall(rf"/staff/documents/\w+{REFERENCE}", staff.page.text)))
    assert len(waiting) == len(wanted)
    for address in waiting:
        assert staff.get(f"{address}/file").response.data == PAPER
        staff.get(address)
        submit_to(staff, "/accept", {})
    journey.letter(STUDENT, "All your documents are accepted")


def _place(story: Story) -> None:
    """Let a coordinator offer the place from the list, and both sides accept it by their letters."""
    journey, staff = story.journey, story.journey.admin()
    staff.get("/staff/externships")
    address = reference_in(staff, rf"/staff/externships/\w+{REFERENCE}")
    page = staff.get(f"{address}/places")
    assert f"{SITE} Main building, New York, NY 10001" in page.words()
    assert "Fits" in page.words()
    submit_to(staff, f"{address}/places/", {})
    student = story.holder(STUDENT, "A place for your externship")
    assert "Closed shoes" in student.page.words()  # type: ignore[union-attr] # it was opened
    assert "The site has been asked" in student.submit({}).words()
    host = story.holder(PRECEPTOR, "May a student come to you?")
    assert host.page is not None
    assert STUDENT not in host.page.text, "the site learns how to reach the student once it has said yes"
    assert "You accepted this student" in host.submit({}).words()
    for to, words in ((STUDENT, "Your externship place is confirmed"), (PRECEPTOR, f"Confirmed: {NAME}")):
        letter = journey.letter(to, words)
        attached = files(letter)
        assert set(attached) == {"application/pdf", "text/calendar"}
        paper, calendar = read(attached["application/pdf"]), attached["text/calendar"].decode()
        days = f"{written(story.monday)} to {written(story.last_on)}"
        assert lacking(paper, (days, SITE, "1 Main Street, New York", PAT, NAME, "Closed shoes", "160 hours")) == []
        assert f"DTSTART;TZID=America/New_York:{story.monday:%Y%m%d}T080000" in calendar
        assert "BYDAY=MO,TU,WE,TH,FR" in calendar
        names = {str(part.get_filename()) for part in letter.mail.iter_attachments()}
        story.placement = re.findall(rf"externship-(\w+{REFERENCE})\.pdf", " ".join(names))[0]
        assert names == {f"externship-{story.placement}.pdf", f"externship-{story.placement}.ics"}


def _begin(story: Story) -> None:
    """Let the first day come: the placement starts by itself, and the student clocks in and out."""
    story.at(story.monday - DAY, "20:00")
    assert "Press when you start" not in story.student().get("/my/externship/hours").words()
    story.at(story.monday, "08:00")
    student = story.student()
    until(lambda: student.get("/my/externship/hours"), "Press when you start")
    page = submit_to(student, "/hours/clock-in", {})
    assert "You are clocked in" in page.words()
    story.at(story.monday, "16:30")
    student = story.student()
    student.get("/my/externship/hours")
    submit_to(student, "/hours/clock-out", {"rest": "30", "note": "A calm first day"})


def _work(story: Story, week: int) -> None:
    """Let it be Friday evening: the student enters the days of the week by hand, and what was done in it."""
    story.at(story.day(week, 4), "17:00")
    student = story.student()
    for weekday in range(1 if week == 0 else 0, 5):
        student.get("/my/externship/hours")
        day = {"day_on": story.day(week, weekday).isoformat(), "begins": "08:00", "ends": "16:30"}
        _enter(student, "/my/externship/hours", day | {"break_minutes": "30"})
    for kind, number in (("venipuncture", "8"), ("vitals", "20")):
        student.get("/my/externship/procedures")
        done = {"kind": kind, "number": number, "day_on": story.day(week, 3).isoformat()}
        _enter(student, "/my/externship/procedures", done)
    assert "Entered, not sent 40 h" in student.get("/my/externship/hours").words()


def _enter(student: RemoteVisitor, address: str, values: dict[str, Any]) -> None:
    """Send the form whose action is this address, and no longer one."""
    assert student.page is not None
    forms = [one for one in student.page.all("main form") if one.attrs.get("method", "").lower() == "post"]
    here = next(number for number, one in enumerate(forms) if one.attrs.get("action") == address)
    assert "entered." in student.submit(values, form=here).words()


def _approve(story: Story, week: int) -> None:
    """Let the preceptor approve a week by its letter; the last one was sent by the student's own button."""
    host = story.holder(PRECEPTOR, f"hours of {NAME}, week of {written(story.day(week, 0))}")
    assert "All in all 40 h" in host.page.words()  # type: ignore[union-attr] # it was opened
    page = host.submit({"signature": PAT})
    answered_on = story.last_on if week == WEEKS - 1 else story.day(week + 1, 0)
    assert f"This week was answered on {written(answered_on)}" in page.words()


def _rate(story: Story, kind: str, rating: str) -> None:
    host = story.holder(PRECEPTOR, f"{kind} evaluation of {NAME}")
    points = dict.fromkeys([*(point.key for point in SKILLS), OVERALL], rating)
    page = host.submit(points | {"words": "Calm and careful.", "signature": PAT})
    assert "This evaluation was given" in page.words()


def _weeks(story: Story) -> None:
    for week in range(WEEKS):
        _work(story, week)
        if week < WEEKS - 1:
            story.at(story.day(week + 1, 0), "08:00")
        else:
            student = story.student()
            student.get("/my/externship/hours")
            submit_to(student, "/my/externship/weeks", {})
        _approve(story, week)
        if week == 1:
            _rate(story, "Mid-point", "3")
    _rate(story, "Final", "4")
    story.journey.letter(STUDENT, f"How was your externship at {SITE}?")
    student = story.student()
    student.get("/my/externship/evaluation")
    student.submit(dict.fromkeys([*(point.key for point in ASPECTS), OVERALL], "5"))
    assert "Waiting for approval 0 min Approved of 160 h 160 h" in student.get("/my/externship/hours").words()


def _complete(story: Story) -> str:
    """Let staff complete it; return the code of the record that came by mail, as it stands in the letter."""
    staff = story.journey.admin()
    page = staff.get(f"/staff/placements/{story.placement}/record")
    assert "The hours are approved and the final evaluation is there." in page.words()
    page = submit_to(staff, "/completion", {"signature": "Ada Admin"})
    assert "The externship is completed" in page.words()
    letter = story.journey.letter(STUDENT, "Your externship is completed")
    paper = read(files(letter)["application/pdf"])
    code = re.findall(r"/verify/([2-9A-Z-]+)", letter.body())[0]
    facts = (NAME, SITE, PAT, "160 h of 160 required", "Venipuncture 32", "Vital signs 80", "Overall 4 of 5")
    assert lacking(paper, (*facts, "Ada Admin", code)) == []
    return str(code)


def _verify(story: Story, code: str) -> None:
    """Let a stranger check the code, and see nothing more."""
    stranger = story.journey.visitor()
    page = stranger.get(f"/verify/{code}")
    assert "Valid" in page.words()
    assert all(fact in page.words() for fact in (NAME, SITE, "160 h of 160 required", "4 of 5"))
    hidden = (STUDENT, PRECEPTOR, PAT, "010-0199", "010-0142", "Calm and careful", story.enrollment, story.placement)
    assert [one for one in hidden if one in page.text] == []
    assert page.response.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    other = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert NAME not in stranger.get(f"/verify/{other}", 404).text
    for address, status in (
        ("/my/externship/record", 303),
        ("/my/externship/record.pdf", 404),
        (f"/my/externship/{story.enrollment}", 404),
        (f"/staff/placements/{story.placement}/record.pdf", 303),
    ):
        assert NAME not in stranger.get(address, status).text
    published = stranger.get("/externships")
    assert NAME not in published.text
    assert SITE not in published.text


def test_a_graduate_gets_a_place_works_there_and_has_a_record_that_anybody_can_check(own_school: Journey) -> None:
    story = Story(own_school)
    story.at(story.today, "10:00")
    _graduate(story)
    _supply(story)
    _ask(story)
    _place(story)
    _begin(story)
    _weeks(story)
    code = _complete(story)
    _verify(story, code)
    for words in ("May a student come to you?", "Final evaluation of", f"week of {written(story.monday)}"):
        page = story.holder(PRECEPTOR, words).page
        assert page is not None
        assert [one for one in page.all("main form") if one.attrs.get("method") == "post"] == []
