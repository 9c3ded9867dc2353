"""Reading mails as they come: whatever is wrong with one, something comes out."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.mailroom import automatic, notices
from provider.mailroom.reading import read
from tests.harness.soak import SOAK
from tests.mailroom.corpus import FROM, ODD, Odd


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_mail_is_read_as_well_as_it_goes(odd: Odd) -> None:
    reading = read(odd.content)
    assert (reading.subject, reading.sender, reading.message_id) == (odd.subject, odd.sender, odd.message_id)
    assert reading.text == odd.text
    assert tuple(f"{one.name} {one.kind}" for one in reading.enclosed) == odd.enclosed
    automatic.is_automatic(reading, None)
    automatic.is_sent_out(reading)
    assert (notices.bounce(reading), notices.complaint(reading)) == (None, None)


@settings(max_examples=1000 if SOAK else 50, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=100))
def test_no_bytes_at_all_stop_it(head: bytes, body: bytes) -> None:
    reading = read(FROM + head + b"\r\n\r\n" + body)
    for shown in (reading.subject, reading.sender_name, reading.text):
        shown.encode()  # no halves of surrogates
        assert "\x00" not in shown
    notices.bounce(reading)
    notices.complaint(reading)


def test_a_large_mail_of_many_lines_is_read_in_seconds() -> None:
    start = time.process_time()
    reading = read(FROM + b"Subject: Long\r\n\r\n" + b"A line of words.\r\n" * 300_000)
    assert len(reading.text) == 100_000
    assert time.process_time() - start < 10


def test_what_a_mail_answers_is_told_the_nearest_first() -> None:
    reading = read(FROM + b"In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n <c@x>\r\n\r\nText.")
    assert reading.answers == ("<c@x>", "<b@x>", "<a@x>")
