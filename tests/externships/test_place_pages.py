"""Answering by links and on the student's own pages, and what staff see and do: by HTTP, as everybody does it."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from provider.accounts import queries as people
from provider.accounts.links import revoke_links
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.externships import offer_queries, queries
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.externships.refusals import AgreementDoesNotCover, NotAStudent
from provider.externships.rules import OfferState, RequestState
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from tests.harness.externs import ASKED, asked, request
from tests.harness.places import accept, answer_yes, complete, offer, offered, placed, revoke, sent_to, start, taken
from tests.harness.sites import Supply, supply
from tests.harness.statements import statements
from tests.harness.stories import PASSWORD, sign_in, token_for
from tests.harness.visitor import Page, Visitor

DAY = dt.timedelta(days=1)
S, R = OfferState, RequestState
Colleague = Callable[..., Visitor]

pytestmark = [pytest.mark.usefixtures("moved"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def moved() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ASKED, tick=False) as traveller:
        yield traveller


def told(page: Page) -> str:
    return page.words("main")


def ready(app: Flask, **made: object) -> tuple[str, Supply]:
    with app.app_context():
        return asked(), supply(**made)  # type: ignore[arg-type]


def test_a_student_accepts_by_the_link_and_the_site_by_its_own(app: Flask, visitor: Visitor) -> None:
    wish, made = ready(app, bring="Closed shoes")
    with app.app_context():
        reference = offer(wish, made.opening)
    link = f"/links/{token_for(app, OFFER_LINK, reference)}"
    page = visitor.get(link)
    assert "February 15, 2027 to March 31, 2027" in told(page)
    assert "Monday to Friday, 8:00 AM to 4:30 PM, New York time" in told(page)
    page = visitor.submit({}, form=0)
    assert "You accepted this place on February 1, 2027. The site has been asked" in told(page)
    with app.app_context():
        assert offered(reference).state is S.ACCEPTED
    site = f"/links/{token_for(app, ANSWER_LINK, reference)}"
    page = visitor.get(site)
    assert page.title == "May this student come to you?"
    page = visitor.submit({}, form=0)
    assert "You accepted this student on February 1, 2027." in told(page)
    with app.app_context():
        assert (offered(reference).state, request(wish).state) == (S.CONFIRMED, R.PLACED)
    assert "This place is yours" in told(visitor.get(link))


def test_a_second_click_a_stale_tab_and_a_closed_link_get_one_sentence_and_no_letter(
    app: Flask, visitor: Visitor
) -> None:
    """B04."""
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
    link = f"/links/{token_for(app, OFFER_LINK, reference)}"
    stale = Visitor(app)
    stale.get(link)
    stale_token = stale.token()
    visitor.get(link)
    token = visitor.token()
    visitor.submit({}, form=0)
    with app.app_context():
        letters = sent_to(wish)
    page = stale.submit({}, form=0, status=409)
    assert "You accepted this place on February 1, 2027. The site has been asked and will answer" in told(page)
    stale.post(link, {"step": "decline"}, 409, token=stale_token)
    with app.app_context():
        assert sent_to(wish) == letters
        revoke(reference, at=ASKED + DAY)
        letters = sent_to(wish)
    page = stale.get(link, status=410)
    assert "This place went back on February 2, 2027. The school took it back. Nothing to do for you here." in told(
        page
    )
    page = visitor.post(link, {"step": "accept"}, 410, token=token)
    assert "This place went back on February 2, 2027." in told(page)
    with app.app_context():
        assert (sent_to(wish), offered(reference).state) == (letters, S.REVOKED)


def test_a_link_that_was_closed_by_hand_says_how_to_answer_still(app: Flask, visitor: Visitor) -> None:
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
    link = f"/links/{token_for(app, OFFER_LINK, reference)}"
    with app.app_context(), unit_of_work():
        revoke_links(purpose=OFFER_LINK, subject=reference, at=ASKED)
    page = visitor.get(link, status=410)
    assert page.title == "This link is closed"
    assert "the place still waits for your answer. Sign in and answer on the page of your externship" in told(page)
    assert "Error 410" not in told(page)


@pytest.mark.parametrize(
    "late, says", [(0, "still waits for your answer"), (1, "You could answer until February 6, 2027")]
)
def test_a_closed_link_does_not_ask_for_an_answer_that_comes_too_late(
    app: Flask, visitor: Visitor, moved: time_machine.Traveller, late: int, says: str
) -> None:
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
    link = f"/links/{token_for(app, OFFER_LINK, reference)}"
    with app.app_context():
        with unit_of_work():
            revoke_links(purpose=OFFER_LINK, subject=reference, at=ASKED)
        until = offered(reference).expires_at
    assert until is not None
    moved.move_to(until + dt.timedelta(seconds=late))
    assert says in told(visitor.get(link, status=410))


def test_a_site_proposes_days_or_declines_with_a_reason_and_reads_what_became_of_it(
    app: Flask, visitor: Visitor
) -> None:
    wish, made = ready(app)
    with app.app_context():
        first = offer(wish, made.opening)
        accept(first, at=ASKED)
    link = f"/links/{token_for(app, ANSWER_LINK, first)}"
    visitor.get(link)
    page = visitor.submit({"first_on": "2027-02-01", "last_on": "2027-03-01"}, form=1, status=422)
    assert page.errors == {
        "_schema": ["The first day must be tomorrow or later, and not before the student can start."]
    }
    page = visitor.submit({"first_on": "2027-03-01", "last_on": "2027-04-30", "words": "Before, we move."}, form=1)
    assert "You proposed other days on February 1, 2027." in told(page)
    with app.app_context():
        live = queries.live_offer(queries.by_reference(wish).id)
        assert live is not None
        second = live.reference
        assert (live.site_agreed, live.first_on) == (True, dt.date(2027, 3, 1))
    page = visitor.get(f"/links/{token_for(app, OFFER_LINK, second)}")
    assert "The site itself proposed these days" in told(page)
    page = visitor.submit({}, form=0)
    with app.app_context():
        assert request(wish).state is R.PLACED
        other = asked()
        third = offer(other, made.opening)
        accept(third, at=ASKED)
    visitor.get(f"/links/{token_for(app, ANSWER_LINK, third)}")
    page = visitor.submit({"reason": " "}, form=2, status=422)
    assert page.errors == {"reason": ["Why it is not possible: Fill this in."]}
    page = visitor.submit({"reason": "We have no preceptor."}, form=2)
    assert "You declined this student on February 1, 2027." in told(page)
    with app.app_context():
        assert (offered(third).state, offered(third).words) == (S.DECLINED, "We have no preceptor.")


def test_an_agreement_that_ended_meanwhile_is_told_to_who_says_yes_and_the_student_is_put_before_staff(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B02: what is checked again in the transaction of the yes ends the offer, and never makes a place too many."""
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
    link = f"/links/{token_for(app, OFFER_LINK, reference)}"
    visitor.get(link)

    def uncovered(*_: object, **__: object) -> None:
        raise AgreementDoesNotCover

    monkeypatch.setattr("provider.externships.checks.days_left", uncovered)
    page = visitor.submit({}, form=0, status=409)
    assert "This place does not hold any more. The agreement between the school and this site does not cover" in told(
        page
    )
    with app.app_context():
        assert (offered(reference).state, request(wish).state, taken(made)) == (S.REVOKED, R.READY, 0)
        assert sent_to(wish) == ["externship_asked", "place_offered", "offer_over"]


