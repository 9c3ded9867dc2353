"""What the tracked files promise: nothing of one machine, everything locked, every setting documented."""

import dataclasses
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config import Config

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# The brackets keep this file from matching itself.
ANOTHER_MACHINE = re.compile(rb"pypi[.]org|pythonhosted[.]org|npmjs[.]org|[-]-(?:extra-)?index-url|[/]work/|[/]root/")
OTHER_LOCKS = frozenset({"uv.lock", "pylock.toml", "poetry.lock", "package-lock.json"})

LOCKED = {"requirements.txt": None, "requirements-dev.txt": "dev", ".ci/bootstrap.txt": "bootstrap"}


def tracked() -> list[Path]:
    """Return the files git knows, in a checkout that may belong to another user."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def pins(name: str) -> dict[str, str]:
    """Return the locked version of each package in a requirements file."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def wanted(group: str | None) -> list[Requirement]:
    """Return what pyproject.toml asks for: a group, or what the application needs."""
    lines = PROJECT["dependency-groups"][group] if group else PROJECT["project"]["dependencies"]
    return [Requirement(line) for line in lines]


def settings_table() -> list[str]:
    """Return the names in the README's table whose first column is headed Setting."""
    names: list[str] = []
    inside = False
    for line in (ROOT / "README.md").read_text().splitlines():
        if re.match(r"\|\s*Setting\s*\|", line):
            inside = True
        elif inside and (row := re.match(r"\|\s*`(\w+)`\s*\|", line)):
            names.append(row[1])
        elif not line.startswith("|"):
            inside = False
    return names


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if ANOTHER_MACHINE.search(path.read_bytes())] == []


@pytest.mark.parametrize(
    "text",
    [b"https://pypi" + b".org/simple", b"see /work" + b"/shared", b"-" + b"-index-url x"],
    ids=["host", "folder", "option"],
)
def test_a_trace_of_one_machine_is_found(text: bytes) -> None:
    assert ANOTHER_MACHINE.search(text)


def test_no_lock_of_another_kind_is_tracked() -> None:
    assert [path for path in tracked() if path.name in OTHER_LOCKS] == []


@pytest.mark.parametrize("name, group", LOCKED.items(), ids=LOCKED.keys())
def test_every_dependency_is_locked_to_a_version_it_allows(name: str, group: str | None) -> None:
    locked = pins(name)
    assert [
        str(need) for need in wanted(group) if locked.get(canonicalize_name(need.name), "") not in need.specifier
    ] == []


@pytest.mark.parametrize("name", LOCKED)
def test_every_lock_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.split(r"\n(?=\S)", text.strip())
    assert [package for package in packages if "--hash=sha256:" not in package] == []


def test_the_checks_run_on_the_versions_that_the_school_runs() -> None:
    ours = pins("requirements.txt")
    assert {package: pins("requirements-dev.txt").get(package) for package in ours} == ours


def test_the_readme_lists_every_setting_in_the_order_of_the_file() -> None:
    assert settings_table() == [field.name for field in dataclasses.fields(Config) if field.name.isupper()]
