"""Who visits the back office."""

from collections.abc import Callable

import pytest
from flask import Flask

from provider.accounts.rules import Role
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

Colleague = Callable[..., Visitor]


@pytest.fixture
def colleague(app: Flask, visitors: Callable[[], Visitor]) -> Colleague:
    """Somebody of the staff with these roles, signed in at a browser of their own."""

    def come(*roles: Role) -> Visitor:
        visitor = visitors()
        sign_in(visitor, staff(app, *roles))
        return visitor

    return come


@pytest.fixture
def bursar(colleague: Colleague) -> Visitor:
    return colleague(Role.BURSAR)


@pytest.fixture
def admin(colleague: Colleague) -> Visitor:
    return colleague(Role.ADMIN)
