"""Fixtures that several test files share, and where the tests write."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.fixtures import hub

__all__ = ["hub"]

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 6 << 30  # what all tests write at once is less than 2 GB


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests write to memory where there is room: they sync thousands of small files."""
    given = config.option.basetemp or os.environ.get("PYTEST_DEBUG_TEMPROOT")
    if not given and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Put back the main module, in whose place a tried page leaves its script: new processes would run that."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
