"""Files that come in and go out with mail: who gets them, and that they are only ever handed out as files of ours."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.letters import attachments_of
from provider.mail.models import OutboxLetter
from provider.mailroom.models import IncomingMail
from tests.harness.mail_in import EXTERNSHIP, came
from tests.harness.papers import PAPER
from tests.harness.people import submit_to
from tests.harness.read import uploaded
from tests.harness.visitor import Visitor

Colleague = Callable[..., Visitor]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HANDED = {
    "Content-Type": "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
}


@pytest.fixture
def coordinator(colleague: Colleague) -> Visitor:
    return colleague(Role.COORDINATOR)


def sent(app: Flask, *names: str) -> str:
    """Let a stranger send a mail with a file under each name; returns the address of its thread."""
    lines = [f"From: zoe@example.com\r\nTo: {EXTERNSHIP}\r\nSubject: My papers\r\nMIME-Version: 1.0"]
    lines += ["Content-Type: multipart/mixed; boundary=B", "", "--B", "", "Here they are."]
    for name in names:
        disposition = f"Content-Disposition: attachment; filename*=utf-8''{quote(name)}"
        lines += ["--B", "Content-Type: image/svg+xml", disposition, "", SVG.decode()]
    with app.app_context():
        content = "\r\n".join([*lines, "--B--", ""]).encode()
        thread = came(content, to=EXTERNSHIP, sender="zoe@example.com", at=clock.now()).thread
        db.session.remove()
    return f"/staff/messages/{thread}"


def links(visitor: Visitor, thread: str) -> list[str]:
    page = visitor.get(thread)
    return [str(one.attrs["href"]) for one in page.all(".mail__files a")]


@pytest.mark.parametrize(
    "name, ending",
    [
        ("tb.svg", "svg"),
        ("../../etc/passwd", "bin"),
        ('"; filename="evil.html', "html"),
        ("tb.svg\r\nX-Evil: 1", "bin"),
        ("tb.a b", "bin"),
        ("tb." + "x" * 200, "bin"),
        ("tb.\u202egpj", "gpj"),
        ("без имени.пдф", "bin"),
    ],
    ids=["plain", "a path", "a quote", "a header", "a blank", "long", "backwards", "letters of its own"],
)
def test_what_came_in_is_a_download_under_a_name_of_ours_whatever_it_was_called(
    app: Flask, coordinator: Visitor, name: str, ending: str
) -> None:
    [link] = links(coordinator, sent(app, name))
    answer = coordinator.get(link).response
    message = link.split("/")[-2]
    assert answer.data == SVG
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{message}-1.{ending}"'
    assert {key: answer.headers[key] for key in HANDED} == HANDED


def test_each_file_is_read_by_those_of_its_mailbox_and_each_time_is_kept(
    app: Flask, colleague: Colleague, visitors: Callable[[], Visitor], coordinator: Visitor
) -> None:
    thread, other = sent(app, "one.svg", "two.svg"), sent(app, "three.svg")
    first, second = links(coordinator, thread)
    assert [coordinator.get(one).response.data for one in (first, second)] == [SVG, SVG]
    for role in (Role.ADMISSIONS, Role.CREDIT_OFFICER, Role.BURSAR, Role.EDITOR):
        visitor = colleague(role)
        assert SVG not in visitor.get(first, 403 if role is Role.EDITOR else 404).response.data
    auditor = colleague(Role.AUDITOR)
    assert auditor.get(first).response.data == SVG
    visitors().get(first, 303)
    message = first.split("/")[-2]
    for wrong in (f"{thread}/{message}/{number}" for number in ("0", "3", "01", "-1", "x", "1.svg")):
        coordinator.get(wrong, 404)
    coordinator.get(f"{other}/{message}/1", 404)
    with app.app_context():
        read = sa.select(History.actor_reference, History.subject_reference).where(
            History.event == "thread_message.opened"
        )
        found = db.session.execute(read).all()
        assert [subject for _, subject in found] == [message] * 3
        assert len({actor for actor, _ in found}) == 2
        assert None not in {actor for actor, _ in found}
        db.session.remove()


def test_a_file_whose_mail_has_gone_is_gone(app: Flask, coordinator: Visitor) -> None:
    thread = sent(app, "one.svg")
    [link] = links(coordinator, thread)
    with app.app_context():
        with unit_of_work():
            db.session.execute(sa.update(IncomingMail).values(raw=None))
        db.session.remove()
    coordinator.get(link, 404)


def test_what_goes_out_is_a_file_of_ours_in_the_letter_and_on_the_page(
    app: Flask, coordinator: Visitor, colleague: Colleague
) -> None:
    thread = sent(app, "one.svg")
    coordinator.get(thread)
    submit_to(coordinator, "/answers", {"text": "Here.", "file1": uploaded(PAPER, "../../evil\u202e.exe")})
    _, link = links(coordinator, thread)
    answer = coordinator.get(link).response
    assert answer.data == PAPER
    assert {key: answer.headers[key] for key in HANDED} == HANDED
    name = answer.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="F-[2-9A-HJKMNP-TV-Z]{8}\.pdf"', name), name
    colleague(Role.ADMISSIONS).get(link, 404)
    with app.app_context():
        letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "thread_answer")).one()
        [file] = attachments_of(letter)
        assert (file.name, file.kind, file.content) == (f"{thread.rpartition('/')[2]}-1.pdf", "application/pdf", PAPER)
        db.session.remove()


def test_a_file_that_is_no_paper_and_no_picture_never_goes_out(app: Flask, coordinator: Visitor) -> None:
    thread = sent(app, "one.svg")
    coordinator.get(thread)
    page = submit_to(coordinator, "/answers", {"text": "Here.", "file1": uploaded(SVG, "picture.png")}, 422)
    assert list(page.errors) == ["_schema"]
    assert len(links(coordinator, thread)) == 1
