"""The mailroom: the link by which somebody shows that a mail was theirs."""

from flask import Flask

from provider.mailroom.rules import PROVE
from tests.harness.mail_in import claimed_thread
from tests.harness.room import Records, Room
from tests.harness.season import Season
from tests.harness.stories import token_for

BUTTONS = {"/links/{proving}": None}


def _link(school: Flask, season: Season) -> dict[str, str]:
    return {"proving": token_for(school, PROVE, claimed_thread(school, season["completed"].email))}


ROOM = Room(buttons=BUTTONS, records=(Records(("proving",), _link),))
