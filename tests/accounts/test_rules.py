"""What each role permits, and how long a link opens."""

import datetime as dt

import pytest

from provider.accounts.rules import (
    CHANGE,
    OWN,
    PERMITS,
    SEE,
    STUDENT,
    VISITOR,
    Asker,
    LinkState,
    Outside,
    Permission,
    Role,
    link_state,
    permissions,
)

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
INSTANT = dt.timedelta(microseconds=1)


def test_every_role_has_its_permissions_and_a_duty() -> None:
    assert set(PERMITS) == {*Outside, *Role}
    assert all(role.duty.endswith(".") and role.label for role in Role)


def test_a_line_of_the_table_is_named_as_it_is_asked_for_and_says_what_it_comes_to() -> None:
    assert [permission.name.lower() for permission in Permission] == [permission.value for permission in Permission]
    assert all(permission.words and permission.words[0].islower() for permission in Permission)
    assert all(permission.verb is SEE for permission in Permission if permission.value.startswith("see_"))


def test_without_a_role_one_has_what_is_ones_own() -> None:
    own = {permission for permission in Permission if permission.whose is OWN}
    assert permissions(frozenset()) == STUDENT == own == VISITOR | {Permission.OWN_ACCOUNT, Permission.OWN_DATA}
    assert frozenset({Permission.OWN_RECORDS}) == VISITOR


def test_an_auditor_sees_everything_and_changes_nothing() -> None:
    seen = {permission for permission in Permission if permission.verb is SEE}
    assert permissions(frozenset({Role.AUDITOR})) == seen | STUDENT
    changes = {permission for permission in Permission if permission.verb is CHANGE}
    assert PERMITS[Role.AUDITOR] & changes == STUDENT & changes


def test_an_administrator_may_do_everything() -> None:
    assert permissions(frozenset({Role.ADMIN})) == set(Permission)


def test_every_staff_role_opens_the_staff_pages_and_only_money_roles_see_money() -> None:
    assert all(Permission.SEE_STAFF_PAGES in PERMITS[role] for role in Role)
    assert {role for role in Role if Permission.SEE_MONEY in PERMITS[role]} == {Role.BURSAR, Role.AUDITOR, Role.ADMIN}
    assert {role for role in Role if Permission.OVERRIDE_REFUNDS in PERMITS[role]} == {Role.BURSAR, Role.ADMIN}
    assert {role for role in Role if Permission.MANAGE_PEOPLE in PERMITS[role]} == {Role.ADMIN}


def test_who_changes_a_kind_of_record_may_see_it() -> None:
    blind = {
        (permission, who)
        for permission in Permission
        if permission.verb is CHANGE and permission.whose is not OWN
        for who in permission.holders
        if not any(one.kind is permission.kind and one.verb is SEE and who in one.holders for one in Permission)
    }
    assert blind == set()


def test_roles_add_up() -> None:
    both = permissions(frozenset({Role.EDITOR, Role.BURSAR}))
    assert both == PERMITS[Role.EDITOR] | PERMITS[Role.BURSAR]


@pytest.mark.parametrize(
    "expires, used, revoked, state",
    [
        (NOW, None, None, LinkState.OPEN),
        (NOW - INSTANT, None, None, LinkState.EXPIRED),
        (NOW, NOW, None, LinkState.USED),
        (NOW, None, NOW, LinkState.REVOKED),
        (NOW - INSTANT, NOW, None, LinkState.USED),
        (NOW, NOW, NOW, LinkState.REVOKED),
    ],
    ids=["last instant", "one past it", "used", "revoked", "used, then expired", "used, then revoked"],
)
def test_a_link_opens_up_to_its_last_instant_once(
    expires: dt.datetime, used: dt.datetime | None, revoked: dt.datetime | None, state: LinkState
) -> None:
    assert link_state(now=NOW, expires_at=expires, used_at=used, revoked_at=revoked) is state


@pytest.mark.parametrize(
    "person, browser, joined, typed_by, mine",
    [
        (7, None, 7, "b", True),
        (7, "b", 8, "b", False),
        (None, "b", 8, "b", False),
        (None, "b", None, "b", True),
        (7, "b", None, "b", True),
        (7, "b", None, "c", False),
        (None, None, None, None, False),
        (None, None, 7, None, False),
    ],
    ids=[
        "its person",
        "another person at the same browser",
        "the browser alone, once it is proved",
        "the browser that typed it",
        "somebody signed in at the browser that typed it",
        "another browser",
        "nobody, for what nobody typed",
        "nobody, for somebody's",
    ],
)
def test_a_record_is_its_persons_and_until_then_its_browsers(
    *, person: int | None, browser: str | None, joined: int | None, typed_by: str | None, mine: bool
) -> None:
    assert Asker(person, browser).owns(person_id=joined, browser=typed_by) is mine
