"""Power cuts: a real ext4 file system in a file, shut down without a flush while a worker writes to it.

What was not synced is gone then, as when a machine loses its power: files are empty or have old content, names are
missing. Needs root, `mkfs.ext4` and loop devices. Whatever opens the library runs in a process of its own, since a file
system can only be let go of when nobody has a file on it open.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from mistudio_core.library import Library
from tests.faults.kills.acts import acts, base_digest, dataset_digest, small, succeeded
from tests.faults.kills.workers import Undisturbed, end_all, must_be_whole, workers_of

SIZE_BYTES = 1 << 30  # of which the file holds what was written
_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN
_WITHOUT_FLUSH = 2
_LATE_SHARE = 1.2
_WAIT_S = 30.0

Result = TypeVar("Result")


class Disk:
    """A file system in a file, below a folder."""

    def __init__(self, folder: Path) -> None:
        """Make an empty one, and mount it."""
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(SIZE_BYTES)
        _run("mkfs.ext4", "-q", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Mount it; what its journal knows is done first."""
        _run("mount", "-o", "loop", str(self.image), str(self.place))

    def cut(self) -> None:
        """Lose the power, end those who write, and start again."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(descriptor)
        for process in workers_of(self.place):
            process.kill()
        self.unmount()
        self.mount()

    def unmount(self) -> None:
        """Let go of it, as soon as the last process has."""
        deadline = time.monotonic() + _WAIT_S
        while subprocess.run(["umount", str(self.place)], capture_output=True).returncode != 0:
            assert time.monotonic() < deadline, "somebody still has a file open"
            time.sleep(0.05)


def can_cut() -> bool:
    """Tell whether this machine lets us."""
    return os.geteuid() == 0 and shutil.which("mkfs.ext4") is not None and Path("/dev/loop-control").exists()


def cut_once(template: Path, folder: Path, name: str, wanted: Undisturbed, random: Random) -> None:
    """Cut the power at a random moment of the act of this name; start again, finish it, and compare."""
    disk = Disk(folder)
    home = disk.place / "home"
    try:
        shutil.copytree(template, home)
        os.sync()
        begun = apart(_begin, home, name, wanted.texts)
        time.sleep(random.uniform(0, _LATE_SHARE * wanted.seconds))
        disk.cut()
        apart(_finish, home, name, wanted, begun)
    finally:
        for process in workers_of(disk.place):
            process.kill()
        disk.unmount()
        disk.image.unlink()
        disk.place.rmdir()


def _begin(home: Path, name: str, texts: Path) -> dict[str, Any]:
    """Finish an import, rename it, and begin the act: what has been reported is to outlive the cut."""
    library = Library.open(home)
    finished = library.import_files([small(texts)], name="Finished")
    succeeded(library, library.jobs(finished.id)[0].id)
    library.rename(finished.id, name="Renamed")
    digest = dataset_digest(library, finished.id)
    return {"dataset": finished.id, "digest": digest, "job": acts(texts)[name].start(library)}


def _finish(home: Path, name: str, wanted: Undisturbed, begun: dict[str, Any]) -> None:
    library = Library.open(home)
    assert library.dataset(begun["dataset"]).name == "Renamed"
    found = dataset_digest(library, begun["dataset"])
    assert found == begun["digest"], (found, begun["digest"])
    assert base_digest(library) == wanted.before
    job = library.job(begun["job"])  # it had been reported as begun
    if job.status != "succeeded":
        assert job.error is not None, job
        assert job.error.code in ("worker_died", "corrupt_data"), job
        job = library.retry(job.id)
    must_be_whole(library, job.id, acts(wanted.texts)[name], wanted)
    end_all(library)


def apart(act: Callable[..., Result], *arguments: Any) -> Result:
    """Call something in a new process, which ends with it, and return what it returned."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(act, *arguments).result()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
