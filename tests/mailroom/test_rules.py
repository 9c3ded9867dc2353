"""What a mail is, how far it is believed, and what it asks for."""

import pytest

from provider.mailroom import automatic, notices
from provider.mailroom.asking import asks_for_money_back, enrollments_named, own_words
from provider.mailroom.reading import Reading, read
from provider.mailroom.rules import Judged
from provider.mailroom.trust import is_proved, standing
from provider.threads.rules import Standing
from tests.harness.mail_in import mail
from tests.mailroom.notes import abuse, bounced

OURS = frozenset({"example.org"})
MX = "mx.example.org"
SAM = "sam@mail.example.edu"


def reading(*, sender: str = "Sam Doe <sam@example.com>", subject: str = "A question", **headers: str) -> Reading:
    return read(mail(sender=sender, subject=subject, proved=False, **headers))


def test_a_person_wrote_an_ordinary_mail() -> None:
    assert automatic.judged(reading(Auto_Submitted="no"), "sam@example.com", OURS) is Judged.PERSON


@pytest.mark.parametrize(
    "name, value",
    [
        ("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-generated; a=b"),
        ("auto-submitted", "AUTO-NOTIFIED"),
        ("Precedence", "bulk"), ("Precedence", "List"), ("Precedence", "junk"), ("Precedence", "auto_reply"),
        ("List-Id", "<news.example.com>"), ("List-Unsubscribe", "<mailto:a@example.com>"), ("X-Autoreply", "yes"),
        ("X-Autorespond", "1"), ("X-Auto-Response-Suppress", "OOF, AutoReply"), ("X-Auto-Response-Suppress", "All"),
        ("X-Loop", "a"), ("X-POST-MessageClass", "9; Autoresponder"),
        ("X-MS-Exchange-Inbox-Rules-Loop", "a@example.com"),
        ("X-Failed-Recipients", "a@example.com"), ("Feedback-ID", "1:2:3"),
    ],
)  # fmt: skip
def test_what_a_machine_says_of_itself_is_believed(name: str, value: str) -> None:
    found = reading(**{name: value})
    assert automatic.judged(found, "sam@example.com", OURS) is Judged.AUTOMATIC


def test_an_empty_sender_a_machines_name_and_a_machines_subject_are_a_machines() -> None:
    assert automatic.judged(reading(), None, OURS) is Judged.AUTOMATIC
    for sender in ("MAILER-DAEMON@example.com", "no-reply@example.com", "noreply+1@example.com"):
        assert automatic.judged(reading(sender=sender), "a@example.com", OURS) is Judged.AUTOMATIC
    for subject in ("Automatic reply: Your mail", "Out of Office", "Respuesta automática: hola"):
        assert automatic.judged(reading(subject=subject), "a@example.com", OURS) is Judged.AUTOMATIC
    assert automatic.judged(reading(subject="My automatic reply"), "a@example.com", OURS) is Judged.PERSON


def test_one_of_our_own_addresses_is_a_loop_wherever_it_stands() -> None:
    ours = "enquiries+abc@example.org"
    assert automatic.judged(reading(sender=ours), "a@example.com", OURS) is Judged.OWN
    assert automatic.judged(reading(), ours, OURS) is Judged.OWN
    assert automatic.judged(reading(Sender=ours), "a@example.com", OURS) is Judged.OWN
    assert automatic.judged(reading(sender="dana@example.org"), "dana@example.org", OURS) is Judged.PERSON


@pytest.mark.parametrize(
    "results, proved",
    [
        (["mx.example.org; dmarc=pass header.from=mail.example.edu"], True),
        (["MX.Example.ORG; dmarc=pass header.from=mail.example.edu"], True),
        (["mx.example.org; dmarc=fail header.from=mail.example.edu"], False),
        (["mx.example.org; dmarc=pass header.from=example.net"], False),
        (["mx.example.org; dmarc=pass"], False),
        (["mx.example.org; spf=pass smtp.mailfrom=bounce@mail.example.edu"], True),
        (["mx.example.org; spf=pass smtp.mailfrom=example.edu"], True),
        (["mx.example.org; spf=pass smtp.mailfrom=evil.mail.example.edu"], False),
        (["mx.example.org; spf=pass smtp.mailfrom=edu"], False),
        (["mx.example.org; spf=pass smtp.mailfrom=notmail.example.edu"], False),
        (["mx.example.org; spf=softfail smtp.mailfrom=mail.example.edu"], False),
        (["mx.example.org; spf=pass smtp.helo=mail.example.edu"], False),
        (["mx.example.org; dkim=pass header.d=example.edu"], True),
        (["mx.example.org; dkim=pass header.i=@mail.example.edu"], True),
        (["mx.example.org; dkim=pass header.d=example.net; dkim=pass header.d=example.edu"], True),
        (["mx.example.org; dkim=fail header.d=example.edu"], False),
        (["mx.example.org; arc=pass header.d=example.edu"], False),
        (["mx.example.org; auth=pass smtp.auth=sam@mail.example.edu"], False),
        (["mx.example.net; dmarc=pass header.from=mail.example.edu"], False),
        (["mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass header.from=mail.example.edu"], False),
        (["mx.example.net; dmarc=pass", "mx.example.org; dmarc=pass header.from=mail.example.edu"], True),
        (["mx.example.org; none"], False),
        (["mx.example.org"], False),
        (["broken ;;; =="], False),
        ([""], False),
        ([], False),
    ],
)
def test_only_the_topmost_result_of_our_own_server_proves_a_sender(results: list[str], *, proved: bool) -> None:
    assert is_proved(results, authserv_id=MX, sender=SAM) is proved


