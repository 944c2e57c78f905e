"""The files and names that the documentation speaks of are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
FILE = re.compile(r"`((?:mistudio_core|tests|benchmarks|docs|pages|\.streamlit)/[\w./-]+)`")
LINK = re.compile(r"(?:\]\(|src(?:set)?=\")([^)\s\"]+)")
NAME_IN_FILE = re.compile(r"`(\w+)`\s+(?:in|\()\s*`(mistudio_core/[\w/]+\.py)`")


def test_pages_are_found() -> None:
    assert {"README.md", "docs/extending.md", "docs/architecture.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_named_file_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [name for name in FILE.findall(text) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    targets = LINK.findall((ROOT / page).read_text("utf-8"))
    inside = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in inside if not ((ROOT / page).parent / target).exists()] == []


def test_every_name_is_in_the_file_that_extending_gives() -> None:
    named = NAME_IN_FILE.findall((ROOT / "docs" / "extending.md").read_text("utf-8"))
    assert len(named) >= 10
    defined = r"(?m)^\s*(?:def |class |self\.)?{}\b"
    assert [
        (name, path) for name, path in named if not re.search(defined.format(name), (ROOT / path).read_text())
    ] == []
