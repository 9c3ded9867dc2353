"""What a student's page says is to be paid next, and what comes back."""

from flask import Flask

from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor


def words_of(school: Flask, season: Season, name: str) -> str:
    visitor = Visitor(school)
    sign_in(visitor, season[name].email)
    return visitor.get(f"/my/enrollments/{season[name].enrollment}").words()


def test_nobody_is_asked_for_what_was_waived(school: Flask, season: Season) -> None:
    words = words_of(school, season, "withdrawn")
    assert words.count("Waived") == 3
    assert "Your next payment" not in words


def test_what_is_late_is_told_with_what_is_still_open_of_it(school: Flask, season: Season) -> None:
    words = words_of(school, season, "late")
    assert "This payment is late $475.00 was due on " in words


def test_a_refund_that_is_on_its_way_says_how_much_comes_and_by_when(school: Flask, season: Season) -> None:
    assert "$1,899.00 goes back to you. Promised by " in words_of(school, season, "refunding")
    assert "$999.00 was sent back to you. See how my refund stands" in words_of(school, season, "settled")
