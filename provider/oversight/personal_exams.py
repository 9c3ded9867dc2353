"""Where people's data is held that exams left."""

from provider.exams.models import ExamResult
from provider.oversight import personal_finders as find
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, Held, Section

EXAMS: tuple[Held, ...] = (
    Held(
        "exam_results",
        ExamResult,
        Section.EXAMS,
        find.of_person(ExamResult),
        {
            "reference": "Exam result",
            "taken_on": "Day of the exam",
            "passed": "Passed",
            "score": "Score",
            "certificate_number": "Certificate number",
            "state": "State",
            "reported_at": "Reported",
            "renew_by": "Renewed by",
            "rejection": "Why it was not accepted",
        },
        ("about", "decided_at"),
        {"id": INSIDE, "person_id": INSIDE, "credential_id": INSIDE, "file_id": INSIDE, "decided_by": COLLEAGUE},
    ),
)
