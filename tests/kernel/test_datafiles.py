"""A catalog file is read line by line, and what YAML could do to us is refused with the line it stands on."""

from pathlib import Path

import pytest

from provider.kernel.datafiles import BrokenFile, Problem, read


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text)
    return path


def problems(path: Path) -> list[Problem]:
    with pytest.raises(BrokenFile) as refused:
        read(path)
    return refused.value.problems


def test_values_come_with_their_lines(tmp_path: Path) -> None:
    source = read(written(tmp_path, "programs:\n  - code: CPT\n    weeks: 8\n    sample: true\nfaq: []\nnotes: ~\n"))
    assert source.data == {"programs": [{"code": "CPT", "weeks": 8, "sample": True}], "faq": [], "notes": None}
    assert source.lines == {
        (): 1,
        ("programs",): 2,
        ("programs", 0): 2,
        ("programs", 0, "code"): 2,
        ("programs", 0, "weeks"): 3,
        ("programs", 0, "sample"): 4,
        ("faq",): 5,
        ("notes",): 6,
    }


def test_a_missing_value_is_looked_for_around_it(tmp_path: Path) -> None:
    source = read(written(tmp_path, "faq:\n  - slug: a\n"))
    assert source.line(("faq", 0, "answer", "x")) == 2


@pytest.mark.parametrize(
    "given, value",
    [
        ("NO", "NO"),
        ("on", "on"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("1e3", "1e3"),
        ("2026-01-03", "2026-01-03"),
        ('"8"', "8"),
        ("-3", -3),
        ("false", False),
    ],
)
def test_only_whole_numbers_and_plain_words_are_more_than_text(tmp_path: Path, given: str, value: object) -> None:
    assert read(written(tmp_path, f"value: {given}\n")).data == {"value": value}


@pytest.mark.parametrize(
    "text, line, sentence",
    [
        ("a: 1\nb: [1\n", 3, "This is not YAML: did not find expected ',' or ']'."),
        ("a: 1\n\tb: 2\n", 2, "This is not YAML: found a tab character that violates indentation."),
        ("a: 1\nb: 2\na: 3\n", 3, "“a” is given twice; keep one of them."),
        ("a: 1\n---\nb: 2\n", 2, "Keep one document in this file; take out the line “---”."),
        ("a: &x 1\nb: *x\n", 1, "Write the value out; anchors and aliases are not read."),
        ("a: 1\nb: *x\n", 2, "Write the value out; anchors and aliases are not read."),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "Take out the tag that begins with “!”."),
        ("a:\n  ? [1, 2]\n  : 3\n", 2, "Use plain text as the name before a colon."),
        ("[" * 21 + "]" * 21, 1, "This is nested more than 20 levels deep."),
        ("[" * 500_000, 1, "This is nested more than 20 levels deep."),
        ("a: 1\nb: \x07\n", 1, "This file holds characters that YAML does not allow."),
    ],
    ids=[
        "unclosed", "tab", "twice", "second-document", "anchor", "alias", "tag", "list-as-name", "deep", "bomb", "bell",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_refused_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    assert problems(written(tmp_path, text)) == [Problem(line, sentence)]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    assert problems(path) == [Problem(2, "Save this file as UTF-8.")]


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, "a: " + "x" * 1024 * 1024)
    assert problems(path) == [Problem(1, "This file is larger than one megabyte.")]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml") == [Problem(1, "This file cannot be read: No such file or directory.")]
