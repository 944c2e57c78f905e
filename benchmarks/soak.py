"""An hour of ten visitors at the app, with one worker always at work: what grows?

    python -m benchmarks.soak [--data FILE.parquet] [--minutes 60] [--visitors 10] [--megabytes 200]

FILE is a Parquet file with a column of text, repeated until the dataset holds so many megabytes of text; without it the
built-in stories are. Each visitor is a browser of their own with a session that stays open. In turn they page through
samples, search them, look at charts, preview tokens and read sequences; meanwhile the dataset is tokenized again and
again. Twice a minute a line is printed: memory of the app and of the largest worker, handles, threads, processes,
inotify watches, temporary files. Exits with 1 where one of them grows, or where app and worker need more than 1 GB.
Needs Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import psutil
import pyarrow.parquet as pq
from playwright.sync_api import Error, Page, sync_playwright

from benchmarks.pages import launched
from mistudio_core.errors import StudioError
from mistudio_core.jobs.protocol import WORKER_MODULE
from mistudio_core.library import Library
from tests.browser.acts import idle, main
from tests.browser.app_server import AppServer

PERIOD_S: Final = 30.0
WARM_SHARE: Final = 0.3
"""The first part of the time, in which caches fill and every page is seen once."""
MOST_MEMORY_MB: Final = 1024
WORDS: Final = ("summer rain", "the", "garden", "science", "music -rain", '"once upon"', "river", "answer")
ACT_TIMEOUT_MS: Final = 120_000


@dataclass(frozen=True)
class Figures:
    """What the processes of the app hold at one moment; memory in MB, its own share of what several have mapped."""

    app_mb: float
    look_mb: float
    worker_mb: float
    handles: int
    threads: int
    processes: int
    watches: int
    temporary: int


ALLOWED: Final[Mapping[str, float]] = {
    "app_mb": 40, "look_mb": 40, "handles": 40, "threads": 10, "processes": 0, "watches": 0, "temporary": 4,
}  # fmt: skip
"""By how much the median of the later half may lie above that of the earlier one: what breathes, but does not grow.

