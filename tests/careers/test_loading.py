"""Data files of careers: what a school may add, and each way in which a file is refused with line, key and reason."""

import datetime as dt
import enum
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest
import time_machine
from flask import Flask

from config import Config
from provider.app import create_app
from provider.careers import loading
from provider.careers.figures import Metric, Statistic
from provider.careers.loading import BrokenFiles
from provider.kernel.database import db
from tests.careers.dental import AIDE, CAREER, FILES, REST, SOURCES, written
from tests.harness.html import faults
from tests.harness.visitor import Visitor

PERIOD = "Say which period the figure speaks of; without one it belongs into the history."
ONE_VALUE = "Give one value, or low and high (leave high out where the top is open)."
CAREERS = "Name two to four different careers of these files."
CHOOSE = "Say for each of the careers when it is the better choice."
NO_FIGURE = "is no figure that may be shown."
NO_SOURCE = "is no source of these files."
NO_CREDENTIAL = "is no credential of these files."
NO_ANSWER = "is no answer of these files."
NO_CAREER = "is no career of these files."
TWICE = "is given twice; keep one of them."
NUMBER = "Write a number, like 44200 or 21.25."
MOVE = "Name a career of these files in “to”, or any other in “name”."
NOTE = "Say in a note what the figures measure."
SPEAKS = "Write a period: 2024-05, 2024, 2024-2034 or read 2026-07."


def refusal(*folders: Path) -> list[str]:
    """The lines of a refusal: each names a file of the folder, a line, the key and the reason."""
    with pytest.raises(BrokenFiles) as refused:
        loading.load(*folders)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{folders[-1]}/") for line in lines)
    return [line.removeprefix(f"{folders[-1]}/").replace(".yaml, line ", " ", 1) for line in lines]


