"""Why an offer or a placement cannot go on: one class for each reason, each with a sentence for whoever is told."""

import datetime as dt
from collections.abc import Sequence

from provider.externships.rules import OfferState, PlacementState, RequestState
from provider.kernel.days import written
from provider.kernel.errors import DomainError


class RequestNotReady(DomainError):
    """A student was to be offered a place who has one, has another offer, or waits for documents."""

    code = "request_not_ready"

    def __init__(self, state: RequestState) -> None:
        super().__init__(_NOT_READY.get(state, "This request is over, so no place can be offered."))


_NOT_READY = {
    RequestState.REQUESTED: "This request has only just come in. Wait until its documents were looked at.",
    RequestState.DOCUMENTS: "This student’s documents are not complete, so no place can be offered yet.",
    RequestState.LAPSED: "This request sleeps until documents come, so no place can be offered yet.",
    RequestState.OFFERED: "This student has been offered a place meanwhile. Nothing was changed.",
    RequestState.PLACED: "This student has a place already. Nothing was changed.",
    RequestState.RUNNING: "This student is at a site already. Nothing was changed.",
}


class NotAStudent(DomainError):
    """The enrollment does not permit an externship any more."""

    code = "not_a_student"
    sentence = "This enrollment has ended or was never completed, so no place can be offered."


class NotPaid(NotAStudent):
    """The payment that let somebody ask early was recorded in error, and is not made good yet."""

    code = "not_paid"
    sentence = "This enrollment waits for a payment again. Until it is paid, no place can be offered or taken."


class NotYet(DomainError):
    """A site said yes while the school has to settle something with the student, which is not the site's to read."""

    code = "not_yet"
    sentence = (
        "The school has to settle something before this place can be confirmed, so your answer was not taken down. "
        "Your link stays open: answer again in a few days, or answer our letter."
    )


class LastPlaceTaken(DomainError):
    """Somebody was faster at the last place."""

    code = "opening_full"
    sentence = "Somebody else took the last place a moment ago. Nothing was changed. Choose another opening."


class DoesNotFit(DomainError):
    """An opening that a hard rule speaks against."""

    code = "does_not_fit"

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))


class AgreementDoesNotCover(DomainError):
    """No placement outside of its agreement (R17)."""

    code = "agreement_does_not_cover"
    sentence = "The agreement between the school and this site does not cover each of these days."


class DocumentsDoNotHold(DomainError):
    """A required document is not good through the last day (R18)."""

    code = "documents_do_not_hold"

    def __init__(self, names: Sequence[str], through: dt.date) -> None:
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        super().__init__(f"Still needed, good through {written(through)} and accepted by the school: {listed}.")


class DaysOver(DomainError):
    """What is left of the days does not give the hours of the program."""

    code = "days_over"
    sentence = "The days that are left of this place do not give the hours of the program any more."


class DaysImpossible(DomainError):
    """Days that cannot be proposed."""

    status = 422
    code = "days_impossible"


class OfferOver(DomainError):
    """An offer was answered that does not wait for this answer: a stale tab, a second click, or too late."""

    code = "offer_over"

    def __init__(self, sentence: str, state: OfferState) -> None:
        self.state = state
        super().__init__(sentence)


class OfferTooLate(DomainError):
    """The answer came after the last instant of its last day."""

    status = 410
    code = "offer_expired"

    def __init__(self, until: dt.date) -> None:
        super().__init__(f"You could answer until {written(until)}, so this place went back. We look for another.")


class PlacementOver(DomainError):
    """A placement was changed that is over or does not stand as the page showed."""

    code = "placement_over"

    def __init__(self, state: PlacementState) -> None:
        super().__init__(f"This placement is {state.label.lower()} by now. Reload the page to see how it stands.")


class NotThisPreceptor(DomainError):
    """Somebody was to supervise who does not, or who belongs to another site."""

    status = 422
    code = "not_this_preceptor"
    sentence = "Choose somebody of this site who supervises students and still works there."
