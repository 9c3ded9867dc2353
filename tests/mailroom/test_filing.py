"""Filing: which thread a mail belongs to, who is believed to write, who is told that it came, what comes back."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.links import token_of
from provider.accounts.models import SignedLink
from provider.accounts.queries import by_reference as person_by
from provider.accounts.rules import Role
from provider.kernel.database import db, unit_of_work
from provider.mail import queries as letters
from provider.mail.actions import post
from provider.mail.models import AddressHealth, OutboxLetter
from provider.mail.replies import reply_address
from provider.mail.rules import AddressState, Letter, Mailbox, Manner
from provider.mailroom import acknowledging
from provider.mailroom.filing import NOBODY, file_mail
from provider.mailroom.models import IncomingMail
from provider.mailroom.reading import LONGEST_TEXT
from provider.mailroom.rules import PROVE, RECEIVED, Judged, MailState
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from provider.threads import queries as threads
from provider.threads import sorting
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import Standing, ThreadState
from tests.harness.audit import assert_clean
from tests.harness.mail_in import AT, CREDITS, ENQUIRIES, EXTERNSHIP, came, known, mail
from tests.harness.threads import move
from tests.harness.visitor import Visitor
from tests.mailroom.corpus import ODD, Odd
from tests.mailroom.notes import abuse, bounced, forwarded

DAY = dt.timedelta(hours=24)
ONE = pytest.mark.one_database("sqlite")


def thread_of(row: IncomingMail) -> Thread:
    return threads.by_reference(str(row.thread))


def acknowledged() -> list[OutboxLetter]:
    query = sa.select(OutboxLetter).where(OutboxLetter.template == RECEIVED)
    return list(db.session.scalars(query.order_by(OutboxLetter.id)))


def a_letter(to: str = "sam@example.com", *, about: str | None = None, event: str = "one") -> OutboxLetter:
    with unit_of_work():
        written = Letter(template="test_letter", recipient=to, event=event, about=about, values={"name": "Sam"})
        return post(written, at=AT)


def answer_to(letter: OutboxLetter) -> str:
    return reply_address(
        letter=letter.reference, recipient=letter.recipient, mailbox=letter.mailbox, queued_at=letter.queued_at
    )


def test_a_mail_of_nobody_we_know_opens_a_thread_and_is_acknowledged(context: AppContext) -> None:
    row = came(mail("How long is it?", message_id="<1@example.com>"))
    thread = thread_of(row)
    assert (row.state, row.judged, row.filed_at) == (MailState.FILED, Judged.PERSON, AT)
    assert (thread.mailbox, thread.subject, thread.correspondent) == (
        Mailbox.ENQUIRIES,
        "A question",
        "sam@example.com",
    )
    assert (thread.standing, thread.person_id, thread.about) == (Standing.UNKNOWN, None, None)
    assert (thread.state, thread.opened_at, thread.acknowledged_at) == (ThreadState.WAITING, AT, AT)
    assert [(one.text, one.incoming) for one in threads.messages(thread)] == [("How long is it?", row.reference)]
    [told] = acknowledged()
    assert (told.recipient, told.manner, told.in_reply_to) == (
        "sam@example.com",
        Manner.ACKNOWLEDGMENT,
        "<1@example.com>",
    )
    assert told.values["prove_link"] is None
    assert_clean(context.app, AT)


def test_filing_again_changes_nothing(context: AppContext) -> None:
    row = came(mail())
    file_mail({"mail": row.reference}, now=AT + DAY)
    assert [one.reference for one in db.session.scalars(sa.select(Thread))] == [row.thread]
    assert len(acknowledged()) == 1
    file_mail({"mail": "IM-22222222"}, now=AT)


def test_a_known_and_proved_student_is_linked_beside_their_person(context: AppContext) -> None:
    reference = known()
    row = came(mail(proved=True), to=CREDITS)
    thread = thread_of(row)
    assert (thread.standing, thread.about) == (Standing.PROVED, reference)
    assert thread.person is not None
    assert thread.person.reference == reference
    assert acknowledged()[0].values["prove_link"] is None


@pytest.mark.parametrize(
    "results",
    [
        [],
        ["mx.example.org; dmarc=fail header.from=example.com"],
        ["mx.example.net; dmarc=pass header.from=example.com"],
        ["mx.example.org; dmarc=pass header.from=example.net"],
        ["mx.example.org; spf=pass smtp.mailfrom=eve@example.net"],
        ["mx.example.org; dkim=pass header.d=example.net"],
        ["mx.example.org; none", "mx.example.org; dmarc=pass header.from=example.com"],
        ["nonsense"],
    ],
)
def test_a_forged_mail_of_a_student_is_only_a_claim(context: AppContext, results: list[str]) -> None:
    reference = known()
    content = b"".join(f"Authentication-Results: {one}\r\n".encode() for one in results) + mail()
    thread = thread_of(came(content))
    assert (thread.standing, thread.about) == (Standing.CLAIMED, None)
    assert thread.person is not None
    assert thread.person.reference == reference
    [told] = acknowledged()
    assert set(told.values) == {"received_at", "prove_link", "days"}


@ONE
def test_two_senders_prove_nobody(context: AppContext) -> None:
    known()
    thread = thread_of(came(b"From: eve@example.net\r\n" + mail(proved=True)))
    assert (thread.standing, thread.correspondent) == (Standing.UNKNOWN, "sam@example.com")  # the envelope's
    assert thread.person_id is None


def test_who_claims_to_be_staff_is_held_and_staff_are_told(context: AppContext) -> None:
    known("dana@example.com", Role.BURSAR)
    row = came(mail("Please send the list.", sender="dana@example.com"))
    thread = thread_of(row)
    assert (row.state, thread.state) == (MailState.QUARANTINED, ThreadState.QUARANTINED)
    assert (thread.standing, thread.person_id) == (Standing.STAFF_UNPROVED, None)
    [task] = db.session.scalars(sa.select(Task).where(Task.kind == TaskKind.STAFF_UNPROVED))
    assert task.about == thread.reference
    assert acknowledged() == []
    proved = thread_of(came(mail("It is me.", sender="dana@example.com", proved=True)))
    assert (proved.standing, proved.state) == (Standing.PROVED, ThreadState.WAITING)


def test_an_answer_to_our_letter_comes_back_to_its_thread(context: AppContext) -> None:
    first = came(mail("One."))
    [told] = acknowledged()
    by_address = came(mail("Two.", subject="Re: x"), to=answer_to(told), at=AT + DAY)
    by_id = came(mail("Three.", In_Reply_To=told.message_id), at=AT + 2 * DAY)
    assert {by_address.thread, by_id.thread} == {first.thread}
    thread = thread_of(first)
    assert [one.text.strip() for one in threads.messages(thread)] == ["One.", "Two.", "Three."]
    assert len(acknowledged()) == 1


@ONE
def test_the_address_of_an_answer_that_was_changed_or_ran_out_leads_nowhere(context: AppContext) -> None:
    first = came(mail("One."))
    address = answer_to(acknowledged()[0])
    local, _, domain = address.partition("@")
    changed = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    assert came(mail("Two."), to=changed).thread != first.thread
    assert came(mail("Three."), to=address, at=AT + dt.timedelta(days=181)).thread != first.thread


@ONE
def test_somebody_elses_mail_that_quotes_our_letter_opens_a_thread_of_its_own(context: AppContext) -> None:
    first = came(mail("One."))
    eve = came(mail("Two.", sender="eve@example.net", In_Reply_To=acknowledged()[0].message_id))
    assert eve.thread != first.thread


@ONE
def test_an_answer_to_a_letter_about_an_enrollment_is_beside_it_when_proved(context: AppContext) -> None:
    known()
    letter = a_letter(about="E-7K2M9Q4T")
    assert thread_of(came(mail("One.", proved=True), to=answer_to(letter))).about == "E-7K2M9Q4T"
    assert thread_of(came(mail("Two."), to=answer_to(letter))).about is None


@ONE
def test_a_college_that_answers_our_letter_by_mail_is_beside_its_request_and_not_known(context: AppContext) -> None:
    with unit_of_work():
        values = {"name": "Sam", "reference": "CR-7K2M9Q4T"}
        told = Letter(template="test_letter", recipient="registrar@college.example", event="one", about="P-7K2M9Q4T",
                      values=values)  # fmt: skip
        letter = post(told, at=AT)
    answer = mail("We grant it.", sender="registrar@college.example")
    thread = thread_of(came(answer, to=answer_to(letter)))
    assert (thread.about, thread.standing, thread.person_id) == ("CR-7K2M9Q4T", Standing.UNKNOWN, None)
    by_another = mail("We grant it too.", sender="eve@example.com")
    assert thread_of(came(by_another, to=answer_to(letter))).about is None
    site = a_letter("site@example.com", about="E-7K2M9Q4T", event="two")
    quoting = mail("She may come.", sender="site@example.com", In_Reply_To=site.message_id)
    assert thread_of(came(quoting)).about == "E-7K2M9Q4T"


def test_a_sender_is_told_once_a_day_and_a_thread_once(context: AppContext) -> None:
    for number in range(3):
        came(mail(f"{number}"), at=AT + number * dt.timedelta(hours=11))
    came(mail("other"), to=EXTERNSHIP, at=AT + DAY - dt.timedelta(microseconds=1))
    came(mail("plus", sender="Sam <sam+x@example.com>"), at=AT + dt.timedelta(hours=1))
    assert [one.queued_at for one in acknowledged()] == [AT]
    came(mail("last"), at=AT + DAY)
    assert [one.queued_at for one in acknowledged()] == [AT, AT + DAY]
    with unit_of_work():
        assert acknowledging.forget(before=AT + DAY) == 0
        assert acknowledging.forget(before=AT + 2 * DAY) == 1


@ONE
def test_everybody_together_is_told_so_often_in_an_hour(context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledging, "ACKNOWLEDGMENTS_PER_HOUR", 3)
    for number in range(5):
        came(mail(sender=f"m{number}@example.com"))
    assert len(acknowledged()) == 3


@pytest.mark.parametrize(
    "content, sender, judged",
    [
        (mail(Auto_Submitted="auto-replied"), "sam@example.com", Judged.AUTOMATIC),
        (mail(), None, Judged.AUTOMATIC),
        (mail(sender=ENQUIRIES), "sam@example.com", Judged.OWN),
        (bounced("<l-22222222@example.org>", "sam@example.com"), None, Judged.BOUNCE),
        (abuse("<l-22222222@example.org>"), "a@example.com", Judged.COMPLAINT),
    ],
    ids=["automatic", "no sender", "own", "bounce", "complaint"],
)
def test_no_machine_is_ever_answered(context: AppContext, content: bytes, sender: str | None, judged: Judged) -> None:
    row = came(content, sender=sender)
    assert (row.state, row.judged) == (MailState.IGNORED, judged)
    assert acknowledged() == []
    if judged is Judged.AUTOMATIC:
        assert thread_of(row).state is ThreadState.CLOSED
    else:
        assert row.thread is None


@ONE
def test_an_answering_machine_in_a_thread_is_kept_there_and_wakes_nobody(context: AppContext) -> None:
    first = came(mail("One."))
    machine = came(mail("I am away.", Auto_Submitted="auto-replied"), to=answer_to(acknowledged()[0]), at=AT + DAY)
    assert (machine.thread, machine.state) == (first.thread, MailState.IGNORED)
    assert thread_of(first).waiting_since == AT


@pytest.mark.parametrize(
    "name, value",
    [
        ("Feedback-ID", "1.us-east-1.x:AmazonSES"),
        ("List-Id", "<staff.example.edu>"),
        ("X-Auto-Response-Suppress", "All"),
    ],
)
@ONE
def test_an_answer_that_a_service_sent_out_waits_for_staff_and_gets_no_letter(
    context: AppContext, name: str, value: str
) -> None:
    def sent_out(text: str, sender: str = "Sam Doe <sam@example.com>") -> bytes:
        return f"{name}: {value}\r\n".encode() + mail(text, sender=sender)

    first = came(mail("One."))
    [told] = acknowledged()
    move(str(first.thread), sorting.close)
    answer = came(sent_out("We grant it."), to=answer_to(told), at=AT + DAY)
    assert (answer.thread, answer.judged, thread_of(first).waiting_since) == (first.thread, Judged.AUTOMATIC, AT + DAY)
    letter = a_letter("registrar@college.example")
    opened = came(sent_out("We grant it.", "registrar@college.example"), to=answer_to(letter), at=AT + DAY)
    assert thread_of(opened).state is ThreadState.WAITING
    unasked = came(sent_out("Buy this."), at=AT + 2 * DAY)
    assert thread_of(unasked).state is ThreadState.CLOSED
    known("pat@example.com")
    assert thread_of(came(sent_out("It is me.", "pat@example.com"))).state is ThreadState.WAITING
    machine = b"Auto-Submitted: auto-replied\r\n" + sent_out("I am away.")
    assert thread_of(came(machine, to=answer_to(letter), at=AT + 2 * DAY)).state is ThreadState.CLOSED
    assert acknowledged() == [told]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "headers"])
def test_a_bounce_marks_the_address_of_the_letter_that_it_gives_back(context: AppContext, *, whole: bool) -> None:
    letter = a_letter()
    came(bounced(letter.message_id, "sam@example.com", whole=whole), sender=None)
    [health] = db.session.scalars(sa.select(AddressHealth))
    assert (health.email, health.state, health.letter) == ("sam@example.com", AddressState.BOUNCED, letter.reference)
    assert health.said == "5.1.1 550 5.1.1 No such user"


@ONE
def test_a_bounce_to_the_letters_own_address_counts_without_its_message_id(context: AppContext) -> None:
    letter = a_letter()
    came(bounced("<lost@example.com>", "sam@example.com"), sender=None, to=answer_to(letter))
    assert letters.health("sam@example.com") is not None


def test_a_forged_bounce_changes_nothing(context: AppContext) -> None:
    letter = a_letter()
    came(bounced("<l-22222222@example.org>", "sam@example.com"), sender=None)
    came(bounced(letter.message_id, "pat@example.com"), sender=None)
    came(bounced(letter.message_id, "sam@example.com", action="delivered", status="2.0.0"), sender=None)
    assert db.session.scalars(sa.select(AddressHealth)).all() == []


@pytest.mark.parametrize("flat", [False, True], ids=["as a mail", "its parts"])
@pytest.mark.parametrize("notice", [bounced, abuse], ids=["bounce", "complaint"])
@ONE
def test_a_person_who_forwards_a_notice_has_written_a_mail(
    context: AppContext, notice: Callable[..., bytes], *, flat: bool
) -> None:
    letter = a_letter()
    about = {"recipient": "sam@example.com"} if notice is bounced else {}
    row = came(forwarded(notice(letter.message_id, **about), flat=flat), sender="sam@example.com")
    assert (row.state, row.judged, thread_of(row).state) == (MailState.FILED, Judged.PERSON, ThreadState.WAITING)
    [message] = db.session.scalars(sa.select(ThreadMessage))
    assert message.text.startswith("Your letter came back to me. What now?")
    assert letters.health("sam@example.com") is None


def test_three_letters_put_off_are_no_refusal(context: AppContext) -> None:
    for number in range(3):
        letter = a_letter(event=f"{number}")
        came(bounced(letter.message_id, "sam@example.com", status="4.4.7"), sender=None)
    health = letters.health("sam@example.com")
    assert health is not None
    assert (health.state, health.soft_bounces) == (AddressState.DOUBTFUL, 3)


def test_a_complaint_marks_the_address(context: AppContext) -> None:
    letter = a_letter()
    came(abuse(letter.message_id), sender="feedback@example.com")
    health = letters.health("sam@example.com")
    assert health is not None
    assert health.state is AddressState.COMPLAINED


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@ONE
def test_an_odd_mail_is_filed(context: AppContext, odd: Odd) -> None:
    row = came(odd.content, sender="sam@example.com")
    assert (row.state, thread_of(row).correspondent) == (MailState.FILED, odd.sender or "sam@example.com")
    [message] = db.session.scalars(sa.select(ThreadMessage))
    assert len(message.text) <= LONGEST_TEXT


def test_none_of_the_odd_mails_stops_the_next(context: AppContext) -> None:
    for odd in ODD.values():
        came(odd.content, sender=None)
    last = came(mail("After all of them.", sender="pat@example.com"), sender="pat@example.com")
    assert last.state is MailState.FILED
    count = db.session.scalar(sa.select(sa.func.count()).select_from(IncomingMail))
    assert count == len(ODD) + 1


@ONE
def test_a_mail_without_any_address_is_filed_and_answered_to_nobody(context: AppContext) -> None:
    row = came(b"Subject: Odd\r\n\r\nText.", sender="not an address")
    assert thread_of(row).correspondent == NOBODY
    assert acknowledged() == []


def prove_link(app: Flask) -> str:
    link = db.session.scalars(sa.select(SignedLink).where(SignedLink.purpose == PROVE)).one()
    return f"/links/{token_of(link)}"


@time_machine.travel(AT + dt.timedelta(hours=1))
def test_a_claim_is_proved_by_the_button_of_the_link(app: Flask, context: AppContext, visitor: Visitor) -> None:
    reference = known()
    row = came(mail("Something private.", subject="A secret"), to=EXTERNSHIP)
    path = prove_link(app)
    page = visitor.get(path)
    for hidden in ("A secret", "Something private", "Sam Doe", "sam@example.com", reference):
        assert hidden not in page.text
    db.session.rollback()
    assert thread_of(row).standing is Standing.CLAIMED
    visitor.submit({})
    db.session.expire_all()
    db.session.rollback()
    assert (thread_of(row).standing, thread_of(row).about) == (Standing.PROVED, reference)
    assert visitor.get(path, status=410).status == 410


@ONE
@time_machine.travel(AT + dt.timedelta(hours=1))
def test_a_link_proves_nothing_once_the_address_is_not_theirs(
    app: Flask, context: AppContext, visitor: Visitor
) -> None:
    reference = known()
    row = came(mail())
    visitor.get(prove_link(app))
    with unit_of_work():
        person_by(reference).email = "other@example.com"
    visitor.submit({}, status=410)
    db.session.expire_all()
    db.session.rollback()
    assert thread_of(row).standing is Standing.CLAIMED
