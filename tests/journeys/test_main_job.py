"""The main job through real HTTP, a real worker and real SMTP: enroll, pay, change one's mind in time, or too late."""

import datetime as dt
import re

import pytest

from provider.kernel.web import utc, when
from tests.harness.people import Journey, deadline_in, enroll_and_prove, record_payment, submit_to
from tests.harness.remote import RemoteVisitor

pytestmark = pytest.mark.xdist_group("servers")
SECOND = dt.timedelta(seconds=1)
ZONE = "America/New_York"


def _paid(journey: Journey, email: str, known_as: str) -> tuple[RemoteVisitor, str, str, dt.datetime]:
    """Enroll, prove, pay; return the student, the reference, the link in the receipt, and the deadline it prints."""
    student, reference = enroll_and_prove(journey, email)
    assert "Awaiting payment" in student.get(f"/my/enrollments/{reference}").words()
    record_payment(journey.admin(), reference, known_as)
    receipt = journey.letter(email, "Receipt")
    deadline = deadline_in(receipt)
    body = " ".join(receipt.body().split())
    assert f"until {when(deadline, ZONE)} ({utc(deadline)}), this last second included" in body
    assert when(deadline, ZONE) in student.get(f"/my/enrollments/{reference}/refund").words()
    return student, reference, journey.link_in(receipt), deadline


def test_a_stranger_enrolls_pays_asks_in_the_last_second_and_gets_everything_back(journey: Journey) -> None:
    email = "in.time@example.org"
    student, reference, link, deadline = _paid(journey, email, "IN-1")
    journey.server.set_clock(deadline)
    reader = journey.visitor()
    reader.get(link)
    page = reader.submit({"note": ""})
    assert page.title == "Your refund"
    decided = journey.letter(email, "is approved")
    assert f"{utc(deadline)}" in decided.body()

    staff = journey.admin()
    staff.get("/staff/refunds?state=approved")
    assert staff.page is not None
    refund = re.findall(r"/staff/refunds/(R-\w{8})", staff.page.text)[0]
    staff.get(f"/staff/refunds/{refund}")
    submit_to(staff, "/staff/payouts/", {"external_reference": "OUT-1"})
    assert "OUT-1" in journey.letter(email, "on its way").body()
    journey.letter(email, "is complete")
    assert "All of it was sent" in reader.get(link).words()
    journey.server.set_clock(None)
    assert "Refunded" in student.get(f"/my/enrollments/{reference}").words()


def test_one_second_too_late_is_refused_with_the_instant_on_the_page_and_in_the_letter(journey: Journey) -> None:
    email = "too.late@example.org"
    student, reference, link, deadline = _paid(journey, email, "LATE-1")
    reader = journey.visitor()
    reader.get(link)
    journey.server.set_clock(deadline + SECOND)
    page = reader.submit({"note": "I pressed it as fast as I could"})
    assert "The refund window has closed" in page.words()
    assert utc(deadline + SECOND) in page.words()
    declined = journey.letter(email, "refund request").body()
    assert f"Your request reached us: {when(deadline + SECOND, ZONE)} ({utc(deadline + SECOND)})" in declined
    assert f"The refund window closed: {when(deadline, ZONE)} ({utc(deadline)})" in declined
    journey.server.set_clock(None)
    assert "Active" in student.get(f"/my/enrollments/{reference}").words()
