"""Where people's data is held that credit requests left."""

from provider.credits.models import CreditRequest
from provider.oversight import personal_finders as find
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, Held, Section

CREDITS: tuple[Held, ...] = (
    Held(
        "credit_requests",
        CreditRequest,
        Section.CREDITS,
        find.of_person(CreditRequest),
        {
            "reference": "Credit request",
            "state": "State",
            "requested_at": "Asked",
            "legal_name": "Name as the college knows it",
            "student_number": "Student number",
            "credits": "Credits recommended",
            "consent": "What you agreed to",
            "consent_at": "Agreed",
            "asked_for": "What we asked for",
            "answer": "What you answered",
            "sent_at": "Sent to the college",
            "received_at": "Received by the college",
            "decision": "Decision",
            "decision_credits": "Credits granted",
            "decision_course": "Counts as",
            "decision_reason": "Reason of the college",
            "end_reason": "Ended because",
            "end_words": "What we wrote about the end",
        },
        (
            "about", "answer_recorded_at", "answer_thread",
            "level", "subject", "badge_claimed", "reminded_days", "decided_at", "decision_channel",
            "decision_by", "decision_evidence", "ended_at",
        ),
        {
            "id": INSIDE, "person_id": INSIDE, "enrollment_id": INSIDE, "credential_id": INSIDE, "result_id": INSIDE,
            "recommendation_id": INSIDE, "college_id": INSIDE, "assigned_to": COLLEAGUE,
        },
    ),
)  # fmt: skip
