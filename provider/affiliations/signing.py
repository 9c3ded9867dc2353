"""Signing an agreement by links: the site first, then the school; both signatures stand under one fingerprint."""

import datetime as dt
import hmac

from provider.accounts.links import make_link, revoke_links
from provider.accounts.models import SignedLink
from provider.affiliations import letters, queries
from provider.affiliations.actions import countersign_key
from provider.affiliations.agreements import AgreementRefused
from provider.affiliations.models import AffiliationAgreement, SiteContact
from provider.affiliations.rules import (
    AGREEMENT_LIFECYCLE,
    COUNTERSIGN_AGREEMENT,
    SIGN_AGREEMENT,
    SIGNING_LASTS,
    AgreementState,
    same_name,
)
from provider.history.actions import move, note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

COUNTERSIGN_WITHIN = dt.timedelta(days=7)


class FileChanged(DomainError):
    """The file is another one than the signer was shown."""

    code = "file_changed"
    sentence = (
        "The school has changed this agreement since this page was opened, so nothing was signed. The newest letter "
        "from us leads to the one to read and sign."
    )


class NotTheName(DomainError):
    """The typed signature is not the signer's name."""

    status = 422
    code = "not_the_name"


class NotToSign(DomainError):
    """An agreement that does not wait for this signature."""

    code = "not_to_sign"
    sentence = "This agreement does not wait for this signature any more. Nothing was changed. Reload the page."


def send(
    agreement: AffiliationAgreement,
    *,
    signer: SiteContact,
    countersigner_name: str,
    countersigner_email: str,
    actor: Actor,
    at: dt.datetime,
) -> AffiliationAgreement:
    """Send a draft to be signed by the site and then by the school; raises AgreementRefused without a file.

    ``agreement`` is locked and has its site and file.
    """
    AGREEMENT_LIFECYCLE.check(agreement.state, AgreementState.SENT)
    if agreement.file is None:
        raise AgreementRefused("Upload the agreement as a PDF first.")
    if signer.site_id != agreement.site_id or signer.left_at is not None or not signer.signs:
        raise AgreementRefused("Choose somebody of this site who signs for it and is still there.")
    if agreement.last_on < day_of(at, settings().SCHOOL_ZONE):
        raise AgreementRefused("The last day of this agreement is over. Change its days first.")
    agreement.signer = signer
    agreement.countersigner_name, agreement.countersigner_email = countersigner_name, countersigner_email
    return _send(agreement, signer, actor, at)


def send_again(agreement: AffiliationAgreement, *, actor: Actor, at: dt.datetime) -> AffiliationAgreement:
    """Send a link again to whose turn it is, with what stands now; the link before it says so. Raises NotToSign.

    An agreement that was changed after it was sent is a draft: it goes to the same people once more.
    """
    if agreement.state is AgreementState.DRAFT and agreement.signer is not None:
        return _send(agreement, agreement.signer, actor, at)
    if agreement.state is AgreementState.SENT and agreement.signer is not None:
        _revoke(agreement, SIGN_AGREEMENT, at)
        post(letters.to_sign(agreement, agreement.signer, _link(agreement, SIGN_AGREEMENT, at)), at=at)
    elif agreement.state is AgreementState.SIGNED:
        _revoke(agreement, COUNTERSIGN_AGREEMENT, at)
        post(letters.to_countersign(agreement, _link(agreement, COUNTERSIGN_AGREEMENT, at)), at=at)
    else:
        raise NotToSign
    about = agreement.site.reference
    note(agreement, "affiliation_agreement.sent_again", actor=actor, at=at, about=about)
    return agreement


def _send(agreement: AffiliationAgreement, signer: SiteContact, actor: Actor, at: dt.datetime) -> AffiliationAgreement:
    if agreement.file is None:
        raise AgreementRefused("Upload the agreement as a PDF first.")
    agreement.document_sha256, agreement.sent_at = agreement.file.sha256, at
    data = {"sha256": agreement.file.sha256}
    move(
        agreement,
        AgreementState.SENT,
        AGREEMENT_LIFECYCLE,
        actor=actor,
        at=at,
        about=agreement.site.reference,
        data=data,
    )
    db.session.flush()
    post(letters.to_sign(agreement, signer, _link(agreement, SIGN_AGREEMENT, at)), at=at)
    return agreement


