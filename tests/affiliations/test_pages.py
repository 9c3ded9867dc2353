from flask import Flask

from provider.accounts.rules import Role
from tests.harness.html import faults
from tests.harness.sites import supply
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor


def test_the_page_of_a_site_leads_to_its_documents_and_says_what_is_not_covered(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        made = supply(agreement=None, zip_code="99999")
    sign_in(visitor, staff(app, Role.COORDINATOR))
    page = visitor.get(f"/staff/sites/{made.site}")
    assert faults(page.response) == []
    told = page.words()
    assert "No affiliation agreement is in force. Nobody can be offered a place here" in told
    assert "Not covered" in told
    assert "We do not know this ZIP code" in told
    (link,) = [each for each in page.all("main a") if "document-requirements" in each.attrs["href"]]
    assert made.site in link.attrs["href"]
    assert visitor.get(link.attrs["href"]).status == 200
