"""Loading the catalog: once and again, what is told of a change, and each way in which a file is refused whole."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask
from flask.ctx import AppContext

from provider.catalog import queries
from provider.catalog.actions import SAMPLE, load_file
from provider.history.models import History
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.datafiles import BrokenFile
from provider.policies.models import RefundPolicy, StateFloorRow
from provider.programs.models import Credential, FaqItem, Program, ProgramVersion
from provider.tuition.models import TuitionPlan

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
TABLES = (Credential, Program, ProgramVersion, TuitionPlan, FaqItem, RefundPolicy, StateFloorRow, History)
Edit = Callable[[dict[str, Any]], object]


def load(path: Path) -> list[str]:
    with unit_of_work():
        return load_file(path, actor=SYSTEM, at=NOON)


def edited(folder: Path, edit: Edit) -> Path:
    """Return a copy of the sample that was edited as plain values."""
    data = yaml.load(SAMPLE.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes text only
    edit(data)
    path = folder / "edited.yaml"
    path.write_text(plain(data))
    return path


def plain(value: Any, indent: str = "") -> str:  # noqa: ANN401 - nested values
    """Write values without quotes around numbers and words, as a person would."""
    text = yaml.dump(value, sort_keys=False, allow_unicode=True, width=10_000)
    lines = []
    for line in text.splitlines():
        name, colon, given = line.partition(": '")
        bare = given.removesuffix("'")
        whole = colon and (bare.isdigit() or bare in {"true", "false"})
        lines.append(f"{indent}{name}: {bare}" if whole else indent + line)
    return "\n".join(lines) + "\n"


def counts() -> dict[str, int]:
    return {
        table.__tablename__: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in TABLES
    }


def refusal(path: Path) -> list[str]:
    """Return the lines of a refusal without the file's name, which each begins with."""
    with pytest.raises(BrokenFile) as refused:
        load(path)
    lines = refused.value.sentence.splitlines()
    assert all(line.startswith(f"{path}, line ") for line in lines)
    return [line.removeprefix(f"{path}, line ") for line in lines]


def test_the_sample_is_loaded_once(context: AppContext) -> None:
    before = counts()
    assert load(SAMPLE) == []
    assert counts() == before


def test_an_edited_copy_of_the_sample_says_the_same(context: AppContext, tmp_path: Path) -> None:
    assert load(edited(tmp_path, lambda data: data)) == []


