from collections.abc import Callable

import pytest
from flask import Flask

from provider.accounts.rules import Role
from tests.harness.disclosed import tell
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
PATH = "/staff/disclosures"


@pytest.fixture
def season(cardless: Season) -> Season:
    return cardless


def about(page: Page) -> list[str]:
    return [cell.to_text().strip() for cell in page.all("td[data-label=About]")]


def test_an_auditor_reads_who_was_told_what_on_which_consent(season: Season, colleague: Colleague) -> None:
    page = colleague(Role.AUDITOR).get(f"{PATH}?kind=college")
    row = page.words("main tbody")
    for words in (
        "Registrar of Sample Community College College",
        season["completed"].enrollment,
        "Name, credential, date of the exam, recommended credits",
        "Consent in the credit request Given",
    ):
        assert words in row
    assert season["completed"].enrollment in about(page)


def test_the_list_is_narrowed_to_a_person_by_reference_or_address_and_to_a_kind(
    app: Flask, season: Season, admin: Visitor
) -> None:
    with app.app_context():
        tell(season["fresh"].enrollment)
    here, there = season["completed"].enrollment, season["fresh"].enrollment
    told = about(admin.get(f"{PATH}?kind=college"))
    assert [one for one in told if one.startswith("E-")] == [there, here]
    for typed in (season["completed"].email, here, f" {here.lower()} ", season["completed"].email.upper()):
        assert about(admin.get(f"{PATH}?kind=college&who={typed}")) == [here]
    assert about(admin.get(f"{PATH}?kind=college&who={there}")) == [there]
    assert "Nothing was told that matches." in admin.get(f"{PATH}?kind=site&who={there}").words()
    assert "Nobody has this e-mail address or reference." in admin.get(f"{PATH}?who=E-22222222").words()
    assert "Nobody has this e-mail address or reference." in admin.get(f"{PATH}?who=nobody@example.org").words()
    assert about(admin.get(f"{PATH}?kind=newspaper")) == about(admin.get(PATH))


def test_a_list_turns_its_pages_by_key_in_a_constant_number_of_statements(
    app: Flask, season: Season, admin: Visitor
) -> None:
    with statements(app) as few:
        admin.get(f"{PATH}?kind=college")
    with app.app_context():
        for number in range(60):
            tell(f"E-{number:08d}")
    with statements(app) as many:
        first = admin.get(f"{PATH}?kind=college")
    assert len(many) == len(few)
    older = first.all("a[rel=next]")[0].attrs["href"]
    second = admin.get(PATH + older)
    assert (len(about(first)), len(about(second))) == (50, 13)
    assert not set(about(first)) & set(about(second))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.ADMIN}))
def test_nobody_else_reads_it(role: Role, colleague: Colleague) -> None:
    assert colleague(role).get(PATH, 403).title == "Not allowed"
