"""Why a credit request is refused: one named refusal for each reason."""

from provider.credits.rules import DecisionProblem, Missing
from provider.kernel.errors import DomainError


class NotPossible(DomainError):
    """Something has to be there before credit may be asked for; the sentence says what, and what to do."""

    code = "credit_not_possible"

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.sentence)
        self.missing = missing


class AskedAlready(DomainError):
    """One request at a time for a credential; the second one is led to the first."""

    code = "credit_asked_already"
    sentence = "You have asked for this already. This page shows how it stands."

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


class TooManyRequests(DomainError):
    """Nobody asks so often; it keeps anybody from filling the queue."""

    status = 422
    code = "too_many_credit_requests"
    sentence = "You have asked as often as we can follow. Write to us, and we go on from there together."


class MailboxRefused(DomainError):
    """An address that cannot be a registrar's; the sentence says why."""

    status = 422
    code = "mailbox_refused"


class UnknownCollege(DomainError):
    """A college was chosen that is not offered."""

    status = 422
    code = "unknown_college"
    sentence = "Choose one of these."


class RequestFixed(DomainError):
    """What is told to a college is changed only before it was checked, or when staff asked for it."""

    code = "credit_request_fixed"
    sentence = "This request was checked already, so it cannot be changed. Write to us if something is wrong."


class RequestSent(DomainError):
    """A letter cannot be taken back."""

    code = "credit_request_sent"
    sentence = "The letter has gone to the college, so the request cannot be taken back here. Write to us."


class RequestOver(DomainError):
    """It has ended already: a second click, or somebody else was first."""

    code = "credit_request_over"
    sentence = "This request has ended already. Reload the page to see how it stands."


class CannotOwn(DomainError):
    """Whoever is chosen may not decide on credit requests."""

    status = 422
    code = "cannot_own_credit_request"
    sentence = "Choose somebody who may check and send credit requests."


class OwnedAlready(DomainError):
    """Somebody else was first to take a request; whoever decides otherwise gives it to another."""

    code = "credit_request_owned"
    sentence = "A colleague looks after this request already. Reload the page to see who."


class AgreementWanted(DomainError):
    """The question was for a consent, which the student gives on the page and by nothing else (R24)."""

    code = "credit_agreement_wanted"
    sentence = "The student has to agree to another mailbox on the page of the request. A mail is not enough for that."


class NotTheirMessages(DomainError):
    """An answer is kept with messages of its student or beside its request."""

    status = 422
    code = "not_their_messages"
    sentence = "Choose messages of this student."


class ChangedMeanwhile(DomainError):
    """The student changed the request while somebody checked it."""

    code = "credit_request_changed"
    sentence = "The student has changed this request since you opened it. Check what stands there now."


class CollegeReplaced(DomainError):
    """The college, or the mailbox of its registrar, was set right: what was agreed to does not lead there."""

    code = "college_replaced"
    sentence = "This college was set right since. Use what is right first."


class CollegeUnchanged(DomainError):
    """A correction that changes nothing, or there is none."""

    status = 422
    code = "college_unchanged"
    sentence = "This is how it stands already. Write what is right."


class NotPaid(DomainError):
    """What a request rests on is not paid any more: the payment was taken back as recorded in error, or canceled."""

    code = "credit_not_paid"
    sentence = "The program that this request rests on is not paid any more. Ask the bursar, or close the request."


class NoDecision(DomainError):
    """Words that are no decision; the sentence says what to write."""

    status = 422
    code = "no_credit_decision"

    def __init__(self, problem: DecisionProblem) -> None:
        super().__init__(problem.sentence)
        self.field = problem.field
