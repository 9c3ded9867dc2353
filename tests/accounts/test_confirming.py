"""Asked again who one is: when, by what, and that nothing typed is lost on the way."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from time_machine import Traveller

from provider.accounts import queries
from provider.accounts.rules import Role, needs_confirming
from provider.kernel.database import db
from provider.refunds.models import Refund, Withdrawal
from tests.harness.checksums import APART, checksums
from tests.harness.money import agreed, record
from tests.harness.stories import PASSWORD, person, sign_in, staff
from tests.harness.visitor import Page, Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
TEN = dt.timedelta(minutes=10)
SECOND = dt.timedelta(seconds=1)
WRONG = "Your password: This is not the password of your account."
SEEN = APART | {"person_session"}  # when a session was last used stands in its row
# Money that leaves or where it is paid to, who may do what, and what is known about people leaving the house.
ASKING = {
    "account_data.ask_erasure",
    "account_data.download",
    "second_factor.create",
    "second_factor.new",
    "staff_erasures.erase",
    "staff_exports_of_credits.credit_requests",
    "staff_exports_of_enrollments.completions",
    "staff_exports_of_enrollments.enrollments",
    "staff_exports_of_mail.letters",
    "staff_exports_of_money.closed_days",
    "staff_exports_of_money.payments",
    "staff_exports_of_money.payouts",
    "staff_exports_of_money.refunds",
    "staff_certificates.revoke",
    "staff_credits.revoke_letter",
    "staff_exports_of_placements.externships",
    "staff_exports_of_sites.openings",
    "staff_exports_of_sites.sites",
    "staff_history.export",
    "staff_installments.waive",
    "staff_journal.take",
    "staff_overrides.override",
    "staff_payouts.create",
    "staff_payouts.try_again",
    "staff_people.change_roles",
    "staff_refund_drafts.enter",
    "staff_people.disable",
    "staff_people.enable",
    "staff_people.invite",
    "staff_records.revoke",
    "staff_refunds.create",
    "staff_refunds.return_payment",
    "staff_refunds.send_payout",
    "staff_refunds.withdraw",
    "staff_setup.update_payment",
    "staff_sign_in.end_session",
    "staff_sign_in.end_sessions",
    "staff_sign_in.invite_again",
    "staff_sign_in.reset_factor",
    "staff_sign_in.withdraw_invitation",
}


@pytest.mark.parametrize("passed, asked", [(TEN, False), (TEN + SECOND, True)], ids=["last instant", "one past it"])
def test_a_proof_counts_for_ten_minutes(passed: dt.timedelta, *, asked: bool) -> None:
    assert needs_confirming(now=NOON + passed, confirmed_at=NOON, lasts=TEN) is asked


def test_the_views_that_ask_are_those_on_the_list(app: Flask) -> None:
    asking = {name for name, view in app.view_functions.items() if getattr(view, "asks_again", False)}
    assert asking == ASKING


@pytest.fixture
def moved() -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def asked(page: Page) -> bool:
    return page.title == "Confirm it is you"


def paid(app: Flask) -> str:
    """Return an enrollment with its money, paid in long ago."""
    with app.app_context():
        reference = agreed(at=NOON - dt.timedelta(days=9))
        record(reference, 189_900, at=NOON - dt.timedelta(days=9))
    return reference


def withdraw(visitor: Visitor, reference: str, status: int = 422, **values: str) -> Page:
    visitor.get(f"/staff/enrollments/{reference}/withdrawal")
    return visitor.submit({"reason": "Moves <abroad> & says\r\nso himself", "unpaid": "waive", **values}, status)


def test_who_has_just_signed_in_is_not_asked(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    reference = paid(app)
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(TEN)
    assert withdraw(visitor, reference, 303).path == f"/staff/enrollments/{reference}"


def test_after_ten_minutes_a_password_is_asked_for_and_what_was_typed_goes_on(
    app: Flask, visitor: Visitor, moved: Traveller
) -> None:
    reference = paid(app)
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(TEN + SECOND)
    before = checksums(app, SEEN)
    page = withdraw(visitor, reference)
    assert asked(page)
    assert not page.errors
    assert checksums(app, SEEN) == before
    page = visitor.submit({"confirm_password": PASSWORD})
    assert page.path == f"/staff/enrollments/{reference}"
    with app.app_context():
        assert db.session.scalars(sa.select(Withdrawal.reason)).one() == "Moves <abroad> & says\nso himself"


def test_a_wrong_password_changes_nothing_and_loses_nothing(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    reference = paid(app)
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(TEN + SECOND)
    withdraw(visitor, reference)
    before = checksums(app, SEEN)
    page = visitor.submit({"confirm_password": "not this one, no"}, 422)
    assert page.errors == {"confirm_password": [WRONG]}
    assert "not this one" not in page.text
    page = visitor.submit({"confirm_password": ""}, 422)
    assert page.errors == {"confirm_password": ["Your password: Fill in your password."]}
    assert checksums(app, SEEN) == before
    assert visitor.submit({"confirm_password": PASSWORD}).path == f"/staff/enrollments/{reference}"


def test_ten_wrong_passwords_make_one_wait_without_losing_what_was_typed(
    app: Flask, visitor: Visitor, moved: Traveller
) -> None:
    reference = paid(app)
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(TEN + SECOND)
    withdraw(visitor, reference)
    for _ in range(10):
        visitor.submit({"confirm_password": "not this one, no"}, 422)
    page = visitor.submit({"confirm_password": PASSWORD}, 422)
    assert page.errors == {"_schema": ["That was tried too often. Wait 18 minutes and try again."]}
    moved.shift(dt.timedelta(minutes=18))
    assert visitor.submit({"confirm_password": PASSWORD}).path == f"/staff/enrollments/{reference}"


def test_a_proof_counts_in_its_own_session_only(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    email, reference, other = staff(app, Role.BURSAR), paid(app), Visitor(app)
    sign_in(visitor, email)
    sign_in(other, email)
    moved.shift(TEN + SECOND)
    visitor.get("/account/confirm")
    visitor.submit({"confirm_password": PASSWORD})
    assert asked(withdraw(other, reference))
    moved.shift(TEN)
    assert withdraw(visitor, reference, 303).path == f"/staff/enrollments/{reference}"


def test_a_form_of_several_choices_comes_through_whole(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    colleague = staff(app, Role.EDITOR)
    path = f"/staff/people/{person(app, colleague)}"
    sign_in(visitor, staff(app, Role.ADMIN))
    moved.shift(TEN + SECOND)
    visitor.get(path)
    assert asked(visitor.submit({"roles": ["bursar", "auditor", "editor"]}, 422))
    kept = visitor.page.all("main input[type=hidden][name=roles]") if visitor.page else []
    assert [one.attrs["value"] for one in kept] == ["bursar", "auditor", "editor"]
    visitor.post(path, {"roles": ["bursar", "auditor", "editor"], "confirm_password": PASSWORD})
    with app.app_context():
        found = queries.by_email(colleague)
        assert found is not None
        assert found.roles == {Role.BURSAR, Role.AUDITOR, Role.EDITOR}


def test_a_button_comes_through_and_sends_no_more_than_itself(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    colleague = person(app, staff(app, Role.EDITOR))
    sign_in(visitor, staff(app, Role.ADMIN))
    moved.shift(TEN + SECOND)
    visitor.get(f"/staff/people/{colleague}")
    visitor.post(f"/staff/people/{colleague}/disable", {}, 422)
    page = visitor.submit({"confirm_password": PASSWORD})
    assert "The account is locked" in page.words()
    # Sent once more, as by a double click: the proof is not mistaken for a field of the button.
    visitor.post(f"/staff/people/{colleague}/disable", {"confirm_password": PASSWORD})


def test_what_the_form_does_not_have_is_refused_behind_the_question_too(
    app: Flask, visitor: Visitor, moved: Traveller
) -> None:
    reference = paid(app)
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(TEN + SECOND)
    withdraw(visitor, reference, amount_cents="1")
    before = checksums(app, SEEN)
    page = visitor.submit({"confirm_password": PASSWORD}, 422)
    assert page.errors == {"_schema": ["This form has no such field. Reload the page and try again."]}
    assert checksums(app, SEEN) == before
    with app.app_context():
        assert db.session.scalars(sa.select(sa.func.count()).select_from(Refund)).one() == 0


def test_nobody_confirms_without_a_session(visitor: Visitor) -> None:
    answer = visitor.client.get("/account/confirm?next=/staff")
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_confirming_never_leads_to_another_site(app: Flask, visitor: Visitor, target: str) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    page = visitor.client.get("/account/confirm", query_string={"next": target})
    assert "evil" not in page.get_data(as_text=True)
    visitor.get("/account/confirm")
    answer = visitor.client.post(
        "/account/confirm",
        query_string={"next": target},
        data={"confirm_password": PASSWORD, "csrf_token": visitor.token()},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")
