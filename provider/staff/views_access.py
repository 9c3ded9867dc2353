"""Who may do what, in words: the table that every door asks, for administrators and auditors to read."""

from collections import Counter
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts import queries
from provider.accounts.rules import ANY, Kind, Outside, Permission, Role
from provider.kernel.doors import Door

door = Door("staff_access", __name__, needs=Permission.SEE_PEOPLE, url_prefix="/staff/access")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table as it is read: what it comes to, the verb, whose records, and who may."""

    what: str
    verb: str
    whose: str
    who: str


@door.get("")
def index() -> ResponseReturnValue:
    held = Counter(role for person in queries.staff() if person.disabled_at is None for role in person.roles)
    kinds = {kind: [_line(one) for one in Permission if one.kind is kind] for kind in Kind}
    return render_template("staff/access/index.html", roles=[(role, held[role]) for role in Role], kinds=kinds)


def _line(permission: Permission) -> Line:
    what = permission.words[0].upper() + permission.words[1:]
    whose = "Anybody’s" if permission.whose is ANY else "Only their own"
    return Line(what, permission.verb.value.capitalize(), whose, _who(permission.holders))


def _who(holders: frozenset[Role | Outside]) -> str:
    if Outside.VISITOR in holders:
        return "Everybody who signs in; before that, the browser that enrolled"
    if Outside.STUDENT in holders:
        return "Everybody who signs in"
    if holders.issuperset(Role):
        return "Everybody who works here"
    return ", ".join(role.label for role in Role if role in holders)
