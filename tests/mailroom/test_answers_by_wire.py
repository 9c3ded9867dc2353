"""A student writes, proves by the link who they are, is answered from the page and answers back, all by real SMTP."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from provider.threads import queries
from provider.threads.rules import Direction, Standing, ThreadState
from tests.harness.audit import assert_clean
from tests.harness.mail_in import EXTERNSHIP, known, mail, send
from tests.harness.smtp import Delivery, MailServer, mail_server
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

SAM = "sam@example.com"


@pytest.fixture
def out(app: Flask) -> Iterator[MailServer]:
    before = app.extensions["settings"]
    with mail_server() as server:
        app.extensions["settings"] = replace(before, MAIL_URL=server.url)
        yield server
    app.extensions["settings"] = before


def last(app: Flask, out: MailServer) -> Delivery:
    """Let everything happen that is due, and return the last letter to Sam."""
    with app.app_context():
        run_due(clock.now())
    return out.to(SAM)[-1]


def test_a_mail_is_proved_answered_and_answered_back_in_one_thread(
    app: Flask, listener: int, out: MailServer, visitors: Callable[[], Visitor]
) -> None:
    with app.app_context():
        known()
        db.session.remove()
    asked = mail("Where do I send it?", subject="My TB test", message_id="<asked@example.com>", to=EXTERNSHIP)
    assert send(listener, asked, to=EXTERNSHIP).startswith("250")
    told = last(app, out)
    assert str(told.mail["Auto-Submitted"]) == "auto-replied"
    [path] = set(re.findall(r"/links/[\w-]+", told.body()))
    coordinator = visitors()
    sign_in(coordinator, staff(app, Role.COORDINATOR))
    page = coordinator.get("/staff/messages")
    [reference] = set(re.findall(r"/staff/messages/(TH-\w{8})", page.text))
    assert "Tell nothing that stands in the person’s records" in coordinator.get(f"/staff/messages/{reference}").words()
    student = visitors()
    student.get(path)
    student.submit({}, follow=False)
    page = coordinator.get(f"/staff/messages/{reference}")
    assert "You may tell what their records say." in page.words()
    fields = {name: str(page.all(f"input[name={name}]")[0].attrs["value"]) for name in ("key", "seen")}
    coordinator.post(f"/staff/messages/{reference}/answers", fields | {"text": "Upload it on your page."})
    answer = last(app, out)
    assert (str(answer.mail["Subject"]), str(answer.mail["In-Reply-To"])) == ("Re: My TB test", "<asked@example.com>")
    assert "Auto-Submitted" not in answer.mail
    assert "Upload it on your page." in answer.body()
    back = str(answer.mail["Reply-To"])
    assert back.startswith("externship+")
    thanks = mail("Done, thank you.", subject="Re: My TB test", to=back)
    assert send(listener, thanks, to=back).startswith("250")
    last(app, out)
    with app.app_context():
        thread = queries.by_reference(reference)
        assert (thread.state, thread.standing) == (ThreadState.WAITING, Standing.PROVED)
        assert [(one.direction, one.text) for one in queries.messages(thread)] == [
            (Direction.IN, "Where do I send it?"),
            (Direction.OUT, "Upload it on your page."),
            (Direction.IN, "Done, thank you."),
        ]
    assert len(out.to(SAM)) == 2  # the acknowledgment and the answer: a thread is acknowledged once
    assert_clean(app)
