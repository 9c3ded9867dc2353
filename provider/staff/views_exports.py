"""Lists taken out of the house: each under the permission that shows it, and the one that lets it leave."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.web import only
from provider.staff import credit_lists, lists, site_lists
from provider.staff.closings import Days
from provider.staff.exports import export

of_enrollments = Door(
    "staff_exports_of_enrollments",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.EXPORT_RECORDS,
    url_prefix="/staff",
)
of_money = Door(
    "staff_exports_of_money",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.EXPORT_RECORDS,
    url_prefix="/staff",
)
of_mail = Door(
    "staff_exports_of_mail",
    __name__,
    needs=Permission.SEE_MAIL,
    changes=Permission.EXPORT_RECORDS,
    url_prefix="/staff",
)

of_sites = Door(
    "staff_exports_of_sites",
    __name__,
    needs=Permission.SEE_SITES,
    changes=Permission.EXPORT_PLACEMENTS,
    url_prefix="/staff",
)
of_placements = Door(
    "staff_exports_of_placements",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.EXPORT_PLACEMENTS,
    url_prefix="/staff",
)

of_credits = Door(
    "staff_exports_of_credits",
    __name__,
    needs=Permission.SEE_CREDITS,
    changes=Permission.EXPORT_CREDITS,
    url_prefix="/staff",
)


def _exported(kind: type[lists.Listed[Any]]) -> ResponseReturnValue:
    only(*kind.schema().fields, "format")
    return export(kind(request.form), request.form.get("format", ""))


@of_enrollments.post("/enrollments/export")
@confirmed
def enrollments() -> ResponseReturnValue:
    return _exported(lists.Enrollments)


@of_enrollments.post("/completions/export")
@confirmed
def completions() -> ResponseReturnValue:
    return _exported(lists.Active)


@of_money.post("/payments/export")
@confirmed
def payments() -> ResponseReturnValue:
    awaited = request.form.get("view") == lists.AWAITED
    return _exported(lists.Awaited if awaited else lists.Payments)


@of_money.post("/refunds/export")
@confirmed
def refunds() -> ResponseReturnValue:
    return _exported(lists.Refunds)


@of_money.post("/payouts/export")
@confirmed
def payouts() -> ResponseReturnValue:
    return _exported(lists.Payouts)


@of_money.post("/closing/export")
@confirmed
def closed_days() -> ResponseReturnValue:
    return _exported(Days)


@of_mail.post("/mail/export")
@confirmed
def letters() -> ResponseReturnValue:
    return _exported(lists.Letters)


@of_sites.post("/sites/export")
@confirmed
def sites() -> ResponseReturnValue:
    return _exported(site_lists.Sites)


@of_sites.post("/openings/export")
@confirmed
def openings() -> ResponseReturnValue:
    return _exported(site_lists.Openings)


@of_placements.post("/externships/export")
@confirmed
def externships() -> ResponseReturnValue:
    return _exported(lists.Requests)


@of_credits.post("/credit-requests/export")
@confirmed
def credit_requests() -> ResponseReturnValue:
    return _exported(credit_lists.CreditRequests)
