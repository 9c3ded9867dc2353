"""What people do in a running school: enroll, read their mail, open its links, record money, pay out."""

import datetime as dt
import re
import time
from dataclasses import dataclass

from tests.harness.remote import RemoteVisitor
from tests.harness.server import Server
from tests.harness.smtp import Delivery, MailServer
from tests.harness.stories import PASSWORD, enroll, sign_in
from tests.harness.visitor import Page, Values, Visitor

ADMIN = "admin@example.org"
MAIL_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Journey:
    """A running school and the server that takes its mail."""

    server: Server
    mail: MailServer
    engine: str

    def visitor(self) -> RemoteVisitor:
        """Return somebody new at a browser of their own."""
        return RemoteVisitor(self.server.port)

    def admin(self) -> RemoteVisitor:
        """Return the administrator, signed in."""
        someone = self.visitor()
        sign_in(someone, ADMIN)
        return someone

    def letter(self, to: str, words: str) -> Delivery:
        """Wait for the letter to an address whose subject has these words; there is exactly one."""
        end = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < end:
            found = [each for each in self.mail.to(to) if words in str(each.mail["Subject"])]
            if found:
                assert len(found) == 1, [str(each.mail["Subject"]) for each in found]
                return found[0]
            time.sleep(0.02)
        subjects = [str(each.mail["Subject"]) for each in self.mail.to(to)]
        message = f"no letter to {to} with “{words}” in its subject, only {subjects}"
        raise AssertionError(message)

    def link_in(self, letter: Delivery) -> str:
        """Return the path of the one signed link in a letter; its text and its HTML carry the same."""
        pattern = rf"{re.escape(self.server.base_url)}(/links/[\w-]+)"
        found: set[str] = set(re.findall(pattern, letter.body()))
        assert len(found) == 1, letter.body()
        assert set(re.findall(pattern, letter.body("html"))) == found
        return found.pop()


def first_admin(journey: Journey, link: str) -> Journey:
    """Open the link that `prepare` printed and become the administrator."""
    visitor = journey.visitor()
    visitor.get(link)
    page = visitor.submit({"name": "Ada Admin", "email": ADMIN, "password": PASSWORD})
    assert page.path == "/staff/setup", page.path
    return journey


def enroll_and_prove(journey: Journey, email: str, name: str = "Ana Ñúñez") -> tuple[RemoteVisitor, str]:
    """Enroll and confirm the address by the mailed link; return the student and the enrollment's reference."""
    student = journey.visitor()
    reference = enroll(student, email=email, legal_name=name, signature=name)
    student.get(journey.link_in(journey.letter(email, "enrollment")))
    student.submit({})
    return student, reference


def set_password(journey: Journey, student: Visitor, email: str) -> None:
    """Let somebody who proved their address choose a password, by the letter that they ask for."""
    student.get("/forgot-password")
    student.submit({"email": email}, 200)
    student.get(journey.link_in(journey.letter(email, "password")))
    student.submit({"password": PASSWORD})


def record_payment(staff: Visitor, reference: str, known_as: str) -> Page:
    """Record what is due first, as the form proposes it."""
    staff.get(f"/staff/enrollments/{reference}/payments/new")
    return staff.submit({"external_reference": known_as, "proof_note": "Statement of today, line 3"})


def submit_to(visitor: Visitor, part: str, values: Values, status: int = 303) -> Page:
    """Send the form on the page whose action has this part."""
    assert visitor.page is not None
    forms = [f for f in visitor.page.all("main form") if f.attrs.get("method", "").lower() == "post"]
    here = [number for number, form in enumerate(forms) if part in (form.attrs.get("action") or visitor.page.path)]
    assert len(here) == 1, [form.attrs.get("action") for form in forms]
    return visitor.submit(values, status, form=here[0])


def deadline_in(letter: Delivery) -> dt.datetime:
    """Return the refund deadline that a receipt prints in UTC, to the second."""
    match = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC\)", letter.body())
    assert match is not None, letter.body()
    return dt.datetime.fromisoformat(match[1]).replace(tzinfo=dt.UTC)