DIGIT = "Cite a figure, like {median}, instead of typing a number here."
# The file, what stands in it, what takes its place, and what is said: file, line, key and reason.
BROKEN = {
    "no-yaml": ("assistant", "  role: Helps at", "  role: [Helps at",
        ["assistant 8: This is not YAML: did not find expected ',' or ']'."]),
    "unknown-part": ("assistant", "  moves:", "  jumps:",
        ["assistant 50: career.jumps: Nothing of this name belongs here."]),
    "missing-part": (
        "rest", "  - {id: danb, name: Dental Assisting National Board, short: DANB}", "  - {id: danb, name: Board}",
        ["rest 2: bodies.short: Fill this in."]),
    "digit": ("assistant", "[Standing]", "[Standing for 8 hours]", [f"assistant 51: career.challenges.items: {DIGIT}"]),
    "digit-of-another-script": ("assistant", "[Standing]", "[Standing for ٨ hours]",
        [f"assistant 51: career.challenges.items: {DIGIT}"]),
    "digit-beside-a-figure": ("assistant", "than {median}.", "than {median}, or 5% more.",
        [f"assistant 6: career.summary: {DIGIT}"]),
    "digit-in-a-reason": ("assistant", "Now it is {median}.", "In 2021 it was 37000.",
        [f"assistant 38: career.history.reason: {DIGIT}"]),
    "braces": ("assistant", "than {median}.", "than {}.",
        ["assistant 6: career.summary: Write the name of a figure between the braces, like {median}."]),
    "no-period": ("assistant", "      period: 2024-05\n", "", [f"assistant 15: career.figures.period: {PERIOD}"]),
    "wrong-period": ("assistant", "period: 2024-05", "period: May 2024",
        [f"assistant 19: career.figures.period: {SPEAKS}"]),
    "no-source": ("assistant", "2024-05\n      source: board\n", "2024-05\n",
        ["assistant 15: career.figures.source: Fill this in."]),
    "number": ("assistant", "value: 47300", "value: $47,300", [f"assistant 18: career.figures.value: {NUMBER}"]),
    "endless-number": ("assistant", "value: 47300", "value: Infinity",
        [f"assistant 18: career.figures.value: {NUMBER}"]),
    "place": ("assistant", "value: 47300", "value: 47300\n      place: XX",
        ["assistant 19: career.figures.place: Write US or a state."]),
    "state": ("rest", "state: CA", "state: XX", ["rest 17: licensing.state: Write a state as two letters."]),
    "kind": ("rest", "kind: license", "kind: permit",
        ["rest 20: licensing.kind: Write license, credential, training or notice."]),
    "no-careers": ("rest", "careers: [dental-assistant]", "careers: []",
        ["rest 18: licensing.careers: Name at least one career."]),
    "no-text-source": ("assistant", "[Standing], sources: [board]", "[Standing], sources: []",
        ["assistant 51: career.challenges.sources: Name at least one source."]),
    "unsafe-address": ("board", "    read:", "    url: javascript:alert(1)\n    read:",
        ["board 5: sources.url: Write the whole address, beginning with https:// or http://."]),
    "unknown-source": ("assistant", "2024-05\n      source: board", "2024-05\n      source: bord",
        [
            f"assistant 6: career.summary: “median” {NO_FIGURE}",
            f"assistant 15: career.figures: “bord” {NO_SOURCE}",
            f"assistant 38: career.history.reason: “median” {NO_FIGURE}",
            f"rest 43: comparison.intro: “dental-assistant.median” {NO_FIGURE}",
        ]),
    "unknown-source-of-a-text": ("assistant", "[Standing], sources: [board]", "[Standing], sources: [bord]",
        [f"assistant 51: career.challenges: “bord” {NO_SOURCE}"]),
    "unknown-source-of-the-occupation": ("assistant", "own\n    source: board", "own\n    source: bord",
        [f"assistant 10: career.occupation: “bord” {NO_SOURCE}"]),
    "unknown-credential": ("assistant", "credentials: [CDA]", "credentials: [CDA, XYZ]",
        [f"assistant 43: career.credentials: “XYZ” {NO_CREDENTIAL}"]),
    "unknown-credential-led-to": ("assistant", "leads_here: [CDA]", "leads_here: [XYZ]",
        [f"assistant 44: career.leads_here: “XYZ” {NO_CREDENTIAL}"]),
    "unknown-body": ("rest", "body: danb", "body: dent",
        ["rest 6: credentials.body: “dent” is no issuing body of these files."]),
    "unknown-career-of-a-rule": (
        "rest", "careers: [dental-assistant]\n    name", "careers: [dental-assistant, dental-nurse]\n    name",
        [f"rest 18: licensing.careers: “dental-nurse” {NO_CAREER}"]),
    "unknown-citation": ("assistant", "than {median}.", "than {mean}.",
        [f"assistant 6: career.summary: “mean” {NO_FIGURE}"]),
    "citation-of-another-career": ("rest", "{dental-assistant.median}", "{dental-nurse.median}",
        [f"rest 43: comparison.intro: “dental-nurse.median” {NO_FIGURE}"]),
    "citation-of-the-history": ("assistant", "than {median}.", "than {older}.",
        [f"assistant 6: career.summary: “older” {NO_FIGURE}"]),
    "unspecified": ("assistant", "statistic: median\n      value: 47300", "statistic: unspecified\n      value: 47300",
        ["assistant 17: career.figures.statistic: Say which statistic it is, or move the figure into the history."]),
    "value-and-low": ("assistant", "value: 44820", "value: 44820\n      low: 40000",
        [f"assistant 31: career.history: {ONE_VALUE}"]),
    "no-number": ("assistant", "      value: 44820\n", "", [f"assistant 31: career.history: {ONE_VALUE}"]),
    "high-alone": ("assistant", "value: 44820", "high: 44820", [f"assistant 31: career.history: {ONE_VALUE}"]),
    "high-not-higher": ("assistant", "value: 44820", "low: 44820\n      high: 44820",
        [f"assistant 31: career.history: {ONE_VALUE}"]),
    "figure-twice": ("assistant", "id: training", "id: median",
        [f"assistant 22: career.figures: “dental-assistant.median” {TWICE}"]),
    "shown-and-in-the-history": ("assistant", "id: older", "id: training",
        [f"assistant 31: career.history.id: “training” {TWICE}"]),
    "borrowed-without-note": ("assistant", "measures: own", "measures: borrowed",
        [f"assistant 10: career.occupation.note: {NOTE}"]),
    "pooled-without-note": ("assistant", "measures: own", "measures: pooled",
        [f"assistant 10: career.occupation.note: {NOTE}"]),
    "answer": ("assistant", "{chair: daily}", "{chair: never}",
        [f"assistant 52: career.fit.chair: “chair: never” {NO_ANSWER}"]),
    "question": ("assistant", "{chair: daily}", "{desk: daily}",
        [f"assistant 52: career.fit.desk: “desk: daily” {NO_ANSWER}"]),
    "move-to-nowhere": ("assistant", "to: dental-aide", "to: dental-nurse", [f"assistant 50: career.moves.to: {MOVE}"]),
    "move-to-two": ("assistant", "{to: dental-aide", "{to: dental-aide, name: Nurse",
        [f"assistant 50: career.moves.to: {MOVE}"]),
    "source-twice": (
        "board", "    read: 2026-07\n", "    read: 2026-07\n  - {id: board, title: B, short: B, read: 2026}\n",
        [f"board 6: sources: “board” {TWICE}"]),
    "question-without-answers": ("rest", "  - id: chair", "  - id: stool\n    ask: How tall?\n  - id: chair",
        ["rest 34: questions.answers: Fill this in."]),
    "compares-one": ("rest", "careers: [dental-assistant, dental-aide]", "careers: [dental-aide]",
        [f"rest 40: comparison.careers: {CAREERS}", f"rest 45: comparison.choose: {CHOOSE}"]),
    "compares-five": ("rest", "careers: [dental-assistant, dental-aide]", "careers: [a, b, c, d, e]",
        [f"rest 40: comparison.careers: {CAREERS}", f"rest 45: comparison.choose: {CHOOSE}"]),
    "compares-unknown": (
        "rest", "careers: [dental-assistant, dental-aide]", "careers: [dental-assistant, dental-nurse]",
        [f"rest 40: comparison.careers: {CAREERS}", f"rest 45: comparison.choose: {CHOOSE}"]),
    "compares-one-twice": (
        "rest", "careers: [dental-assistant, dental-aide]", "careers: [dental-aide, dental-assistant, dental-aide]",
        [f"rest 40: comparison.careers: {CAREERS}"]),
    "choose-leaves-one-out": ("rest", "    - {career: dental-aide, when: [You like the desk]}\n", "",
        [f"rest 45: comparison.choose: {CHOOSE}"]),
}  # fmt: skip


