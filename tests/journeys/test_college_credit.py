"""From a student's mail, or a form, to what a college decided: real mail comes in and goes out, links alone answer."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from provider.kernel.days import written
from tests.harness.mail_in import CREDITS, mail, send
from tests.harness.papers import PAPER
from tests.harness.people import Journey, enroll_and_prove, record_payment, set_password, submit_to
from tests.harness.read import files, lacking, read, reference_in, uploaded
from tests.harness.remote import RemoteVisitor
from tests.harness.smtp import Delivery
from tests.harness.stories import PASSWORD, sign_in
from tests.harness.visitor import Page

pytestmark = pytest.mark.xdist_group("servers")
COLLEGE = "Riverbend College"
NUMBER, CERTIFICATE = "S-20931", "C7K2M9"
REFERENCE = "-[2-9A-HJKMNP-TV-Z]{8}"
ASHE = "Avery Ashe, registrar’s office"


@dataclass
class Story:
    """One student's credit: the school it happens in, who asks, and which college is asked."""

    journey: Journey
    email: str
    name: str
    registrar: str
    taken_on: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date() - dt.timedelta(days=3))
    request: str = ""

    def letter(self, words: str) -> Delivery:
        """Return the one letter to the student with these words in its subject, which left from college credit."""
        found = self.journey.letter(self.email, words)
        assert f"<{CREDITS}>" in str(found.mail["From"])
        return found

    def student(self) -> RemoteVisitor:
        """Return the student, signed in."""
        someone = self.journey.visitor()
        assert sign_in(someone, self.email).path == "/my"
        return someone

    def page(self, visitor: RemoteVisitor) -> Page:
        """Open the student's page of the request."""
        return visitor.get(f"/my/credit-requests/{self.request}")


@pytest.fixture
def town(journey: Journey) -> Iterator[Journey]:
    """The running school with its mailroom open."""
    journey.server.start_mailroom()
    yield journey
    journey.server.end("mailroom")


def _enrolled(story: Story) -> RemoteVisitor:
    """Let the student enroll, pay and choose a password; nothing else is known of them."""
    student, enrollment = enroll_and_prove(story.journey, story.email, story.name)
    record_payment(story.journey.admin(), enrollment, f"CREDIT-{story.email}")
    set_password(story.journey, student, story.email)
    return story.student()


def _report(story: Story, student: RemoteVisitor) -> None:
    """Let the student report the pass with its evidence, and staff read that and verify it."""
    page = student.get("/my/credit-requests")
    assert "No pass of this exam is verified yet." in page.words()
    student.get("/my/exams/report?exam=ccma")
    said = {"taken_on": story.taken_on.isoformat(), "result": "pass", "certificate_number": CERTIFICATE}
    page = student.submit(said | {"evidence": uploaded(PAPER, "my score.pdf")})
    assert "We have your result and check it." in page.words()
    staff = story.journey.admin()
    staff.get("/staff/exams")
    address = reference_in(staff, rf"/staff/exams/\w+{REFERENCE}")
    assert staff.get(f"{address}/evidence").response.data == PAPER
    staff.get(address)
    submit_to(staff, "/verify", {})
    assert "/my/credit-requests" in story.letter("Your CCMA pass is verified").body()


def _ask(story: Story, student: RemoteVisitor) -> None:
    """Let the student ask for the college by the form, and see how it stands."""
    student.get("/my/credit-requests/ask?certificate=ccma")
    college = {"college": "other", "college_name": COLLEGE, "registrar_email": story.registrar}
    page = student.submit(college | {"student_number": NUMBER, "badge_claimed": "yes", "consent": "on"})
    assert "Your request is in." in page.words()
    assert "We send it by the end of" in page.words()
    story.request = page.path.rpartition("/")[2]
    story.letter("Your credit request for CCMA is in")


def _send(story: Story) -> Page:
    """Let staff verify and send it; return their page of it."""
    staff = story.journey.admin()
    staff.get("/staff/credit-requests")
    assert reference_in(staff, rf"/staff/credit-requests/(CR{REFERENCE})") == story.request
    page = staff.get(f"/staff/credit-requests/{story.request}")
    assert "never written to: check that it is the registrar’s" in page.words()
    submit_to(staff, "/verify", {})
    page = submit_to(staff, "/send", {})
    assert "The letter is on its way to the registrar." in page.words()
    return page


def _arrived(story: Story) -> str:
    """Read the letter that the registrar gets, its paper and its code; return the path of its link."""
    letter = story.journey.letter(story.registrar, f"Certificate of {story.name}: CCMA")
    assert f"<{CREDITS}>" in str(letter.mail["From"])
    facts = (story.name, NUMBER, CERTIFICATE, f"Passed on: {written(story.taken_on)}", story.request)
    assert lacking(letter.body(), facts) == []
    assert story.email not in letter.body()
    attached = files(letter)
    assert set(attached) == {"application/pdf"}
    paper = read(attached["application/pdf"])
    code = re.findall(r"/verify/([2-9A-Z-]+)", letter.body())[0]
    stated = "The school states 5; ask us for the ACE record. The college decides."
    assert lacking(paper, (COLLEGE, story.name, NUMBER, CERTIFICATE, written(story.taken_on), stated, code)) == []
    checked = story.journey.visitor().get(f"/verify/{code}")
    assert "Valid" in checked.words()
    assert story.name in checked.words()
    assert [one for one in (NUMBER, CERTIFICATE, story.email) if one in checked.text] == []
    told = story.letter("Our letter about your CCMA went to")
    assert COLLEGE in told.body()
    return story.journey.link_in(letter)


