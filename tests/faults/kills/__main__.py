"""Five hundred kills and power cuts at random moments; each is followed by an undisturbed end with equal checksums.

    python -m tests.faults.kills [--kills 500] [--only import,power] [--seed 1]

Workers are killed by SIGKILL while they download, import, build indexes, tokenize and export; a deletion is killed; two
servers of the app work on one library and are killed in turn; and the power is cut on a file system that was made for
it, so that all is lost that was not synced. After each the library is opened, listed and verified, and what was
disturbed is done again and compared, file by file, with an undisturbed run. Prints how often each was done, and ends at
the first difference; the folder that it names first holds the library. Power cuts need root and loop devices, servers
need Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.kills.acts import acts, prepare, write_texts
from tests.faults.kills.deleting import add_another, kill_a_deletion, seconds_of_a_deletion
from tests.faults.kills.power import apart, can_cut, cut_once
from tests.faults.kills.servers import two_servers
from tests.faults.kills.workers import IN_A_ROW, Undisturbed, kill_in_a_row, undisturbed
from tests.hub import repositories
from tests.hub.server import FOREIGN_VARIABLES, HubServer

SHARES: Final[Mapping[str, float]] = {
    "import": 0.14, "download": 0.14, "index": 0.14, "tokenize": 0.14, "export": 0.14, "delete": 0.1, "power": 0.14,
    "servers": 0.06,
}  # fmt: skip
_FASTER: Final = 0.8
_SLOWER: Final = 1.1
"""An act takes longer on a busy machine: where a worker ends before it is killed, the next kills come earlier."""


class Kills:
    """Disturbs one thing after the other, each in a copy of one prepared library."""

    def __init__(self, scratch: Path, random: Random) -> None:
        self._scratch, self._random = scratch, random
        self._texts = scratch / "texts"
        apart(write_texts, self._texts)
        self._template = scratch / "template"
        apart(prepare, self._template, self._texts)
        self._acts = list(acts(self._texts))
        self._known: dict[str, Undisturbed] = {}

    def of(self, what: str, count: int) -> Iterator[int]:
        """Disturb one kind of thing until there were so many kills; yield how many each time."""
        if what in self._acts:
            return self._workers(what, count)
        return {"delete": self._deletions, "power": self._cuts, "servers": self._servers}[what](count)

    def _wanted(self, name: str) -> Undisturbed:
        if name not in self._known:
            found = apart(undisturbed, self._template, self._scratch, name, self._texts)
            self._known[name] = found
            print(f"{name}: {found.seconds:.1f} s, {len(found.digest)} checksums", flush=True)
        return self._known[name]

    def _workers(self, name: str, count: int) -> Iterator[int]:
        wanted, done = self._wanted(name), 0
        while done < count:
            home = self._copy(name)
            killed = apart(kill_in_a_row, home, name, wanted, Random(self._random.random()))
            shutil.rmtree(home)
            seconds = wanted.seconds * (_SLOWER if killed == IN_A_ROW else _FASTER)
            wanted, done = replace(wanted, seconds=seconds), done + killed
            yield killed

    def _deletions(self, count: int) -> Iterator[int]:
        seconds, before = seconds_of_a_deletion(self._copy("deleted")), self._wanted("export").before
        template, done = self._copy("delete"), 0
        apart(add_another, template, self._texts)
        while done < count:
            home = Path(shutil.copytree(template, self._scratch / "delete"))
            seed = Random(self._random.random())
            killed = apart(kill_a_deletion, home, seconds, before, seed)
            shutil.rmtree(home)
            seconds *= _SLOWER if killed else _FASTER
            done += killed
            yield int(killed)

    def _cuts(self, count: int) -> Iterator[int]:
        if not can_cut():
            print("power: this machine makes no file system for us", flush=True)
            return
        for number in range(count):
            name = self._acts[number % len(self._acts)]
            folder = self._scratch / f"power-{number}"
            folder.mkdir()
            cut_once(self._template, folder, name, self._wanted(name), self._random)
            folder.rmdir()
            yield 1

    def _servers(self, count: int) -> Iterator[int]:
        with two_servers(self._copy("servers")) as servers:
            for _ in range(count):
                servers.kill_one(self._random)
                yield 1

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self._template, Path(tempfile.mkdtemp(dir=self._scratch)) / name))


def run() -> int:
    """Disturb what was asked for, and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SHARES))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    whole = sum(SHARES[name] for name in options.only)
    counts = dict.fromkeys(options.only, 0)
    scratch = Path(tempfile.mkdtemp(prefix="kills-"))
    print(f"in {scratch}", flush=True)
    began = time.monotonic()
    with ExitStack() as stack:
        _with_hub(stack, scratch)
        kills = Kills(scratch, Random(options.seed))
        for name in options.only:
            for killed in kills.of(name, round(options.kills * SHARES[name] / whole)):
                counts[name] += killed
                print(f"{name}: {counts[name]} kills, {time.monotonic() - began:.0f} s", flush=True)
    shutil.rmtree(scratch)
    print(f"{sum(counts.values())} kills, nothing lost: {counts}")
    return 0


def _with_hub(stack: ExitStack, scratch: Path) -> None:
    """Serve the test Hub to all that is started from here."""
    hub = stack.enter_context(HubServer())
    hub.add(repositories.big())
    for name in FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(hub.variables(scratch / "hf"), HF_DATASETS_DISABLE_PROGRESS_BARS="1")


if __name__ == "__main__":
    sys.exit(run())
