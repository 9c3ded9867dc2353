import datetime as dt

import sqlalchemy as sa
from flask import Flask

from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from tests.harness.letters import VALUES
from tests.harness.season import Season


def test_whatever_the_rooms_post_can_be_written(app: Flask, cardless: Season) -> None:
    with app.app_context():
        run_due(clock.now() + dt.timedelta(hours=1))
        letters = list(db.session.scalars(sa.select(OutboxLetter)))
        failed = [(each.template, each.last_reply) for each in letters if each.state is not LetterState.SENT]
        assert [reply for _, reply in failed if reply and "could not be written" in reply] == []
        assert {each.template for each in letters} <= set(VALUES)
