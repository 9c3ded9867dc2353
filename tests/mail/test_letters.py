import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from justhtml import JustHTML

from provider.jobs.worker import run_due
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.mail import letters, queries
from provider.mail.models import OutboxLetter
from provider.mail.replies import read_address
from provider.mail.rules import Mailbox, Manner, Value
from tests.harness.hooks import with_cards
from tests.harness.letters import LINK, POSTED, VALUES, a_letter
from tests.harness.smtp import MailServer

BASE = "http://127.0.0.1:8000"
ADDRESS = f"{BASE}/links/abcdefghijklmnopqrstuvwxyz"
HOSTILE = "<script>alert(1)</script> \u202egnp.\u2066 \r\nBcc: eve@example.com =?utf-8?q?x?= 🩺 שלום"
ODD_NAMES = [
    "Ana\r\nBcc: eve@example.com",
    "Ana, Ben <eve@example.com>; Carl",
    "=?utf-8?q?Ana=0D=0ABcc:_eve@example.com?=",
    "Zoë 🩺 李小龍",
    "שלום",
    "\u202eanA\u202c",
    "x" * 10_000,
    "\x00\x07",
]

NOTHING_TO_GIVE_BACK: dict[str, Value] = {
    "deadline_at": None,
    "deadline_clause": None,
    "open_cents": 0,
    "next_due_on": None,
    "purchase": False,
}

pytestmark = [pytest.mark.usefixtures("words"), pytest.mark.one_database("sqlite")]  # words are words on either


def outbox(template: str = "staff_notice", **changed: object) -> OutboxLetter:
    letter = a_letter(template=template, values=VALUES[template])
    known: dict[str, object] = {
        "reference": "L-7K2M9Q4T",
        "event": letter.event,
        "template": template,
        "mailbox": Mailbox.ENQUIRIES,
        "recipient": letter.recipient,
        "about": letter.about,
        "values": dict(letter.values),
        "message_id": "<l-7k2m9q4t@example.org>",
        "queued_at": POSTED,
    }
    return OutboxLetter(**(known | changed))


def sent(letter: OutboxLetter) -> letters.Written:
    written = letters.write(letter)
    letter.subject, letter.body_text, letter.body_html = written.subject, written.text, written.html
    return letters.addressed(letter, lambda _: ADDRESS)


TYPED = {"name", "program", "plan", "message", "topic", "title", "sentence", "inviter", "external_reference"} | {
    "reason", "clause", "deadline_clause", "refusal_sentence", "refund_sentence",
}  # fmt: skip


def test_every_template_has_its_values_here() -> None:
    folders = {path.name for path in (letters.FOLDER / "mail").iterdir() if path.is_dir()}
    assert folders == set(VALUES)


@pytest.mark.parametrize("template", VALUES)
def test_a_letter_renders_whole_in_both_forms(template: str) -> None:
    letter = outbox(template)
    written = sent(letter)
    everything = f"{written.subject}\n{written.text}\n{written.html}"
    assert written.subject == " ".join(written.subject.split()) != ""
    assert "!" not in written.subject + written.text
    assert [mark for mark in ("{{", "}}", "{%", "[L-", "None", "Undefined") if mark in everything] == []
    assert f"{settings().SCHOOL_NAME}\nQuestions?" in written.text
    html = JustHTML(written.html, sanitize=False, collect_errors=True)
    assert html.errors == []
    assert len(html.query("h1")) == 1
    assert [link for link in re.findall(r'href="([^"]*)"', written.html) if not allowed(link)] == []
    assert [url for url in re.findall(r"https?://\S+", written.text) if not url.startswith(f"{BASE}/")] == []
    has_link = bool(letters.links_of(letter))
    assert (ADDRESS in written.text, ADDRESS in written.html) == (has_link, has_link)
    assert ("samples" in written.text, "samples" in written.html) == (bool(letter.values.get("sample")),) * 2


def allowed(address: str) -> bool:
    return address.startswith((f"{BASE}/", "mailto:enquiries@example.org", "#"))


@pytest.mark.parametrize("template", VALUES)
def test_what_people_typed_stays_text(template: str) -> None:
    values = {name: HOSTILE if name in TYPED else value for name, value in VALUES[template].items()}
    letter = outbox(template, values=values)
    written = sent(letter)
    assert "<script" not in written.html
    assert [c for c in "\u202e\u2066\r" if c in written.subject + written.text + written.html] == []
    assert "\nBcc:" not in written.subject + written.text
    mail = letters.compose(letter, written)
    assert sorted(mail.keys()) == HEADERS


