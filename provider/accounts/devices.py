"""Browsers that somebody signed in with before: a signed cookie says so, and strangers' tries do not stop them."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from flask import Response, after_this_request, request

from provider.kernel.settings import settings

MOST_ACCOUNTS = 5
LASTS_SECONDS = 365 * 24 * 3600
_SIGNS = 32


def cookie_name() -> str:
    """Return the name of the cookie; in production one that only this host can set."""
    known = settings()
    return "__Host-device" if known.production else f"device-{known.PORT}"


def known(reference: str | None) -> str | None:
    """Return this browser's own key if its cookie vouches for the account, else None."""
    device, seals = _read()
    mine = _seal(device, reference or "")
    vouched = any(hmac.compare_digest(mine, seal) for seal in seals)
    return device if reference is not None and vouched else None


def remember(reference: str) -> None:
    """Let this browser count as one that the account was signed in with; it keeps the last few accounts."""
    device, seals = _read()
    device = device or secrets.token_urlsafe(16)
    mine = _seal(device, reference)
    kept = [mine, *(seal for seal in seals if seal != mine)][:MOST_ACCOUNTS]

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            cookie_name(),
            ".".join([device, *kept]),
            max_age=LASTS_SECONDS,
            secure=settings().production,
            httponly=True,
            samesite="Strict",
        )
        return response


def _read() -> tuple[str, list[str]]:
    device, *seals = request.cookies.get(cookie_name(), "").split(".")[: MOST_ACCOUNTS + 1]
    return device[:_SIGNS], [seal for seal in seals if seal.isascii()]


def _seal(device: str, reference: str) -> str:
    key = hashlib.sha256(f"devices:{settings().SECRET_KEY}".encode()).digest()
    digest = hmac.new(key, f"{device}.{reference}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
