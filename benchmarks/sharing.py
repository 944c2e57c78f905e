"""Many processes at work on one library at once: how long each waits for a list, and whether an act fails.

    python -m benchmarks.sharing [--processes 12] [--seconds 30] [--datasets 50]

Each process lists datasets and jobs all the time, renames a dataset now and then, and imports a small file at the start
and in the middle. Prints the quantiles of the waiting times in seconds, and exits with 1 when a list takes longer than
1 s at the 95th percentile, when anybody waits for 30 s, or when an act fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError
from mistudio_core.library import Library

ROOT = Path(__file__).resolve().parents[1]

LIST_P95_S = 1.0
LONGEST_S = 30.0
LISTS_BETWEEN_CHANGES = 10
WAITING_JOBS = "1000"
ACTS = ("list", "change", "start")


def work(home: Path, seconds: float, number: int) -> dict[str, Any]:
    """Use the library for some time; return the waiting times of each act, and the codes of those that failed."""
    library = Library.open(home)
    waits: dict[str, list[float]] = {act: [] for act in ACTS}
    failures: list[str] = []
    source = home.parent / f"texts-{number}.txt"
    source.write_text(f"A text of process {number}.\n")
    started: set[str] = set()

    def timed(act: str, call: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            return call()
        except StudioError as error:
            failures.append(f"{act}: {error.code}")
        finally:
            waits[act].append(time.monotonic() - began)

    def import_one() -> None:
        dataset = timed("start", lambda: library.import_files([source], name=f"of {number}"))
        if dataset is not None:
            started.add(dataset.id)

    end = time.monotonic() + seconds
    import_one()
    turn = 0
    while time.monotonic() < end or turn < 2 * LISTS_BETWEEN_CHANGES:
        turn += 1
        timed("list", lambda: (library.datasets(), library.jobs()))
        if turn % LISTS_BETWEEN_CHANGES == 0:
            mine = library.datasets(status="ready")[number % 2]
            timed("change", lambda own=mine, turn=turn: library.rename(own.id, notes=f"Turn {turn}."))
        if turn == LISTS_BETWEEN_CHANGES:
            import_one()
    missing = started - {dataset.id for dataset in library.datasets()}
    own = sum(dataset.name == f"of {number}" for dataset in library.datasets())
    if missing or own != len(started):
        failures.append(f"start: {own} datasets are there, {len(started)} were returned")
    return {"waits": waits, "failures": failures}


def measure(home: Path, *, processes: int, seconds: float) -> dict[str, Any]:
    """Run so many processes on the library in `home`; return quantiles of the waiting times, and what failed."""
    environment = os.environ | {"MISTUDIO_MAX_WAITING_JOBS": WAITING_JOBS}
    command = [sys.executable, "-m", "benchmarks.sharing", "--home", str(home), "--seconds", str(seconds)]
    running = [
        subprocess.Popen(
            [*command, "--number", str(number)], cwd=ROOT, stdout=subprocess.PIPE, env=environment, text=True
        )
        for number in range(processes)
    ]
    try:
        answers = [json.loads(process.communicate()[0]) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    waits = {
        act: sorted(one for answer in answers for one in answer["waits"][act]) for act in ("list", "change", "start")
    }
    return {
        "failures": [line for answer in answers for line in answer["failures"]],
        **{act: _quantiles(found) for act, found in waits.items()},
    }


def _quantiles(waits: list[float]) -> Mapping[str, float]:
    places = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    found = {name: waits[max(0, round(share * len(waits)) - 1)] for name, share in places.items()}
    return {"count": len(waits), **{name: round(value, 4) for name, value in found.items()}}


def stop_all(home: Path) -> None:
    """Cancel what the processes have started and not waited for."""
    library = Library.open(home)
    for job in library.jobs(active=True):
        library.cancel(job.id)


def main() -> int:
    """Run one of the processes, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--datasets", type=int, default=50)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--number", type=int)
    options = parser.parse_args()
    if options.number is not None:
        sys.stdout.write(json.dumps(work(options.home, options.seconds, options.number)))
        return 0
    from tests.support.staged import staged, stories

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with staged(home) as stage:
            for number in range(options.datasets):
                stage.ready(f"dataset {number}", {"train": stories(3)})
            stage.open()
        found = measure(home, processes=options.processes, seconds=options.seconds)
        stop_all(home)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    longest = max(found[act]["max"] for act in ACTS)
    return int(bool(found["failures"]) or found["list"]["p95"] > LIST_P95_S or longest >= LONGEST_S)


if __name__ == "__main__":
    sys.exit(main())
