"""The pages of messages: who sees whose, answering from the page, drafts, texts, files, and addresses."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations.models import AffiliationAgreement, Site, SiteContact
from provider.credits.models import College, CreditRequest
from provider.credits.rules import Missing as Of
from provider.documents.rules import DocumentKind
from provider.enrollments.queries import by_reference, recipient
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.mailroom.models import RefundDraft
from provider.threads import queries
from provider.threads.models import CannedText
from provider.threads.rules import Direction, Standing
from tests.harness import college_credit, exams
from tests.harness.canaries import BY_MAIL, ESCAPED, RAW, mails
from tests.harness.externs import active, graduate
from tests.harness.externs import ask as ask_for_place
from tests.harness.mail_in import came, mail
from tests.harness.money import agreed, record
from tests.harness.papers import ask
from tests.harness.people import submit_to
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import enroll, prove, row
from tests.harness.threads import bounce, opened, wrote_again
from tests.harness.visitor import Visitor

Colleague = Callable[..., Visitor]


@pytest.fixture
def coordinator(colleague: Colleague) -> Visitor:
    return colleague(Role.COORDINATOR)


def made(app: Flask, *args: str, **values: object) -> str:
    with app.app_context():
        reference = opened(*args, **values)  # type: ignore[arg-type]
        db.session.remove()
    return reference


def letters(app: Flask) -> list[str]:
    with app.app_context():
        query = sa.select(OutboxLetter).where(OutboxLetter.template == "thread_answer").order_by(OutboxLetter.id)
        return [one.values["message"] for one in db.session.scalars(query)]


def test_mail_is_seen_by_those_of_its_mailbox_alone(app: Flask, colleague: Colleague) -> None:
    theirs, others = made(app, "Papers"), made(app, "Prices", mailbox=Mailbox.ENQUIRIES)
    coordinator, admissions = colleague(Role.COORDINATOR), colleague(Role.ADMISSIONS)
    assert "Papers" in coordinator.get("/staff/messages?state=all").text
    assert "Prices" not in coordinator.get("/staff/messages?state=all").text
    coordinator.get(f"/staff/messages/{others}", 404)
    coordinator.get("/staff/messages")
    coordinator.post(f"/staff/messages/{others}/close", {}, 404)
    assert "Prices" in admissions.get("/staff/messages?state=all").text
    admissions.get(f"/staff/messages/{theirs}", 404)


def test_whatever_stands_in_a_mail_is_text_on_every_page_that_shows_it(app: Flask, colleague: Colleague) -> None:
    mails(app)
    admissions = colleague(Role.ADMISSIONS)
    listed = admissions.get("/staff/messages")
    threads = set(re.findall(r"/staff/messages/TH-\w{8}", listed.text))
    assert len(threads) == 2
    pages = [listed, *(admissions.get(one) for one in threads), admissions.get("/staff")]
    assert [page.path for page in pages if RAW in page.text or "<script>alert" in page.text] == []
    assert {number for page in pages for number in ESCAPED.findall(page.text)} >= {str(one) for one in BY_MAIL}
    with app.app_context():
        told = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "mail_received")).all()
        assert [one.recipient for one in told] == ["eve@example.com", "mallory@example.com"]
        assert [one for one in told if "img" in str(one.values)] == []
        db.session.remove()


def test_an_answer_is_sent_once_and_an_old_page_loses_nothing_typed(app: Flask, coordinator: Visitor) -> None:
    reference = made(app)
    page = coordinator.get(f"/staff/messages/{reference}")
    fields = {
        "key": str(page.all("input[name=key]")[0].attrs["value"]),
        "seen": str(page.all("input[name=seen]")[0].attrs["value"]),
        "text": "In January.",
    }
    for _ in range(2):
        coordinator.post(f"/staff/messages/{reference}/answers", fields, 303)
        coordinator.get("/staff/messages")
    assert letters(app) == ["In January."]
    page = coordinator.post(f"/staff/messages/{reference}/answers", fields | {"key": "other", "text": "In May."}, 422)
    assert "Something was added to these messages while you wrote" in page.words()
    assert page.all("textarea[name=text]")[0].to_text().strip() == "In May."
    again = fields | {"key": "other", "seen": str(page.all("input[name=seen]")[0].attrs["value"]), "text": "In May."}
    coordinator.post(f"/staff/messages/{reference}/answers", again, 303)
    assert letters(app) == ["In January.", "In May."]


def test_what_is_missing_is_offered_for_proved_writers_alone(
    app: Flask, coordinator: Visitor, visitors: Callable[[], Visitor]
) -> None:
    student = visitors()
    enrollment = enroll(student)
    prove(app, student, enrollment)
    with app.app_context():
        email = row(enrollment).claimed_email
        ask(DocumentKind.TB)
        db.session.remove()
    coordinator.get("/staff/messages/texts/new")
    coordinator.submit({"title": "Papers", "text": "Hello {name}: {missing} {{7*7}}"})
    claimed = made(app, email=email, standing=Standing.CLAIMED)
    page = coordinator.get(f"/staff/messages/{claimed}?begin=missing")
    assert page.all("#begin") == []
    assert page.all("textarea[name=text]")[0].to_text().strip() == ""
    assert "nobody proved to be their student" in page.words()
    assert "TB" not in page.words()


def test_an_answer_to_a_proved_student_begins_with_each_paper_that_is_missing(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        email = recipient(by_reference(enrollment := graduate()))
        ask(DocumentKind.TB, DocumentKind.CPR_CARD)
        ask_for_place(enrollment)
        db.session.remove()
    proved = made(app, email=email, name="Ana", standing=Standing.PROVED)
    page = coordinator.get(f"/staff/messages/{proved}?begin=missing")
    begun = page.all("textarea[name=text]")[0].to_text().strip()
    assert [line for line in begun.splitlines() if line.startswith("- ")] == ["- TB test", "- BLS or CPR card"]
    submit_to(coordinator, "/answers", {})
    assert letters(app) == [begun]
    claimed = made(app, email=email, name="Ana", standing=Standing.CLAIMED)
    assert "TB test" not in coordinator.get(f"/staff/messages/{claimed}?begin=missing").words()


def test_an_answer_about_an_externship_that_nobody_asked_for_begins_with_where_to_ask(
    app: Flask, coordinator: Visitor
) -> None:
    with app.app_context():
        enrollment = graduate()
        email = recipient(by_reference(enrollment))
        db.session.remove()
    proved = made(app, email=email, name="Ana", standing=Standing.PROVED)

    def begun() -> str:
        page = coordinator.get(f"/staff/messages/{proved}?begin=missing")
        return str(page.all("textarea[name=text]")[0].to_text()).strip()

    asking = "- Clinical medical assistant: your wishes and your consent. Ask on http://"
    assert asking in begun()
    assert f"/my/externship/{enrollment}" in begun()
    with app.app_context():
        ask_for_place(enrollment)
        db.session.remove()
    assert begun() == ""


def test_an_answer_about_credit_begins_with_what_a_college_is_told_only_after(
    app: Flask, colleague: Colleague, visitors: Callable[[], Visitor]
) -> None:
    with app.app_context():
        active(email="ana@example.org")
        db.session.remove()
    mailbox = Mailbox.COLLEGE_CREDITS
    proved, claimed = (
        made(app, email="ana@example.org", standing=standing, mailbox=mailbox)
        for standing in (Standing.PROVED, Standing.CLAIMED)
    )
    officer = colleague(Role.CREDIT_OFFICER)

    def begun(reference: str) -> str:
        return str(officer.get(f"/staff/messages/{reference}?begin=missing").all("textarea[name=text]")[0].to_text())

    assert "- CCMA: No pass of this exam is verified yet. Report your result first; we check it." in begun(proved)
    with app.app_context():
        college_credit.passed("ana@example.org")
        db.session.remove()
    asking = "- CCMA: the college, its registrar’s mailbox and your consent. Ask on http://"
    assert asking in begun(proved)
    assert "/my/credit-requests/ask?certificate=ccma" in begun(proved)
    assert begun(claimed).strip() == ""
    with app.app_context():
        college_credit.ask("ana@example.org")
        db.session.remove()
    assert begun(proved).strip() == ""


def test_an_answer_beside_a_credit_request_begins_with_what_its_student_has_to_do_for_it(
    app: Flask, colleague: Colleague
) -> None:
    ana = "ana@example.org"
    with app.app_context():
        active(email=ana)
        result = exams.report(ana, exams.facts(clock.now().date() - dt.timedelta(days=9)))
        db.session.remove()
    officer = colleague(Role.CREDIT_OFFICER)

    def begun(reference: str) -> str:
        page = officer.get(f"/staff/messages/{reference}?begin=missing")
        return str(page.all("textarea[name=text]")[0].to_text()).strip()

    def needs(reference: str) -> list[str]:
        return [line.partition(":")[0] for line in begun(reference).splitlines() if line.startswith("- ")]

    first = made(app, email=ana, standing=Standing.PROVED, mailbox=Mailbox.COLLEGE_CREDITS)
    assert begun(first) == ""  # the result waits for us
    with app.app_context():
        exams.verify(result)
        request = college_credit.ask(ana, college_credit.wanted(ana, name="Another Name", badge=False))
        db.session.remove()
    beside = made(app, email=ana, standing=Standing.PROVED, mailbox=Mailbox.COLLEGE_CREDITS, about=request)
    may_fail = [f"- {one.sentence}" for one in (Of.NAME_DIFFERS, Of.BADGE_NOT_CLAIMED, Of.NO_CERTIFICATE_NUMBER)]
    assert [line for line in begun(beside).splitlines() if line.startswith("- ")] == may_fail
    with app.app_context():
        college_credit.ask_information(request, "Which campus is it?")
        db.session.remove()
    asked = next(line for line in begun(beside).splitlines() if line.startswith("- "))
    assert asked.startswith("- Your answer to our question: Which campus is it? Answer on http://")
    assert asked.endswith(f"/my/credit-requests/{request}/change")
    with app.app_context():
        college_credit.change(request, college_credit.wanted(ana, badge=False), answer="The north one.")
        college_credit.verify(request)
        college_credit.send(request)
        db.session.remove()
    assert begun(beside) == ""  # the college has it
    with app.app_context():
        college_credit.close(request)
        db.session.remove()
    assert needs(beside) == ["- CCMA"]


def test_a_text_with_an_unknown_placeholder_is_refused_and_what_is_no_placeholder_stays(
    app: Flask, coordinator: Visitor
) -> None:
    coordinator.get("/staff/messages/texts/new")
    page = coordinator.submit({"title": "Hello", "text": "Hello {nmae}"}, 422)
    assert "Nothing is put in the place of {nmae}." in page.words()
    coordinator.submit({"title": "Hello", "text": "Hello {name} {{7*7}} <b>"})
    reference = made(app)
    with app.app_context():
        kept = db.session.scalars(sa.select(CannedText.reference)).one()
        db.session.remove()
    page = coordinator.get(f"/staff/messages/{reference}?begin={kept}")
    assert page.all("textarea[name=text]")[0].to_text().strip() == "Hello Zoe Quist {{7*7}} <b>"
    coordinator.post(f"/staff/messages/texts/{kept}/retire", {}, 303)
    assert coordinator.get(f"/staff/messages/{reference}?begin={kept}").all("#begin") == []


def test_a_message_that_is_taken_apart_and_put_together_again_is_found(app: Flask, coordinator: Visitor) -> None:
    reference = made(app)
    with app.app_context():
        wrote_again(reference, "Something else")
        second = [one.reference for one in queries.messages(queries.by_reference(reference))][1]
        db.session.remove()
    coordinator.get(f"/staff/messages/{reference}")
    coordinator.post(f"/staff/messages/{reference}/{second}/split", {"subject": "Else"})
    own = coordinator.follow().path.rpartition("/")[2].partition("#")[0]
    assert own != reference
    coordinator.post(f"/staff/messages/{own}/merge", {"other": "TH-22222222"}, 422)
    coordinator.post(f"/staff/messages/{own}/merge", {"other": reference.lower()})
    with app.app_context():
        found = queries.messages(queries.by_reference(reference))
        assert [one.direction for one in found] == [Direction.IN, Direction.IN]


def test_an_address_that_letters_come_back_from_is_shown_until_somebody_says_it_works(
    app: Flask, coordinator: Visitor
) -> None:
    reference = made(app)
    with app.app_context():
        health = bounce("zoe@example.com")
        db.session.remove()
    assert "Letters to zoe@example.com come back" in coordinator.get(f"/staff/messages/{reference}").words()
    coordinator.post(f"/staff/addresses/{health}/works", {"back": "//evil.example.org"})
    assert coordinator.get(f"/staff/messages/{reference}").all(".notice--bad") == []


def test_a_list_and_a_thread_cost_the_same_with_little_and_with_much(app: Flask, coordinator: Visitor) -> None:
    reference = made(app)
    counts = []
    for number in (1, 20):
        with app.app_context():
            for _ in range(number):
                wrote_again(reference)
                opened()
            db.session.remove()
        for path in ("/staff/messages", f"/staff/messages/{reference}"):
            coordinator.get(path)
            with statements(app) as counted:
                coordinator.get(path)
            counts.append(len(counted))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 20


def test_the_earlier_messages_of_a_long_thread_are_folded_and_open_where_one_is_refused(
    app: Flask, coordinator: Visitor
) -> None:
    reference = made(app)
    with app.app_context():
        for _ in range(19):
            wrote_again(reference)
        first = queries.messages(queries.by_reference(reference))[0].reference
        db.session.remove()
    page = coordinator.get(f"/staff/messages/{reference}")
    assert [len(page.all(".mail")), len(page.all(".fold > .mails > .mail"))] == [20, 10]
    assert page.all("details[open]") == []
    page = coordinator.post(f"/staff/messages/{reference}/{first}/split", {"subject": ""}, 422)
    assert len(page.all("details[open] > .mails > .mail")) == 10


def test_mail_is_put_beside_a_record_and_stands_on_the_page_of_its_student(
    app: Flask, colleague: Colleague, visitors: Callable[[], Visitor]
) -> None:
    student = visitors()
    enrollment = enroll(student)
    prove(app, student, enrollment)
    reference = made(app, "From my other address")
    coordinator = colleague(Role.COORDINATOR)
    page = coordinator.get(f"/staff/messages/{reference}")
    page = coordinator.post(f"/staff/messages/{reference}/beside", {"record": "P-22222222"}, 422)
    assert "There is no student, enrollment, request or site with this reference." in page.words()
    coordinator.post(f"/staff/messages/{reference}/beside", {"record": enrollment.lower()})
    page = coordinator.get(f"/staff/messages/{reference}")
    assert "Claims to be" in page.words()
    [link] = {one.attrs["href"] for one in page.all("main a") if "/staff/students/" in str(one.attrs["href"])}
    for path in (str(link), f"/staff/enrollments/{enrollment}"):
        assert "From my other address" in coordinator.get(path).words("#messages-beside + ul")


def test_mail_stands_on_the_pages_of_whatever_it_is_about(app: Flask, cardless: Season, colleague: Colleague) -> None:
    about = cardless["settled"].enrollment
    with app.app_context():
        first = sa.select(AffiliationAgreement.reference, Site.reference, SiteContact.email).select_from(Site)
        first = first.join(AffiliationAgreement).join(Site.contacts)
        signs, place, contact = db.session.execute(first).first() or ("",) * 3
        asked_of = sa.select(CreditRequest.reference, College.registrar_email).join(College)
        request, college = db.session.execute(asked_of).first() or ("",) * 2
        db.session.remove()
    made(app, "Of the refund", about=about, mailbox=Mailbox.ENQUIRIES)
    made(app, "From the clinic", email=contact)
    made(app, "About the clinic", about=place)
    made(app, "From the registrar", email=college, mailbox=Mailbox.COLLEGE_CREDITS)
    admin = colleague(Role.ADMIN)
    for path, subjects in {
        f"/staff/refunds/{cardless['settled'].refund}": {"Of the refund"},
        f"/staff/enrollments/{about}": {"Of the refund"},
        f"/staff/sites/{place}": {"From the clinic", "About the clinic"},
        f"/staff/affiliations/{signs}": {"About the clinic"},
        f"/staff/credit-requests/{request}": {"From the registrar"},
    }.items():
        found = {link.to_text().strip() for link in admin.get(path).all("#messages-beside + ul a")}
        assert subjects <= found, path


def test_the_menu_counts_what_waits_for_whoever_looks(app: Flask, colleague: Colleague) -> None:
    made(app, "Papers")
    for _ in range(2):
        made(app, "Prices", mailbox=Mailbox.ENQUIRIES)
    made(app, "Held", mailbox=Mailbox.ENQUIRIES, standing=Standing.STAFF_UNPROVED)

    def counts(*roles: Role) -> list[str]:
        links = colleague(*roles).get("/staff/tasks").all('.side a[href="/staff/messages"]')
        return [" ".join(link.to_text().split()) for link in links]

    assert counts(Role.COORDINATOR) == ["Messages 1 waiting"]
    assert counts(Role.ADMISSIONS) == ["Messages 2 waiting"]  # the held one is a task
    assert counts(Role.COORDINATOR, Role.ADMISSIONS) == ["Messages 3 waiting"]


def test_one_click_leads_from_a_thread_to_the_draft_that_it_opened_and_back(app: Flask, colleague: Colleague) -> None:
    at = clock.now() - dt.timedelta(minutes=30)
    with app.app_context():
        enrollment = agreed(at=at - dt.timedelta(hours=1))
        record(enrollment, 189_900, at=at - dt.timedelta(minutes=30))
        email = recipient(by_reference(enrollment))
        thread = came(mail("A refund, please.", sender=email), sender=email, at=at).thread
        [draft] = db.session.scalars(sa.select(RefundDraft.reference)).all()
        db.session.remove()
    bursar, other = colleague(Role.BURSAR, Role.ADMISSIONS), colleague(Role.ADMISSIONS)
    page, to = bursar.get(f"/staff/messages/{thread}"), f"/staff/refund-drafts/{draft}"
    assert [link.attrs["href"] for link in page.all(f'.notice a[href="{to}"], .aside a[href="{to}"]')] == [to, to]
    assert len(bursar.get(to).all(f'main a[href="/staff/messages/{thread}"]')) == 1
    page = other.get(f"/staff/messages/{thread}")  # who sees no money sees that a bursar has it
    assert page.all(f'a[href="{to}"]') == []
    assert "A bursar decides about the draft of the refund." in page.words(".notice")
    bursar.get(to)
    bursar.submit({}, form=1)
    page = bursar.get(f"/staff/messages/{thread}")
    assert page.all(".notice") == []
    assert f"{draft} Dismissed" in page.words(".aside")