Streamlit keeps the session of a page that was left for two minutes, with three handles and a thread.
"""


def measure(app: psutil.Process, folders: list[Path]) -> Figures:
    """Look at the app, the processes that it has started, and what lies in folders for a while."""
    workers, looks = [], []
    for process in app.children(recursive=True):
        with suppress(psutil.Error):
            command = process.cmdline()
            (workers if WORKER_MODULE in command else looks).append(process)
    workers += [one for one in _orphans() if one not in workers]
    descriptors = Path(f"/proc/{app.pid}/fdinfo")
    return Figures(
        app_mb=_megabytes(app),
        look_mb=sum(map(_megabytes, looks)),
        worker_mb=max(map(_megabytes, workers), default=0.0),
        handles=app.num_fds(),
        threads=app.num_threads(),
        processes=1 + len(looks),
        watches=sum(_watches(path) for path in descriptors.iterdir()),
        temporary=sum(len(names) for folder in folders for _, _, names in os.walk(folder)),
    )


def _orphans() -> list[psutil.Process]:
    """Return the workers, also those that this program has started."""
    return [one for one in psutil.Process().children(recursive=True) if WORKER_MODULE in _command(one)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _megabytes(process: psutil.Process) -> float:
    try:
        facts = process.memory_full_info()
        return float(getattr(facts, "pss", 0) or facts.rss) / 1e6
    except psutil.Error:  # it has just ended
        return 0.0


def _watches(descriptor: Path) -> int:
    try:
        return descriptor.read_text().count("inotify wd:")
    except OSError:
        return 0


class Tokenizing(threading.Thread):
    """Tokenizes the dataset again and again, and deletes the sequences before the last."""

    def __init__(self, library: Library, dataset_id: str) -> None:
        super().__init__(daemon=True)
        self._library, self._dataset_id = library, dataset_id
        self.ended = threading.Event()
        self.ids: list[str] = []
        self.done = 0

    def run(self) -> None:
        """Go on until it is to end, and for the length of one tokenization more."""
        while not self.ended.is_set():
            recipe = {"tokenizer": "sample", "context_length": 64 + self.done % 64}
            with suppress(StudioError):
                made = self._library.tokenize(self._dataset_id, recipe)
                if self._library.wait(made.id).status == "succeeded":
                    self.ids.append(made.id)
                    self.done += 1
            while len(self.ids) > 2:
                with suppress(StudioError):
                    self._library.delete(self.ids.pop(0), cascade=True)
            self.ended.wait(5)


class Visitors:
    """The pages of some visitors, and what one of them does when it is their turn."""

    def __init__(self, pages: list[Page], url: str, dataset_id: str, made: Callable[[], list[str]]) -> None:
        self._pages, self._url, self._dataset_id, self._made = pages, url, dataset_id, made
        self._acts = (self._browse, self._browse, self._search, self._search, self._statistics, self._preview,
                      self._read, self._look_round)  # fmt: skip
        self._random = random.Random(7)
        self.acts, self.failures = 0, 0

    def turn(self) -> None:
        """Let the next visitor do something."""
        page = self._pages[self.acts % len(self._pages)]
        act = self._random.choice(self._acts)
        self.acts += 1
        try:
            act(page)
            idle(page)
            if main(page).get_by_test_id("stException").count():
                raise AssertionError(main(page).inner_text()[:500])
        except (Error, AssertionError) as error:
            self.failures += 1
            print(f"{act.__name__}: {str(error).splitlines()[0][:200]}", flush=True)

    def _open(self, page: Page, address: str) -> None:
        page.goto(f"{self._url}/{address}")
        idle(page)

    def _browse(self, page: Page) -> None:
        self._open(page, f"dataset?id={self._dataset_id}&tab=Samples&page={self._random.randint(1, 500)}")
        for _ in range(3):
            main(page).get_by_role("button", name="Next page").last.click()
            idle(page)

    def _search(self, page: Page) -> None:
        if "tab=Samples" not in page.url:
            self._open(page, f"dataset?id={self._dataset_id}&tab=Samples")
        box = page.get_by_role("searchbox", name="Search", exact=True)
        for words in self._random.sample(WORDS, 2):
            box.fill(f"{words} {self._random.choice('abcdefgh')}")
            box.press("Enter")
            idle(page)

    def _statistics(self, page: Page) -> None:
        self._open(page, f"dataset?id={self._dataset_id}&tab=Statistics")

    def _preview(self, page: Page) -> None:
        self._open(page, f"dataset?id={self._dataset_id}&tab=Tokenizations")
        chooser = page.get_by_role("combobox", name="Tokenizer")
        if not chooser.count():
            main(page).get_by_role("button", name="New tokenization").click()
            idle(page)
        if chooser.input_value() != "sample":
            chooser.click()
            chooser.fill("sample")
            page.get_by_role("option", name="sample", exact=True).click()
            idle(page)
        main(page).get_by_test_id("stCheckbox").filter(has_text="Preview").locator("label").first.click()
        idle(page)

    def _read(self, page: Page) -> None:
        made = self._made()
        if made:
            self._open(page, f"sequences?tok={made[-1]}&sequence={self._random.randint(0, 5000)}")

    def _look_round(self, page: Page) -> None:
        for address in ("jobs", "settings", ""):
            self._open(page, address)


def prepared(library: Library, data: Path | None, megabytes: int, scratch: Path) -> str:
    """Import the text, repeated until there is enough of it; return the dataset."""
    if data is None:
        example = library.make_example()
        library.wait(example.id)
        folder = library.dataset(example.id).path
        assert folder is not None
        data = next((folder / "raw").rglob("*.parquet"))
    table = pq.read_table(data)
    text = next(name for name in ("text", *table.column_names) if name in table.column_names)
    times = -(-megabytes * 1_000_000 // max(1, table[text].nbytes))
    file = scratch / "soak.parquet"
    with pq.ParquetWriter(file, table.schema) as writer:
        for _ in range(times):
            writer.write_table(table)
    dataset = library.import_files([file], name="Soak")
    job = library.wait(dataset.id)
    assert job.status == "succeeded", job.error
    for one in library.jobs(active=True):
        library.wait(one.id)
    file.unlink()
    library.wait(library.load_tokenizer("sample").id)
    print(f"{table[text].nbytes * times / 1e6:.0f} MB of text in {table.num_rows * times:,} samples", flush=True)
    return dataset.id


def verdict(found: list[Figures]) -> list[str]:
    """Return a sentence for each figure that grew, or that was too large."""
    warm = found[int(len(found) * WARM_SHARE) :]
    half = len(warm) // 2
    problems = []
    for name, allowed in ALLOWED.items():
        before, after = (statistics.median(getattr(one, name) for one in part) for part in (warm[:half], warm[half:]))
        grown = after - before
        print(f"{name}: {before:.0f} before, {after:.0f} after", flush=True)
        if grown > allowed:
            problems.append(f"{name} grew from {before:.0f} to {after:.0f}.")
    most = max(one.app_mb + one.worker_mb for one in found)
    print(f"app and one worker: {most:.0f} MB at most", flush=True)
    if most > MOST_MEMORY_MB:
        problems.append(f"App and worker took {most:.0f} MB, and {MOST_MEMORY_MB} are allowed.")
    return problems


def soak(visitors: Visitors, look: Callable[[], Figures], minutes: float) -> list[Figures]:
    """Let visitors take turns for so long and print what is held."""
    print(" ".join(f"{field.name:>10}" for field in fields(Figures)), flush=True)
    found: list[Figures] = []
    end, next_look = time.monotonic() + minutes * 60, time.monotonic()
    while time.monotonic() < end:
        visitors.turn()
        if time.monotonic() >= next_look:
            found.append(look())
            print(" ".join(f"{value:>10.0f}" for value in astuple(found[-1])), flush=True)
            next_look += PERIOD_S
    return found


def run() -> int:
    """Prepare, soak and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--megabytes", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "tmp"
        scratch.mkdir()
        library = Library.open(Path(folder) / "home")
        dataset_id = prepared(library, options.data, options.megabytes, scratch)
        app = AppServer(library.home.root, {"TMPDIR": str(scratch)})
        app.start()
        tokenizing = Tokenizing(library, dataset_id)
        tokenizing.start()
        try:
            with sync_playwright() as playwright:
                browser = launched(playwright)
                pages = [browser.new_context().new_page() for _ in range(options.visitors)]
                for page in pages:
                    page.set_default_timeout(ACT_TIMEOUT_MS)
                visitors = Visitors(pages, app.url, dataset_id, lambda: list(tokenizing.ids))
                folders = [scratch, library.home.uploads, library.home.trash, library.home.exports]
                process = psutil.Process(app.process_id)
                found = soak(visitors, lambda: measure(process, folders), options.minutes)
        finally:
            tokenizing.ended.set()
            app.stop()
            tokenizing.join()
            for job in library.jobs(active=True):
                library.cancel(job.id)
        print(f"{visitors.acts} acts, {visitors.failures} failed; {tokenizing.done} tokenizations", flush=True)
        problems = verdict(found)
    print("\n".join(problems) or "Nothing grows.")
    return int(bool(problems or visitors.failures))


if __name__ == "__main__":
    sys.exit(run())
