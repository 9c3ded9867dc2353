"""Signed links: looking at one decides nothing, the list stays cheap, and revoking closes one at once."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts import email_changes, link_lists, links, queries
from provider.accounts.link_lists import Filters
from provider.accounts.models import SignedLink
from provider.accounts.rules import (
    CHANGE_EMAIL,
    FIRST_ADMIN,
    FIRST_ADMIN_SUBJECT,
    PASSWORD,
    STOP_EMAIL_CHANGE,
    Role,
)
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.cards.rules import CHANGE_CARD_LINK
from provider.credits.registrar import ANSWER_LINK as ANSWER_LINK_OF_COLLEGE
from provider.enrollments import actions as enrollments
from provider.enrollments import queries as enrolled
from provider.enrollments.actions import PROVE_EMAIL
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.fieldwork import entries, evaluations
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.rules import EvaluationKind
from provider.fieldwork.weeks import WEEK_LINK
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, insert_all, unit_of_work
from provider.kernel.registry import registry
from provider.mailroom.rules import PROVE
from tests.harness import college_credit, season_of_sites
from tests.harness.cards import card_payments
from tests.harness.checksums import checksums
from tests.harness.externs import asked
from tests.harness.mail_in import came, mail
from tests.harness.money import agreed, record
from tests.harness.placed import enter, placed, send
from tests.harness.places import accept, offer
from tests.harness.sites import supply
from tests.harness.statements import statements
from tests.harness.stories import enroll, person, staff, token_for
from tests.harness.visitor import Visitor

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
BEFORE_THE_WISHES = dt.datetime(2026, 12, 1, 15, tzinfo=dt.UTC)  # of those who ask for places in spring
Colleague = Callable[..., Visitor]


def make(app: Flask, purpose: str, subject: str, *, lasts: dt.timedelta = HOUR) -> tuple[str, str]:
    """Make a link; returns its token and its reference."""
    with app.app_context(), unit_of_work():
        link = links.make_link(purpose=purpose, subject=subject, at=clock.now(), lasts=lasts)
        return links.token_of(link), link.reference


def two_offers() -> tuple[str, str]:
    """Return an offer that waits for its student, and one that waits for its site."""
    made, now = supply(), clock.now()
    offered, answered = (offer(asked(at=now), made.opening, at=now) for _ in range(2))
    accept(answered, at=now)
    return offered, answered


def asked_to_evaluate() -> str:
    """Let a preceptor be asked for an evaluation; returns its reference."""
    who = placed()
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        kind = EvaluationKind.MID
        return evaluations.ask(placement=placement, kind=kind, actor=SYSTEM, at=clock.now()).reference


def sent_to_college() -> str:
    """Let a college be told of a certificate; returns the reference of the request."""
    paid = agreed(at=clock.now() - 30 * DAY)
    record(paid, 189_900, at=clock.now() - 29 * DAY)
    with unit_of_work():
        enrollments.join_by_letter(
            enrollment=enrolled.by_reference(paid, lock=True), actor=SYSTEM, at=clock.now() - 29 * DAY
        )
    return college_credit.sent(enrolled.by_reference(paid).claimed_email)


def week_to_approve() -> str:
    """Let a week be sent to a preceptor; returns its reference."""
    who = placed()
    enter(who)
    return send(who)


def one_of_each(app: Flask, visitor: Visitor) -> dict[str, str]:
    """Return the token of an open link of each purpose, about a record that there is."""
    reference, email = enroll(visitor), staff(app, Role.EDITOR)
    with app.app_context():
        made = season_of_sites.tell(clock.now())
    with app.app_context():
        paid = agreed(at=clock.now())
        record(paid, 189_900, at=clock.now())
        evaluation = asked_to_evaluate()
        week = week_to_approve()
        with unit_of_work():
            found = queries.by_email(email)
            assert found is not None
            change = email_changes.ask(person=found, email="new@example.org", actor=SYSTEM, at=clock.now()).reference
        offered, answered = two_offers()
        claimed = came(mail(sender=email)).thread
        assert claimed is not None
        told = sent_to_college()
    subjects = {
        PROVE_EMAIL: reference,
        "refund": paid,
        PASSWORD: person(app, email),
        CHANGE_EMAIL: change,
        STOP_EMAIL_CHANGE: change,
        FIRST_ADMIN: FIRST_ADMIN_SUBJECT,
        CHANGE_CARD_LINK: reference,
        OFFER_LINK: offered,
        ANSWER_LINK: answered,
        EVALUATION_LINK: evaluation,
        SIGN_AGREEMENT: made.sent,
        COUNTERSIGN_AGREEMENT: made.signed,
        OFFER_PLACES: made.whole.contact,
        WEEK_LINK: week,
        PROVE: claimed,
        ANSWER_LINK_OF_COLLEGE: told,
    }
    return {purpose: make(app, purpose, subject)[0] for purpose, subject in subjects.items()}


@time_machine.travel(BEFORE_THE_WISHES)
def test_looking_at_a_link_of_any_purpose_decides_nothing(app: Flask, visitor: Visitor) -> None:
    tokens = one_of_each(app, visitor)
    with app.app_context():
        assert set(tokens) == set(registry().links)
    before = checksums(app, frozenset())
    scanner = Visitor(app)
    with card_payments(app, clock.now()):
        for purpose, token in tokens.items():
            for _ in range(3):
                page = scanner.get(f"/links/{token}")
                assert (purpose, len(page.all("main form")) > 0) == (purpose, True)
                assert scanner.client.head(f"/links/{token}").status_code == 200
    assert checksums(app, frozenset()) == before
    with app.app_context():
        for purpose, token in tokens.items():
            assert links.open_link(token, now=clock.now()).purpose == purpose


def test_every_purpose_has_words_that_staff_read(app: Flask) -> None:
    with app.app_context():
        labels = [purpose.label for purpose in registry().links.values()]
    assert len(set(labels)) == len(labels)
    assert all(label and label[0].isupper() for label in labels)


@time_machine.travel(BEFORE_THE_WISHES)
def test_the_list_says_what_each_link_opens_for_whom_and_never_the_link(
    app: Flask, visitor: Visitor, colleague: Colleague
) -> None:
    tokens = one_of_each(app, visitor)
    admin = colleague(Role.ADMIN)
    text = admin.get("/staff/links").text
    for purpose, token in tokens.items():
        with app.app_context():
            link = queries.link_by_hash(links.hash_of(token))
            assert link is not None
            known, shown = (token, link.nonce, link.token_hash), registry().links[purpose].label
        page = admin.get(f"/staff/links/{link.reference}")
        assert page.title == shown
        assert shown in text
        assert not any(secret in text or secret in page.text for secret in known)


@pytest.mark.parametrize(
    "query, found",
    [
        ("", {"open", "used", "revoked", "expired"}),
        ("?state=open", {"open"}),
        ("?state=used", {"used"}),
        ("?state=revoked", {"revoked"}),
        ("?state=expired", {"expired"}),
        ("?state=no-such-state&purpose=no-such-purpose", {"open", "used", "revoked", "expired"}),
        ("?purpose=first_admin", set()),
        ("?purpose=password&state=used", {"used"}),
    ],
)
def test_the_list_is_narrowed_by_its_address(app: Flask, colleague: Colleague, query: str, found: set[str]) -> None:
    subject = person(app, staff(app, Role.EDITOR))
    made = {state: make(app, PASSWORD, subject)[1] for state in ("open", "used", "revoked", "expired")}
    with app.app_context(), unit_of_work():
        now = clock.now()
        for state, values in {
            "used": {"used_at": now},
            "revoked": {"revoked_at": now, "used_at": now},
            "expired": {"expires_at": now - HOUR},
        }.items():
            db.session.execute(sa.update(SignedLink).where(SignedLink.reference == made[state]).values(**values))
    page = colleague(Role.ADMIN).get(f"/staff/links{query}")
    assert {state for state, reference in made.items() if reference in page.text} == found


def test_a_record_leads_to_its_links(app: Flask, visitor: Visitor, colleague: Colleague) -> None:
    reference, email = enroll(visitor), staff(app, Role.EDITOR)
    token = make(app, PASSWORD, person(app, email))[1]
    admin = colleague(Role.ADMIN)
    for path, subject in (
        (f"/staff/enrollments/{reference}", reference),
        (f"/staff/people/{person(app, email)}", person(app, email)),
    ):
        hrefs = [one.attrs["href"] for one in admin.get(path).all("main a")]
        assert f"/staff/links?subject={subject}" in hrefs
    text = admin.get(f"/staff/links?subject={person(app, email).lower()}").text
    assert (token in text, reference in text) == (True, False)


def test_revoking_closes_a_link_at_once_and_is_remembered(app: Flask, visitor: Visitor, colleague: Colleague) -> None:
    reference = enroll(visitor)
    token = token_for(app, PROVE_EMAIL, reference)
    with app.app_context():
        link = queries.link_by_hash(links.hash_of(token))
        assert link is not None
        path = f"/staff/links/{link.reference}"
    holder, admin = Visitor(app), colleague(Role.ADMIN)
    holder.get(f"/links/{token}")
    admin.get(path)
    page = admin.submit({})
    assert (page.path, page.words(".tag")) == (path, "Revoked")
    holder.submit({}, 410)
    holder.get(f"/links/{token}", 410)
    with app.app_context():
        row = db.session.scalars(sa.select(History).where(History.event == "signed_link.revoked")).one()
        assert (row.about, row.data) == (reference, {"purpose": PROVE_EMAIL})


@pytest.mark.parametrize("how", ["used", "revoked", "expired"])
def test_what_opens_nothing_is_not_revoked_again(app: Flask, colleague: Colleague, how: str) -> None:
    reference = make(app, PASSWORD, person(app, staff(app, Role.EDITOR)))[1]
    now = clock.now()
    values = {"expired": {"expires_at": now - HOUR}}.get(how, {f"{how}_at": now})
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(SignedLink).where(SignedLink.reference == reference).values(**values))
    admin = colleague(Role.ADMIN)
    assert not admin.get(f"/staff/links/{reference}").all("main form")
    before = checksums(app)
    admin.post(f"/staff/links/{reference}/revoke", {})
    assert "nothing to revoke" in admin.follow().words()
    assert checksums(app) == before


def test_an_auditor_sees_links_and_revokes_none(app: Flask, colleague: Colleague) -> None:
    reference = make(app, PASSWORD, person(app, staff(app, Role.EDITOR)))[1]
    auditor = colleague(Role.AUDITOR)
    assert not auditor.get(f"/staff/links/{reference}").all("main form")
    auditor.post(f"/staff/links/{reference}/revoke", {}, 403)


def many(app: Flask, number: int) -> None:
    now = clock.now()
    with app.app_context(), unit_of_work():
        rows = [
            {
                "reference": f"K-{each:08d}",
                "purpose": PASSWORD if each % 1000 == 7 else PROVE_EMAIL,
                "subject_reference": "E-22222222",
                "nonce": "n",
                "token_hash": f"{each:064d}",
                "created_at": now,
                "expires_at": now + HOUR,
                "used_at": None,
                "revoked_at": None,
            }
            for each in range(number)
        ]
        insert_all(SignedLink, rows)


def test_a_rare_purpose_is_found_page_after_page_with_every_row_once(app: Flask) -> None:
    many(app, 4_500)
    with app.app_context():
        seen: list[str] = []
        before, pages = None, 0
        while True:
            page = link_lists.staff_page(
                Filters(purpose=PASSWORD), purposes=registry().links, now=clock.now(), before=before, after=None
            )
            seen += [link.reference for link in page.rows]
            pages += 1
            if page.older is None:
                break
            before = page.older
        assert seen == [f"K-{each:08d}" for each in (4007, 3007, 2007, 1007, 7)]
        assert pages == 3
        back = link_lists.staff_page(
            Filters(purpose=PASSWORD), purposes=registry().links, now=clock.now(), before=None, after=1
        )
        assert [link.reference for link in back.rows] == ["K-00001007", "K-00000007"]
        assert back.newer is not None


@pytest.mark.parametrize("query", ["", "?purpose=password", "?state=open", "?subject=E-22222222"])
def test_the_list_takes_as_many_statements_for_many_links_as_for_few(
    app: Flask, colleague: Colleague, query: str
) -> None:
    admin = colleague(Role.ADMIN)
    many(app, 3)
    admin.get(f"/staff/links{query}")
    with statements(app) as few:
        admin.get(f"/staff/links{query}")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.delete(SignedLink))
    many(app, 3_000)
    with statements(app) as lots:
        admin.get(f"/staff/links{query}")
    assert len(lots) == len(few)
