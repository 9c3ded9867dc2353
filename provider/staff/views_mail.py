"""The school's letters: what waits, what left, what failed, each as it was sent."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.mail import actions, queries
from provider.mail.rules import LetterState
from provider.staff.answers import try_to
from provider.staff.listing import key
from provider.staff.lists import Letters
from provider.staff.views_bulk import LETTERS

door = Door("staff_mail", __name__, needs=Permission.SEE_MAIL, changes=Permission.RESEND_MAIL, url_prefix="/staff/mail")


@door.get("")
def index() -> ResponseReturnValue:
    listed = Letters(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/mail/index.html",
        listed=listed,
        page=page,
        marks=queries.troubled(one.recipient for one in page.rows),
        deeds=LETTERS.choices,
    ), listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    letter = queries.by_reference(reference)
    resendable = letter.state in {LetterState.FAILED, LetterState.SENT} and may(Permission.RESEND_MAIL)
    return render_template(
        "staff/mail/show.html",
        letter=letter,
        shown=queries.shown(letter),
        can_resend=resendable,
        marks=queries.troubled([letter.recipient]),
    )


@door.post("/<reference>/resend")
def resend(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.resend(queries.by_reference(reference, lock=True), actor=actor(), at=received_at()),
        "The letter is queued again.",
        url_for("staff_mail.show", reference=reference),
    )