@pytest.mark.parametrize("file, old, new, found", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_line_key_and_reason(
    tmp_path: Path, file: str, old: str, new: str, found: list[str]
) -> None:
    text = FILES[f"{file}.yaml"]
    assert text.count(old) == 1
    assert refusal(written(tmp_path, **{file: text.replace(old, new)})) == found


def test_the_files_of_this_test_are_good_before_they_are_broken(tmp_path: Path) -> None:
    library = loading.load(written(tmp_path))
    assert tuple(library.careers) == ("dental-aide", "dental-assistant")
    assert [figure.key for figure in library.figures()] == [
        "dental-aide.training", "dental-aide.median", "dental-assistant.training", "dental-assistant.median",
        "CDA.exam-time", "CA.dental-assistant.hours",
    ]  # fmt: skip


@pytest.mark.parametrize("metric, kinds", [("metric: training_length", Metric), ("statistic: range", Statistic)])
def test_a_name_that_is_not_listed_is_refused_with_the_list(
    tmp_path: Path, metric: str, kinds: type[Metric | Statistic]
) -> None:
    key, listed = metric.partition(":")[0], ", ".join(kind.value for kind in kinds)
    line = CAREER.splitlines().index(f"      {metric}") + 1
    folder = written(tmp_path, assistant=CAREER.replace(metric, f"{key}: unheard-of"))
    assert refusal(folder) == [f"assistant {line}: career.figures.{key}: Write one of: {listed}."]


def test_a_name_that_joins_two_careers_is_refused(tmp_path: Path) -> None:
    hall = AIDE.replace("dental-aide", "hall-vs-aide").replace("median}", "training}").replace("31-9099", "31-0000")
    assert refusal(written(tmp_path, hall=hall)) == [
        "hall 2: career.slug: “-vs-” joins two careers in an address; choose another name."
    ]


def test_a_career_given_twice_is_refused_with_each_of_its_figures(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, zweite=CAREER)) == [
        f"zweite 2: career: “dental-assistant” {TWICE}",
        f"zweite 15: career.figures: “dental-assistant.median” {TWICE}",
        f"zweite 22: career.figures: “dental-assistant.training” {TWICE}",
        f"zweite 31: career.history.id: “older” {TWICE}",
    ]


