"""Several processes on one library at once: nobody fails, and each finds what it has started."""

from __future__ import annotations

from pathlib import Path

from benchmarks import sharing
from tests.support.staged import staged, stories

PROCESSES = 4


def test_processes_at_once_fail_in_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with staged(home) as stage:
        for number in range(3):
            stage.ready(f"dataset {number}", {"train": stories(3)})
        stage.open()
    try:
        found = sharing.measure(home, processes=PROCESSES, seconds=0)
    finally:
        sharing.stop_all(home)
    assert found["failures"] == []
    assert found["list"]["count"] == PROCESSES * 2 * sharing.LISTS_BETWEEN_CHANGES
    assert (found["change"]["count"], found["start"]["count"]) == (PROCESSES * 2, PROCESSES * 2)