def _answered(story: Story, link: str, decision: dict[str, str]) -> RemoteVisitor:
    """Let the registrar open the link, which decides nothing, say that the letter is there, and later decide."""
    registrar = story.journey.visitor()
    registrar.get(link)
    page = registrar.get(link)
    assert lacking(page.words(), (COLLEGE, story.name, NUMBER, CERTIFICATE)) == []
    student = story.student()
    assert "Sent to the college" in story.page(student).words()
    page = registrar.submit({})
    assert "that you have our letter. We wait for your decision." in page.words()
    story.letter(f"{COLLEGE} has our letter")
    assert "Received by the college" in story.page(student).words()
    page = registrar.submit({"outcome": decision["outcome"]}, 422)
    assert set(page.errors) == {"by"}
    page = registrar.submit(decision)
    assert "You decided on" in page.words()
    return registrar


def _seen(story: Story, facts: tuple[str, ...]) -> None:
    """Let the student read what was decided, by letter and on the page."""
    assert lacking(story.letter(f"{COLLEGE} has decided about your CCMA credit").body(), facts) == []
    student = story.student()
    page = story.page(student)
    assert lacking(page.words(), facts) == []
    assert f"CCMA to {COLLEGE}" in student.get("/my/credit-requests").words()


def _published(story: Story) -> None:
    """Nothing of so few is told in public."""
    page = story.journey.visitor().get("/college-credit")
    assert "Fewer than 5 requests have been sent so far." in page.words()
    assert [one for one in (COLLEGE, story.name) if one in page.text] == []


def test_a_mail_becomes_a_request_that_a_college_decides(town: Journey) -> None:
    story = Story(town, "mira@student.example", "Mira Mailer", "registrar@riverbend.example")
    student = _enrolled(story)
    text = "I passed the CCMA. Please tell Riverbend College.\n\nMira"
    asked = mail(text, sender=f"Mira <{story.email}>", subject="Credit for my CCMA", to=CREDITS)
    assert send(town.server.mail_port, asked, sender=story.email, to=CREDITS).startswith("250")
    told = story.letter("We have your mail")
    assert (told.sender, str(told.mail["Auto-Submitted"])) == ("<>", "auto-replied")
    assert [one for one in (story.name, "CCMA", "Riverbend") if one in told.body()] == []
    staff = town.admin()
    staff.get("/staff/messages")
    thread = f"/staff/messages/{reference_in(staff, f'/staff/messages/(TH{REFERENCE})')}"
    link = town.link_in(told)
    anybody = town.visitor()
    anybody.get(link)
    page = staff.get(f"{thread}?begin=missing#answer")
    assert "Claims to be" in page.words()
    assert page.all("#begin") == []
    page = anybody.submit({})
    assert "Now we know that this mail was yours" in page.words()
    assert anybody.submit({"email": story.email, "password": PASSWORD}).path == "/my/credit-requests"
    page = staff.get(f"{thread}?begin=missing#answer")
    assert "The writer proved who they are." in page.words()
    begun = page.all("textarea[name=text]")[0].to_text()
    assert "No pass of this exam is verified yet." in begun
    submit_to(staff, "/answers", {})
    answer = story.letter("Re: Credit for my CCMA")
    assert "No pass of this exam is verified yet." in answer.body()
    _report(story, student)
    back = str(answer.mail["Reply-To"])
    thanks = mail("I have reported it now.", sender=story.email, subject="Re: Credit for my CCMA", to=back)
    assert send(town.server.mail_port, thanks, sender=story.email, to=back).startswith("250")
    _ask(story, student)
    page = _send(story)
    assert "Credit for my CCMA" in page.words()
    link = _arrived(story)
    registrar = _answered(story, link, {"outcome": "granted", "course": "MED 110", "by": ASHE})
    _seen(story, ("5 of 5", "MED 110"))
    page = registrar.get(link)
    assert [one for one in page.all("main form") if one.attrs.get("method") == "post"] == []
    page = staff.get(thread)
    assert "I have reported it now." in page.words()
    _published(story)


def test_a_form_becomes_a_request_and_the_mail_of_its_college_decides_nothing(town: Journey) -> None:
    story = Story(town, "finn@student.example", "Finn Former", "records@riverbend.example")
    student = _enrolled(story)
    _report(story, student)
    _ask(story, student)
    _send(story)
    link = _arrived(story)
    letter = town.letter(story.registrar, f"Certificate of {story.name}: CCMA")
    back = str(letter.mail["Reply-To"])
    assert back.startswith("collegecredits+")
    words = "We grant all five credits as MED 110. Please close the request."
    answer = mail(words, sender=story.registrar, subject="Re: Certificate", to=back)
    assert send(town.server.mail_port, answer, sender=story.registrar, to=back).startswith("250")
    town.letter(story.registrar, "We have your mail")
    staff = town.admin()
    page = staff.get(f"/staff/credit-requests/{story.request}")
    assert "Re: Certificate" in page.words()
    assert "Sent to the college" in page.words()
    staff.get(reference_in(staff, f"/staff/messages/TH{REFERENCE}"))
    assert staff.page is not None
    assert lacking(staff.page.words(), (words, "Not known to us")) == []
    part = {"outcome": "partly_granted", "credits": "3", "course": "Elective", "by": ASHE}
    registrar = _answered(story, link, part)
    page = registrar.get(link)
    assert "3 credits, counted as “Elective”" in page.words()
    _seen(story, ("3 of 5", "Elective"))
    _published(story)