def test_two_careers_cannot_have_one_occupation_for_their_own(tmp_path: Path) -> None:
    hall = AIDE.replace("dental-aide", "hall-aide").replace("median}", "training}")
    sentence = "Another career has the figures of 31-9099 as its own; borrow them."
    assert refusal(written(tmp_path, hall=hall)) == [f"hall 12: career.occupation.measures: {sentence}"]


def test_what_is_given_in_two_files_is_refused_in_the_second(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, second=REST)) == [
        f"second 2: bodies: “danb” {TWICE}",
        f"second 4: credentials: “CDA” {TWICE}",
        f"second 9: credentials.figures: “CDA.exam-time” {TWICE}",
        f"second 26: licensing.figures: “CA.dental-assistant.hours” {TWICE}",
        f"second 34: questions: “chair” {TWICE}",
        "second 40: comparison.careers: These careers are compared in another file; keep one of them.",
    ]


def test_every_broken_file_is_named_at_once(tmp_path: Path) -> None:
    folder = written(tmp_path, aide="career: 1\n", rest="- 1\n", board="sources: [\n")
    assert refusal(folder) == [
        "aide 1: career: Write this as name: value lines.",
        "board 2: This is not YAML: did not find expected node content.",
        "rest 1: This file: Write this as name: value lines.",
    ]


def test_a_career_of_the_school_takes_the_place_of_ours(tmp_path: Path) -> None:
    ours = loading.load(loading.DATA)
    path = tmp_path / "our-own.yaml"
    text = (loading.DATA / "careers" / "phlebotomist.yaml").read_text(encoding="utf-8")
    role = ours.careers["phlebotomist"].role
    path.write_text(text.replace(role, "Draws blood all day"), encoding="utf-8")
    theirs = loading.load(loading.DATA, tmp_path)
    assert theirs.careers == {
        **ours.careers, "phlebotomist": replace(ours.careers["phlebotomist"], role="Draws blood all day"),
    }  # fmt: skip


