"""The page of a code: what the school issued, and whether it stands by it; open to everyone, listed nowhere."""

import datetime as dt

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.throttles import Try, check_tries, count_try
from provider.kernel.database import retrying
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import client, received_at
from provider.site.schemas import TypedCode
from provider.verification import queries
from provider.verification.rules import typed_code, written_code

door = Door("verify", __name__, needs=PUBLIC, url_prefix="/verify")
HOUR = dt.timedelta(hours=1)


@door.after_request
def unlisted(response: Response) -> Response:
    """Keep search engines from listing it; robots.txt must let them come, or they would not read this."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@door.get("")
def ask() -> ResponseReturnValue:
    if not request.args:
        return _form_page(Form(TypedCode()))
    form = Form(TypedCode()).load_form(request.args)
    code = typed_code(form.data["code"]) if form.ok else None
    if code is None:
        return _form_page(form), 422
    return redirect(url_for("verify.show", code=written_code(code)), code=303)


@door.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    tried = Try(f"verify:{client()}", settings().CODES_PER_HOUR, HOUR)
    check_tries(tried, at=received_at())
    known = typed_code(code)
    document = queries.by_code(known) if known else None
    if document is None:
        retrying(lambda: count_try(key=tried.key, limit=tried.limit, window=tried.window, at=received_at()))
        return render_template("site/verify_unknown.html", form=Form(TypedCode())), 404
    return render_template("site/verify_document.html", document=document, code=written_code(document.code))


def _form_page(form: Form) -> str:
    return render_template("site/verify.html", form=form)
