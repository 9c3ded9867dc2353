"""What every request gets: its instant, its actor, safe headers, and an answer in words when it is refused."""

import datetime as dt
import secrets
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask, Response, abort, current_app, g, render_template, request
from flask.templating import Environment as FlaskEnvironment
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException, InternalServerError

from provider.kernel import clock, money
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError, TooMany
from provider.kernel.registry import registry
from provider.kernel.settings import settings

MEGABYTE = 1024 * 1024
LARGEST_TEXT = MEGABYTE // 2
NO_BREAK = "\N{NO-BREAK SPACE}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOUR = dt.timedelta(hours=1)
LARGEST_KEY = 2**31 - 1  # ids are whole numbers of four bytes on PostgreSQL
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_HEADERS = (
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),  # first: in production only
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
SENTENCES = {
    400: "The form could not be read. Go back, reload the page and send it again.",
    404: "We could not find this page. Check the address, or start again from the front page.",
    405: "This address does not take that kind of request. Start again from the front page.",
    413: "What you sent is too large. Files may have 10 megabytes, texts much less.",
    415: "This kind of content cannot be read here. Use the form on the page.",
    500: "Something went wrong on our side. Nothing you sent was changed halfway. Please try again in a minute.",
}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
csrf = CSRFProtect()


class Unasked(DomainError):
    """A form held a field that it does not have."""

    status = 422
    code = "unasked"
    sentence = "What was sent held more than this form has. Nothing was changed. Reload the page and try again."


def only(*names: str) -> None:
    """Refuse whatever else was sent than these fields; for buttons, which have no schema. Raises Unasked."""
    if set(request.form) - {"csrf_token", *names}:
        raise Unasked


class Environment(FlaskEnvironment):
    """Templates that all share the application's globals.

    Jinja chains a dictionary of its own before them for each template, and looks through the chain at each import.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the application's globals; chained only where a template is given more."""
        return super().make_globals(d) if d else self.globals


def received_at() -> dt.datetime:
    """Return the instant at which this request entered the application, before any waiting."""
    instant: dt.datetime = g.received_at
    return instant


def actor() -> Actor:
    """Return who is asking, as history keeps it."""
    who = registry().actor
    return SYSTEM if who is None else who()


def page_key(name: str) -> int | None:
    """Return a page's key from the address, or None when it is not one."""
    given = request.args.get(name, "")
    if not given.isascii() or not given.isdigit():
        return None
    return min(int(given[:20]), LARGEST_KEY)


def client() -> str:
    """Return the client's address; a proxy's word counts only as far as the settings trust it."""
    return request.remote_addr or "unknown"


def request_id() -> str:
    """Return this request's id, which error pages and history share."""
    found: str = g.request_id
    return found


def install(app: Flask) -> None:
    """Fit hooks, filters, headers and error pages."""
    app.before_request(_stamp)
    app.after_request(_headers)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # it asks at every request; _check_token asks where it matters
    csrf.init_app(app)
    app.before_request(_check_token)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RecursionError, _unreadable)
    app.register_error_handler(sa.exc.OperationalError, _database_away)
    app.jinja_env.filters.update(money=money.dollars, when=when, brief=brief, day=day, utc=utc, cells=cells)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _stamp() -> None:
    g.received_at = clock.now()
    g.request_id = f"{int(g.received_at.timestamp()):08x}{secrets.token_hex(4)}"  # its second first: found by it
    # Only forms with files may be larger, and Werkzeug limits their texts.
    if request.method in READING or request.mimetype != "multipart/form-data":
        request.max_content_length = LARGEST_TEXT
    if "\0" in request.path:  # no record has one in its name, and PostgreSQL would fail to look
        abort(404)


def _check_token() -> None:
    if request.method not in READING:
        csrf.protect(apply_exemptions=True)


def safe_headers() -> Sequence[tuple[str, str]]:
    """Return what every answer carries, unless it says something else itself."""
    return SAFE_HEADERS if settings().production else SAFE_HEADERS[1:]


def widened_policy(**sources: Sequence[str]) -> str:
    """Return the content policy of a page that needs more than ours: what else each directive lets in.

    ``connect_src=["https://api.example"]`` adds to a directive; one that the policy does not have begins with ours.
    """
    known = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    for name, more in sources.items():
        directive = name.replace("_", "-")
        known[directive] = " ".join([known.get(directive, "'self'"), *more])
    return "; ".join(f"{name} {value}" for name, value in known.items())


