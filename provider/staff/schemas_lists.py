"""What the lists of the back office are narrowed to and ordered by."""

from provider.kernel.forms import Schema, Text


def _select(label: str, longest: int = 32) -> Text:
    return Text(load_default="", longest=longest, metadata={"label": label, "widget": "select"})


def _student() -> Text:
    return Text(load_default="", longest=200, metadata={"label": "Name, e-mail or reference", "widget": "search"})


def _tab(label: str) -> Text:
    """Declare what tabs choose; the form of the other filters carries it along."""
    return Text(load_default="", longest=32, metadata={"label": label, "widget": "hidden"})


class FindEnrollments(Schema):
    """What the list of enrollments is narrowed to."""

    q = _student()
    state = _select("State")
    program = _select("Program", 64)
    sort = _select("Order")


class FindActive(Schema):
    """What the list of enrollments that may be completed is narrowed to."""

    q = _student()
    program = _select("Program", 64)
    sort = _select("Order")


class FindPayments(Schema):
    """What the list of payments is narrowed to; tabs choose the view."""

    view = _tab("Show")
    q = _student()
    sort = _select("Order")


class FindRefunds(Schema):
    """What the list of refunds is narrowed to; tabs choose the state."""

    state = _tab("State")
    q = _student()
    sort = _select("Order")


class FindPayouts(Schema):
    """What the list of payouts is narrowed to; tabs choose the state."""

    state = _tab("State")
    q = _student()
    sort = _select("Order")


class FindDays(Schema):
    """What the list of compared days is ordered by."""

    sort = _select("Order")


class FindLetters(Schema):
    """What the list of letters is narrowed to; tabs choose the state."""

    state = _tab("State")
    sort = _select("Order")


class FindLinks(Schema):
    """What the list of signed links is narrowed to."""

    purpose = _select("Opens")
    state = _select("State")
    subject = Text(load_default="", longest=16, metadata={"label": "About (a whole reference)", "widget": "search"})


class FindRequests(Schema):
    """What the queue of externship requests is narrowed to; tabs choose the state."""

    state = _tab("State")
    q = _student()
    program = _select("Program", 64)
    sort = _select("Order")