def test_a_site_that_says_yes_to_what_does_not_hold_reads_nothing_of_the_student(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
        accept(reference, at=ASKED)
    visitor.get(f"/links/{token_for(app, ANSWER_LINK, reference)}")

    def gone(*_: object, **__: object) -> None:
        raise NotAStudent

    monkeypatch.setattr("provider.externships.checks.check_student", gone)
    page = visitor.submit({}, form=0, status=409)
    assert "This place went back on February 1, 2027, and no student comes. Nothing to do." in told(page)
    assert "enrollment" not in told(page)
    with app.app_context():
        assert (offered(reference).state, request(wish).state) == (S.REVOKED, R.READY)


def signed_in(app: Flask, visitor: Visitor, email: str) -> Visitor:
    with app.app_context():
        hashed = hash_password(PASSWORD)
        with unit_of_work():
            found = people.by_email(email)
            assert found is not None
            set_password(person=found, password_hash=hashed, actor=SYSTEM, at=ASKED)
    sign_in(visitor, email)
    return visitor


def test_a_student_answers_signed_in_and_takes_the_confirmation_along_as_nobody_else_can(
    app: Flask, visitors: Callable[[], Visitor]
) -> None:
    """E04: what is another student's is not there."""
    wish, made = ready(app, bring="Closed shoes")
    with app.app_context():
        reference, other = offer(wish, made.opening), asked()
        email, strange = (request(one).enrollment.claimed_email for one in (wish, other))
    student, stranger = (signed_in(app, visitors(), one) for one in (email, strange))
    page = student.get(f"/my/externship/offers/{reference}")
    answer = student.post(f"/my/externship/offers/{reference}/accept", {}, 303)
    assert answer.response.headers["Location"].startswith("/my/externship/E-")
    with app.app_context():
        answer_yes(reference, at=ASKED)
        place = offer_queries.placements_of(offered(reference).request_id)[0].reference
    for path in (f"offers/{reference}", f"placements/{place}.pdf", f"placements/{place}.ics"):
        assert student.client.get(f"/my/externship/{path}").status_code == 200
        assert stranger.client.get(f"/my/externship/{path}").status_code == 404
    assert (
        stranger.post(f"/my/externship/offers/{reference}/decline", {}, 404, token=page_token(stranger)).status == 404
    )
    pdf = student.client.get(f"/my/externship/placements/{place}.pdf")
    assert pdf.headers["Content-Disposition"] == f'attachment; filename="externship-{place}.pdf"'
    assert pdf.data.startswith(b"%PDF-")
    ics = student.client.get(f"/my/externship/placements/{place}.ics")
    assert ics.mimetype == "text/calendar"
    assert b"Bring: Closed shoes" in ics.data
    assert page.title == "A place for your externship"


def test_an_offer_that_waits_stands_on_the_students_own_page_and_is_answered_there(
    app: Flask, visitor: Visitor
) -> None:
    wish, made = ready(app)
    with app.app_context():
        reference = offer(wish, made.opening)
        enrollment = request(wish).enrollment
        email, home = enrollment.claimed_email, f"/my/externship/{enrollment.reference}"
    page = signed_in(app, visitor, email).get(home)
    words = page.words("[aria-labelledby=offer]")
    for sentence in (
        "Less than a mile from your ZIP code, as the crow flies",
        "February 15, 2027 to March 31, 2027",
        "Accept or decline by then.",
        "Declining costs you nothing.",
    ):
        assert sentence in words
    here = f"/my/externship/offers/{reference}"
    forms = page.all("[aria-labelledby=offer] form")
    assert [form.attrs["action"] for form in forms] == [f"{here}/accept", f"{here}/decline"]
    visitor.post(f"{here}/decline", {"words": "My shift ends too late."}, 303)
    page = visitor.follow()
    assert page.all("[aria-labelledby=offer]") == []
    assert page.words("h1") == "My externship"
    with app.app_context():
        assert (offered(reference).state, request(wish).state) == (S.DECLINED, R.READY)


def page_token(visitor: Visitor) -> str:
    visitor.get("/account/password")
    return visitor.token()


def test_staff_place_by_hand_take_back_and_release(app: Flask, colleague: Colleague) -> None:
    wish, made = ready(app)
    coordinator = colleague(Role.COORDINATOR)
    coordinator.get(f"/staff/externships/{wish}/places")
    page = coordinator.submit({}, form=0)
    assert "The place is kept and offered." in told(page)
    page = coordinator.submit({"words": ""}, form=0, status=422)
    assert page.errors == {"words": ["Why it is taken back: Fill this in."]}
    page = coordinator.submit({"words": "The student called: too far."}, form=0)
    assert "The offer is taken back." in told(page)
    with app.app_context():
        assert (request(wish).state, taken(made)) == (R.READY, 0)
        reference = placed(wish, made.opening)
    coordinator.get(f"/staff/placements/{reference}")
    page = coordinator.submit({"words": "Moves away."}, form=0, status=422)
    page = coordinator.submit({"reason": "site_asked", "words": "The ward closes."}, form=0)
    assert "The placement is released." in told(page)
    with app.app_context():
        assert (request(wish).state, taken(made)) == (R.READY, 0)


def test_whoever_closes_a_site_reads_how_much_ends_with_it(app: Flask, colleague: Colleague) -> None:
    _, made = ready(app, capacity=3)
    with app.app_context():
        done = placed(asked(), made.opening)
        start(done, at=ASKED + 14 * DAY)
        complete(done, at=ASKED + 15 * DAY)
    coordinator, closing = colleague(Role.COORDINATOR), f"/staff/sites/{made.site}/closing"
    assert "there end" not in told(coordinator.get(closing))
    with app.app_context():
        offer(asked(), made.opening)
    assert "One offer or placement there ends. Offers are taken back" in told(coordinator.get(closing))
    with app.app_context():
        placed(asked(), made.opening)
    words = told(coordinator.get(closing))
    assert "2 offers and placements there end." in words
    assert "Who has been there to the last day stays, to be completed." in words


def test_the_queue_names_each_by_its_clock_in_a_constant_number_of_statements(
    app: Flask, colleague: Colleague, moved: time_machine.Traveller
) -> None:
    coordinator = colleague(Role.COORDINATOR)
    with app.app_context():
        asked()
    counts = []
    for _ in range(2):
        with statements(app) as found:
            page = coordinator.get("/staff/externships")
        counts.append(len(found))
        with app.app_context():
            asked()
            asked(program="cpt")
    assert counts[0] == counts[1]
    page = coordinator.get("/staff/externships?state=ready&program=CPT")
    assert [row.to_text() for row in page.all("tbody tr th")] != []
    assert len(page.all("tbody tr")) == 2
    moved.shift(61 * DAY)
    page = colleague(Role.COORDINATOR).get("/staff/externships")
    assert page.text.count(">Overdue<") == 5


def test_a_request_that_got_another_place_meanwhile_is_told_at_the_button(app: Flask, colleague: Colleague) -> None:
    wish, made = ready(app, capacity=1)
    coordinator, other = colleague(Role.COORDINATOR), colleague(Role.COORDINATOR)
    for one in (coordinator, other):
        one.get(f"/staff/externships/{wish}/places")
    coordinator.submit({}, form=0)
    page = other.submit({}, form=0)
    assert "This student has been offered a place meanwhile. Nothing was changed." in told(page)
    with app.app_context():
        late = asked()
    with app.app_context():
        assert taken(made) == 1
    assert "All its places are taken." in told(other.get(f"/staff/externships/{late}/places"))
