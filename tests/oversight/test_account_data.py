"""A person's own copy: all of theirs and nothing of anybody else's."""

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.disclosures.models import Disclosure
from provider.history.models import History, HistoryDetail
from provider.kernel import clock
from provider.kernel.database import db, insert, unit_of_work
from provider.oversight.personal_finders import Section
from provider.oversight.personal_map import HELD
from provider.site import actions as site
from provider.site.rules import Topic
from tests.harness import disclosed
from tests.harness.season import SCAN, Season
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

PATH = "/my/account-data"


@pytest.fixture
def season(app: Flask, cardless: Season) -> Season:
    made = cardless
    with app.app_context(), unit_of_work():
        for state in ("settled", "withdrawn"):
            site.send_message(
                name=made[state].name,
                email=made[state].email,
                topic=next(iter(Topic)),
                message=f"A question of {made[state].name}",
                client="127.0.0.1",
                at=clock.now(),
            )
    with app.app_context():
        for state in ("settled", "withdrawn"):
            disclosed.tell(made[state].enrollment)
            about = made[state].enrollment
            with unit_of_work():
                row = db.session.scalars(sa.select(History.id).where(History.about == about)).first()
                insert(HistoryDetail, history_id=row, data={"phone": ["(555) 010-0199", f"of {made[state].name}"]})
    return made


def copy_of(visitor: Visitor) -> dict[str, Any]:
    visitor.get(PATH)
    answer = visitor.submit({}, 200, form=visitor_form(visitor), follow=False).response
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="account-data-P-')
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/json", "no-store")
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def visitor_form(visitor: Visitor) -> int:
    assert visitor.page is not None
    forms = [f for f in visitor.page.all("main form") if f.attrs.get("method", "").lower() == "post"]
    return next(number for number, form in enumerate(forms) if form.attrs["action"] == PATH)


def signed_in(app: Flask, email: str) -> Visitor:
    visitor = Visitor(app)
    sign_in(visitor, email)
    return visitor


def test_the_file_holds_every_row_of_a_person_and_the_papers_whole(app: Flask, season: Season) -> None:
    who = season["settled"]
    held = copy_of(signed_in(app, who.email))["held"]
    assert set(held) == {entry.name for entry in HELD}
    nothing = {name for name, rows in held.items() if not rows}
    cards = {"card_customers", "cards", "charges", "disputes", "charge_pauses"}
    externships = {"promise_pauses", *(entry.name for entry in HELD if entry.section is Section.EXTERNSHIPS)}
    assert (
        nothing
        == {
            "roles",
            "withdrawals",
            "second_factor",
            "recovery_codes",
            "email_changes",
            "exam_results",
            "credit_requests",
            "incoming_mails",
            "refund_drafts",
            "address_health",
            "messages",
            "tasks",
        }
        | cards
        | externships
    )
    assert held["person"][0]["email"] == held["enrollments"][0]["claimed_email"] == who.email
    assert held["agreements"][0]["signature"] == who.name
    assert held["agreements"][0]["terms"].count("\n") > 10
    assert held["receipts"][0]["content"]["name"] == who.name
    assert base64.b64decode(held["files"][0]["data"]) == SCAN
    assert any("refund" in letter["body_text"].lower() for letter in held["letters"])
    assert [message["text"] for message in held["thread_messages"]] == [f"A question of {who.name}"]
    assert held["history_details"][0]["data"]["phone"][1] == f"of {who.name}"
    assert held["refunds"][0]["note"].startswith("My shifts changed")


def test_a_withdrawn_student_finds_the_withdrawal(app: Flask, season: Season) -> None:
    held = copy_of(signed_in(app, season["withdrawn"].email))["held"]
    assert [row["reason"] for row in held["withdrawals"]] == [
        "Moves abroad with the family; agreed by telephone and by letter."
    ]


def test_the_file_holds_nothing_of_anybody_else(app: Flask, season: Season) -> None:
    who = season["settled"]
    text = json.dumps(copy_of(signed_in(app, who.email)), ensure_ascii=False)
    others = [other for state, other in season.students.items() if state != "settled"]
    assert [other.name for other in others if other.name in text or other.email in text] == []
    assert [other.enrollment for other in others if other.enrollment in text] == []
    assert [email for email in season.staff.values() if email in text] == []


def test_the_file_opens_nothing(app: Flask, season: Season) -> None:
    who = season["settled"]
    visitor = signed_in(app, who.email)
    text = json.dumps(copy_of(visitor))
    assert "/links/" not in text
    for secret in ("password_hash", "token_hash", "key_hash", "nonce", "submission_key"):
        assert f'"{secret}": ' not in text
        assert f'"column": "{secret}"' in text


def test_each_copy_is_kept_as_a_disclosure(app: Flask, season: Season) -> None:
    visitor = signed_in(app, season["settled"].email)
    copy_of(visitor)
    with app.app_context():
        query = sa.select(Disclosure).where(Disclosure.kind == "copy_for_person")
        (told,) = db.session.scalars(query)
        assert (told.about, told.actor_kind, told.recipient) == (
            told.actor_reference, "student", "The person, as a file",
        )  # fmt: skip
    assert "The person, as a file" in visitor.get(PATH).words()


def test_the_page_shows_it_in_words(app: Flask, season: Season) -> None:
    who = season["settled"]
    page = signed_in(app, who.email).get(PATH)
    assert [heading.to_text().strip() for heading in page.all("main h2")] == [
        "Who you are",
        "Enrollments and agreements",
        "Installments, payments and receipts",
        "Refunds and withdrawals",
        "What we promised you",
        "Letters we sent you",
        "Messages from you and about you",
        "Files",
        "What happened",
        "How you signed in",
        "What we told others about you",
        "Erase what you hold about me",
        "What is not here",
    ]
    words = page.words()
    for shown in (who.name, who.email, who.enrollment, "Registrar of Sample Community College", "Refund: approved"):
        assert shown in words


def test_the_page_takes_as_many_statements_for_much_as_for_little(app: Flask, season: Season) -> None:
    much, little = signed_in(app, season["settled"].email), signed_in(app, season["canceled"].email)
    with statements(app) as many:
        much.get(PATH)
    with statements(app) as few:
        little.get(PATH)
    assert len(many) == len(few)


def test_whoever_is_not_signed_in_signs_in_first(app: Flask, visitor: Visitor) -> None:
    answer = visitor.client.get(PATH)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={PATH}")


def test_staff_have_a_copy_of_their_own(app: Flask, season: Season) -> None:
    held = copy_of(signed_in(app, season.staff[Role.BURSAR]))["held"]
    assert [row["role"] for row in held["roles"]] == ["bursar"]
    assert held["enrollments"] == []
