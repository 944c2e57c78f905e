"""The pages that are written from the program are up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["cli", "api"])
def test_the_page_is_what_the_program_says(page: str) -> None:
    written = (DOCS / f"{page}.md").read_text("utf-8")
    assert written == getattr(_generator(), page)(), "run `python docs/generate.py`"
