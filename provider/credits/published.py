"""The numbers of college credit that the school publishes, read when the public page is made anew."""

import sqlalchemy as sa

from provider.credits.acceptance import Acceptance, Counted, acceptance
from provider.credits.models import College, CreditRequest
from provider.kernel.database import db


def numbers() -> Acceptance | None:
    """Return what may be published of every request that was ever sent; None where the database is away.

    One statement, which counts in the database.
    """
    received = CreditRequest.received_at.is_not(None)
    query = (
        sa.select(College.key, sa.func.min(College.name), received, CreditRequest.decision, sa.func.count())
        .join(College, College.id == CreditRequest.college_id)
        .where(CreditRequest.sent_at.is_not(None))
        .group_by(College.key, received, CreditRequest.decision)
    )
    try:
        return acceptance(Counted(*row) for row in db.session.execute(query))
    except sa.exc.OperationalError:
        db.session.rollback()
        return None
