"""Importing sites, with their locations and contacts."""

from flask import url_for

from provider.affiliations.importing import doing
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.staff import csv_files, imports
from provider.staff.views_sites import RIGHTS

door = Door("staff_site_import", __name__, url_prefix="/staff/sites/import", **RIGHTS)
imports.stand_on(
    door,
    pages="staff/sites",
    rows=csv_files.sites,
    doing=lambda: doing(actor=actor(), at=received_at()),
    target=lambda: url_for("staff_sites.index"),
)
