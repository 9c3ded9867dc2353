"""Affiliation agreements: drafting, sending to sign, recording what was signed on paper, ending early."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.affiliations import agreements, ending, queries, signing
from provider.affiliations.agreements import AgreementRefused, Paper, Terms
from provider.affiliations.by_link import download
from provider.affiliations.forms import only_offered
from provider.affiliations.models import AffiliationAgreement, Site, SiteContact
from provider.affiliations.rules import AgreementState, Period, earliest_end
from provider.externships import releasing
from provider.files.actions import keep
from provider.files.models import File
from provider.files.rules import content_type
from provider.kernel.days import day_of, written
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.mail.models import AddressHealth
from provider.mail.queries import troubled
from provider.programs import queries as programs
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_sites import DropAgreement, EditAgreement, EndAgreement, RecordPaper, SendAgreement
from provider.staff.thread_pages import beside
from provider.staff.views_sites import RIGHTS, titles
from provider.staff.views_sites import door as sites

door = Door("staff_affiliations", __name__, url_prefix="/staff/affiliations", **RIGHTS)
NOTICE_DAYS = 60


def _now() -> dict[str, Any]:
    return {"actor": actor(), "at": received_at()}


def _here(reference: str) -> str:
    return url_for("staff_affiliations.show", reference=reference)


def _choices(site: Site) -> dict[str, Choices]:
    return {
        "locations": [(one.reference, f"{one.name}, {one.city}") for one in site.locations],
        "programs": [(one.reference, one.versions[0].title) for one in programs.programs() if one.versions],
    }


def _terms(site: Site, data: Mapping[str, Any]) -> Terms:
    here = {one.reference: one.id for one in site.locations}
    taught = {one.reference: one.id for one in programs.programs()}
    return Terms(
        Period(data["first_on"], data["last_on"]),
        data["notice_days"],
        tuple(here[one] for one in data["locations"]),
        tuple(taught[one] for one in data["programs"]),
        data["school_name"],
    )


def _kept(content: bytes | None, site: Site) -> File | None:
    """Store an uploaded agreement; raises AgreementRefused for what is no PDF."""
    if content is None:
        return None
    if content_type(content) != "application/pdf":
        raise AgreementRefused("The agreement has to be a PDF. Save it as one, and upload that.")
    return keep(data=content, about=site.reference, **_now())


def _renewed(site: Site) -> AffiliationAgreement | None:
    """Return the agreement that the address says is renewed, if it is one with this site."""
    wanted = request.args.get("renews", "")
    found = [one for one in queries.agreements_of(site.id) if one.reference == wanted]
    return found[0] if found else None


@sites.get("/<reference>/agreements/new")
def new_agreement(reference: str) -> ResponseReturnValue:
    site = queries.site(reference)
    old = _renewed(site)
    values: dict[str, Any] = {"notice_days": NOTICE_DAYS}
    if old is not None:
        values = _values(site, old) | {"first_on": agreements.next_first(old).isoformat(), "last_on": ""}
    return _edit_page(Form(EditAgreement(), choices=_choices(site), values=values), site, None, old)


@sites.post("/<reference>/agreements/new")
def create_agreement(reference: str) -> ResponseReturnValue:
    choices = _choices(queries.site(reference))
    form = only_offered(Form(EditAgreement(), choices=choices).load_form(request.form, request.files))
    made = attempt(form, lambda: _draft(reference, form.data))
    if made is None:
        site = queries.site(reference)
        return _edit_page(form, site, None, _renewed(site)), 422
    return done("The agreement is drafted. Send it to be signed, or record that it was signed.", _here(made))


def _draft(reference: str, data: Mapping[str, Any]) -> str:
    site = queries.site(reference, lock=True)
    file = _kept(data["file"], site)
    return agreements.draft(site, _terms(site, data), file=file, renews=_renewed(site), **_now()).reference


def _values(site: Site, agreement: AffiliationAgreement) -> dict[str, Any]:
    scope = {one.id for one in queries.scope_locations(agreement)} if not agreement.all_locations else set()
    named = set(queries.scope_programs(agreement))
    return {
        "first_on": agreement.first_on.isoformat(),
        "last_on": agreement.last_on.isoformat(),
        "notice_days": agreement.notice_days,
        "school_name": agreement.school_name,
        "locations": [one.reference for one in site.locations if one.id in scope],
        "programs": [one.reference for one in programs.programs() if one.id in named],
    }


def _edit_page(
    form: Form, site: Site, agreement: AffiliationAgreement | None, old: AffiliationAgreement | None = None
) -> str:
    return render_template("staff/affiliations/edit.html", form=form, site=site, agreement=agreement, renewed=old)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _show_page(reference)


def _show_page(reference: str) -> str:
    agreement = queries.agreement(reference)
    signer = agreement.signer.email if agreement.signer else None
    return render_template(
        "staff/affiliations/show.html",
        agreement=agreement,
        marks=troubled([signer, agreement.countersigner_email]),
        beside=beside(agreement.reference, agreement.site.reference, emails={signer} if signer else ()),
        locations=queries.scope_locations(agreement),
        programs=[titles().get(number, "") for number in queries.scope_programs(agreement)],
        renewals=[one for one in queries.agreements_of(agreement.site_id) if one.renews_id == agreement.id],
        covered_on=ending.covered_on(agreement),
        left=(agreement.until - day_of(received_at(), settings().SCHOOL_ZONE)).days,
        on_paper=_on_paper(agreement),
    )


def _on_paper(agreement: AffiliationAgreement) -> list[str]:
    """Return on which days both signed elsewhere; none where they signed by link, whose instants are known."""
    if agreement.signer_id is not None or agreement.signed_at is None or agreement.countersigned_at is None:
        return []
    both = (agreement.signed_at, agreement.countersigned_at)
    return [written(day_of(each, settings().SCHOOL_ZONE)) for each in both]


@door.get("/<reference>/edit")
def edit(reference: str) -> ResponseReturnValue:
    agreement = queries.agreement(reference)
    site = queries.site(agreement.site.reference)
    return _edit_page(Form(EditAgreement(), choices=_choices(site), values=_values(site, agreement)), site, agreement)


@door.post("/<reference>/edit")
def update(reference: str) -> ResponseReturnValue:
    site = queries.site(queries.agreement(reference).site.reference)
    form = only_offered(Form(EditAgreement(), choices=_choices(site)).load_form(request.form, request.files))
    attempt(form, lambda: _change(reference, form.data))
    if not form.ok:
        agreement = queries.agreement(reference)
        return _edit_page(form, queries.site(agreement.site.reference), agreement), 422
    return done("The agreement is saved.", _here(reference))


def _change(reference: str, data: Mapping[str, Any]) -> None:
    agreement = queries.agreement(reference, lock=True)
    site = queries.site(agreement.site.reference)
    was_sent = agreement.state is AgreementState.SENT
    agreements.change_terms(agreement, _terms(site, data), file=_kept(data["file"], site), **_now())
    if was_sent and agreement.state is AgreementState.DRAFT:
        signing.send_again(agreement, **_now())


@door.get("/<reference>/file")
def file(reference: str) -> ResponseReturnValue:
    return download(queries.agreement(reference))


@door.get("/<reference>/sending")
def ask_send(reference: str) -> ResponseReturnValue:
    agreement = queries.agreement(reference)
    values = {
        "countersigner_name": agreement.countersigner_name or "",
        "countersigner_email": agreement.countersigner_email or "",
    }
    return _send_page(agreement, Form(SendAgreement(), choices=_signers(agreement), values=values))


def _signers(agreement: AffiliationAgreement) -> dict[str, Choices]:
    people = [one for one in queries.site(agreement.site.reference).contacts if one.signs and one.left_at is None]
    marks = troubled(one.email for one in people)
    return {"signer": [(one.reference, _signer(one, marks.get(one.email))) for one in people]}


def _signer(contact: SiteContact, health: AddressHealth | None) -> str:
    named = f"{contact.name}, {contact.email}"
    return f"{named} ({health.state.label.lower()})" if health else named


@door.post("/<reference>/sending")
def send(reference: str) -> ResponseReturnValue:
    signers = _signers(queries.agreement(reference))
    form = only_offered(Form(SendAgreement(), choices=signers).load_form(request.form))
    attempt(form, lambda: _send(reference, form.data))
    if not form.ok:
        return _send_page(queries.agreement(reference), form), 422
    return done("The link to sign is on its way. Nothing is in force before both have signed.", _here(reference))


def _send(reference: str, data: Mapping[str, Any]) -> None:
    signing.send(
        queries.agreement(reference, lock=True),
        signer=queries.contact(data["signer"]),
        countersigner_name=data["countersigner_name"],
        countersigner_email=data["countersigner_email"],
        **_now(),
    )


def _send_page(agreement: AffiliationAgreement, form: Form) -> str:
    return render_template("staff/affiliations/send.html", agreement=agreement, form=form)


@door.post("/<reference>/sending-again")
def send_again(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: signing.send_again(queries.agreement(reference, lock=True), **_now()),
        "A new link is on its way. The one before it opens nothing any more.",
        _here(reference),
    )


@door.get("/<reference>/paper")
def ask_paper(reference: str) -> ResponseReturnValue:
    return _paper_page(queries.agreement(reference), Form(RecordPaper()))


@door.post("/<reference>/paper")
def record_paper(reference: str) -> ResponseReturnValue:
    form = Form(RecordPaper()).load_form(request.form, request.files)
    attempt(form, lambda: _record(reference, form.data))
    if not form.ok:
        return _paper_page(queries.agreement(reference), form), 422
    return done("The agreement is recorded as signed by both.", _here(reference))


def _record(reference: str, data: Mapping[str, Any]) -> None:
    agreement = queries.agreement(reference, lock=True)
    file = _kept(data["file"], queries.site(agreement.site.reference))
    if file is not None:
        agreements.change_terms(agreement, agreements.terms_of(agreement), file=file, **_now())
    names = ("signed_by", "signed_on", "countersigned_by", "countersigned_on")
    agreements.record_paper(agreement, Paper(**{name: data[name] for name in names}), **_now())


def _paper_page(agreement: AffiliationAgreement, form: Form) -> str:
    return render_template("staff/affiliations/paper.html", agreement=agreement, form=form)


def _end_form(agreement: AffiliationAgreement) -> Form:
    return Form(EndAgreement() if agreement.state is AgreementState.IN_FORCE else DropAgreement())


@door.get("/<reference>/end")
def ask_end(reference: str) -> ResponseReturnValue:
    agreement = queries.agreement(reference)
    return _end_page(agreement, _end_form(agreement))


@door.post("/<reference>/end")
def end(reference: str) -> ResponseReturnValue:
    agreement = queries.agreement(reference)
    form = _end_form(agreement).load_form(request.form)
    attempt(form, lambda: _end(reference, form.data))
    if not form.ok:
        return _end_page(queries.agreement(reference), form), 422
    return done("It is kept when and why this agreement ends.", _here(reference))


def _end(reference: str, data: Mapping[str, Any]) -> None:
    on = data.get("on") or day_of(received_at(), settings().SCHOOL_ZONE)
    agreed = {"reason": data["reason"], "both_agree": data.get("both_agree", False)}
    ending.tell_notice(releasing.end_agreement(reference, on=on, **agreed, **_now()), at=received_at())


def _end_page(agreement: AffiliationAgreement, form: Form) -> str:
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    earliest = earliest_end(today=today, notice_days=agreement.notice_days)
    return render_template("staff/affiliations/end.html", agreement=agreement, form=form, earliest=earliest)
