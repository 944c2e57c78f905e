"""How time and memory grow with the data: the same acts on ever larger files, and on a library of many datasets.

    python benchmarks/growth.py [--megabytes 10 100 1000] [--datasets 300] [--tokenizations 1000] [--chart growth.html]

For each size a file of JSON lines is imported, indexed and tokenized twice by real jobs, and then read as the app reads
it. Acts on all of the data should grow no faster than the data, pages and first hits not at all. `--chart` draws every
act over the size, both on logarithmic axes. For the library of many, small datasets are copies of one that was really
made.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import ctypes
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks.imports import PR_SET_CHILD_SUBREAPER, Used, used_by, write
from mistudio_core.checksums import SEAL, write_sealed
from mistudio_core.files import new_id
from mistudio_core.library import Library

ROUNDS = 15
CONTEXT_LENGTHS = (512, 256)
WORD = "kitchen"
Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--datasets", type=int, default=300)
    parser.add_argument("--tokenizations", type=int, default=1000)
    parser.add_argument("--chart", type=Path)
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    found: dict[int, Figures] = {}
    for megabytes in arguments.megabytes:
        with tempfile.TemporaryDirectory(prefix="growth-") as scratch:
            found[megabytes] = _measured(Path(scratch), megabytes)
    _show(found)
    if arguments.chart is not None:
        _draw(found, arguments.chart)
    if arguments.datasets:
        with tempfile.TemporaryDirectory(prefix="growth-") as scratch:
            _many(Path(scratch), arguments.datasets, arguments.tokenizations)


def _measured(scratch: Path, megabytes: int) -> Figures:
    path, home = scratch / "data.jsonl", scratch / "home"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # the memory of this process counts for its children
        pool.submit(write, path, megabytes * 1_000_000).result()
    figures: Figures = {}
    _keep(figures, "import", _command(home, "import", str(path)))
    path.unlink()
    library = Library.open(home)
    dataset = library.datasets()[0].id
    indexing = next(job for job in library.jobs(dataset) if job.kind == "index")
    library.wait(indexing.id)
    ended = library.job(indexing.id)
    assert ended.started_at is not None
    assert ended.ended_at is not None
    figures["index of words, s"] = (ended.ended_at - ended.started_at).total_seconds()
    for length in CONTEXT_LENGTHS:
        recipe = ("--tokenizer", "sample", "--context-length", str(length))
        _keep(figures, f"tokenize at {length}", _command(home, "tokenize", dataset, *recipe))
    return figures | _read(library, dataset)


def _read(library: Library, dataset: str) -> Figures:
    """Return the milliseconds of what the app asks for, medians."""
    count = library.dataset(dataset).num_samples
    tokenizations = [one.id for one in library.tokenizations(dataset)]
    assert count is not None
    acts: dict[str, Callable[[], Any]] = {
        "page": lambda: library.samples(dataset, offset=random.randrange(max(1, count - 50))),
        "sorted page": lambda: library.samples(dataset, sort="chars", descending=True),
        "search of a word": lambda: library.samples(dataset, search=WORD),
        "search of a phrase": lambda: library.samples(dataset, search=f"the {WORD}", mode="phrase"),
        "substring, exact count": lambda: library.samples(dataset, search=WORD, mode="substring"),
        "search of tokens": lambda: library.search_tokens(tokenizations[0], text=f" {WORD}"),
        "statistics of texts": lambda: library.statistics(dataset),
        "statistics of tokens": lambda: library.statistics(tokenizations[0]),
        "compare": lambda: library.compare(tokenizations),
    }
    return {f"{name}, ms": _median(act) * 1000 for name, act in acts.items()}


def _median(act: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _command(home: Path, *arguments: str) -> Used:
    return used_by([sys.executable, "-m", "mistudio_core", "--home", str(home), *arguments, "--json"])


def _keep(figures: Figures, name: str, used: Used) -> None:
    figures[f"{name}, s"] = used.wall
    figures[f"{name}, MB of memory"] = used.memory / 1e6


def _show(found: dict[int, Figures]) -> None:
    print("| act | " + " | ".join(f"{size:,} MB" for size in found) + " |")
    print("| --- |" + " --- |" * len(found))
    for name in next(iter(found.values())):
        print(f"| {name} | " + " | ".join(f"{figures[name]:,.2f}" for figures in found.values()) + " |", flush=True)


def _draw(found: dict[int, Figures], path: Path) -> None:
    import altair as alt

    rows = [
        {"size": size, "act": name.rpartition(",")[0], "seconds": value / (1000 if name.endswith("ms") else 1)}
        for size, figures in found.items()
        for name, value in figures.items()
        if not name.endswith("memory")
    ]
    axis = alt.Scale(type="log")
    chart = alt.Chart(alt.Data(values=rows)).mark_line(point=True)
    chart.encode(
        alt.X("size:Q", scale=axis, title="text, MB"),
        alt.Y("seconds:Q", scale=axis, title="seconds"),
        alt.Color("act:N", sort=None, title=None),
    ).properties(width=560, height=400).save(str(path))


def _many(scratch: Path, datasets: int, tokenizations: int) -> None:
    """Time a library of many datasets, made of copies."""
    library = Library.open(scratch / "home")
    first = library.make_example(num_samples=20)
    library.wait(first.id)
    tokenization = library.tokenize(first.id, {"tokenizer": "sample", "context_length": 16})
    library.wait(tokenization.id)
    home = library.home
    per_dataset = -(-tokenizations // datasets)
    model, model_tokens = home.dataset(first.id), home.dataset(first.id) / "tokenized" / tokenization.id
    for number in range(datasets):
        folder = home.dataset(new_id("ds"))
        shutil.copytree(model, folder, ignore=shutil.ignore_patterns("tokenized", "search"))
        _rename(folder / "dataset.json", id=folder.name, name=f"Dataset {number}")
        for _ in range(min(per_dataset, tokenizations - number * per_dataset)):
            made = folder / "tokenized" / new_id("tok")
            shutil.copytree(model_tokens, made)
            _rename(made / "manifest.json", id=made.name, dataset_id=folder.name)
    for path in home.root.glob("catalog*"):
        path.unlink()
    started = time.perf_counter()
    again = Library.open(home.root)
    print(f"\nthe lost catalog of {len(again.datasets())} datasets is rebuilt in {time.perf_counter() - started:.1f} s")
    print(f"open a library: {_median(lambda: Library.open(home.root)) * 1000:.0f} ms")
    print(f"list in this process: {_median(again.datasets) * 1000:.0f} ms")
    seconds = statistics.median(_command(home.root, "list").wall for _ in range(ROUNDS))
    print(f"`list` as a command: {seconds:.2f} s")


def _rename(path: Path, **changes: str) -> None:
    manifest = {key: value for key, value in json.loads(path.read_bytes()).items() if key != SEAL}
    write_sealed(path, manifest | changes)


if __name__ == "__main__":
    main()
