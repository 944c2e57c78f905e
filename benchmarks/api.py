"""The HTTP API on this machine: how fast Arrow streams are read, and how many can read at once beside the app.

    python benchmarks/api.py [--home FOLDER] [--copies 40] [--clients 50] [--seconds 60]

The first part prints the rate at which a reader gets the sequences as 64-bit ids and the texts as lengths, from the
files and over loopback from a server, and the ratio. In the second, clients read, each again after a pause of 0 to 2 s,
while a page of the app is open, another is opened each ten seconds, and tokenizations run. Exits with 1 when a request
fails, when a read takes longer than 100 ms at the 95th hundredth, or when a ratio is below 0.5.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import asyncio
import random
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from playwright.sync_api import Browser

from benchmarks.pages import browser, line
from mistudio_core.library import Library, api_keys
from mistudio_core.records import Dataset, Tokenization
from tests.browser.app_server import AppServer

ARROW = "application/vnd.apache.arrow.stream"
NEW_PAGE_S = 10.0
LEAST_RATIO = 0.5
LONGEST_P95_MS = 100.0
LONGEST_PAUSE_S = 2.0
ROUNDS = 5
STORIES = 5000


def main() -> int:
    """Run both parts and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--copies", type=int, default=40, help="how often each of 5,000 stories is there")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = (options.home or Path(folder) / "home").resolve()
        dataset, tokenization = made(home, options.copies)
        key = api_keys.create(home)
        app = AppServer(home, {"MISTUDIO_API": "1"})
        app.log = Path(folder) / "server.log"
        app.start()
        try:
            streams = Streams(f"{app.url}/api/v1", str(key.key), dataset, tokenization)
            slow = streams.measure()
            crowd = Crowd(f"{app.url}/api/v1", str(key.key), dataset, tokenization)
            late = crowd.measure(app, home, options.clients, options.seconds)
            return int(slow or late)
        finally:
            app.stop()
            api_keys.remove(home, key.id)


def made(home: Path, copies: int) -> tuple[Dataset, Tokenization]:
    """Return a dataset of stories, each there so many times, and a tokenization; they are made where there are none."""
    library = Library.open(home)
    if not library.tokenizations():
        example = library.make_example(STORIES)
        library.wait(example.id)
        path = library.dataset(example.id).path
        assert path is not None
        texts = pa.concat_tables([pq.read_table(part, columns=["text"]) for part in path.glob("raw/*/part-*.parquet")])
        pq.write_table(pa.concat_tables([texts] * copies), home.parent / "stories.parquet")
        dataset = library.import_files([home.parent / "stories.parquet"], name="Stories for the API")
        library.wait(dataset.id)
        library.wait(library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128}).id)
        for job in library.jobs(active=True):
            library.wait(job.id)
    tokenization = library.tokenizations()[0]
    return library.dataset(tokenization.dataset_id), tokenization


class Streams:
    """Reads a dataset and a tokenization from their files and from a server."""

    def __init__(self, url: str, key: str, dataset: Dataset, tokenization: Tokenization) -> None:
        self._url, self._key = url, key
        self._dataset, self._tokenization = dataset, tokenization

    def measure(self) -> bool:
        """Print the rates, and return whether one from the server is too low."""
        assert self._tokenization.path is not None
        assert self._dataset.path is not None
        shards = sorted(self._tokenization.path.glob("data-*.arrow"))
        parts = sorted(self._dataset.path.glob("raw/*/part-*.parquet"))
        sequences = f"/tokenizations/{self._tokenization.id}/sequences"
        slow = ratio("sequences as 64-bit ids", lambda: ids(local_batches(shards)), lambda: ids(self._read(sequences)))
        samples = f"/datasets/{self._dataset.id}/samples"
        texts = lambda: chars(batch for part in parts for batch in pq.ParquetFile(part).iter_batches())  # noqa: E731
        return ratio("samples as lengths of text", texts, lambda: chars(self._read(samples))) or slow

    def _read(self, path: str) -> Iterator[pa.RecordBatch]:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": ARROW}
        with urllib.request.urlopen(urllib.request.Request(self._url + path, headers=headers)) as answer:
            yield from pa.ipc.open_stream(answer)


def local_batches(shards: list[Path]) -> Iterator[pa.RecordBatch]:
    for shard in shards:
        with pa.OSFile(str(shard)) as file:
            yield from pa.ipc.open_stream(file)


def ids(batches: Iterator[pa.RecordBatch]) -> int:
    """Turn batches into what a model takes, and return the bytes that were read."""
    count = 0
    for batch in batches:
        wide = batch.column("input_ids").flatten().to_numpy().astype(np.int64)
        count += batch.nbytes
        assert wide.size
    return count


def chars(batches: Iterator[pa.RecordBatch]) -> int:
    """Count the characters of the texts, and return the bytes that were read."""
    count = 0
    for batch in batches:
        pc.sum(pc.utf8_length(batch.column("text")))
        count += batch.nbytes
    return count