HEADERS = sorted(
    ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
     "MIME-Version", "Content-Type"]
)  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: name[:12].encode("unicode_escape").decode())
def test_no_name_adds_a_header_or_a_recipient(
    name: str, server: MailServer, post: Callable[..., str], row: Callable[[str], OutboxLetter]
) -> None:
    values = VALUES["contact_message"] | {"name": name, "topic": name}
    reference = post(template="contact_message", values=values, reply_to="ana@example.com")
    run_due(POSTED)
    (delivery,) = server.deliveries
    assert (row(reference).state.value, delivery.recipients) == ("sent", ("ana@example.com",))
    assert sorted(key for key in delivery.mail if not key.startswith("X-Peer")) == HEADERS
    assert (delivery.mail["To"], delivery.mail["Reply-To"]) == ("ana@example.com", "ana@example.com")
    assert len(delivery.mail["Subject"]) <= 200


@examples(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=300), message=st.text(max_size=300))
def test_any_text_makes_a_mail_that_is_read_back(name: str, message: str) -> None:
    letter = outbox("contact_message", values=VALUES["contact_message"] | {"name": name, "message": message})
    mail = letters.compose(letter, sent(letter))
    raw = mail.as_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert sorted(mail.keys()) == HEADERS


def test_a_mail_says_whom_it_is_from_and_that_a_machine_wrote_it() -> None:
    letter = outbox()
    mail = letters.compose(letter, sent(letter))
    assert {name: str(mail[name]) for name in HEADERS if name not in {"Content-Type", "MIME-Version", "Reply-To"}} == {
        "From": "Sample School of Health Careers <enquiries@example.org>",
        "To": "ana@example.com",
        "Subject": "Two refunds are due",
        "Date": "Sat, 21 Nov 2026 15:00:00 +0000",
        "Message-ID": "<l-7k2m9q4t@example.org>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    back = read_address(str(mail["Reply-To"]))
    assert back is not None
    assert (back.letter, back.is_ours("ana@example.com", now=POSTED)) == ("L-7K2M9Q4T", True)


def test_a_letter_by_a_person_does_not_say_that_a_machine_wrote_it() -> None:
    letter = outbox(manner=Manner.PERSONAL, in_reply_to="<asked@example.com>")
    mail = letters.compose(letter, sent(letter))
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == (None, None)
    assert (mail["In-Reply-To"], mail["References"]) == ("<asked@example.com>", "<asked@example.com>")


def test_an_acknowledgment_leaves_without_a_return_path(
    server: MailServer, post: Callable[..., str], row: Callable[[str], OutboxLetter]
) -> None:
    reference = post(manner=Manner.ACKNOWLEDGMENT)
    run_due(POSTED)
    (delivery,) = server.deliveries
    assert (row(reference).state.value, delivery.sender) == ("sent", "<>")
    assert delivery.mail["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("mailbox", Mailbox)
def test_its_foot_names_the_mailbox_that_it_leaves_from(mailbox: Mailbox) -> None:
    letter = outbox("place_offered", mailbox=mailbox)
    written, address = sent(letter), f"{mailbox.value}@example.org"
    back = str(letters.compose(letter, written)["Reply-To"])
    assert back.startswith(f"{mailbox.value}+")
    assert back.endswith("@example.org")
    assert f"Questions? Answer this letter, or write to {address}.\n" in written.text
    assert re.findall(r'href="mailto:([^"]*)"', written.html) == [address]


def test_a_typed_reply_address_that_is_not_one_address_is_left_out() -> None:
    letter = outbox(reply_to="ana@example.com, eve@example.com")
    assert read_address(str(letters.compose(letter, sent(letter))["Reply-To"])) is not None


def test_a_receipt_prints_the_deadline_to_the_second_in_the_students_zone_and_in_utc() -> None:
    written = sent(outbox("receipt"))
    assert "November 22, 2026, 3:31:59 PM PST\n(2026-11-22 23:31:59 UTC), this last second included." in written.text
    plain = " ".join(JustHTML(written.html, sanitize=False).to_text().split())
    assert "November 22, 2026, 3:31:59 PM PST (2026-11-22 23:31:59 UTC)" in plain


def test_a_receipt_of_a_later_payment_does_not_promise_what_has_ended() -> None:
    later = {"recorded_at": "2026-12-21T12:00:00+00:00", "purchase": False}
    text = sent(outbox("receipt", values=VALUES["receipt"] | later)).text
    assert "The refund window of this enrollment ended on November 22, 2026, 3:31:59 PM PST" in text
    assert ("Your right to a refund" in text, ADDRESS in text) == (False, False)


def test_a_declined_request_is_answered_with_both_instants_and_the_states_law() -> None:
    text = sent(outbox("refund_declined")).text
    assert "Your request reached us: November 22, 2026, 3:32:00 PM PST (2026-11-22 23:32:00 UTC)" in text
    assert "The refund window closed: November 22, 2026, 3:31:59 PM PST (2026-11-22 23:31:59 UTC)" in text
    assert "Your state's law may give you more" in text


@pytest.mark.parametrize(
    "template, absent",
    [
        ("refund_declined", {"deadline_at": None, "purchased_at": None}),
        ("receipt", NOTHING_TO_GIVE_BACK),
        ("receipt", NOTHING_TO_GIVE_BACK | {"for_return": True}),
        ("withdrawal", {"reason": None, "waived_cents": 0, "still_owed_cents": 64_900}),
        ("installment_waived", {"still_owed_cents": 0, "next_due_on": None, "next_cents": None}),
        ("payout_sent", {"external_reference": None, "method": "check", "card": None}),
        ("payout_sent", {"disputed": True, "external_reference": "dp_7K2M9Q4T"}),
        ("payout_sent", {"card": None}),
        ("payout_failed", {"card": None, "overdue_on": None}),
        ("refund_outside", {"card": None, "ended": False, "goes_on": True}),
        ("refund_outside", {"ended": False}),
        ("refund_approved", {"override": True, "refund_link": None}),
        ("refund_approved", {"basis": "late_payment"}),
        *(
            ("enrollment_canceled", {"reason": reason})
            for reason in ("student", "replaced", "already_enrolled", "staff")
        ),
        *(("installment_reminder", {"kind": kind}) for kind in ("today", "late", "last")),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_a_letter_without_some_values_still_reads(template: str, absent: dict[str, Value]) -> None:
    written = sent(outbox(template, values=VALUES[template] | absent))
    assert [mark for mark in ("None", "\n\n\n", " .", "()") if mark in written.text] == []
    assert JustHTML(written.html, sanitize=False, collect_errors=True).errors == []


def test_stored_text_opens_nothing_and_staff_see_only_that_a_link_is_there(
    server: MailServer,
    post: Callable[..., str],
    row: Callable[[str], OutboxLetter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry(), "letter_links", lambda reference: f"{BASE}/links/{reference.lower()}-secret")
    reference = post(template="password_link", values=VALUES["password_link"])
    before = queries.shown(row(reference)).text
    run_due(POSTED)
    letter = row(reference)
    (delivery,) = server.deliveries
    address = f"{BASE}/links/{LINK.lower()}-secret"
    assert (address in delivery.body(), f'href="{address}"' in delivery.body("html")) == (True, True)
    assert "secret" not in f"{letter.subject}{letter.body_text}{letter.body_html}{letter.values}"
    shown = queries.shown(letter)
    assert (shown.text, shown.text.count("[personal link]"), LINK in shown.text) == (before, 1, False)


def test_a_visitor_cannot_type_a_link_into_a_letter() -> None:
    typed = f"[L-7K2M9Q4T/{LINK}]"
    letter = outbox("contact_message", values=VALUES["contact_message"] | {"name": typed})
    assert ADDRESS not in sent(letter).text


def test_a_link_to_another_site_never_leaves() -> None:
    letter = outbox("password_link")
    sent(letter)
    for address in (f"{BASE}.evil.example/links/x", "https://evil.example/", f"{BASE}0/links/x"):
        with pytest.raises(letters.Unsendable):
            letters.addressed(letter, lambda _, address=address: address)  # type: ignore[misc]


def test_links_begin_with_the_configured_address_whatever_host_was_asked_for(
    app: Flask, server: MailServer, post: Callable[..., str]
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], BASE_URL="https://school.example.org")
    post(values=VALUES["staff_notice"])
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        run_due(POSTED)
    (delivery,) = server.deliveries
    assert "https://school.example.org/staff/refunds" in delivery.body()
    assert "evil.example" not in delivery.content.decode()


def test_the_address_of_a_constant_page_follows_the_school_it_is_written_for(words: Flask) -> None:
    before = words.extensions["settings"]
    for base_url in (before.BASE_URL, "https://other.example"):
        words.extensions["settings"] = replace(before, BASE_URL=base_url)
        written = sent(outbox("exam_verified"))
        words.extensions["settings"] = before
        assert f"{base_url}/my/credit-requests" in written.text
        assert f'href="{base_url}/my/credit-requests"' in written.html


def test_international_domains_are_written_in_ascii(server: MailServer, post: Callable[..., str]) -> None:
    post(recipient="ana@xn--mnchen-3ya.example")
    run_due(POSTED)
    assert [delivery.recipients for delivery in server.deliveries] == [("ana@xn--mnchen-3ya.example",)]


def test_right_to_left_names_do_not_reorder_the_sentence() -> None:
    written = sent(outbox("payment_reminder", values=VALUES["payment_reminder"] | {"name": "שלום"}))
    assert written.text.startswith("Hello \u2068שלום\u2069,\n")  # noqa: RUF001 - Hebrew


def test_a_letter_that_cannot_be_written_shows_staff_why() -> None:
    shown = queries.shown(outbox(values={"title": "A"}))
    assert (shown.subject, shown.text) == (
        "Staff notice",
        "the letter could not be written: UndefinedError: 'sentence' is undefined",
    )


@pytest.mark.parametrize("template", ["enrollment_received", "payment_reminder", "installment_reminder"])
def test_letters_that_ask_for_money_print_where_to_pay_once_the_school_has_said_it(words: Flask, template: str) -> None:
    assert "Answer this letter for our account" in letters.write(outbox(template)).text
    silent = words.extensions["settings"]
    words.extensions["settings"] = replace(silent, PAYMENT_INSTRUCTIONS="Sample Bank, account 123456 | 1 Main Street")
    try:
        written = letters.write(outbox(template))
    finally:
        words.extensions["settings"] = silent
    assert re.search(r"\n *Sample Bank, account 123456\n *1 Main Street\n", written.text)
    assert "Sample Bank, account 123456<br>1 Main Street" in written.html
    assert "Answer this letter for our account" not in written.text


@pytest.mark.parametrize("template", ["enrollment_received", "payment_reminder", "installment_reminder"])
def test_letters_that_ask_for_money_lead_to_the_page_that_takes_cards_once_it_does(words: Flask, template: str) -> None:
    page = "http://127.0.0.1:8000/my/enrollments/E-7K2M9Q4T/pay"
    assert page not in letters.write(outbox(template)).text
    without = words.extensions["settings"]
    words.extensions["settings"] = with_cards(without, "whsec_1")
    try:
        written = letters.write(outbox(template))
    finally:
        words.extensions["settings"] = without
    assert f"\n{page}\n" in written.text
    assert f'<a class="button" href="{page}">Pay by card</a>' in written.html
    assert "by bank transfer, check or money order, and write E-7K2M9Q4T on it" in written.text


@pytest.mark.parametrize("kind, day", [("ahead", "on that day"), ("today", "today")])
def test_a_reminder_about_a_kept_card_says_that_nothing_is_to_be_done(words: Flask, kind: str, day: str) -> None:
    values = {**VALUES["installment_reminder"], "kind": kind, "card": "Visa ending in 4242"}
    written = letters.write(outbox("installment_reminder", values=values))
    assert f"We charge it to your Visa ending in 4242 {day}. You need not do anything." in written.text
    assert f"We charge it to your <strong>Visa ending in 4242</strong> {day}. You need not do anything." in written.html
    assert "bank transfer" not in written.text + written.html


def test_a_receipt_says_which_card_the_next_part_is_charged_to(words: Flask) -> None:
    values = {**VALUES["receipt"], "open_cents": 52_500, "next_due_on": "2026-12-21", "card": "Visa ending in 4242"}
    written = letters.write(outbox("receipt", values=values))
    for text in (written.text, written.html):
        assert "We charge it to your Visa ending in 4242 on that day; you need not do anything." in text


@pytest.mark.parametrize("template", list(VALUES))
def test_each_letter_of_a_demonstration_says_so_last_and_no_other_does(words: Flask, template: str) -> None:
    line = "This letter comes from a demonstration: no money moves, and the students are invented."
    assert line not in letters.write(outbox(template)).text
    real = words.extensions["settings"]
    words.extensions["settings"] = replace(real, DEMONSTRATION=True)
    try:
        written = letters.write(outbox(template))
    finally:
        words.extensions["settings"] = real
    assert written.text.splitlines()[-1] == line
    assert written.html.count(line) == 1
