"""What makes the project a package: one version, one list of dependencies, and a library folder for each platform."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import mistudio_core
from mistudio_core import settings
from mistudio_core.errors import unexpected

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_version_stands_in_one_place() -> None:
    assert PROJECT["project"]["dynamic"] == ["version", "dependencies", "optional-dependencies"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "mistudio_core/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", mistudio_core.__version__)


def test_the_dependencies_are_those_of_the_requirements() -> None:
    hook = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    assert hook["files"] == ["requirements.txt"]
    assert hook["optional-dependencies"]["dev"] == ["requirements-dev.txt"]


def test_the_command_says_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mistudio_core", "--version"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, f"mistudio {mistudio_core.__version__}\n")


def test_an_unexpected_error_names_the_version_and_not_the_data() -> None:
    error = unexpected(ValueError("a secret text"), "while the job ran")
    assert error.message == "Unexpected error while the job ran (ValueError)."
    assert mistudio_core.__version__ in error.hint
    assert "secret" not in error.message + error.hint


def test_a_checkout_keeps_its_library_beside_the_app() -> None:
    assert settings.default_home() == ROOT / "data"


def test_an_installed_package_keeps_its_library_in_the_platforms_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "_CHECKOUT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    home = settings.default_home()
    assert home.name == "mistudio-datasets"
    if sys.platform == "linux":
        assert home == tmp_path / "share" / "mistudio-datasets"


def test_the_workflow_tests_every_python_that_the_package_names() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = [text.rpartition(" ")[2] for text in PROJECT["project"]["classifiers"] if ":: Python :: 3." in text]
    assert tested == named
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"


@pytest.mark.parametrize(
    "script", [".ci/run", ".github/workflows/test.yml", "Makefile", "README.md", "CONTRIBUTING.md"]
)
def test_the_scripts_that_are_called_are_there(script: str) -> None:
    called = re.findall(r"\b(?:benchmarks|docs|tests)/[\w/]+\.py\b", (ROOT / script).read_text("utf-8"))
    assert called
    assert [path for path in called if not (ROOT / path).is_file()] == []
