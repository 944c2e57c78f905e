"""Runs every check of the project: formatting, lint, types, then all tests.

`python tests/check.py` does it all; what is written after it goes to pytest, for example `-k sample`. With `--coverage`
the tests also measure which lines they run, workers included, which makes them about half as long again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINIMUM_COVERAGE = 90
STATIC_CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
)
PROCESSES = 2  # more of them wait for each other: browsers and workers keep two processors busy
# Whole files go to one process, so that what a module prepares for its tests is prepared once.
TESTS = ("pytest", "-n", str(PROCESSES), "--dist=loadfile", "--durations=25")
COVERAGE = ("--cov", "--cov-report=term:skip-covered", f"--cov-fail-under={MINIMUM_COVERAGE}")


def main(arguments: list[str]) -> int:
    """Return 0 if everything passed; a failed check does not keep the others from running."""
    failed = [check for check in STATIC_CHECKS if _run(*check)]
    for check in failed:
        print(f"FAILED: {' '.join(check)}", flush=True)
    options = COVERAGE if arguments == ["--coverage"] else arguments  # a part of the tests covers a part of the code
    tests_failed = _run(*TESTS, *options)
    return 1 if failed or tests_failed else 0


def _run(module: str, *arguments: str) -> int:
    print("$", module, *arguments, flush=True)
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
