"""Something told about a student to a college, as the features that will do so do it; and that data was erased."""

import datetime as dt

from provider.disclosures.actions import record
from provider.disclosures.models import Disclosure
from provider.disclosures.rules import DisclosureKind
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import insert, unit_of_work
from provider.oversight.models import Erasure
from provider.oversight.rules import ErasureBasis

CONSENT = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
OFFICER = Actor(ActorKind.STAFF, "P-22222222", "request-1")


def tell(about: str, *, at: dt.datetime = CONSENT + dt.timedelta(hours=1)) -> Disclosure:
    """Tell a college about one student, with consent."""
    with unit_of_work():
        return record(
            kind=DisclosureKind.COLLEGE,
            recipient="Registrar of Sample Community College",
            about=about,
            what="Name, credential, date of the exam, recommended credits",
            basis="Consent in the credit request",
            consent_at=at - dt.timedelta(hours=1),
            actor=OFFICER,
            at=at,
        )


def note_erasure(about: str = "E-99999999", *, at: dt.datetime = CONSENT) -> None:
    """Keep the row of an erasure, without one."""
    with unit_of_work():
        insert(Erasure, about=about, at=at, basis=ErasureBasis.ASKED, kept=[], actor_kind=ActorKind.STAFF)
