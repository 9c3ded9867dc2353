"""Sessions in signed cookies, without work for visitors who have none."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from provider.kernel.web import Complete


class Sessions(SecureCookieSessionInterface):
    """Flask's own sessions, but for two things that cost every visitor of a public page.

    A visitor without a cookie gets an empty session without a signer being built, and an answer that is the same for
    everybody neither sets a cookie nor says that it varies with one, so that a proxy may keep it.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the session of a request."""
        if self.get_cookie_name(app) not in request.cookies:
            return SecureCookieSession()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the session into an answer that is somebody's own."""
        if not isinstance(response, Complete):
            super().save_session(app, session, response)