def ratio(name: str, local: Callable[[], int], remote: Callable[[], int]) -> bool:
    """Print the best rate of some rounds of each, by turns, and return whether the remote one is too low."""
    best = {"from files": 0.0, "over loopback": 0.0}
    for _ in range(ROUNDS):
        for where, read in (("from files", local), ("over loopback", remote)):
            started = time.perf_counter()
            size = read()
            best[where] = max(best[where], size / 1e6 / (time.perf_counter() - started))
    share = best["over loopback"] / best["from files"]
    line(name, ", ".join(f"{where} {rate:,.0f} MB/s" for where, rate in best.items()) + f", ratio {share:.2f}")
    return share < LEAST_RATIO


class Crowd:
    """Clients that read at once."""

    def __init__(self, url: str, key: str, dataset: Dataset, tokenization: Tokenization) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {key}"}
        self._dataset = dataset
        self._paths = [
            "/datasets", f"/datasets/{dataset.id}", f"/datasets/{dataset.id}/samples?limit=20",
            f"/datasets/{dataset.id}/samples?search=garden&limit=10", f"/datasets/{dataset.id}/statistics",
            f"/tokenizations/{tokenization.id}", "/jobs?limit=20", "/health",
        ]  # fmt: skip
        self.times: dict[str, list[float]] = {path: [] for path in self._paths}
        self.failures: Counter[str] = Counter()

    def measure(self, app: AppServer, home: Path, clients: int, seconds: float) -> bool:
        """Print what the clients and the page saw; return whether it is worse than it may be."""
        with browser() as chromium:
            open_page = chromium.new_page()
            open_page.goto(f"{app.url}/dataset?id={self._dataset.id}")
            alone = [self._draw(chromium, app) for _ in range(ROUNDS)]
            line("first page of the app, alone", quantiles(sorted(alone)))
            ends, beside = time.monotonic() + seconds, []
            working = threading.Thread(target=self._work, args=(Library.open(home), ends))
            reading = threading.Thread(target=lambda: asyncio.run(self._read_all(clients, ends)))
            for thread in (working, reading):
                thread.start()
            while time.monotonic() < ends:
                beside.append(self._draw(chromium, app))
                time.sleep(max(0.0, min(NEW_PAGE_S, ends - time.monotonic())))
            for thread in (working, reading):
                thread.join()
        return self._told(clients, beside)

    def _draw(self, chromium: Browser, app: AppServer) -> float:
        page = chromium.new_context().new_page()
        started = time.monotonic()
        page.goto(app.url)
        page.get_by_text(self._dataset.name).first.wait_for()
        took = time.monotonic() - started
        page.context.close()
        return took

    def _told(self, clients: int, draws: list[float]) -> bool:
        everything = sorted(took for times in self.times.values() for took in times)
        for path, times in self.times.items():
            line(path.replace(self._dataset.id, "ds"), quantiles(sorted(times)))
        line(f"all reads of {clients} clients", quantiles(everything))
        line("failures", str(dict(self.failures)))
        line("first page of the app, beside them", quantiles(sorted(draws)))
        return bool(self.failures) or 1000 * everything[int(len(everything) * 0.95)] > LONGEST_P95_MS

    async def _read_all(self, clients: int, ends: float) -> None:
        limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients, keepalive_expiry=2)
        async with httpx2.AsyncClient(headers=self._headers, limits=limits, timeout=30) as client:
            await asyncio.gather(*(self._reads(client, random.Random(number), ends) for number in range(clients)))

    async def _reads(self, client: httpx2.AsyncClient, chance: random.Random, ends: float) -> None:
        while time.monotonic() < ends:
            await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_S))
            path = chance.choice(self._paths)
            started = time.monotonic()
            try:
                answer = await client.get(self._url + path)
            except httpx2.HTTPError as error:
                self.failures[f"{path}: {type(error).__name__}"] += 1
                continue
            self.times[path].append(time.monotonic() - started)
            if answer.status_code != 200:
                self.failures[f"{path}: {answer.status_code}"] += 1

    def _work(self, library: Library, ends: float) -> None:
        """Tokenize again and again, with another length each time."""
        length = 16
        while time.monotonic() < ends:
            length += 1
            started: Any = library.tokenize(self._dataset.id, {"tokenizer": "sample", "context_length": length})
            library.wait(started.id)
            library.delete(started.id)


def quantiles(times: list[float]) -> str:
    """Return number, middle, 95th hundredth and longest of sorted times."""
    if not times:
        return "none"
    middle, late = (1000 * times[int(len(times) * share)] for share in (0.5, 0.95))
    return f"{len(times)} times, p50 {middle:.0f} ms, p95 {late:.0f} ms, longest {1000 * times[-1]:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