def _headers(response: Response) -> Response:
    for name, value in () if isinstance(response, Complete) else safe_headers():
        if name not in response.headers:
            response.headers[name] = value
    return response


def as_file(data: bytes | str, mimetype: str, name: str) -> Response:
    """Return something to be kept as a file under a name of ours."""
    return Response(data, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def as_pdf(data: bytes, name: str) -> Response:
    """Return a paper that we printed, to be kept as a file."""
    return as_file(data, "application/pdf", name)


def as_download(data: bytes, mimetype: str, name: str) -> Response:
    """Return what a stranger uploaded, to be kept as a file: never drawn inside our pages."""
    response = as_file(data, mimetype, name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


class Complete(Response):
    """An answer that was made with all its headers, the safe ones among them."""


GONE = 410
_TITLES = {
    403: "Not allowed",
    404: "Page not found",
    GONE: "This link is closed",
    429: "Please wait",
    503: "Please try again",
}


def error_page(status: int, sentence: str) -> ResponseReturnValue:
    """Return a page (or JSON for machines) that says what happened and what to do.

    Whoever comes with a link of a letter that has done its work made no error, so none is named.
    """
    title = _TITLES.get(status, "This did not work" if status < 500 else "Something went wrong")
    named = {} if status == GONE else {"status": status, "request_id": getattr(g, "request_id", "")}
    return render_template("errors/error.html", title=title, sentence=sentence, **named), status


def _refused(error: DomainError) -> ResponseReturnValue:
    db.session.rollback()
    response = current_app.make_response(error_page(error.status, error.sentence))
    if isinstance(error, TooMany):
        response.headers.extend(error.headers)
    elif error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _stale_form(_: CSRFError) -> ResponseReturnValue:
    sentence = "This page was open too long or in another browser, so nothing was changed. Go back, reload, send again."
    return error_page(400, sentence)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()
    if isinstance(error, InternalServerError):
        db.session.rollback()
    response = current_app.make_response(error_page(status, SENTENCES.get(status, SENTENCES[400])))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _unreadable(_: RecursionError) -> ResponseReturnValue:
    return error_page(400, SENTENCES[400])


def _database_away(error: sa.exc.OperationalError) -> ResponseReturnValue:
    current_app.logger.error("database unavailable: %s", error.orig)
    db.session.rollback()
    response = current_app.make_response(
        error_page(503, "The school's records cannot be reached. Nothing was changed. Try again in a few seconds.")
    )
    response.headers["Retry-After"] = "5"
    return response


def _local(instant: dt.datetime, zone: ZoneInfo | str | None) -> dt.datetime:
    return instant.astimezone(settings().SCHOOL_ZONE if zone is None else ZoneInfo(str(zone)))


def when(instant: dt.datetime, zone: ZoneInfo | str | None = None) -> str:
    """Write an instant to the second in a zone (the school's, unless told): ``November 21, 2026, 6:31:59 PM EST``."""
    local = _local(instant, zone)
    clock_time = f"{local:%I:%M:%S %p}".lstrip("0")
    return f"{day(local.date())}, {clock_time} {local:%Z}"


def brief(moment: dt.datetime | dt.date, zone: ZoneInfo | str | None = None) -> str:
    """Write an instant as a list shows it, to the minute in a zone: ``Nov 21, 2026, 6:31 PM``; or a date.

    It breaks only between the date and the time.
    """
    if not isinstance(moment, dt.datetime):
        return f"{MONTHS[moment.month - 1]} {moment.day}, {moment.year}".replace(" ", NO_BREAK)
    local = _local(moment, zone)
    time_of_day = f"{local.hour % 12 or 12}:{local.minute:02d} {'PM' if local.hour >= 12 else 'AM'}"
    return f"{brief(local.date())}, {time_of_day.replace(' ', NO_BREAK)}"


def utc(instant: dt.datetime) -> str:
    """Write an instant in UTC to the second: ``2026-11-22 04:31:59 UTC``."""
    return f"{instant.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def day(date: dt.date) -> str:
    """Write a date as people read it: ``November 21, 2026``."""
    return f"{date:%B} {date.day}, {date.year}"


def cells(row: Iterable[object], around: Iterable[tuple[str, str]]) -> Markup:
    """Write a row of a table: each cell between what its column begins and ends with, escaped unless it is markup.

    A list has hundreds of cells; a template takes five times as long for each.
    """
    parts: list[str] = []
    for cell, (begin, end) in zip(row, around, strict=True):
        parts += (begin, escape(cell), end)
    return Markup("".join(parts))  # noqa: S704 - every part is the template's own or escaped
