"""All rooms, in the order in which visitors, students and staff come to them."""

from tests.harness.rooms import (
    accounts,
    affiliations,
    books,
    catalog,
    colleagues,
    college_credit,
    documents,
    enrollments,
    exams,
    externships,
    fieldwork,
    mail,
    mailroom,
    oversight,
    payments,
    refunds,
    school,
    site,
    tasks,
    threads,
)

ROOMS = tuple(
    each.ROOM
    for each in (
        site,
        mail,
        threads,
        mailroom,
        accounts,
        enrollments,
        payments,
        books,
        externships,
        documents,
        exams,
        college_credit,
        fieldwork,
        refunds,  # whose forms end what those before them need
        oversight,
        tasks,
        catalog,
        colleagues,
        affiliations,
        school,
    )
)
