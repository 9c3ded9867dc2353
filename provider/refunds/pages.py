"""The refund page, the same for the signed-in student and for whoever holds the link from a letter."""

import datetime as dt

from flask import render_template

from provider.enrollments.models import Enrollment
from provider.kernel.days import day_of
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.refunds import queries
from provider.refunds.schemas import AskRefund


def refund_page(
    enrollment: Enrollment, *, now: dt.datetime, action: str, home: str | None, form: Form | None = None, told: str = ""
) -> str:
    """Return the page: the window and its one button, or why there is none, or the refund on its way.

    ``action`` is where the button posts to; ``home`` the enrollment's page, for who may open it; ``told`` a refusal.
    """
    return render_template(
        "refunds/show.html",
        enrollment=enrollment,
        outlook=queries.outlook(enrollment, now),
        form=form or Form(AskRefund()),
        now=now,
        today=day_of(now, settings().SCHOOL_ZONE),
        action=action,
        home=home,
        told=told,
    )
