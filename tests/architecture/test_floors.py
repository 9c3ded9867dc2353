"""What import-linter cannot say about the rooms: whose doors are private, who commits, how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "provider").rglob("*.py"))

BUILDERS = frozenset({"app", "server", "tables"})  # they know every room
OWN_ONLY = frozenset({"views", "schemas", "handlers", "commands", "letters", "gateway"})
# What the payment service is asked and answers, in words of our own: cards and refunds read them. They call it by
# payments.service alone, which nobody can open past.
# What a score report says is asked of the student who types it and of the staff who set it right, in the same words.
SPOKEN = frozenset({"payments.gateway", "exams.schemas"})
NAMELESS = frozenset({"utils.py", "helpers.py", "common.py", "base.py", "misc.py"})

COMMITTER = ROOT / "provider/kernel/database.py"
LONGEST_FILE = 400
LONGEST_FUNCTION = 45


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("provider", cache_dir=None)


def direct_imports(graph: grimp.ImportGraph) -> Iterator[tuple[list[str], list[str]]]:
    """Yield importer and imported, as the parts of their names below `provider`."""
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            yield importer.split(".")[1:], imported.split(".")[1:]


def offenses(graph: grimp.ImportGraph) -> list[str]:
    """Return the imports that open another room's private file."""
    return sorted(
        f"{'.'.join(importer)} imports {'.'.join(imported)}"
        for importer, imported in direct_imports(graph)
        if importer and imported and importer[0] not in BUILDERS and importer[0] != imported[0]
        if OWN_ONLY.intersection(imported[1:2]) and ".".join(imported) not in SPOKEN
    )


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_a_room_opens_only_rules_models_queries_and_actions_of_another(graph: grimp.ImportGraph) -> None:
    assert offenses(graph) == []


def test_an_opened_door_is_found(graph: grimp.ImportGraph) -> None:
    planted = grimp.build_graph("provider", cache_dir=None)
    for module in ("provider.refunds.actions", "provider.payments.views"):
        if module not in planted.modules:
            planted.add_module(module)
    planted.add_import(importer="provider.refunds.actions", imported="provider.payments.views")
    assert set(offenses(planted)) - set(offenses(graph)) == {"refunds.actions imports payments.views"}


def test_schemas_know_only_the_rules_of_their_room(graph: grimp.ImportGraph) -> None:
    known = [
        f"{'.'.join(importer)} imports {'.'.join(imported)}"
        for importer, imported in direct_imports(graph)
        if importer[1:2] == ["schemas"] and imported[:1] == importer[:1] and imported[1:2] != ["rules"]
    ]
    assert known == []


def test_only_the_unit_of_work_commits() -> None:
    commits = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path != COMMITTER
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert commits == []


def test_a_file_is_named_after_what_it_holds() -> None:
    assert [path for path in SOURCES if path.name in NAMELESS] == []


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCES
        for function in functions(ast.parse(path.read_bytes()))
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
