"""Cookies as a thief copies them, and people with accounts."""

from flask import Flask
from werkzeug.test import Client

from tests.harness.visitor import Visitor


def cookie_name(app: Flask) -> str:
    """Return the name of the session's cookie."""
    return str(app.config["SESSION_COOKIE_NAME"])


def copied(app: Flask, client: Client) -> str:
    """Return the value of a browser's session cookie."""
    cookie = client.get_cookie(cookie_name(app))
    assert cookie is not None
    return cookie.value


def thief(app: Flask, victim: Visitor) -> Visitor:
    """Return another browser with a copy of the victim's session."""
    other = Visitor(app)
    other.client.set_cookie(cookie_name(app), copied(app, victim.client))
    return other
