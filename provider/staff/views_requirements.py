"""Which documents programs and sites ask for: seeing them, asking for one more, and ending one."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.affiliations import queries as sites
from provider.affiliations.models import Site
from provider.documents import actions, queries
from provider.documents.rules import DocumentKind
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.programs import queries as programs
from provider.programs.models import Program
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key
from provider.staff.schemas_documents import AskDocument

door = Door(
    "staff_requirements",
    __name__,
    needs=Permission.SEE_DOCUMENTS,
    changes=Permission.CHECK_DOCUMENTS,
    url_prefix="/staff/document-requirements",
)
ENDED = "ended"


class NobodyAsks(DomainError):
    """A document is asked for by a program, a site or both."""

    status = 422
    code = "nobody_asks"
    sentence = "Choose a program, name a site, or do both."


class UnknownSite(DomainError):
    """There is no site of the reference that was typed."""

    status = 422
    code = "unknown_site"
    sentence = "No site has this reference. Copy it from the site’s page; it begins with SI-."


@door.get("")
def index() -> ResponseReturnValue:
    return _page(Form(AskDocument(), values={"site": _named_site()}))


@door.post("")
def create() -> ResponseReturnValue:
    form = Form(AskDocument()).load_form(request.form)
    attempt(form, lambda: _ask(form.data))
    if not form.ok:
        return _page(form), 422
    site = form.data["site"]
    return done("It is asked for from now on.", url_for("staff_requirements.index", site=site))


def _ask(data: dict[str, Any]) -> None:
    program = next((one for one in programs.programs() if one.slug == data["program"]), None)
    site = _site(data["site"].upper()) if data["site"] else None
    if program is None and site is None:
        raise NobodyAsks
    kind = DocumentKind(data["kind"])
    actions.ask(kind=kind, program=program, site=site, remark=data["remark"], actor=actor(), at=received_at())


def _site(reference: str) -> Site:
    try:
        return sites.site(reference)
    except NotFound:
        raise UnknownSite from None


@door.post("/<reference>/end")
def end(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.end(requirement=queries.requirement(reference, lock=True), actor=actor(), at=received_at()),
        "It is not asked for any more. What students uploaded stays.",
        url_for("staff_requirements.index"),
    )


def _named_site() -> str:
    return request.args.get("site", "")[:16].upper()


def _page(form: Form) -> str:
    every: list[Program] = list(programs.programs())
    form.choices["program"] = [("", "Every program")] + [(one.slug, one.code) for one in every]
    before, after, site = key("before"), key("after"), _named_site()
    ended = request.args.get("view") == ENDED
    asked = queries.ended if ended else queries.of_sites
    page = asked(site, before=before, after=after)
    return render_template(
        "staff/documents/requirements.html",
        form=form,
        page=page,
        of_programs=[] if ended or site else queries.of_programs(),
        samples=[one.code for one in every if one.versions and one.versions[0].sample],
        ended=ended,
        site=site,
        kept={name: value for name, value in (("view", ENDED if ended else ""), ("site", site)) if value},
    )
