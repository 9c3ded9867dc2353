"""The doors of the public pages."""

import datetime as dt

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from provider.accounts import sessions
from provider.careers import queries as careers
from provider.catalog.offers import NOTHING
from provider.catalog.queries import current_if_any
from provider.externships.published import numbers
from provider.kernel import references
from provider.kernel.database import retrying
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.errors import TooMany
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import client, received_at
from provider.site import actions, health, rules, showing
from provider.site.pages import shown
from provider.site.schemas import Message

door = Door("site", __name__, needs=PUBLIC)
TOO_MANY = "You have sent several messages within an hour, and they have arrived. Wait an hour before you send another."
ADDRESSES = (
    "home",
    "programs",
    "tuition",
    "refund_policy",
    "faq",
    "credentials",
    "college_credit",
    "externships",
    "contact",
)
PRIVATE = ("/my", "/staff", "/links", "/account", "/sign-in", "/forgot-password", "/health")


@door.app_template_filter("guarantees")
def guarantees(text: str) -> Markup:
    """Link each word of the guarantee to its conditions, which stand on the same page."""
    link = Markup('<a href="#{}">{}</a>')
    return Markup("").join(
        link.format(rules.CONDITIONS, piece) if linked else escape(piece) for piece, linked in rules.pieces(text)
    )


@door.get("/")
def home() -> ResponseReturnValue:
    return shown("site/home.html", showing.home)


@door.get("/programs")
def programs() -> ResponseReturnValue:
    return shown("site/programs.html", showing.programs)


@door.get("/programs/<program>")
def program(program: str) -> ResponseReturnValue:
    return shown("site/program.html", lambda moment: showing.program(moment, program))


@door.get("/tuition")
def tuition() -> ResponseReturnValue:
    return shown("site/tuition.html", showing.tuition)


@door.get("/policies/refunds")
def refund_policy() -> ResponseReturnValue:
    return shown("site/refund_policy.html", showing.refund_policy)


@door.get("/faq")
def faq() -> ResponseReturnValue:
    return shown("site/faq.html", showing.faq)


@door.get("/credentials")
def credentials() -> ResponseReturnValue:
    return shown("site/credentials.html", showing.credentials)


@door.get("/exams/<credential>")
def exam(credential: str) -> ResponseReturnValue:
    return shown("site/exam.html", lambda moment: showing.exam(moment, credential))


@door.get("/college-credit")
def college_credit() -> ResponseReturnValue:
    return shown("site/college_credit.html", showing.college_credit)


@door.get("/externships")
def externships() -> ResponseReturnValue:
    return shown("site/externships.html", lambda _: {"numbers": numbers()})


@door.get("/contact")
def contact() -> ResponseReturnValue:
    sent = request.args.get("sent", "")
    if references.PATTERN.match(sent):
        return render_template("site/contact_sent.html", reference=sent)
    return render_template("site/contact.html", form=Form(Message()))


@door.post("/contact")
def send_message() -> ResponseReturnValue:
    form = Form(Message()).load_form(request.form)
    if not form.ok:
        return render_template("site/contact.html", form=form), 422
    try:
        reference = retrying(lambda: _sent(form))
    except TooMany as busy:
        form.add_error("_schema", TOO_MANY)
        return render_template("site/contact.html", form=form), 429, busy.headers
    return redirect(url_for("site.contact", sent=reference), code=303)


def _sent(form: Form) -> str:
    viewer = sessions.signed_in()
    thread = actions.send_message(
        **form.data,
        client=client(),
        asker=viewer.reference if viewer else None,
        actor=sessions.actor(),
        at=received_at(),
    )
    return thread.reference


@door.get("/health/live")
def live() -> ResponseReturnValue:
    return _plain("alive")


@door.get("/health/ready")
def ready() -> ResponseReturnValue:
    problem = health.problem()
    return _plain(problem, 503) if problem else _plain("ready")


@door.get("/robots.txt")
def robots() -> ResponseReturnValue:
    private = "\n".join(f"Disallow: {path}" for path in PRIVATE)
    return _plain(f"User-agent: *\n{private}\n\nSitemap: {settings().BASE_URL}/sitemap.xml")


@door.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    catalog = current_if_any() or NOTHING
    paths: dict[str, dt.date | None] = dict.fromkeys(url_for(f"site.{name}") for name in ADDRESSES)
    paths |= dict.fromkeys(url_for("site.program", program=offer.slug) for offer in catalog.programs)
    paths |= dict.fromkeys(url_for("site.exam", credential=credential.slug) for credential in catalog.credentials)
    paths |= careers.addresses()
    pages = [(settings().BASE_URL + path, changed_on) for path, changed_on in paths.items()]
    text = render_template("site/sitemap.xml", pages=pages)
    return Response(text, content_type="application/xml; charset=utf-8")


def _plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, content_type="text/plain; charset=utf-8")
