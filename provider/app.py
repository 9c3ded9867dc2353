"""Builds the house: settings, database, doors, and the registries that rooms fill; nobody imports it."""

import os
import sys
from collections.abc import Callable
from datetime import timedelta

import fontpkg_public_sans
from flask import Blueprint, Flask, Response, abort, send_from_directory
from flask_login import LoginManager
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

import provider.accounts.commands
import provider.accounts.handlers
import provider.accounts.views
import provider.accounts.views_account
import provider.accounts.views_confirm
import provider.accounts.views_factor
import provider.affiliations.handlers
import provider.books.handlers
import provider.books.views
import provider.cards.handlers
import provider.cards.views
import provider.cards.views_hooks
import provider.careers.commands
import provider.careers.queries
import provider.careers.views
import provider.catalog.commands
import provider.credits.handlers
import provider.credits.registrar_handlers
import provider.credits.views
import provider.documents.handlers
import provider.documents.views
import provider.enrollments.handlers
import provider.enrollments.views
import provider.exams.handlers
import provider.exams.views
import provider.externships.handlers
import provider.externships.place_handlers
import provider.externships.plan_handlers
import provider.externships.views
import provider.externships.views_offers
import provider.fieldwork.handlers
import provider.fieldwork.record_handlers
import provider.fieldwork.views
import provider.fieldwork.views_evaluation
import provider.fieldwork.views_record
import provider.history.handlers
import provider.jobs.commands
import provider.jobs.handlers
import provider.mail.gateway
import provider.mail.handlers
import provider.mailroom.commands
import provider.mailroom.handlers
import provider.my.views
import provider.oversight.commands
import provider.oversight.handlers
import provider.oversight.views
import provider.payments.handlers
import provider.payments.views
import provider.places.commands
import provider.prepare
import provider.refunds.handlers
import provider.refunds.views
import provider.school.queries
import provider.site.views
import provider.site.views_verify
import provider.staff.doors
import provider.staff.nav
import provider.tables
import provider.tasks.handlers
import provider.threads.handlers
import provider.threads.views
import provider.verification.handlers
from config import ROOT, Config, ConfigError
from provider.careers.loading import BrokenFiles
from provider.catalog.pages import Front
from provider.kernel import database, migrating, registry, sessions, web
from provider.school import accent
from provider.school.showing import School

HANDLERS: tuple[Callable[[registry.Registry], None], ...] = (
    provider.history.handlers.register,
    provider.jobs.handlers.register,
    provider.tasks.handlers.register,
    provider.verification.handlers.register,
    provider.mail.handlers.register,
    provider.accounts.handlers.register,
    provider.threads.handlers.register,
    provider.enrollments.handlers.register,
    provider.payments.handlers.register,
    provider.cards.handlers.register,
    provider.exams.handlers.register,
    provider.credits.handlers.register,
    provider.credits.registrar_handlers.register,
    provider.affiliations.handlers.register,
    provider.externships.handlers.register,
    provider.documents.handlers.register,
    provider.externships.place_handlers.register,
    provider.fieldwork.record_handlers.register,
    provider.externships.plan_handlers.register,
    provider.fieldwork.handlers.register,
    provider.refunds.handlers.register,
    provider.books.handlers.register,
    provider.mailroom.handlers.register,
    provider.oversight.handlers.register,
    provider.prepare.register,
)
BLUEPRINTS: tuple[Blueprint, ...] = (
    provider.accounts.views.door,
    provider.accounts.views_account.door,
    provider.accounts.views_confirm.door,
    provider.accounts.views_factor.door,
    provider.jobs.commands.bp,
    provider.mailroom.commands.bp,
    provider.places.commands.bp,
    provider.accounts.commands.bp,
    provider.catalog.commands.bp,
    provider.careers.commands.bp,
    provider.prepare.bp,
    provider.oversight.commands.bp,
    provider.enrollments.views.door,
    provider.enrollments.views.papers,
    provider.payments.views.door,
    provider.cards.views.door,
    provider.cards.views_hooks.door,
    provider.exams.views.door,
    provider.credits.views.door,
    provider.threads.views.door,
    provider.fieldwork.views_evaluation.door,
    provider.externships.views.door,
    provider.fieldwork.views_record.door,
    provider.documents.views.door,
    provider.fieldwork.views.door,
    provider.externships.views_offers.door,
    provider.refunds.views.door,
    provider.books.views.door,
    provider.my.views.door,
    provider.oversight.views.door,
    provider.careers.views.door,
    provider.site.views.door,
    provider.site.views_verify.door,
    *provider.staff.doors.DOORS,
)
# A member of staff sees the pages of their account in the back office's layout, which no lower floor can fill.
for _door in (
    provider.accounts.views_account.door,
    provider.accounts.views_confirm.door,
    provider.accounts.views_factor.door,
):
    _door.context_processor(provider.staff.nav.layout)
