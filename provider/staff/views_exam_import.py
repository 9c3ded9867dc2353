"""Importing the exam results of a cohort."""

from flask import url_for

from provider.exams.importing import doing
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.staff import csv_files, imports
from provider.staff.views_exams import RIGHTS

door = Door("staff_exam_import", __name__, url_prefix="/staff/exams/import", **RIGHTS)
imports.stand_on(
    door,
    pages="staff/exams",
    rows=csv_files.exams,
    doing=lambda: doing(actor=actor(), at=received_at()),
    target=lambda: url_for("staff_exams.index", state="verified"),
)