def test_a_file_of_the_school_that_breaks_one_of_ours_is_named_where_it_breaks(tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text(SOURCES.replace("board", "bls-ma"), encoding="utf-8")
    assert refusal(loading.DATA, tmp_path) == [f"twice 2: sources: “bls-ma” {TWICE}"]


def settings(folder: Path, **given: str) -> Config:
    return Config.load({"INSTANCE_DIR": str(folder / "instance"), "SECRET_KEY": "k" * 40, **given})


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Flask]:
    """A school with careers of its own beside ours; its figures are old after twenty years."""
    folder = tmp_path / "own"
    folder.mkdir()
    newer = "    - {id: newer, metric: annual_wage, statistic: median, value: 48000, period: 2025-05, source: board, "
    old = "    - {id: jobs, metric: employment, statistic: count, value: 90, period: 2000, source: board, "
    more = f"{newer}confidence: low}}\n{old}confidence: low}}\n"
    written(folder, assistant=CAREER.replace("  history:", f"{more}  history:"))
    app = create_app(settings(tmp_path, CAREERS_DIR=str(folder), FIGURE_MONTHS="240"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "path, title",
    [
        ("/careers/dental-assistant", "Dental assistant"),
        ("/careers/dental-aide-vs-dental-assistant", "Dental assistant or aide?"),
        ("/careers/dental-assistant-vs-phlebotomist", "Dental assistant and phlebotomist compared"),
        ("/careers/dental-assistant/history", "Dental assistant: figures that differ"),
        ("/careers", "Careers in healthcare, compared"),
        ("/licensing?state=CA", "Licensing by state"),
        ("/sources", "Our sources"),
    ],
)
def test_a_school_adds_careers_a_source_and_a_comparison_by_files(school: Flask, path: str, title: str) -> None:
    visitor = Visitor(school)
    page = visitor.get(path)
    assert (page.title, faults(page.response)) == (title, [])
    assert page.all("main a[href*='dental'], main td") != []


def test_careers_of_the_school_stand_among_ours_on_every_list(school: Flask) -> None:
    visitor = Visitor(school)
    for slug in ("dental-aide", "dental-assistant", "phlebotomist"):
        assert len(visitor.get("/careers").all(f"main table a[href='/careers/{slug}']")) == 1
    assert visitor.get("/sources").words("#board h2") == "A board of dentistry"


def test_the_check_lists_figures_that_are_superseded_or_old(school: Flask) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        answer = school.test_cli_runner().invoke(args=["careers", "check"])
    ours = loading.load(loading.DATA)
    counts = (len(ours.careers) + 2, len(ours.figures()) + 8, len(ours.sources) + 1)
    assert (answer.exit_code, answer.output.splitlines()) == (
        0,
        [
            "{} careers, {} figures that may be shown, {} sources.".format(*counts),
            "Superseded: dental-assistant.median: Pay a year, $47,300, May 2024. Move it into the history.",
            "Older than 240 months: dental-assistant.jobs: Jobs, 90, 2000. Look for a newer one.",
        ],
    )


def test_a_broken_file_stops_the_start_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    written(folder, assistant=CAREER.replace("      period: 2024-05\n", ""))
    with pytest.raises(SystemExit) as stopped:
        create_app(settings(tmp_path, CAREERS_DIR=str(folder)))
    assert str(stopped.value) == f"{folder}/assistant.yaml, line 15: career.figures.period: {PERIOD}"


def test_a_folder_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        create_app(settings(tmp_path, CAREERS_DIR=str(tmp_path / "none")))
    assert str(stopped.value) == f"CAREERS_DIR is “{tmp_path / 'none'}”, and there is no such folder."


PLAIN = (str, int, bool, Decimal, dt.date, enum.Enum, type(None))


def changeable(value: object, where: str) -> list[str]:
    """What in a value could be changed in place, by where it stands."""
    if isinstance(value, MappingProxyType):
        parts = [(f"{where}[{name}]", one) for name, one in value.items()]
    elif isinstance(value, tuple):
        parts = [(f"{where}[{number}]", one) for number, one in enumerate(value)]
    elif is_dataclass(value) and getattr(type(value), "__dataclass_params__").frozen:  # noqa: B009 - typeshed hides it
        parts = [(f"{where}.{one.name}", getattr(value, one.name)) for one in fields(value)]
    else:
        return [] if isinstance(value, PLAIN) else [where]
    return [found for name, one in parts for found in changeable(one, name)]


def test_nothing_of_the_library_can_be_changed(tmp_path: Path) -> None:
    ours, theirs = loading.load(loading.DATA), loading.load(written(tmp_path))
    assert changeable(ours, "ours") + changeable(theirs, "theirs") == []


def test_the_search_for_what_can_be_changed_finds_a_list_and_a_mapping(tmp_path: Path) -> None:
    library = loading.load(written(tmp_path))
    career = replace(library.careers["dental-aide"], fit={}, figures=[])  # type: ignore[arg-type] # what it looks for
    assert changeable(career, "career") == ["career.figures", "career.fit"]
