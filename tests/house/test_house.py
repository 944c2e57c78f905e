"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mistudio_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 350
MAX_FUNCTION_LINES = 60
MAX_POSITIONAL = 5
TOP_LEVEL = {
    "app.py", "pages", "mistudio_core", "tests", "requirements.txt", "requirements-api.txt",
    "requirements-dask.txt", "requirements-dev.txt", "requirements-ray.txt", "README.md", "CHANGELOG.md",
    "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile", "pyproject.toml", "docs", "benchmarks",
}  # fmt: skip
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
EXTRAS = ("requirements-api.txt", "requirements-dask.txt", "requirements-ray.txt")
RUN_ELSEWHERE = {"make_peer_rows.py"}  # made the expected rows, where other versions were installed
USED_BY_OTHERS = {"protobuf", "vl_convert"}  # Altair draws its pictures with it
FORBIDDEN = {
    "unsafe_allow_html": "text of a dataset could become markup",
    "trust_remote_code=True": "code from the Hub would run",
    "use_container_width": "deprecated; width='stretch'",
    "components.v1": "deprecated",
    "shell=True": "a name could become a command",
    "import pickle": "a file could become code",
}


def _tracked() -> list[Path]:
    """Return the files of the project, those not yet committed too; skips where there is no git."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    return _tracked()


@pytest.fixture(scope="module")
def python_files(tracked: list[Path]) -> list[Path]:
    return [path for path in tracked if path.suffix == ".py"]


def test_the_top_level_holds_what_it_should(tracked: list[Path]) -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL
    assert {"app.py", "pages", "mistudio_core", "tests", "requirements.txt", ".streamlit"} <= names


def test_no_file_is_longer_than_one_idea(python_files: list[Path]) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in python_files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_functions_fit_on_a_screen_and_take_few_positional_arguments(python_files: list[Path]) -> None:
    wrong = []
    for path in python_files:
        if path.is_relative_to(ROOT / "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES:
                wrong.append(f"{where}: too long")
            positional = [argument.arg for argument in node.args.posonlyargs + node.args.args]
            if len([name for name in positional if name not in ("self", "cls")]) > MAX_POSITIONAL:
                wrong.append(f"{where}: too many positional arguments")
    assert wrong == []


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_is_forbidden_is_not_there(python_files: list[Path], text: str) -> None:
    sources = [path for path in python_files if not path.is_relative_to(ROOT / "tests")]
    found = [str(path.relative_to(ROOT)) for path in sources if text in path.read_text("utf-8")]
    assert found == [], FORBIDDEN[text]


def test_pages_in_the_pages_folder_are_pages_only() -> None:
    """Before the first run Streamlit makes a page of every file there."""
    for path in (ROOT / "pages").iterdir():
        assert path.name == "__pycache__" or re.fullmatch(r"[a-z]+\.py", path.name), path.name


def test_the_name_of_a_file_stands_in_one_module() -> None:
    """Two modules that know one file take its name from one place: `file_names`, `ui.app.pages` or each other."""
    places: dict[str, set[str]] = {}
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "mistudio_core").rglob("*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
        }
        for name in texts:
            if re.fullmatch(r"[\w.-]+\.(json|npz|duckdb|lock|md)|pages/\w+\.py", name):
                places.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}


def _requirements(name: str) -> list[str]:
    return re.findall(r"^([a-z][a-z0-9-]*)", (ROOT / name).read_text(), re.M)


def test_each_requirement_is_explained_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in _requirements("requirements.txt") if f"| `{name}` |" not in readme] == []


def test_the_readme_names_every_variable() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    names = [f"MISTUDIO_{field.name.upper()}" for field in dataclasses.fields(Settings)]
    assert [name for name in names if f"| `{name}` |" not in readme] == []


def test_what_is_imported_is_required_and_what_is_required_is_imported(python_files: list[Path]) -> None:
    imported: dict[str, set[str]] = {"tests": set(), "project": set()}
    for path in python_files:
        if path.name in RUN_ELSEWHERE:
            continue
        place = "tests" if path.relative_to(ROOT).parts[0] in ("tests", "benchmarks") else "project"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported[place] |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported[place].add(node.module.partition(".")[0])
    known = sys.stdlib_module_names | {"_typeshed", "mistudio_core", "tests", "pages", "benchmarks"}
    required, for_tests = ({_module(name) for name in _requirements(file)} for file in REQUIREMENTS)
    known |= {_module(name) for extra in EXTRAS for name in _requirements(extra)}
    assert imported["project"] - known - required == set()
    assert imported["tests"] - known - required - for_tests == set()
    assert required - imported["project"] - USED_BY_OTHERS == set()


def _module(distribution: str) -> str:
    return {"pyyaml": "yaml", "vl-convert-python": "vl_convert"}.get(distribution, distribution.replace("-", "_"))
