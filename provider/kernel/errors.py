"""Refusals that a person may read: each has a status, a code and a sentence."""

import datetime as dt
import math


class DomainError(Exception):
    """A refusal by name; subclasses say what was refused and what to do next."""

    status = 409
    code = "refused"
    sentence = "That cannot be done now."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)
        self.sentence = sentence or self.sentence


class NotFound(DomainError):
    """What is not yours is not there: foreign and unknown references answer alike."""

    status = 404
    code = "not_found"
    sentence = "We could not find this page. Check the address, or start again from the front page."


class NotAllowed(DomainError):
    """A signed-in person lacks the permission."""

    status = 403
    code = "not_allowed"
    sentence = "Your account may not do this. Ask an administrator of the school if you need it."


class TooMany(DomainError):
    """A throttle is full; tells when to come back."""

    status = 429
    code = "too_many"
    sentence = "That was tried too often. Wait {minutes} minutes and try again."

    def __init__(self, sentence: str | None = None, *, wait: dt.timedelta = dt.timedelta(minutes=15)) -> None:
        self.wait = wait
        self.headers = {"Retry-After": f"{wait.total_seconds():.0f}"}
        super().__init__((sentence or self.sentence).format(minutes=math.ceil(wait / dt.timedelta(minutes=1))))
