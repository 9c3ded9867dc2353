"""What stands for each part of an address: a real record of each kind, so that a visit finds something there."""

from flask import Flask
from werkzeug.routing import Rule

from provider.kernel.database import db
from tests.harness.house import ROOMS
from tests.harness.room import Objects
from tests.harness.season import Season
from tests.harness.stories import token_for

# What stands beneath these is of somebody else than the OWNER: of who is at a site.
OTHER_OWNERS = {"/my/externship/hours/": "extern", "/my/externship/procedures/": "extern"}


def objects(app: Flask, season: Season) -> Objects:
    """Return the parts of addresses by how the address begins; what stands beneath /my is the OWNER's."""
    known: Objects = {}
    with app.app_context():
        for room in ROOMS:
            known |= room.objects(season)
        db.session.remove()
    return known | {"/links/": {"token": token_for(app, "refund", season["fresh"].enrollment)}}


def address(app: Flask, rule: Rule, known: Objects) -> str:
    """Return the rule's address with the records that are known for its longest beginning."""
    begins = max((begins for begins in known if rule.rule.startswith(begins)), key=len, default="")
    values = {name: known[begins][name] for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))
