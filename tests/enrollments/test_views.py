"""Enrolling by web form: what a stranger sees, what is stored, and what two clicks do."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.enrollments import terms
from provider.enrollments.actions import PROVE_EMAIL
from provider.enrollments.models import Agreement, Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.ledger import queries as ledger
from provider.ledger.rules import Account
from provider.mail.models import OutboxLetter
from provider.programs.models import Program, ProgramVersion
from provider.tuition.models import TuitionPlan
from tests.harness.stories import answers, enroll, open_form, prove, row, sign_in, staff, token_for
from tests.harness.visitor import Visitor

S = EnrollmentState


def stored() -> list[Enrollment]:
    return list(db.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def test_a_stranger_enrolls_and_finds_what_comes_next(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    assert visitor.page is not None
    assert reference in visitor.page.words()
    with app.app_context():
        found = row(reference)
        assert (found.state, found.legal_name, found.claimed_email, found.zone) == (
            S.STARTED,
            "Ana Ñúñez",
            "ana@example.org",
            "America/New_York",
        )
        assert found.person_id is None
        assert [letter.template for letter in db.session.scalars(sa.select(OutboxLetter))] == ["enrollment_received"]
        assert ledger.balances(reference) == {
            Account.RECEIVABLE: found.agreement.total_cents,
            Account.TUITION: -found.agreement.total_cents,
        }


def test_the_agreement_is_the_text_that_was_shown(app: Flask, visitor: Visitor) -> None:
    open_form(visitor, plan="installments")
    assert visitor.page is not None
    shown = visitor.page.words(".agreement")
    reference = enroll(visitor, plan="installments")
    with app.app_context():
        agreed = row(reference).agreement
        assert shown == " ".join(
            " ".join((section.heading, *section.paragraphs)) for section in terms.sections(agreed.terms)
        ).replace("  ", " ")
        assert agreed.terms_sha256 == terms.fingerprint(agreed.terms)


def test_what_was_shown_as_schedule_is_what_is_due(app: Flask, visitor: Visitor) -> None:
    page = open_form(visitor, plan="installments")
    shown = [time.attrs["datetime"] for time in page.all(".schedule time")]
    reference = enroll(visitor, plan="installments")
    with app.app_context():
        found = row(reference)
        assert shown == [installment.due_on.isoformat() for installment in found.installments]
        assert sum(i.amount_cents for i in found.installments) == found.agreement.total_cents


def test_the_zone_comes_from_the_zip_and_can_be_chosen(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    here = enroll(visitor, state="AZ", zip="85001")
    there = enroll(visitors(), state="AZ", zip="85001", zone="America/Denver", email="other@example.org")
    unknown = enroll(visitors(), state="HI", zip="00000", email="third@example.org")
    with app.app_context():
        assert [row(one).zone for one in (here, there, unknown)] == [
            "America/Phoenix",
            "America/Denver",
            "Pacific/Honolulu",
        ]


def test_the_same_form_twice_is_one_enrollment(app: Flask, visitor: Visitor) -> None:
    first = enroll(visitor)
    second = enroll(visitor)
    assert first == second
    with app.app_context():
        assert len(stored()) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutboxLetter)) == 1


def test_the_same_form_again_after_a_change_of_price_is_still_the_same_enrollment(app: Flask, visitor: Visitor) -> None:
    open_form(visitor)
    sent = visitor.submit(answers(visitor), follow=False).response.headers["Location"]
    page = open_form(visitor)
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(TuitionPlan).values(total_cents=TuitionPlan.total_cents + 100))
    assert page.status == 200
    assert visitor.submit(answers(visitor), follow=False).response.headers["Location"] == sent


def test_other_answers_replace_an_unpaid_enrollment(app: Flask, visitor: Visitor) -> None:
    first = enroll(visitor)
    second = enroll(visitor, plan="installments")
    with app.app_context():
        assert {one.reference: one.state for one in stored()} == {first: S.CANCELED, second: S.STARTED}
        assert set(ledger.balances(first).values()) == {0}


def test_twenty_clicks_at_once_are_one_enrollment(app: Flask, visitor: Visitor) -> None:
    open_form(visitor)
    assert visitor.page is not None
    filled = {"csrf_token": visitor.token(), **answers(visitor)}
    filled |= {"plan": "upfront", "terms_shown": visitor.page.all("input[name=terms_shown]")[0].attrs["value"]}
    cookie = visitor.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    gate, locations = threading.Barrier(20), []

    def click() -> None:
        client = app.test_client()
        client.set_cookie(cookie.key, cookie.value)
        gate.wait()
        locations.append(client.post("/programs/ccma/enroll", data=filled).headers.get("Location"))

    threads = [threading.Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        (only,) = stored()
        assert set(locations) == {f"/my/enrollments/{only.reference}"}
        assert len(locations) == 20


def test_terms_that_changed_since_the_form_was_opened_are_shown_before_anything_is_stored(
    app: Flask, visitor: Visitor
) -> None:
    open_form(visitor)
    given = answers(visitor)
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(TuitionPlan).values(total_cents=TuitionPlan.total_cents + 100))
    page = visitor.submit(given, status=422)
    assert list(page.errors) == ["plan"]
    assert page.all("input[name=legal_name]")[0].attrs["value"] == "Ana Ñúñez"
    visitor.submit(given)
    with app.app_context():
        assert len(stored()) == 1


def test_choosing_another_plan_shows_its_terms_first(app: Flask, visitor: Visitor) -> None:
    open_form(visitor, plan="upfront")
    page = visitor.submit(answers(visitor, plan="installments"), status=422)
    assert list(page.errors) == ["plan"]
    with app.app_context():
        assert stored() == []
    visitor.submit(answers(visitor, plan="installments"))
    with app.app_context():
        assert [one.agreement.plan_kind for one in [row(stored()[0].reference)]] == ["installments"]


def test_a_known_address_gets_the_same_answer_and_shows_nothing(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    mine = enroll(visitor)
    prove(app, visitor, mine)
    stranger = visitors()
    theirs = enroll(stranger, program="cpt", legal_name="Eve", signature="Eve")
    assert stranger.page is not None
    assert "Ana" not in stranger.page.text
    stranger.get(f"/my/enrollments/{mine}", 404)
    with app.app_context():
        assert row(theirs).person_id is None


def test_after_the_address_is_proved_the_browser_alone_sees_nothing_more(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference = enroll(visitor)
    prove(app, visitors(), reference)
    visitor.get(f"/my/enrollments/{reference}", 404)


def test_opening_the_confirmation_link_decides_nothing(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    page = prove(app, visitor, reference)
    assert page.path == f"/my/enrollments/{reference}"
    with app.app_context():
        assert row(reference).state is S.AWAITING_PAYMENT


def test_a_confirmation_link_works_once(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    token = token_for(app, PROVE_EMAIL, reference)
    prove(app, visitor, reference)
    visitor.get(f"/links/{token}", 410)


def test_staff_are_not_signed_in_by_a_confirmation_link(app: Flask, visitor: Visitor) -> None:
    staff(app, Role.ADMIN, email="boss@example.org")
    reference = enroll(visitor, email="boss@example.org")
    page = prove(app, visitor, reference)
    assert page.path.startswith("/sign-in")


def test_a_newer_unpaid_enrollment_takes_the_older_ones_place_when_it_is_proved(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    first = enroll(visitor)
    prove(app, visitor, first)
    second_visitor = visitors()
    second = enroll(second_visitor, plan="installments")
    prove(app, second_visitor, second)
    with app.app_context():
        assert (row(first).state, row(second).state) == (S.CANCELED, S.AWAITING_PAYMENT)


def test_a_student_cancels_before_paying_free_of_charge(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    page = visitor.post(f"/my/enrollments/{reference}/cancel", {})
    assert page.status == 303
    with app.app_context():
        assert row(reference).state is S.CANCELED
        assert set(ledger.balances(reference).values()) == {0}
    assert visitor.follow().path == f"/my/enrollments/{reference}"


def test_later_edits_of_the_catalog_never_reach_an_agreement(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    before = visitor.get(f"/my/enrollments/{reference}/agreement").words(".agreement")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(ProgramVersion).values(title="Something else"))
        db.session.execute(sa.update(TuitionPlan).values(total_cents=1))
    assert visitor.get(f"/my/enrollments/{reference}/agreement").words(".agreement") == before


def test_the_agreement_comes_as_a_tagged_pdf(visitor: Visitor) -> None:
    reference = enroll(visitor)
    answer = visitor.client.get(f"/my/enrollments/{reference}/agreement.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in answer.data
    assert answer.headers["Content-Disposition"] == f'attachment; filename="agreement-{reference}.pdf"'


def test_a_closed_state_is_told_in_a_sentence_and_nothing_is_lost(app: Flask, visitor: Visitor) -> None:
    with app.app_context(), unit_of_work():
        version = db.session.scalars(
            sa.select(ProgramVersion).join(Program).where(Program.slug == "ccma").order_by(ProgramVersion.number.desc())
        ).first()
        assert version is not None
        rule = {
            "state": "WA",
            "availability": "closed",
            "sentence": "Closed in Washington.",
            "source": "x",
            "as_of": "2026-01-01",
        }
        version.content = version.content | {"state_rules": [rule]}
    open_form(visitor)
    page = visitor.submit(answers(visitor, state="WA", zip="98101"), status=422)
    assert page.errors == {"state": ["State: Closed in Washington."]}
    assert page.all("input[name=email]")[0].attrs["value"] == "ana@example.org"
    with app.app_context():
        assert stored() == []


def test_a_notice_for_a_state_has_to_be_read(app: Flask, visitor: Visitor) -> None:
    with app.app_context(), unit_of_work():
        version = db.session.scalars(
            sa.select(ProgramVersion).join(Program).where(Program.slug == "ccma").order_by(ProgramVersion.number.desc())
        ).first()
        assert version is not None
        rule = {"state": "WA", "availability": "notice", "sentence": "Read this.", "source": "x", "as_of": "2026-01-01"}
        version.content = version.content | {"state_rules": [rule]}
    open_form(visitor)
    page = visitor.submit(answers(visitor, state="WA", zip="98101"), status=422)
    assert list(page.errors) == ["notice"]
    assert "Read this." in page.words()
    visitor.submit(answers(visitor, state="WA", zip="98101", notice="on"))
    with app.app_context():
        assert len(stored()) == 1


@pytest.mark.parametrize(
    "changed,field",
    [
        ({"legal_name": ""}, "legal_name"),
        ({"email": ""}, "email"),
        ({"email": "a@example.org, b@example.org"}, "email"),
        ({"email": "ana@example.org\nBcc: eve@example.org"}, "email"),
        ({"legal_name": "Ana\u202e", "signature": "Ana\u202e"}, "legal_name"),
        ({"legal_name": "A\x00na", "signature": "A\x00na"}, "legal_name"),
        ({"legal_name": "A" * 10_000, "signature": "A" * 10_000}, "legal_name"),
        ({"zip": "1234"}, "zip"),
        ({"zip": "\uff11\uff12\uff13\uff14\uff15"}, "zip"),
        ({"state": "ZZ"}, "state"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"phone": "call me"}, "phone"),
        ({"signature": "Somebody Else"}, "signature"),
        ({"consent": None}, "consent"),
        ({"price": "1"}, "_schema"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value.items()))[0] + str(len(str(value))),
)
def test_bad_input_gets_a_sentence_and_stores_nothing(
    app: Flask, visitor: Visitor, changed: dict[str, str | None], field: str
) -> None:
    open_form(visitor)
    page = visitor.submit(answers(visitor, **changed), status=422)
    assert field in page.errors
    with app.app_context():
        assert stored() == []


@pytest.mark.parametrize("name", ["Zoë 👩🏽‍⚕️", "محمد", "<script>alert(1)</script>", "O'Brien & Søn"])
def test_names_are_stored_and_shown_unchanged(app: Flask, visitor: Visitor, name: str) -> None:
    reference = enroll(visitor, legal_name=name, signature=name)
    page = visitor.get(f"/my/enrollments/{reference}/agreement")
    assert name in page.words()
    assert "<script>alert" not in page.text
    with app.app_context():
        assert row(reference).legal_name == name


def test_unknown_and_foreign_references_answer_alike(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference = enroll(visitor)
    other = visitors()
    foreign = other.get(f"/my/enrollments/{reference}", 404).words()
    unknown = other.get("/my/enrollments/E-22222222", 404).words()
    assert foreign.rsplit("number", 1)[0] == unknown.rsplit("number", 1)[0]


def test_nobody_pays_for_two_weeks_and_the_enrollment_ends(context: AppContext, app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    start = clock.now()
    for days, state, letters in ((6, S.STARTED, 1), (8, S.STARTED, 2), (9, S.STARTED, 2), (15, S.CANCELED, 3)):
        with time_machine.travel(start + dt.timedelta(days=days), tick=True):
            run_due(clock.now())
            run_due(clock.now())
            assert row(reference).state is state
            count = sa.select(sa.func.count()).select_from(OutboxLetter)
            assert db.session.scalar(count) == letters


def test_a_sign_in_shows_the_desk_with_every_enrollment(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    prove(app, visitor, reference)
    page = visitor.get("/my")
    assert reference in page.words()


def test_the_agreement_keeps_who_accepted_it_from_where(app: Flask, visitor: Visitor) -> None:
    enroll(visitor)
    with app.app_context():
        agreed = db.session.scalars(sa.select(Agreement)).one()
        assert (agreed.signature, agreed.client_address) == ("Ana Ñúñez", "127.0.0.1")
        assert agreed.consent.startswith("I agree to receive")


def test_a_person_without_any_enrollment_is_led_to_the_sign_in(visitor: Visitor) -> None:
    assert visitor.get("/my", 303).response.headers["Location"] == "/sign-in?next=/my"


def test_signing_in_again_keeps_the_enrollment(app: Flask, visitor: Visitor) -> None:
    address = staff(app)
    reference = enroll(visitor, email=address)
    prove(app, visitor, reference)
    sign_in(visitor, address)
    assert visitor.get(f"/my/enrollments/{reference}").status == 200