def test_the_command_tells_what_it_did(empty_app: Flask) -> None:
    runner = empty_app.test_cli_runner()
    first, second = (runner.invoke(args=["catalog", "load", str(SAMPLE)]) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert first.stdout.splitlines()[0] == "Refund policy version 1 added."
    assert "Program CCMA: plan installments added, $2,100.00." in first.stdout.splitlines()
    assert second.stdout == "Nothing changed.\n"


def test_the_command_refuses_a_broken_file_whole(empty_app: Flask, tmp_path: Path) -> None:
    path = edited(tmp_path, lambda data: data["faq"][-1].update(slug="Not A Slug"))
    answer = empty_app.test_cli_runner().invoke(args=["catalog", "load", str(path)])
    assert answer.exit_code == 1
    line = path.read_text().splitlines().index("- slug: Not A Slug") + 1
    sentence = "faq.slug: Use small letters, digits and hyphens, like clinical-1."
    assert answer.stderr == f"{path}, line {line}: {sentence}\nNothing was loaded.\n"
    with empty_app.app_context():
        assert set(counts().values()) == {0}


def ccma(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["programs"][0]
    return found


@pytest.mark.parametrize(
    "edit, told",
    [
        (lambda data: ccma(data).update(title="Medical assistant"), ["Program CCMA: version 2 added."]),
        (lambda data: ccma(data).update(on_sale="false"), ["Program CCMA: taken off sale."]),
        (
            lambda data: ccma(data).update(slug="medical"),
            ["Program CCMA: address or place on the page changed."],
        ),
        (
            lambda data: ccma(data)["plans"][1].update(total="$2,150.00"),
            ["Program CCMA: version 2 of plan installments added, $2,150.00."],
        ),
        (lambda data: ccma(data)["plans"].pop(), ["Program CCMA: plan installments retired."]),
        (
            lambda data: ccma(data)["plans"].append(
                {"slug": "two", "kind": "installments", "title": "Two", "total": "$2,000.00", "count": "2"}
            ),
            ["Program CCMA: plan two added, $2,000.00."],
        ),
        (lambda data: data["faq"][0].update(answer="No."), ["Question how-is-it-taught changed."]),
        (lambda data: data["credentials"][3].update(body="NHA"), ["Credential CET changed."]),
        (
            lambda data: data["credentials"][0]["exam"]["blueprint"].update(version="2028 job analysis"),
            ["Exam topics of CCMA added: 2028 job analysis."],
        ),
        (
            lambda data: data["credentials"][0]["recommendation"].update(valid_from="2026-06-01", credits="6"),
            [
                "Recommendation for CCMA ended on 2026-05-31.",
                "Recommendation for CCMA added, not confirmed yet.",
            ],
        ),
        (
            lambda data: data["refund_policies"].append(
                {"number": "2", "hours": "48", "effective_from": "2027-01-01T05:00:00Z", "summary": "Two days."}
            ),
            ["Refund policy version 2 added."],
        ),
        (lambda data: data["state_floors"][2].update(amount="6"), ["State law WA, WAC 490-105-130(5): changed."]),
        (lambda data: data.pop("programs"), []),
    ],
    ids=[
        "title", "sale", "slug", "price", "plan-gone", "plan-new", "faq", "credential", "topics", "recommendation",
        "policy", "law", "part-left-out",
    ],
)  # fmt: skip
def test_a_change_is_told_and_made_once(context: AppContext, tmp_path: Path, edit: Edit, told: list[str]) -> None:
    path = edited(tmp_path, edit)
    assert load(path) == told
    assert load(path) == []


def test_the_file_wins_over_what_staff_wrote(context: AppContext) -> None:
    with unit_of_work():
        item = db.session.scalars(sa.select(FaqItem).where(FaqItem.slug == "refund")).one()
        item.answer = "Never."
    assert load(SAMPLE) == ["Question refund changed."]


def test_the_date_of_an_answer_moves_with_its_words_only(context: AppContext, tmp_path: Path) -> None:
    load(edited(tmp_path, lambda data: data["faq"][0].update(answer="No.")))
    load(edited(tmp_path, lambda data: data["faq"][1].update(answer="Long.", updated_at="2026-05-01T12:00:00Z")))
    dates = {item.slug: item.updated_at for item in queries.read().faq}
    assert dates["how-is-it-taught"] == NOON
    assert dates["ccma-exam"] == dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    assert dates["refund"] == dt.datetime(2026, 1, 3, 2, 59, 40, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "edit, where, sentence",
    [
        (lambda data: ccma(data).update(price="1"), "  price: 1", "programs.price: Nothing of this name belongs here."),
        (lambda data: data.update(prices="1"), "prices: 1", "prices: Nothing of this name belongs here."),
        (lambda data: ccma(data).pop("title"), "- slug: ccma", "programs.title: Fill this in."),
        (
            lambda data: ccma(data).update(class_weeks="105"),
            "  class_weeks: 105",
            "programs.class_weeks: Write a whole number from 1 to 104.",
        ),
        (
            lambda data: ccma(data).update(class_weeks="1.5"),
            "  class_weeks: '1.5'",
            "programs.class_weeks: Write a whole number from 1 to 104.",
        ),
        (
            lambda data: ccma(data)["inclusions"][4].update(status="maybe"),
            "    status: maybe",
            "programs.inclusions.status: Write one of: included, not_included, not_stated.",
        ),
        (
            lambda data: ccma(data)["inclusions"].pop(4),
            "  - key: meetings",
            "inclusions: Say whether tuition includes the exam fee: included, not included or not stated.",
        ),
        (
            lambda data: ccma(data)["plans"][0].update(total="$2,100.00"),
            "  - slug: upfront",
            "plans: Paying all at once ($2,100.00) must cost less than the sum of the installments ($2,100.00).",
        ),
        (
            lambda data: ccma(data)["plans"][0].update(total="19.5"),
            "    total: '19.5'",
            "programs.plans.total: Write an amount of dollars, like $1,899.00.",
        ),
        (
            lambda data: ccma(data).update(credentials=["CCMA", "XYZ"]),
            "  - XYZ",
            "credentials: “XYZ” is no credential of this file or the school.",
        ),
        (
            lambda data: ccma(data)["links"][0].update(url="http://classroom.example.org/"),
            "    url: http://classroom.example.org/",
            "programs.links.url: Write the whole address, beginning with https://.",
        ),
        (
            lambda data: data["credentials"][0]["exam"]["blueprint"]["topics"][0].update(items="83"),
            "      - name: Clinical Patient Care",
            "topics: The items add up to 149, not to 150 scored items.",
        ),
        (
            lambda data: data["faq"].append(dict(data["faq"][0])),
            None,
            "faq: “how-is-it-taught” is given twice; keep one of them.",
        ),
        (
            lambda data: data["refund_policies"][0].update(hours="48"),
            "- number: 1",
            "Refund policy 1 stands with other words: take a new number.",
        ),
        (
            lambda data: data["refund_policies"][0].update(hours="23"),
            "  hours: 23",
            "refund_policies.hours: Write a whole number from 24 to 10,000.",
        ),
        (
            lambda data: data["refund_policies"][0].update(effective_from="2026-01-01"),
            "  effective_from: '2026-01-01'",
            "refund_policies.effective_from: Write an instant with its zone, like 2026-01-31T05:00:00Z.",
        ),
        (
            lambda data: data["credentials"][0]["recommendation"].update(credits="6"),
            "    credits: 6",
            "Another recommendation for CCMA begins on 2026-01-01: take a new date.",
        ),
        (
            lambda data: data["state_floors"][2].pop("unit"),
            "  citation: WAC 490-105-130(5)",
            "state_floors: Give amount and unit, or neither.",
        ),
        (
            lambda data: ccma(data)["state_rules"][0].update(state="XX"),
            "  - state: XX",
            "programs.state_rules.state: Write a state as two letters, like CA.",
        ),
    ],
    ids=[
        "unknown-field", "unknown-part", "missing", "too-long-a-class", "half-a-week", "status", "no-exam-fee",
        "upfront-not-cheaper", "no-amount", "unknown-credential", "unsafe-link", "items", "twice", "policy-rewritten",
        "window-too-short", "no-zone", "recommendation-rewritten", "half-a-window", "unknown-state",
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_whole_with_line_and_reason(
    context: AppContext, tmp_path: Path, edit: Edit, where: str | None, sentence: str
) -> None:
    path = edited(tmp_path, edit)
    before = counts()
    found = refusal(path)
    assert [line.split(": ", 1)[1] for line in found] == [sentence]
    if where is not None:
        begins = int(found[0].split(":", 1)[0])
        near = path.read_text().splitlines()[begins - 1 :][:2]
        assert where in near
    assert counts() == before


def test_every_problem_is_named_at_once(context: AppContext, tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        ccma(data).pop("title")
        data["faq"][0].update(answer="")
        data["refund_policies"][0].update(hours="a day")

    sentences = [line.split(": ", 1)[1] for line in refusal(edited(tmp_path, edit))]
    assert sentences == [
        "refund_policies.hours: Write a whole number from 24 to 10,000.",
        "programs.title: Fill this in.",
        "faq.answer: Fill this in.",
    ]


def test_a_file_that_holds_no_parts_is_refused(context: AppContext, tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n")
    assert refusal(path) == ["1: This file: Write this as name: value lines."]
