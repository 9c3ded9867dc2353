"""What stands for each part of an address: a real record of each kind, so that a visit finds something there."""

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from provider.accounts.models import Person, SignedLink
from provider.accounts.rules import Role
from provider.books.models import DayClose
from provider.documents.models import DocumentRequirement
from provider.files.models import File
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.payments.models import Payment, Receipt
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.refunds.models import Payout
from provider.tasks.models import Task
from provider.tuition.models import TuitionPlan
from tests.harness import (
    issued,
    papers,
    season_of_hours,
    season_of_offers,
    season_of_plans,
)
from tests.harness.season import Season
from tests.harness.season_events import parked
from tests.harness.season_of_placements import placement_of
from tests.harness.stories import token_for

OWNER, STRANGER = "paying", "fresh"
MINE = "/my/enrollments/"
# What stands beneath these is of somebody else, who is at a site.
OTHER_OWNERS = {"/my/externship/hours/": "extern", "/my/externship/procedures/": "extern"}
Objects = dict[str, dict[str, str]]


def objects(app: Flask, season: Season) -> Objects:
    """Return the parts of addresses by how the address begins; what stands beneath /my is the OWNER's."""

    def one(query: sa.Select[str]) -> str:
        found: str = db.session.scalars(query.limit(1)).one()
        return found

    owner = season[OWNER]
    with app.app_context():
        program = one(sa.select(Program.reference).where(Program.slug == "ccma"))
        plan = one(sa.select(TuitionPlan.reference).join(Program).where(Program.reference == program))
        receipt = one(sa.select(Receipt.reference).join(Payment).where(Payment.reference == owner.payments[0]))
        bursar = sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR])
        told = season_of_hours.of(season["extern"].enrollment)
        found = {
            "/static/": {"filename": "style.css"},
            "/static/fonts/": {"name": "PublicSans[wght].ttf"},
            "/static/accents/": {"name": "1-7a1f5c.css"},
            "/careers/": {"address": "medical-assistant"},
            "/programs/": {"program": "ccma"},
            "/exams/": {"credential": "ccma"},
            "/verify/": {"code": issued.code()},
            "/my/externship/": {"reference": owner.enrollment},
            MINE: {"reference": owner.enrollment, "receipt": receipt, "charge": owner.charge},
            "/my/externship/documents/": {"reference": papers.waiting(owner.email)},
            "/staff/documents/": {"reference": papers.waiting(owner.email)},
            "/staff/document-requirements/": {"reference": one(sa.select(DocumentRequirement.reference))},
            "/staff/enrollments/": {"reference": season["late"].enrollment, "number": "2"},
            "/staff/sites/": {"reference": season.sites.whole.site},
            "/staff/locations/": {"reference": season.sites.whole.location},
            "/staff/contacts/": {"reference": season.sites.whole.contact},
            "/staff/openings/": {"reference": season.sites.whole.opening},
            "/staff/affiliations/": {"reference": season.sites.draft},
            "/staff/payments/": {"reference": owner.payments[0]},
            "/staff/payment-events/": {"reference": parked()},
            "/staff/closing/": {"day": db.session.scalars(sa.select(sa.func.max(DayClose.day))).one().isoformat()},
            "/staff/plans/": season_of_plans.parts(),
            "/staff/payouts/": {"reference": one(sa.select(Payout.reference))},
            "/staff/refunds/": {"reference": season["declined"].refund},
            "/staff/links/": {"reference": one(sa.select(SignedLink.reference))},
            "/staff/mail/": {"reference": one(sa.select(OutboxLetter.reference))},
            "/staff/tasks/": {"reference": one(sa.select(Task.reference))},
            "/staff/people/": {"reference": one(bursar)},
            "/staff/students/": {"reference": one(sa.select(Person.reference).where(Person.email == owner.email))},
            "/staff/programs/": {"reference": program, "plan": plan},
            "/staff/policies/floors/": {"reference": one(sa.select(StateFloorRow.reference))},
            "/staff/faq/": {"slug": one(sa.select(FaqItem.slug))},
            "/staff/erasures/": {"reference": season["settled"].enrollment},
            "/my/externship/offers/": {"reference": season_of_offers.offer_of(owner.enrollment)},
            "/my/externship/placements/": {"reference": season_of_offers.placement_of(owner.enrollment)},
            "/staff/externships/": {
                "reference": season_of_offers.request_of(season["fresh"].enrollment),
                "opening": season_of_offers.opening_of(owner.enrollment),
            },
            "/staff/placements/": {"reference": placement_of(season["recorded"].enrollment), "kind": "final"},
            "/my/externship/hours/": {"reference": told["entry"]},
            "/my/externship/procedures/": {"reference": told["procedure"]},
            "/staff/externships/placements/": {
                "reference": told["placement"],
                "entry": told["entry"],
                "week": told["week"],
            },
            "/staff/files/": {
                "reference": one(sa.select(File.reference).join(Payment, Payment.proof_file_id == File.id))
            },
        }
        db.session.remove()
    return found | {"/links/": {"token": token_for(app, "refund", season["fresh"].enrollment)}}


def address(app: Flask, rule: Rule, known: Objects) -> str:
    """Return the rule's address with the records that are known for its longest beginning."""
    begins = max((begins for begins in known if rule.rule.startswith(begins)), key=len, default="")
    values = {name: known[begins][name] for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))
