from collections.abc import Sequence
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations import lists, queries
from provider.affiliations.importing import doing
from provider.affiliations.lists import BY_NAME, NEWEST, OpeningFilters, SiteFilters
from provider.affiliations.models import Site, SiteContact, SiteLocation
from provider.kernel.database import db, unit_of_work
from provider.kernel.importing import Judged, ListChanged, NothingToImport, Row, dry_run, import_all
from provider.staff.csv_files import Unreadable, sites
from tests.harness.checksums import checksums
from tests.harness.html import faults
from tests.harness.sites import AT, COORDINATOR, supply
from tests.harness.statements import statements
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Page, Visitor

WHOLE = {"site": "Hill Clinic", "kind": "clinic", "programs": "ccma CPT", "location": "Main", "street": "1 Hill Road"}
WHOLE |= {"city": "New York", "state": "ny", "zip": "10001"}
PERSON = {"contact": "Kim Hill", "email": "Kim@Hill.example", "phone": "+1 (555) 010-0142", "signs": "yes"}


def rows(*lines: dict[str, str]) -> list[Row]:
    return [Row(number, cells) for number, cells in enumerate(lines, start=2)]


def judged(given: Sequence[Row]) -> list[Judged]:
    return dry_run(given, doing(actor=COORDINATOR, at=AT))


def do(given: Sequence[Row], shown: Sequence[Judged]) -> None:
    with unit_of_work():
        import_all(given, doing(actor=COORDINATOR, at=AT), shown=[one.shown for one in shown])


def count(model: type[Site | SiteLocation | SiteContact]) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_a_dry_run_says_what_becomes_of_each_line_and_changes_nothing(app: Flask) -> None:
    given = rows(
        WHOLE | PERSON,
        WHOLE,
        WHOLE | {"location": "North"},
        WHOLE | {"street": "2 Hill Road"},
        WHOLE | {"site": "Bay Lab", "kind": ""},
        WHOLE | {"site": '=HYPERLINK("http://evil.example")'},
        WHOLE | {"zip": "501"},
        WHOLE | {"programs": "XYZ"},
        WHOLE | {"contact": "Kim", "email": "kim at hill"},
        WHOLE | {"site": "Bay\u202eLab"},
    )
    given[4] = Row(6, {name: value for name, value in given[4].cells.items() if value})
    before = checksums(app, frozenset())
    with app.app_context():
        found = [(one.fate.value, one.sentence) for one in judged(given)]
    assert found == [
        ("new", "Adds the site, the location and the contact."),
        ("same", "It is there already."),
        ("new", "Adds the location."),
        ("changes", "Changes the location (street)."),
        ("refused", "A new site needs its kind: hospital, clinic, lab or other."),
        ("refused", "What stands under site begins like a formula. Write it as plain text."),
        ("refused", "Write the five digits of the ZIP code. A spreadsheet may have dropped zeros in front."),
        ("refused", "There is no program xyz. Write the codes, with a blank between them."),
        ("refused", "Write the e-mail address of the contact, like name@example.org."),
        ("refused", "Remove the characters that cannot be printed from site."),
    ]
    assert checksums(app, frozenset()) == before


def test_what_was_shown_is_imported_and_what_was_refused_is_left_out(app: Flask) -> None:
    given = rows(WHOLE | PERSON, WHOLE | {"zip": "501", "site": "Bay Lab"})
    with app.app_context():
        shown = judged(given)
        do(given, shown)
        site = queries.site_named("HILL CLINIC")
        assert site is not None
        (contact,) = site.contacts
        assert (contact.name, contact.email, contact.signs) == ("Kim Hill", "kim@hill.example", True)
        assert (len(queries.programs_taken(site.id)), [one.zone for one in site.locations]) == (2, ["America/New_York"])
        assert (count(Site), count(SiteLocation), count(SiteContact)) == (1, 1, 1)
        with pytest.raises(ListChanged):
            do(given, shown)
        with pytest.raises(NothingToImport):
            do(given, judged(given))


def test_the_lists_are_paged_by_name_in_a_constant_number_of_statements(app: Flask) -> None:
    names = ["Alder", "Birch", "Cedar", "Dogwood", "Elm"]
    counts = []
    with app.app_context():
        supply(name=names[3])
        for wanted in ([3], [0, 1, 2, 4]):
            for number in wanted:
                if number != 3:
                    supply(name=names[number], agreement=None)
            with statements(app) as counted:
                lists.sites_page(SiteFilters(typed="new york"))
                page = lists.openings_page(OpeningFilters())
                queries.covering({one.location_id for one in page.rows})
            counts.append(len(counted))
        assert counts[0] == counts[1]
        first = lists.sites_page(SiteFilters(), size=2)
        second = lists.sites_page(SiteFilters(), size=2, after=first.newer)
        back = lists.sites_page(SiteFilters(), size=2, before=second.older)
        assert [[one.name for one in page.rows] for page in (first, second, back)] == [names[:2], names[2:4], names[:2]]
        assert [one.agreed_until is None for one in second.rows] == [True, False]
        assert [one.free for one in second.rows] == [2, 2]
        newest = lists.sites_page(SiteFilters(typed="elm"), sort=NEWEST)
        assert ([one.name for one in newest.rows], BY_NAME.ascending) == (["Elm"], True)


def test_staff_see_what_a_file_would_do_and_then_do_it(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.COORDINATOR))
    visitor.get("/staff/sites/import")
    head = "site;kind;location;street;city;state;zip"
    lines = [head, "Ñandú Clinic;clinic;Main;1 Hill Road;New York;NY;10001", "Bay Lab;lab;Main;2 Bay Road;Rowe;MA;1367"]
    content = "\r\n".join(lines).encode("utf-8-sig")
    sent = {"csrf_token": visitor.token(), "csv": (BytesIO(content), "sites.csv")}
    answer = visitor.client.post("/staff/sites/import", data=sent)
    assert faults(answer) == []
    page = Page(answer, "/staff/sites/import")
    assert "1 will be imported, 1 will be left out." in page.text
    carried = page.all("input[name=rows]")[0].attrs["value"]
    sent = {"csrf_token": visitor.token(), "rows": carried}
    for rows_sent, status in (("[[1]]", 409), (carried, 303), (carried, 409)):
        assert visitor.client.post("/staff/sites/import/rows", data=sent | {"rows": rows_sent}).status_code == status
    with app.app_context():
        assert [one.name for one in lists.sites_page(SiteFilters()).rows] == ["Ñandú Clinic"]


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "This file is empty."),
        (b"name,zip\nA,1\n", "The first line has to name the columns"),
        (b"\xff\xfe\x00", "This file is not text in UTF-8."),
        (b"site,location,street,city,state,zip,color\nA,B,C,D,NY,10001,red\n", "Only these columns are read"),
        (b"site,location,street,city,state,zip\nA,B\n", "Line 2 has 2 cells"),
        (b"site,location,street,city,state,zip\n" + b"A,B,C,D,NY,10001\n" * 201, "Upload 200 at a time."),
    ],
    ids=["empty", "other columns", "not UTF-8", "one column more", "cells missing", "too long"],
)
def test_a_file_that_is_no_list_of_sites_is_refused_in_words(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        sites(content)
    assert refusal.value.sentence.startswith(sentence) or refusal.value.sentence.endswith(sentence)
