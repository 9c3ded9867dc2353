"""Doors of the house: a blueprint says at its birth who may enter; without a word nobody does."""

from collections.abc import Callable
from enum import StrEnum

from flask import Blueprint, Flask, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from provider.kernel.errors import NotAllowed
from provider.kernel.registry import registry
from provider.kernel.web import READING

PUBLIC = "public"


class Door(Blueprint):
    """A blueprint with the permission that opens it, and the one that lets a visitor change something inside.

    ``needs`` opens every page; ``changes`` is asked for on top of it for anything but reading, so that an auditor
    may read all and change nothing. A public door is named in ``app.PUBLIC_DOORS`` as well.
    """

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        needs: StrEnum | str,
        changes: StrEnum | None = None,
        url_prefix: str | None = None,
    ) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.needs = needs
        self.changes = changes
        self.before_request(self._guard)

    def _guard(self) -> ResponseReturnValue | None:
        if self.needs == PUBLIC:
            return None
        may: Callable[[str], bool] | None = registry().may
        asked = [self.needs] if request.method in READING or self.changes is None else [self.needs, self.changes]
        if may is not None and all(may(permission) for permission in asked):
            return None
        if current_user.is_authenticated:
            return self._refuse()
        return sign_in_first()

    def _refuse(self) -> ResponseReturnValue:
        detour = registry().detour
        first = detour() if detour else None
        if first is None:
            raise NotAllowed
        return redirect(first, code=303)


def sign_in_first() -> Response:
    """Lead to signing in, and from there back to the page that was asked for."""
    target = request.full_path.rstrip("?") if request.method in READING else None
    return redirect(url_for("accounts.sign_in", next=target), code=303)


def doors(app: Flask) -> dict[str, Door]:
    """Return the application's doors by name."""
    return {name: blueprint for name, blueprint in app.blueprints.items() if isinstance(blueprint, Door)}
