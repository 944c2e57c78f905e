"""Imports run one way through the rooms of the core, and heavy packages are loaded only where they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Container, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "mistudio_core"

LEAVES = frozenset(
    {
        "arrow_stream",
        "checksums",
        "disk",
        "errors",
        "field_types",
        "file_names",
        "files",
        "hashed_file",
        "json_values",
        "manifest_files",
        "raw",
        "raw_write",
        "records",
        "settings",
        "unicode",
    }
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
    "cli": frozenset({"api", "library", "tokenization"}),
    "__main__": frozenset({"cli"}),
    "api": frozenset({"library"}),
    "ui": frozenset({"library", "charts"}),
    "pages": frozenset({"ui"}),
    "app": frozenset({"api", "ui"}),
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
    "scale",
    "output",
    "exports",
    "previews",
)
# Inside the user interface each folder may import those before it; the folders of the store know nothing of each other.
USER_INTERFACE = (
    "app", "widgets", "columns", "concordance", "jobs", "settings", "samples", "sequences", "statistics", "tokenize",
    "adding", "datasets", "finder",
)  # fmt: skip
MAX_PAGE_FILES = 15
STORE = ("catalog", "samples", "sequences")
# Of the rooms that a worker shares with the app it uses only a part: it never opens the catalog.
CLOSED_TO_WORK = frozenset(
    {
        "mistudio_core.store.catalog.database",
        "mistudio_core.store.catalog.migrations",
        "mistudio_core.store.catalog.rows",
    }
)
# The rooms that may import a package. A package that is not named here is for every room of the core.
BELOW_THE_LIBRARY = frozenset({"store", "sources", "work", "tokenization", "statistics"})
PACKAGE_ROOMS: dict[str, frozenset[str]] = {
    "streamlit": frozenset({"ui", "pages", "app"}),
    "fastapi": frozenset({"api"}),
    "starlette": frozenset({"api"}),
    "pydantic": frozenset({"api"}),
    "altair": frozenset({"charts"}),
    "vl_convert": frozenset({"charts"}),
    "duckdb": frozenset({"store"}),
    "tantivy": frozenset({"store"}),
    "pyarrow.parquet": BELOW_THE_LIBRARY | {"raw", "raw_write"},
    "pyarrow": BELOW_THE_LIBRARY | {"raw", "raw_write", "arrow_stream", "example", "charts"},
    "jinja2": frozenset({"tokenization"}),
    "tokenizers": frozenset({"tokenization", "example"}),
    "gigatoken": frozenset({"tokenization"}),
    "nanotoken": frozenset({"tokenization"}),
    "transformers": frozenset({"tokenization"}),
    "datasets": frozenset({"sources"}),
    "huggingface_hub": frozenset({"sources", "tokenization", "library"}),
    "httpx2": frozenset({"sources", "tokenization"}),
    "psutil": frozenset({"jobs", "work"}),
    "filelock": frozenset({"store", "work"}),
    "pandas": frozenset({"sources"}),
    "torch": frozenset(),
}
WORKER_PACKAGES = frozenset({"datasets", "transformers"})
HEAVY = (
    "fastapi",
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


def _between_folders(trees: dict[Path, ast.Module], room: str) -> Iterator[tuple[str, str, str]]:
    """Yield the imports from one folder of a room into another: both folders, and where it stands."""
    for path in sorted((CORE / room).rglob("*.py")):
        folder = path.relative_to(CORE / room).parts[0]
        for node, name in _imports(trees[path]):
            parts = name.split(".")
            if parts[:2] == ["mistudio_core", room] and len(parts) > 2 and parts[2] != folder:
                yield folder, parts[2], f"{path.relative_to(ROOT)}:{node.lineno} imports {name}"


def test_inside_the_user_interface_imports_run_one_way(trees: dict[Path, ast.Module]) -> None:
    folders = {path.name for path in (CORE / "ui").iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(USER_INTERFACE)
    place = USER_INTERFACE.index
    wrong = [where for folder, other, where in _between_folders(trees, "ui") if place(other) > place(folder)]
    assert wrong == []


def test_the_folders_of_the_store_do_not_import_each_other(trees: dict[Path, ast.Module]) -> None:
    assert {path.name for path in (CORE / "store").iterdir() if (path / "__init__.py").is_file()} == set(STORE)
    assert [where for _, _, where in _between_folders(trees, "store")] == []


@pytest.mark.parametrize("folder", USER_INTERFACE)
def test_a_folder_of_the_user_interface_stays_small(folder: str) -> None:
    modules = [path for path in (CORE / "ui" / folder).glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_PAGE_FILES


def test_no_modules_import_each_other_in_a_circle(trees: dict[Path, ast.Module]) -> None:
    """Imports for types and those inside functions count too: they hide a circle and do not break it."""
    modules = {_module(path): tree for path, tree in trees.items()}
    graph = {module: _taken(tree, modules) - {module} for module, tree in modules.items()}
    circle: list[str] = []
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _taken(tree: ast.Module, modules: Container[str]) -> set[str]:
    """Return the modules that a module imports, or imports names from."""
    taken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            taken |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            taken |= {name if name in modules else node.module for name in inner}
    return {name for name in taken if name in modules}


def test_a_worker_opens_no_catalog(trees: dict[Path, ast.Module]) -> None:
    names = {name for path, tree in trees.items() if _room(path) == "work" for _, name in _imports(tree)}
    assert names & CLOSED_TO_WORK == set()
    shared = tuple(f"mistudio_core.jobs.{name}" for name in ("protocol", "kinds", "look_protocol", "look_worker"))
    assert [name for name in names if name.startswith("mistudio_core.jobs.") and not name.startswith(shared)] == []


@pytest.mark.parametrize("package", PACKAGE_ROOMS)
def test_a_package_is_imported_only_where_it_belongs(trees: dict[Path, ast.Module], package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node, name in _imports(tree)
        if f"{name}.".startswith(f"{package}.") and _room(path) not in PACKAGE_ROOMS[package]
    }
    assert sorted(found) == []


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
