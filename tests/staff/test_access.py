"""What a role finds in the back office, and the page that says who may do what."""

from collections.abc import Callable

from flask import Flask

from provider.accounts.rules import Permission, Role
from provider.staff import nav
from tests.harness.season import Season
from tests.harness.sites import supply
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

R = Role


def test_a_stranger_is_asked_to_sign_in_and_a_student_is_turned_away(app: Flask, visitor: Visitor) -> None:
    for path in ("/staff", "/staff/payments"):
        assert visitor.client.get(path).headers["Location"] == f"/sign-in?next={path}"
    sign_in(visitor, staff(app))
    assert visitor.get("/staff", 403).title == "Not allowed"


def test_who_may_not_see_money_reads_an_enrollment_without_it(app: Flask, cardless: Season, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, R.COORDINATOR))
    page = visitor.get(f"/staff/enrollments/{cardless['settled'].enrollment}")
    story = page.words(".timeline")
    assert "Money" not in [heading.to_text().strip() for heading in page.all("h2")]
    assert [word for word in ("Payment recorded", "Money sent", "$") if word in story] == []
    assert "Letter: Receipt" in story


def test_the_menu_has_only_the_rooms_a_role_may_see(app: Flask, visitors: Callable[[], Visitor]) -> None:
    pages = {role: sign_in(visitors(), staff(app, role)) for role in (R.COORDINATOR, R.EDITOR, R.BURSAR)}
    rooms = {role: [link.to_text().strip() for link in page.all(".side a")] for role, page in pages.items()}
    assert rooms == {
        R.COORDINATOR: [
            *("Home", "Tasks", "Messages", "Enrollments", "Completions"),
            *("Externships", "Documents", "Plans", "Openings", "Sites"),
        ],
        R.EDITOR: ["Home", "Tasks", "Programs", "Recommended credit", "Refund policy", "Questions"],
        R.BURSAR: [
            *("Home", "Tasks", "Messages", "Letters", "Enrollments", "Completions"),
            *("Payments", "Refunds", "Daily close", "Journal"),
            *("Programs", "Recommended credit", "Refund policy", "Questions"),
        ],
    }
    headings = [heading.to_text() for heading in pages[R.BURSAR].all(".side .side__head")]
    assert headings == ["Students", "Money", "Public pages"]


def test_every_page_of_the_back_office_stands_in_a_room_of_the_menu(app: Flask, visitor: Visitor) -> None:
    pages = {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    rooms = {room.endpoint.partition(".")[0] for room in nav.ROOMS}
    outside = {page for page in pages if page.startswith("staff")} - rooms - set(nav.WITHIN)
    assert outside == {"staff_search"}
    assert set(nav.WITHIN.values()) <= rooms
    with app.app_context():
        made = supply()
    sign_in(visitor, staff(app, R.COORDINATOR))
    for path in (f"/staff/contacts/{made.contact}/edit", f"/staff/affiliations/{made.agreement}"):
        current = [link.to_text().strip() for link in visitor.get(path).all(".side a[aria-current]")]
        assert (path, current) == (path, ["Sites"])


def tables(visitor: Visitor) -> dict[str, list[list[str]]]:
    """Return the rows of each table on the page of access, by its caption."""
    found = visitor.get("/staff/access").all("main table")
    return {
        table.query("caption")[0].to_text().strip(): [
            [" ".join(cell.to_text().split()) for cell in line.query("th, td")] for line in table.query("tbody tr")
        ]
        for table in found
    }


def test_the_page_of_access_says_who_may_do_what(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, R.AUDITOR))
    told = tables(visitor)
    assert told["Money"] == [
        ["Payments, receipts, proofs and refunds", "See", "Anybody’s", "Bursar, Auditor, Admin"],
        ["Payments, payouts, requests, withdrawals", "Change", "Anybody’s", "Bursar, Admin"],
        ["Refunds as exceptions, with a reason", "Change", "Anybody’s", "Bursar, Admin"],
    ]
    own = told["The student’s own pages"][0]
    assert own[2:] == ["Only their own", "Everybody who signs in; before that, the browser that enrolled"]
    assert ["What has to be done and by when", "See", "Anybody’s", "Everybody who works here"] in told["Tasks"]


def test_the_page_of_access_leaves_no_line_and_no_role_out(app: Flask, visitor: Visitor) -> None:
    staff(app, R.BURSAR)
    sign_in(visitor, staff(app, R.ADMIN, R.BURSAR))
    told = tables(visitor)
    held = {role: people for role, _, people in told.pop("Roles")}
    assert held == {role.label: "Nobody" for role in Role} | {"Admin": "1 person", "Bursar": "2 people"}
    assert sum(len(lines) for lines in told.values()) == len(Permission)
    for permission in Permission:
        (who,) = [line[3] for line in told[permission.kind] if line[0].lower() == permission.words.lower()]
        if not who.startswith("Everybody"):
            assert who == ", ".join(role.label for role in Role if role in permission.holders)
