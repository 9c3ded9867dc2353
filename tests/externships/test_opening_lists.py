"""Who stands behind the number of places that are taken."""

from collections.abc import Callable

import pytest
from flask import Flask

from provider.accounts.rules import Role
from provider.externships.opening_lists import takers
from provider.externships.rules import OfferState, PlacementState
from tests.harness.externs import ASKED, asked
from tests.harness.places import decline, offer, placed
from tests.harness.sites import supply
from tests.harness.statements import statements
from tests.harness.visitor import Visitor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_an_opening_names_who_has_its_places_and_who_is_asked(app: Flask, colleague: Callable[..., Visitor]) -> None:
    with app.app_context():
        made = supply(capacity=3)
        gone, sent, confirmed = asked(), asked(), asked()
        decline(offer(gone, made.opening), at=ASKED)
        offer(sent, made.opening)
        with statements(app) as with_one:
            takers(made.opening_id)
        last = placed(confirmed, made.opening)
        with statements(app) as with_two:
            found = takers(made.opening_id)
        assert (len(with_one), len(with_two)) == (1, 1)
        assert [(one.request, one.placement, one.state) for one in found] == [
            (sent, None, OfferState.SENT),
            (confirmed, last, PlacementState.PLANNED),
        ]
    page = colleague(Role.COORDINATOR).get(f"/staff/openings/{made.opening}")
    leads = [link.attrs["href"] for link in page.all("section[aria-labelledby=takers] tbody a")]
    assert leads == [f"/staff/externships/{sent}", f"/staff/placements/{last}"]