def test_without_a_name_of_our_server_or_without_a_sender_nothing_is_proved() -> None:
    result = ["mx.example.org; dmarc=pass header.from=mail.example.edu"]
    assert not is_proved(result, authserv_id="", sender=SAM)
    assert not is_proved(["; dmarc=pass header.from=mail.example.edu"], authserv_id="", sender=SAM)
    assert not is_proved(result, authserv_id=MX, sender=None)


@pytest.mark.parametrize(
    "proved, known, staff, believed",
    [
        (True, True, True, Standing.PROVED),
        (True, True, False, Standing.PROVED),
        (False, True, True, Standing.STAFF_UNPROVED),
        (False, True, False, Standing.CLAIMED),
        (True, False, False, Standing.UNKNOWN),
        (False, False, False, Standing.UNKNOWN),
    ],
)
def test_who_is_believed_to_write(*, proved: bool, known: bool, staff: bool, believed: Standing) -> None:
    assert standing(proved=proved, known=known, staff=staff) is believed


def test_a_bounce_tells_what_became_of_which_letter() -> None:
    found = notices.bounce(read(bounced("<l-1@example.org>", "sam@example.com")))
    assert found is not None
    assert found.message_ids == ("<l-1@example.org>",)
    failed = found.of("sam@example.com")
    assert failed is not None
    assert (failed.status, failed.hard, failed.said) == ("5.1.1", True, "550 5.1.1 No such user")
    assert found.of("pat@example.com") is None


@pytest.mark.parametrize(
    "status, action, hard",
    [
        ("5.1.1", "failed", True), ("5.7.1", "failed", True), ("4.4.7", "failed", False), ("4.2.2", "delayed", False),
        ("5.0.0", "delayed", False), ("2.0.0", "delivered", None), ("nonsense", "failed", None), ("5.1.1", "", None),
    ],
)  # fmt: skip
def test_only_what_failed_for_good_is_hard(status: str, action: str, hard: bool | None) -> None:  # noqa: FBT001 - a table
    found = notices.bounce(read(bounced("<l-1@example.org>", "sam@example.com", status=status, action=action)))
    failed = found.of("sam@example.com") if found else None
    assert (failed.hard if failed else None) is hard


def test_a_bounce_that_gives_back_only_headers_is_read_as_well() -> None:
    found = notices.bounce(read(bounced("<l-1@example.org>", "sam@example.com", whole=False)))
    assert found is not None
    assert found.message_ids == ("<l-1@example.org>",)


def test_words_about_a_bounce_are_none() -> None:
    assert notices.bounce(read(mail("Status: 5.1.1\nMessage-ID: <l-1@example.org>"))) is None


def test_a_complaint_is_told_from_other_feedback() -> None:
    found = notices.complaint(read(abuse("<l-1@example.org>")))
    assert found is not None
    assert found.message_ids == ("<l-1@example.org>",)
    assert notices.complaint(read(abuse("<l-1@example.org>", kind="not-spam"))) is None


@pytest.mark.parametrize(
    "subject, text, words",
    [
        ("Refund", "Please.", "refund"),
        ("Hello", "I would like a REFUND, please.", "refund"),
        ("Hello", "I want my money\nback.", "want my money"),
        ("Hello", "please return my tuition", "return my tuition"),
        ("Hello", "Please cancel my enrollment.", "cancel my enrollment"),
        ("Hello", "Can you give me back my payment?", "give me back my payment"),
        ("Hello", "I changed my mind.", "changed my mind"),
        ("Hola", "Quiero un reembolso.", "reembolso"),
        ("Hola", "Quiero la devolución de mi dinero", "devolución de mi dinero"),
        ("Hello", "What is your refund policy?", "refund"),  # a person tells the difference
        ("Hello", "\uff52\uff45\uff46\uff55\uff4e\uff44", "refund"),
        ("Hello", "Is the fee non-refundable?", None),
        ("Hello", "I prefunded it.", None),
        ("Hello", "Where is my money order form?", None),
        ("Re: Your refund deadline", "Thank you.", None),
        ("Hello", "Thank you.\n\n> You can have a refund until Tuesday.", None),
        (
            "Hello",
            "Thank you.\n\nOn Mon, Nov 16, 2026 at 9:00 AM School <enquiries@example.org> wrote:\n> refund",
            None,
        ),
        ("Hello", "> Did you want a refund?\nYes, I want my money back.", "want my money"),
        ("Hello", "See the picture.", None),
        ("", "", None),
    ],
)
def test_a_mail_that_asks_for_the_money_back_is_found_by_its_words(subject: str, text: str, words: str | None) -> None:
    assert asks_for_money_back(subject, text) == words


def test_the_own_words_of_an_answer_are_what_is_left_without_the_quoted() -> None:
    assert own_words("Yes.\n\n> No?").strip() == "Yes."
    assert own_words("> only quoted").strip() == "> only quoted"


def test_an_enrollment_that_a_mail_names_is_found() -> None:
    assert enrollments_named("About e-7k2m9q4t", "and E-7K2M9Q4T, E-ABCDEFGI") == ("E-7K2M9Q4T",)
