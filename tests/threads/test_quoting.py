import pytest

from provider.kernel import clock
from provider.threads.quoting import folded

ATTRIBUTED = (
    "Here it is.\n\nAna\n\nOn Sat, Nov 21, 2026 at 3:00 PM Sample School\n<e@example.org> wrote:\n\n> Send it.\n> Bye\n"
)
OUTLOOK = "Here it is.\n\nFrom: Sample School\nSent: Saturday\nTo: Ana\nSubject: Papers\n\nSend it."


@pytest.mark.parametrize(
    "text, own, quoted",
    [
        (ATTRIBUTED, "Here it is.\n\nAna", ATTRIBUTED[ATTRIBUTED.index("On Sat") :].strip()),
        (OUTLOOK, "Here it is.", OUTLOOK[OUTLOOK.index("From:") :]),
        ("Yes.\n-----Original Message-----\nold", "Yes.", "-----Original Message-----\nold"),
        ("Sí.\n\nEl sábado, la escuela escribió:\nMándalo.", "Sí.", "El sábado, la escuela escribió:\nMándalo."),
        ("Yes.\n\n> May I?\n", "Yes.", "> May I?"),
        ("> May I?\nYes.", "> May I?\nYes.", ""),
        ("> only a quote", "> only a quote", ""),
        ("From: here to there I walked.\nA day.", "From: here to there I walked.\nA day.", ""),
        ("On the list:\n- a thing", "On the list:\n- a thing", ""),
        ("", "", ""),
    ],
    ids=[
        "attributed",
        "outlook",
        "original",
        "spanish",
        "tail",
        "under the quote",
        "nothing else",
        "a word",
        "a list",
        "empty",
    ],
)
def test_what_is_quoted_under_a_mail_is_told_from_what_was_written(text: str, own: str, quoted: str) -> None:
    assert folded(text) == (own, quoted)


@pytest.mark.parametrize(
    "text", ["\n" * 50_000, "On " * 30_000, "> " * 50_000, "On a\n" * 20_000 + "wrote:", "From:\n" * 16_000]
)
def test_no_mail_takes_long_to_fold(text: str) -> None:
    began = clock.now()
    folded(text)
    assert (clock.now() - began).total_seconds() < 1