# The doors that stand open to everyone; a test compares the list with the doors there are.
PUBLIC_DOORS = frozenset({"accounts", "careers", "enrollments", "hooks", "site", "verify"})


def create_app(config: Config | None = None) -> Flask:
    """Build the application from its settings (those of the environment, unless given)."""
    config = config or _settings()
    app = Flask("provider", template_folder=str(ROOT / "templates"))
    app.config.update(_flask_settings(config))
    _know_school(app, config)
    app.jinja_environment = web.Environment
    app.session_interface = sessions.Sessions()
    app.jinja_env.undefined = StrictUndefined
    app.wsgi_app = Front(app)  # type: ignore[method-assign]
    if config.TRUSTED_PROXIES:
        hops = config.TRUSTED_PROXIES
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    found = registry.install(app)
    web.install(app)
    database.install(app)
    migrating.install(app, ROOT / "migrations")
    login = LoginManager()
    login.init_app(app, add_context_processor=False)  # it would read the signed-in person for every page
    provider.accounts.views.install(app, login)
    _read_careers(app, config)
    app.jinja_env.globals["school"] = School(app)
    app.add_url_rule("/static/fonts/<name>", "font", _font)
    app.add_url_rule("/static/accents/<name>", "accent", _accent)
    for register in HANDLERS:
        register(found)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _settings() -> Config:
    try:
        return Config.load(os.environ)
    except ConfigError as error:
        sys.exit(str(error))


def _read_careers(app: Flask, config: Config) -> None:
    try:
        provider.careers.queries.install(app, config)
    except (ConfigError, BrokenFiles) as error:
        sys.exit(str(error))


def _know_school(app: Flask, config: Config) -> None:
    try:
        provider.school.queries.install(app, config)
    except ConfigError as error:
        sys.exit(str(error))


def _font(name: str) -> Response:
    """Serve the typeface from its package; a year's cache, since its name changes with it."""
    response = send_from_directory(str(fontpkg_public_sans.ROOT / "files"), name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _accent(name: str) -> Response:
    """Serve the style sheet of a color; it follows from its name alone, so that every process knows it at once."""
    color = School.color_of(name)
    if color is None:
        abort(404)
    response = Response(accent.style_sheet(color), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _flask_settings(config: Config) -> dict[str, object]:
    host = config.BASE_URL.split("://", 1)[1].rsplit(":", 1)[0]
    return {
        "SECRET_KEY": config.SECRET_KEY,
        "DEBUG": config.DEBUG,
        "TRUSTED_HOSTS": [host, "127.0.0.1", "localhost"] if not config.production else [host],
        "SQLALCHEMY_DATABASE_URI": config.DATABASE_URL,
        "SQLALCHEMY_ENGINE_OPTIONS": database.engine_options(config.DATABASE_URL),
        "MAX_CONTENT_LENGTH": 11 * web.MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": web.LARGEST_TEXT,
        "MAX_FORM_PARTS": 200,
        "SESSION_COOKIE_NAME": "__Host-session" if config.production else f"session-{config.PORT}",
        "SESSION_COOKIE_SECURE": config.production,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_REFRESH_EACH_REQUEST": False,  # a public page may be kept by a proxy and must set no cookie
        "PERMANENT_SESSION_LIFETIME": config.session_length(staff=False),
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=7),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": config.production,
    }
