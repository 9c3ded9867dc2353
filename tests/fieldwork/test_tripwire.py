"""The tripwire: what looks as if it told who a patient is, and what only looks a little like it."""

import time

import pytest

from provider.fieldwork.tripwire import Looks, tripped

REFUSED = [
    ("Drew blood from Mr. Smith", Looks.NAME),
    ("Mrs Ñúñez was first", Looks.NAME),
    ("mr smith, left arm", Looks.NAME),
    ("ms. jones again", Looks.NAME),
    ("Miss O’Hara, butterfly needle", Looks.NAME),
    ("MR. DOE", Looks.NAME),
    ("patient John Doe", Looks.NAME),
    ("Patient: John, second try", Looks.NAME),
    ("pt Maria fainted", Looks.NAME),
    ("pt J.D. fainted", Looks.NAME),
    ("Resident Dorothy in room 4", Looks.NAME),
    ("baby Emma, heel stick", Looks.NAME),
    ("a client named Lee Wong", Looks.NAME),
    ("her name is Ana", Looks.NAME),
    ("a draw on 3/14/1987", Looks.DATE),
    ("03-14-87", Looks.DATE),
    ("1987-03-14", Looks.DATE),
    ("14.03.1987", Looks.DATE),
    ("seen March 14, 1987", Looks.DATE),
    ("seen Mar. 14th 1987", Looks.DATE),
    ("seen 14 March 1987", Looks.DATE),
    ("14-Mar-87", Looks.DATE),
    ("DOB 3/14/1987", Looks.BIRTH),
    ("dob: march 14", Looks.BIRTH),
    ("date of birth checked: 1987", Looks.BIRTH),
    ("born in 1987", Looks.BIRTH),
    ("MRN 4471", Looks.RECORD_NUMBER),
    ("mrn:A-4471", Looks.RECORD_NUMBER),
    ("chart no. 4471", Looks.RECORD_NUMBER),
    ("medical record number 4471", Looks.RECORD_NUMBER),
    ("Account #4471", Looks.RECORD_NUMBER),
    ("00447193", Looks.RECORD_NUMBER),
    ("447-193", Looks.RECORD_NUMBER),
    ("44 71 93", Looks.RECORD_NUMBER),
    ("123-45-6789", Looks.SOCIAL_SECURITY),
    ("SSN ends in 6789, SSN: 6789", Looks.SOCIAL_SECURITY),
    ("call (555) 010-0199", Looks.PHONE),
    ("call 555-010-0199", Looks.PHONE),
    ("call +1 555.010.0199", Looks.PHONE),
    ("call 010-0199", Looks.PHONE),
    ("write to ana@example.org", Looks.EMAIL),
]
ACCEPTED = [
    "",
    "Second try, left arm",
    "Three butterfly draws, two straight needles, one capillary",
    "Dr. Patel watched and let me do the rest",
    "With Nurse Kim in the morning",
    "My preceptor Dana showed me the centrifuge",
    "Patient intake and vitals with the patient portal",
    "Patient Care Technician shadowed",
    "Patient was calm. Patient refused the second draw.",
    "Patient Intake, Patient Education, Patient Safety training",
    "PATIENT TRANSPORT all day",
    "Patient Monday mornings is the busiest",
    "Pt education on fasting",
    "the patient had an EKG; patient BP was normal",
    "Patients IV line was checked",
    "BP 120/80, pulse 72, temp 98.6, SpO2 99",
    "PR interval 160 ms was normal, QRS 90 ms wide",
    "12-lead EKG, 10 mm/mV, 25 mm/s",
    "EKG with V1-V6 placed twice",
    "Order of draw: blue, red, gold, green, lavender, gray",
    "21G needle, 5 mL, 3 tubes, 1/2 inch",
    "0.5 mL flu shots, 1-2 a minute",
    "From 8:00 to 16:30, 30 minutes of lunch",
    "Covered on 3/14 for a colleague, may do it again",
    "On March 14 I was in the lab",
    "Rooms 101, 102 and 1204",
    "A1C 6.4, glucose 104, Hgb 13.9",
    "10/10 pain scale, 20/20 vision, 3/4 full tube",
    "24/7 ward, 2026 flu season",
    "I miss Mondays there",
    "MS patient, hard to find a vein",
    "Left at noon, doctor's appointment",
    "Record keeping and chart review, visit notes",
    "Read chart 12 with the preceptor",
    "COVID-19 swabs, ICD-10 codes, CPT 36415",
    "I was named student of the week",
    "Sent 3 of 4 specimens at 14:05, 1 hemolyzed",
    "Lot checked, 50-100 labels, 1000 tubes counted",
    "Used 1,200 gauze pads in 2 weeks",
]


@pytest.mark.parametrize("text, looks", REFUSED)
def test_what_looks_like_a_patient_is_refused(text: str, looks: Looks) -> None:
    found = tripped(text)
    assert (text, found and found.looks) == (text, looks)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_people_write_of_their_work_is_accepted(text: str) -> None:
    assert (text, tripped(text)) == (text, None)


def test_it_says_what_it_saw_why_and_what_to_write_instead() -> None:
    found = tripped("Drew blood\nfrom  Mr.\nSmith twice")
    assert found is not None
    assert found.sentence == (
        "“Mr. Smith” looks like a person’s name. Nothing that tells who a patient is may stand here, because the "
        "school must not hold it. Write “the patient”, or the role of somebody who works there, such as “my "
        "preceptor”. "
        "Everything else you typed is still here."
    )


def test_every_kind_has_words_and_what_was_seen_is_quoted_shortly() -> None:
    assert len({looks.label for looks in Looks}) == len(Looks)
    assert all(looks.instead.endswith(".") for looks in Looks)
    found = tripped("9" * 500)
    assert found is not None
    assert found.words == "9" * 59 + "…"


def test_no_text_keeps_it_busy() -> None:
    hostile = [
        "1 " * 3_000,
        "patient " * 600,
        "A" * 4_000,
        "a@" * 2_000,
        "record " * 700,
        "1/" * 2_000,
        "Mr " * 1_500,
        "a.b" * 1_300,
    ]
    begun = time.perf_counter()
    for text in hostile:
        tripped(text)
    assert time.perf_counter() - begun < 1
