"""Fixtures that several test files share, and where the tests write."""

from __future__ import annotations

import os
import shutil
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
