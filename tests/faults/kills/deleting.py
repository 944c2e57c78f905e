"""Deletions killed at random moments: what is deleted is whole, or can be deleted again, and nothing else goes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from tests.faults.kills.acts import Digest, base, base_digest, dataset_digest, made_before, small, succeeded

_LATE_SHARE = 1.5
_READY = "ready"


def add_another(home: Path, texts: Path) -> None:
    """Make another dataset, with its index, which is to stay."""
    library = Library.open(home)
    other = library.import_files([small(texts)], name="Other")
    succeeded(library, library.jobs(other.id)[0].id)
    for job in library.jobs(active=True):
        succeeded(library, job.id)


def kill_a_deletion(home: Path, seconds: float, before: Digest, random: Random) -> bool:
    """Kill who deletes a dataset with its tokenization; return whether the deletion had not ended."""
    library = Library.open(home)
    gone, tokenization, other = base(library), made_before(library), base(library, "Other")
    kept = dataset_digest(library, other)
    running = _deleter(home, gone)
    time.sleep(random.uniform(0, _LATE_SHARE * seconds))
    killed = running.poll() is None
    running.kill()
    running.communicate()
    library = Library.open(home)
    assert dataset_digest(library, other) == kept
    records: list[Dataset | Tokenization] = [*library.datasets(), *library.tokenizations()]
    left = {record.id: record for record in records}
    if gone in left and left[gone].status == "ready":
        assert base_digest(library) == before
    if gone in left:
        library.delete(gone, cascade=True)
    assert gone not in {dataset.id for dataset in library.datasets()}
    assert tokenization not in {made.id for made in library.tokenizations()}
    assert not library.home.dataset(gone).exists()
    assert list(library.home.trash.iterdir()) == []
    assert library.verify().problems == ()
    return killed


def seconds_of_a_deletion(home: Path) -> float:
    """Return how long a deletion takes that nobody disturbs."""
    running = _deleter(home, base(Library.open(home)))
    began = time.monotonic()
    running.communicate()
    assert running.returncode == 0
    return time.monotonic() - began


def _deleter(home: Path, dataset_id: str) -> subprocess.Popen[str]:
    """Start a process that deletes, and return when it begins to."""
    command = [sys.executable, "-m", "tests.faults.kills.deleting", str(home), dataset_id]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdin is not None
    assert running.stdout is not None
    assert running.stdout.readline().strip() == _READY
    running.stdin.write("go\n")
    running.stdin.flush()
    return running


if __name__ == "__main__":
    opened = Library.open(sys.argv[1])
    opened.datasets()
    print(_READY, flush=True)
    sys.stdin.readline()
    opened.delete(sys.argv[2], cascade=True)
