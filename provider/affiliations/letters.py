"""Letters to sites, and to who countersigns for the school."""

import datetime as dt

from provider.accounts.models import SignedLink
from provider.affiliations.models import AffiliationAgreement, SiteContact
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.mail.rules import Letter, Mailbox, Value


def to_sign(agreement: AffiliationAgreement, signer: SiteContact, link: SignedLink) -> Letter:
    """The agreement is there to be read and signed for the site."""
    return _letter(
        "agreement_sign",
        agreement,
        signer.email,
        link.reference,
        name=signer.name,
        countersigner=agreement.countersigner_name,
        sign_link=link.reference,
        opens_until=_last_day(link),
    )


def to_countersign(agreement: AffiliationAgreement, link: SignedLink) -> Letter:
    """The site has signed; the school's signature is the last one."""
    return _letter(
        "agreement_countersign",
        agreement,
        str(agreement.countersigner_email),
        link.reference,
        name=agreement.countersigner_name,
        signed_by=agreement.signature,
        countersign_link=link.reference,
        opens_until=_last_day(link),
    )


def in_force(agreement: AffiliationAgreement, *, name: str, recipient: str) -> Letter:
    """Both have signed."""
    return _letter(
        "agreement_in_force",
        agreement,
        recipient,
        agreement.reference,
        name=name,
        signed_by=agreement.signature,
        countersigned_by=agreement.countersignature,
        fingerprint=agreement.document_sha256,
    )


def ends_soon(agreement: AffiliationAgreement, contact: SiteContact, *, days_left: int, reminder: int) -> Letter:
    """The agreement ends, and how it is renewed."""
    event = f"{agreement.reference}:{agreement.until.isoformat()}:{reminder}"
    return _letter("agreement_ends", agreement, contact.email, event, name=contact.name, days_left=days_left)


def notice(agreement: AffiliationAgreement, contact: SiteContact) -> Letter:
    """The agreement ends early, on which day and why."""
    return _letter(
        "agreement_notice",
        agreement,
        contact.email,
        f"{agreement.reference}:{agreement.until.isoformat()}",
        name=contact.name,
        until=agreement.until.isoformat(),
        reason=agreement.end_reason,
    )


def offer_places(contact: SiteContact, link: SignedLink) -> Letter:
    """The link by which a site offers places, and changes or closes what it offers."""
    return Letter(
        template="site_openings",
        recipient=contact.email,
        event=link.reference,
        about=contact.site.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values={
            "name": contact.name,
            "site": contact.site.name,
            "openings_link": link.reference,
            "opens_until": _last_day(link),
        },
    )


def _letter(template: str, agreement: AffiliationAgreement, recipient: str, event: str, **values: Value) -> Letter:
    return Letter(
        template=template,
        recipient=recipient,
        event=event,
        about=agreement.site.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values={
            "site": agreement.site.name,
            "school_name": agreement.school_name,
            "reference": agreement.reference,
            "first_on": agreement.first_on.isoformat(),
            "last_on": agreement.last_on.isoformat(),
            "notice_days": agreement.notice_days,
            **values,
        },
    )


def _last_day(link: SignedLink) -> str:
    """Return the last whole day on which a link opens, by the clock of the school."""
    return day_of(link.expires_at - dt.timedelta(days=1), settings().SCHOOL_ZONE).isoformat()
