"""The links that sign an agreement: they show it with its file, and a typed name under a button decides."""

import datetime as dt
from typing import Protocol

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.links import open_link
from provider.accounts.models import SignedLink
from provider.affiliations import queries, signing
from provider.affiliations.models import AffiliationAgreement
from provider.affiliations.rules import AgreementState
from provider.affiliations.schemas import SignAgreement
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.web import as_download, received_at
from provider.programs import queries as programs


class Signs(Protocol):
    """Puts one of the two signatures."""

    def __call__(
        self, agreement: AffiliationAgreement, *, signature: str, fingerprint: str, actor: Actor, at: dt.datetime
    ) -> AffiliationAgreement: ...


def download(agreement: AffiliationAgreement) -> Response:
    """Answer with an agreement's file, as a download: what was uploaded is never drawn inside our pages."""
    if agreement.file is None:
        raise NotFound
    return as_download(agreement.file.data, agreement.file.content_type, f"{agreement.reference}.pdf")


class SigningLink:
    """Shows an agreement to one of the two who sign it."""

    def __init__(self, label: str, waits_in: AgreementState, put: Signs, *, whose: str) -> None:
        self.label = label
        self.waits_in = waits_in
        self.put = put
        self.whose = whose

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        agreement, link = queries.agreement(subject), open_link(token, now=received_at())
        if request.args.get("page") == "file" and not self._over(agreement, link):
            return download(agreement)
        return self._page(agreement, link, token, Form(SignAgreement()))

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        link = open_link(token, now=received_at)
        holder = Actor(ActorKind.LINK, link.reference, actor.request_id)
        form = Form(SignAgreement()).load_form(request.form)

        def put() -> None:
            agreement = queries.agreement(subject, lock=True)
            if self._over(agreement, link):
                raise signing.FileChanged
            given = {"signature": form.data["signature"], "fingerprint": form.data["fingerprint"]}
            self.put(agreement, **given, actor=holder, at=received_at)

        if form.ok:
            try:
                retrying(put)
            except DomainError as refusal:
                form.add_error("signature", refusal.sentence)
        if not form.ok:
            return self._page(queries.agreement(subject), link, token, form), 422
        flash("Your signature is stored. You need not do anything else.")
        return redirect(url_for("accounts.link", token=token) + "#said", code=303)

    def _over(self, agreement: AffiliationAgreement, link: SignedLink) -> bool:
        return agreement.state is AgreementState.DRAFT or signing.is_outdated(link, agreement)

    def _page(self, agreement: AffiliationAgreement, link: SignedLink, token: str, form: Form) -> str:
        form.values["fingerprint"] = agreement.document_sha256 or ""
        named = set(queries.scope_programs(agreement))
        return render_template(
            "affiliations/sign.html",
            whose=self.whose,
            agreement=agreement,
            outdated=self._over(agreement, link),
            waits=agreement.state is self.waits_in and not self._over(agreement, link),
            locations=queries.scope_locations(agreement),
            programs=[one.versions[0].title for one in programs.programs() if one.id in named and one.versions],
            form=form,
            token=token,
        )


OF_SITE = SigningLink("Sign an affiliation agreement", AgreementState.SENT, signing.sign, whose="site")
OF_SCHOOL = SigningLink(
    "Countersign an affiliation agreement", AgreementState.SIGNED, signing.countersign, whose="school"
)
