"""Imports run one way through the rooms of the core, and heavy packages are loaded only where they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "mistudio_core"

LEAVES = frozenset(
    {"checksums", "errors", "files", "hashed_file", "json_values", "raw", "raw_write", "records", "settings", "unicode"}
)
# What each room may import besides itself and the leaves.
ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(LEAVES | {"statistics", "charts", "jobs"}, frozenset()),
    "records": frozenset({"tokenization"}),  # for its type only: a record keeps the recipe
    "tokenization": frozenset({"statistics"}),  # tokens are counted in the pass that makes them
    "sources": frozenset({"tokenization", "statistics"}),
    "example": frozenset({"tokenization"}),
    "store": frozenset({"tokenization", "statistics"}),
    "library": frozenset({"jobs", "store", "sources", "example", "tokenization", "statistics"}),
    "cli": frozenset({"library", "tokenization"}),
    "__main__": frozenset({"cli"}),
    "ui": frozenset({"library", "charts"}),
    "pages": frozenset({"ui"}),
    "app": frozenset({"ui"}),
    "work": frozenset({"jobs", "sources", "example", "store", "tokenization", "statistics"}),
}
# Inside the tokenization room each folder may import those before it.
TOKENIZATION = (
    "recipes",
    "tokenizer",
    "texts",
    "engines",
    "loading",
    "packing",
    "presets",
    "pipeline",
    "output",
    "exports",
    "previews",
)
# Of the rooms that a worker shares with the app it uses only a part: it never opens the catalog.
CLOSED_TO_WORK = frozenset(
    {
        "mistudio_core.store.catalog.database",
        "mistudio_core.store.catalog.migrations",
        "mistudio_core.store.catalog.rows",
    }
)
STREAMLIT_ROOMS = frozenset({"ui", "pages", "app"})
WORKER_PACKAGES = frozenset({"datasets", "transformers"})
HEAVY = (
    "streamlit",
    "datasets",
    "transformers",
    "pandas",
    "pyarrow",
    "duckdb",
    "numpy",
    "altair",
    "tokenizers",
    "torch",
)


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "mistudio_core" and len(parts) > 1 else parts[0]


def _files() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted(CORE.rglob("*.py"))]


def _imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield every import, also those inside functions, with the full name of what it imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in _files()}


def test_every_room_is_known(trees: dict[Path, ast.Module]) -> None:
    assert {_room(path) for path in trees} - {"__init__"} <= set(ALLOWED)


def test_imports_run_one_way(trees: dict[Path, ast.Module]) -> None:
    wrong = []
    for path, tree in trees.items():
        room = _room(path)
        for node, name in _imports(tree):
            parts = name.split(".")
            if parts[0] == "mistudio_core" and len(parts) > 1 and parts[1] in ALLOWED:
                target = parts[1]
                if target not in {room} | LEAVES | ALLOWED.get(room, frozenset()):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {name}")
    assert wrong == []


def test_inside_the_tokenization_room_imports_run_one_way(trees: dict[Path, ast.Module]) -> None:
    wrong = []
    for path in sorted((CORE / "tokenization").rglob("*.py")):
        folder = path.relative_to(CORE / "tokenization").parts[0]
        for node, name in _imports(trees[path]):
            inner = name.removeprefix("mistudio_core.tokenization.").split(".")[0]
            if inner in TOKENIZATION and TOKENIZATION.index(inner) > TOKENIZATION.index(folder):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {name}")
    assert wrong == []


def test_a_worker_opens_no_catalog(trees: dict[Path, ast.Module]) -> None:
    names = {name for path, tree in trees.items() if _room(path) == "work" for _, name in _imports(tree)}
    assert names & CLOSED_TO_WORK == set()
    shared = ("mistudio_core.jobs.protocol", "mistudio_core.jobs.kinds")
    assert [name for name in names if name.startswith("mistudio_core.jobs.") and not name.startswith(shared)] == []


def test_only_the_user_interface_imports_streamlit(trees: dict[Path, ast.Module]) -> None:
    rooms = {_room(path) for path, tree in trees.items() for _, name in _imports(tree) if name.startswith("streamlit")}
    assert rooms <= STREAMLIT_ROOMS


def test_datasets_and_transformers_are_imported_inside_functions(trees: dict[Path, ast.Module]) -> None:
    wrong = []
    for path, tree in trees.items():
        inside = {
            inner
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in ast.walk(function)
        }
        checked = {
            inner for block in ast.walk(tree) if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
            for inner in ast.walk(block)
        }  # fmt: skip
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node, name in _imports(tree)
            if name.split(".")[0] in WORKER_PACKAGES and node not in inside | checked
        ]
    assert wrong == []


def test_the_package_itself_imports_nothing(trees: dict[Path, ast.Module]) -> None:
    assert list(_imports(trees[CORE / "__init__.py"])) == []


def _loaded_by(statement: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["mistudio_core.work.__main__", "mistudio_core", *(f"mistudio_core.{leaf}" for leaf in ("errors", "files"))],
)
def test_a_waiting_worker_has_loaded_nothing_heavy(module: str) -> None:
    assert _loaded_by(f"import {module}") & set(HEAVY) == set()


@pytest.mark.parametrize("module", ["mistudio_core.library", "mistudio_core.cli.run"])
def test_the_core_loads_neither_streamlit_nor_the_worker_packages(module: str) -> None:
    assert _loaded_by(f"import {module}") & {"streamlit", "pandas", *WORKER_PACKAGES} == set()


def test_a_library_in_use_loads_neither_streamlit_nor_the_worker_packages(tmp_path: Path) -> None:
    act = f"from mistudio_core.library import Library\nLibrary.open({str(tmp_path)!r}).datasets()"
    assert _loaded_by(act) & {"streamlit", *WORKER_PACKAGES} == set()


def test_pages_of_the_app_load_no_worker_packages() -> None:
    assert _loaded_by("import mistudio_core.ui.app.shell, mistudio_core.ui.datasets.page") & WORKER_PACKAGES == set()