def _link(agreement: AffiliationAgreement, purpose: str, at: dt.datetime) -> SignedLink:
    return make_link(purpose=purpose, subject=agreement.reference, at=at, lasts=SIGNING_LASTS)


def _revoke(agreement: AffiliationAgreement, purpose: str, at: dt.datetime) -> None:
    revoke_links(purpose=purpose, subject=agreement.reference, at=at)


def is_outdated(link: SignedLink, agreement: AffiliationAgreement) -> bool:
    """Say whether a link was made for an agreement as it stood before it was sent last."""
    return agreement.sent_at is None or link.created_at < agreement.sent_at


def sign(
    agreement: AffiliationAgreement, *, signature: str, fingerprint: str, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Sign for the site with the signer's typed name; the school is asked to countersign.

    ``fingerprint`` is that of the file that the signer was shown. Raises NotToSign, FileChanged and NotTheName.
    ``agreement`` is locked and has its site, file and signer.
    """
    if agreement.state is not AgreementState.SENT or agreement.signer is None:
        raise NotToSign
    _check(agreement, agreement.signer.name, signature, fingerprint)
    agreement.signature, agreement.signed_at = signature, at
    about = agreement.site.reference
    move(agreement, AgreementState.SIGNED, AGREEMENT_LIFECYCLE, actor=actor, at=at, about=about)
    db.session.flush()
    post(letters.to_countersign(agreement, _link(agreement, COUNTERSIGN_AGREEMENT, at)), at=at)
    raise_task(
        kind=TaskKind.COUNTERSIGN_AGREEMENT,
        key=countersign_key(agreement.reference),
        about=about,
        sentence=f"{agreement.site.name} signed the agreement {agreement.reference}. A link to countersign it went to "
        f"{agreement.countersigner_name}. It is in force once they have used it.",
        due_on=day_of(at + COUNTERSIGN_WITHIN, settings().SCHOOL_ZONE),
        at=at,
    )
    return agreement


def countersign(
    agreement: AffiliationAgreement, *, signature: str, fingerprint: str, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Sign for the school, which brings the agreement into force; both get a letter. Raises as `sign` does."""
    if agreement.state is not AgreementState.SIGNED or agreement.countersigner_name is None:
        raise NotToSign
    _check(agreement, agreement.countersigner_name, signature, fingerprint)
    agreement.countersignature, agreement.countersigned_at = signature, at
    about = agreement.site.reference
    move(agreement, AgreementState.IN_FORCE, AGREEMENT_LIFECYCLE, actor=actor, at=at, about=about)
    finish_by_key(key=countersign_key(agreement.reference), at=at)
    told = {str(agreement.countersigner_email): agreement.countersigner_name}
    if agreement.signer is not None:
        told[agreement.signer.email] = agreement.signer.name
    for recipient, name in told.items():
        post(letters.in_force(agreement, name=name, recipient=recipient), at=at)
    return agreement


def _check(agreement: AffiliationAgreement, name: str, signature: str, fingerprint: str) -> None:
    stored = agreement.file.sha256 if agreement.file is not None else ""
    shown = agreement.document_sha256 or ""
    if stored != shown or not hmac.compare_digest(shown.encode(), fingerprint.encode()):
        raise FileChanged
    if not same_name(name, signature):
        raise NotTheName(f"Type the name of who signs: {name}. If that is not you, ask us for a link of your own.")


def told_of_end(agreement: AffiliationAgreement) -> SiteContact | None:
    """Return whom a letter about an agreement's end goes to: its signer, or another who signs for the site."""
    signer = agreement.signer
    if signer is not None and signer.left_at is None:
        return signer
    return queries.signing_contact(agreement.site_id)
