"""docs/security.md, cards.md, externships.md and mailroom.md name a proof for each row; each is a test that exists."""

import re
from pathlib import Path

import pytest

from tests.harness.plants import PLANTS

FAULTS = {"E04", "E05", "E06", "E07", "E08", "E09", "E10", "E12", "E13", "E14", "F04"}
PROOF = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def rows(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return the proofs of each row by its first cell, of the tables whose last column is headed so."""
    found = {}
    proving = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[-1] == "Proof":
            proving = True
        elif not line.startswith("|"):
            proving = False
        elif proving and not cells[0].startswith("---"):
            found[cells[0]] = PROOF.findall(cells[-1])
    return found


def missing(root: Path, text: str) -> list[str]:
    """Return the proofs that no test file has, and the rows without one."""
    found = rows(text)
    gone = [
        f"{file}::{name}"
        for proofs in found.values()
        for file, name in proofs
        if not re.search(rf"^def {name}\(", _source(root / "tests" / file), re.MULTILINE)
    ]
    return gone + [first for first, proofs in found.items() if not proofs]


def _source(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs" / "security.md").read_text()


def test_every_row_has_proofs_that_exist(root: Path, text: str) -> None:
    assert missing(root, text) == []


def test_every_fault_of_money_has_proofs_that_exist(root: Path, text: str) -> None:
    cards = (root / "docs" / "cards.md").read_text()
    assert missing(root, cards) == []
    named = {first.split()[0] for first in (*rows(cards), *rows(text))}
    assert named >= {f"A{number:02d}" for number in range(1, 17)} | {"D10"}


def test_every_fault_of_placing_has_proofs_that_exist(root: Path) -> None:
    placing = (root / "docs" / "externships.md").read_text()
    assert missing(root, placing) == []
    assert {first.split()[0] for first in rows(placing)} >= {f"B{number:02d}" for number in range(1, 7)} | {"E02"}


def test_every_fault_of_mail_and_credit_has_proofs_that_exist(root: Path) -> None:
    mail = (root / "docs" / "mailroom.md").read_text()
    assert missing(root, mail) == []
    faults = {f"C{number:02d}" for number in range(1, 11)} | {"B03", "E12"}
    assert {first.split()[0] for first in rows(mail)} >= faults


def test_the_audit_has_every_invariant_that_the_pages_for_schools_name(root: Path) -> None:
    named = {
        name
        for page in ("externships.md", "mailroom.md")
        for line in (root / "docs" / page).read_text().partition("## What the audit recomputes")[2].splitlines()
        if line.startswith("| ")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert named
    assert named - set(PLANTS.values()) == set()


def test_no_fault_of_access_is_left_out(text: str) -> None:
    faults = [first.split()[0] for first in rows(text)]
    assert {fault for fault in faults if fault[0] in "EF"} == FAULTS
    assert len(faults) == len(set(faults))
    assert text.count("::test_") == sum(len(proofs) for proofs in rows(text).values())


@pytest.mark.parametrize("proof", ["`hostile/test_forms.py::test_nothing`", "`hostile/gone.py::test_it`", "none"])
def test_a_row_whose_proof_is_gone_is_found(root: Path, proof: str) -> None:
    assert len(missing(root, f"| Fault | Promise | Proof |\n|---|---|---|\n| E99 planted | Somehow. | {proof} |")) == 1
