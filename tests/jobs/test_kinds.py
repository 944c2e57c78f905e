"""A kind of job stands in one table: the worker, the queue, the library and the page take it from there."""

from __future__ import annotations

import ast
import dataclasses
import sys
import typing
from pathlib import Path

import pytest

from mistudio_core import work
from mistudio_core.jobs import kinds, launch
from mistudio_core.library import Library
from mistudio_core.library.context import Context
from mistudio_core.library.start import start
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog
from tests.support.app_driver import open_app, words

WORKERS = Path(work.__file__).parent
SHOUT = kinds.Kind("shout", "shout", "compute", "Shouting", ":material/campaign:")
WORKER = f"""
import sys, types
from mistudio_core.jobs.kinds import KINDS, Kind
KINDS["shout"] = Kind(**{dataclasses.asdict(SHOUT)!r})
module = types.ModuleType("mistudio_core.work.shout")
module.run = lambda job: {{"text": job.arguments["text"].upper()}}
sys.modules[module.__name__] = module
from mistudio_core.work.__main__ import main
main()
"""


def _context(library: Library) -> Context:
    catalog = Catalog(library.home, library.settings.lock_timeout_s)
    return Context(library.home, library.settings, library.actor, catalog)


def test_every_worker_is_a_kind_and_every_kind_has_a_worker() -> None:
    workers = {
        path.stem
        for path in WORKERS.glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "run"
    }
    assert workers == {kind.module for kind in kinds.KINDS.values()}


def test_every_lane_has_a_limit_of_its_own() -> None:
    limits = {field.name for field in dataclasses.fields(Settings)}
    assert {f"max_{lane}_jobs" for lane in typing.get_args(kinds.Lane)} <= limits
    assert {kind.lane for kind in kinds.KINDS.values()} == set(typing.get_args(kinds.Lane))


def test_kinds_that_make_datasets_have_different_sources_and_the_others_none() -> None:
    sources = [kind.source for kind in kinds.KINDS.values() if kind.makes == "dataset"]
    assert sorted(sources) == sorted(kinds.SOURCES)
    assert [kind.name for kind in kinds.KINDS.values() if kind.makes != "dataset" and kind.source] == []


def test_an_unknown_kind_makes_nothing() -> None:
    kind = kinds.kind_of("of a later version")
    assert (kind.title, kind.makes, kind.source) == ("of a later version", None, "")


def test_a_kind_needs_an_entry_and_a_worker_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, "shout": SHOUT})
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    (tmp_path / "worker.py").write_text(WORKER)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{tmp_path / "worker.py"}" "$@"\n')
    python.chmod(0o755)
    library = Library.open(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(launch.sys, "executable", str(python))  # type: ignore[attr-defined]
        job_id = start(_context(library), "shout", None, {"text": "ada"}).id
    ended = library.wait(job_id)
    assert (ended.kind, ended.status, ended.error) == ("shout", "succeeded", None)
    assert '"text":"ADA"' in (library.home.job(job_id) / "result.json").read_text()
    assert "**Shouting**" in words(open_app("jobs"))


def test_a_worker_that_does_not_know_a_kind_says_so(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "home")
    job_id = start(_context(library), "shout", None, {}).id
    error = library.wait(job_id).error
    assert error is not None
    assert "'shout'" in error.message
