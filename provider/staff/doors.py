"""Every door of the back office, each with the menu that its layout shows."""

from provider.kernel.doors import Door
from provider.staff import (
    nav,
    views_access,
    views_bulk,
    views_completions,
    views_disclosures,
    views_enrollments,
    views_exports,
    views_faq,
    views_files,
    views_home,
    views_mail,
    views_payments,
    views_people,
    views_policies,
    views_programs,
    views_refunds,
    views_search,
    views_setup,
    views_students,
    views_tasks,
)

DOORS: tuple[Door, ...] = (
    views_home.door,
    views_search.door,
    views_tasks.door,
    views_enrollments.door,
    views_students.door,
    views_students.notes,
    views_completions.door,
    views_payments.door,
    views_refunds.door,
    views_refunds.overrides,
    views_mail.door,
    views_programs.door,
    views_policies.door,
    views_faq.door,
    views_people.door,
    views_access.door,
    views_files.door,
    views_disclosures.door,
    views_bulk.of_enrollments,
    views_bulk.of_letters,
    views_exports.of_enrollments,
    views_exports.of_money,
    views_exports.of_mail,
    views_setup.door,
)
for _door in DOORS:
    _door.context_processor(nav.layout)
