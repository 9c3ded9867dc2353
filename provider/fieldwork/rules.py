"""Hours and procedures: their states, what counts, what is odd about a day, and counters toward credentials."""

from provider.kernel.lifecycles import Lifecycle, State, Tone

HOURS_PREFIX = "HE"
PROCEDURE_PREFIX = "PC"
BATCH_PREFIX = "WB"
EVALUATION_PREFIX = "VL"
VISIT_PREFIX = "SV"
RECORD_PREFIX = "ER"


class EntryState(State):
    """Where an hours entry or a procedure entry stands; only what a preceptor approved counts (R19)."""

    ENTERED = "entered"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {"submitted": "With the preceptor", "returned": "Sent back to you"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"submitted": "warn", "approved": "good", "returned": "bad"}
        return tones.get(self.value, "neutral")


ENTRY_LIFECYCLE: Lifecycle[EntryState] = Lifecycle(
    {
        EntryState.ENTERED: frozenset({EntryState.SUBMITTED}),
        EntryState.SUBMITTED: frozenset({EntryState.APPROVED, EntryState.RETURNED}),
        EntryState.RETURNED: frozenset({EntryState.SUBMITTED}),
    }
)


class EntrySource(State):
    """How a day's hours came to be written down."""

    CLOCK = "clock"
    TYPED = "typed"


class ProcedureKind(State):
    """What was done, without anything of the patient."""

    VENIPUNCTURE = "venipuncture"
    CAPILLARY = "capillary"
    EKG = "ekg"
    VITALS = "vitals"
    INJECTION = "injection"
    SPECIMEN = "specimen"
    POINT_OF_CARE = "point_of_care"
    PATIENT_INTAKE = "patient_intake"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Return the procedure in words."""
        return {
            "capillary": "Capillary or finger stick",
            "ekg": "EKG",
            "vitals": "Vital signs",
            "specimen": "Specimen handling",
            "point_of_care": "Point-of-care test",
        }.get(self.value) or super().label


class BatchState(State):
    """Whether a preceptor has answered a week's entries."""

    SENT = "sent"
    ANSWERED = "answered"


BATCH_LIFECYCLE: Lifecycle[BatchState] = Lifecycle({BatchState.SENT: frozenset({BatchState.ANSWERED})})


class EvaluationKind(State):
    """Who evaluates whom and when."""

    MID = "mid"
    FINAL = "final"
    OF_SITE = "of_site"

    @property
    def label(self) -> str:
        """Return it in words."""
        return {"mid": "Mid-point evaluation", "final": "Final evaluation", "of_site": "Evaluation of the site"}[
            self.value
        ]


class EvaluationState(State):
    """Whether an evaluation was given."""

    ASKED = "asked"
    DONE = "done"


EVALUATION_LIFECYCLE: Lifecycle[EvaluationState] = Lifecycle({EvaluationState.ASKED: frozenset({EvaluationState.DONE})})
