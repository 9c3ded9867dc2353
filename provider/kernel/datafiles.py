"""Reading a YAML file as plain values with the line of each; what a catalog needs and nothing more of YAML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from provider.kernel.errors import DomainError

MOST_BYTES = 1024 * 1024
DEEPEST = 20
Where = tuple[str | int, ...]
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file: the line (from 1) and what to do about it."""

    line: int
    sentence: str


class BrokenFile(DomainError):
    """A catalog file that is refused whole; nothing of it was loaded."""

    status = 422
    code = "broken_file"

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{path}, line {problem.line}: {problem.sentence}" for problem in self.problems))


@dataclass(slots=True)
class Source:
    """What a file holds, and on which line each value begins."""

    path: Path
    data: Any = None
    lines: dict[Where, int] = field(default_factory=dict)

    def line(self, where: Where) -> int:
        """Return the line of a value, or of the nearest thing around it when it is missing."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def broken(self, problems: list[tuple[Where, str]]) -> BrokenFile:
        """Return the refusal that names each problem's line."""
        return BrokenFile(self.path, [Problem(self.line(where), sentence) for where, sentence in problems])


def read(path: Path) -> Source:
    """Read a file; raises BrokenFile with line and reason.

    Anchors, aliases, tags and second documents are refused: a catalog needs none of them, and a few lines of aliases
    can stand for gigabytes. A value is text unless it is a whole number, true, false or null; dates stay text.
    """
    source = Source(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BrokenFile(path, [Problem(1, f"This file cannot be read: {error.strerror}.")]) from error
    if len(raw) > MOST_BYTES:
        raise BrokenFile(path, [Problem(1, "This file is larger than one megabyte.")])
    try:
        _Builder(source).build(yaml.parse(raw.decode("utf-8"), Loader=yaml.CSafeLoader))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BrokenFile(path, [Problem(line, "Save this file as UTF-8.")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"This is not YAML: {error.problem or error.context}."
        raise BrokenFile(path, [Problem(mark.line + 1 if mark else 1, reason)]) from error
    except yaml.YAMLError as error:
        raise BrokenFile(path, [Problem(1, "This file holds characters that YAML does not allow.")]) from error
    return source


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    where: Where
    value: Any
    key: str | None = None


class _Builder:
    """Puts values together from the parser's events, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack: list[_Open] = []
        self.documents = 0

    def build(self, events: Iterator[yaml.Event]) -> None:
        for event in events:
            self._take(event)

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, "Keep one document in this file; take out the line “---”.")
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(event, "Write the value out; anchors and aliases are not read.")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def _node(self, event: Any) -> None:  # noqa: ANN401 - three kinds of events with the same attributes
        if event.anchor is not None:
            self._refuse(event, "Write the value out; anchors and aliases are not read.")
        if event.tag is not None:
            self._refuse(event, "Take out the tag that begins with “!”.")
        if isinstance(event, yaml.ScalarEvent):
            top = self.stack[-1] if self.stack else None
            if top is not None and isinstance(top.value, dict) and top.key is None:
                self._key(top, event)
            else:
                self._put(event, _scalar(event))
            return
        if len(self.stack) == DEEPEST:
            self._refuse(event, f"This is nested more than {DEEPEST} levels deep.")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Open(self._put(event, value), value))

    def _key(self, top: _Open, event: yaml.ScalarEvent) -> None:
        if event.value in top.value:
            self._refuse(event, f"“{event.value}” is given twice; keep one of them.")
        top.key = event.value

    def _put(self, event: yaml.Event, value: Any) -> Where:  # noqa: ANN401 - whatever YAML held
        if not self.stack:
            self.source.data = value
            where: Where = ()
        else:
            top = self.stack[-1]
            if isinstance(top.value, list):
                where = (*top.where, len(top.value))
                top.value.append(value)
            elif top.key is None:
                self._refuse(event, "Use plain text as the name before a colon.")
            else:
                where = (*top.where, top.key)
                top.value[top.key] = value
                top.key = None
        self.source.lines[where] = _line(event)
        return where

    def _refuse(self, event: yaml.Event, sentence: str) -> NoReturn:
        raise BrokenFile(self.source.path, [Problem(_line(event), sentence)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> str | int | bool | None:
    if event.style:
        return str(event.value)
    if event.value in _WORDS:
        return _WORDS[event.value]
    return int(event.value) if _WHOLE.match(event.value) else str(event.value)
