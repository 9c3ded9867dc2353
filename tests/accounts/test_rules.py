"""What each role permits, and how long a link opens."""

import datetime as dt

import pytest

from provider.accounts.rules import PERMITS, STUDENT, LinkState, Permission, Role, link_state, permissions

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
INSTANT = dt.timedelta(microseconds=1)
READING = frozenset(p for p in Permission if p.value.startswith("see_")) | {Permission.OWN_RECORDS}


def test_every_role_has_its_permissions_and_a_duty() -> None:
    assert set(PERMITS) == set(Role)
    assert all(role.duty.endswith(".") and role.label for role in Role)


def test_a_person_without_a_role_is_a_student() -> None:
    assert permissions(frozenset()) == STUDENT == {Permission.OWN_RECORDS}


def test_an_auditor_sees_everything_and_changes_nothing() -> None:
    assert permissions(frozenset({Role.AUDITOR})) == READING


def test_an_administrator_may_do_everything() -> None:
    assert permissions(frozenset({Role.ADMIN})) == set(Permission)


def test_every_staff_role_opens_the_staff_pages_and_only_money_roles_see_money() -> None:
    assert all(Permission.SEE_STAFF_PAGES in PERMITS[role] for role in Role)
    assert {role for role in Role if Permission.SEE_MONEY in PERMITS[role]} == {Role.BURSAR, Role.AUDITOR, Role.ADMIN}
    assert {role for role in Role if Permission.OVERRIDE_REFUNDS in PERMITS[role]} == {Role.BURSAR, Role.ADMIN}
    assert {role for role in Role if Permission.MANAGE_PEOPLE in PERMITS[role]} == {Role.ADMIN}


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
