"""What a student's pages say is to be paid next."""

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
