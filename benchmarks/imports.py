"""Imports beside the usual ways, alternating in one run: `datasets` (load and save) and DuckDB's bare COPY to Parquet.

    python benchmarks/imports.py [--megabytes 181] [--rounds 3] [--formats jsonl,csv,txt,parquet] [--scratch FOLDER]

Each way is a fresh process. Ours is a whole command up to *ready*: samples, index and statistics; the index of words,
which is built afterwards, is waited for between the measurements and not counted. Wall time says little on a machine
that others use, so the processor's time of all processes stands beside it, and the machine's load. The peak of
memory is that of the worker, or of the peer.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import psutil

PR_SET_CHILD_SUBREAPER = 36
"""Workers outlive the command that started them: as their reaper we learn what they used."""
READERS = {"jsonl": "json", "csv": "csv", "txt": "text", "parquet": "parquet"}
DATASETS = """
import sys
from datasets import load_dataset
reader, path, cache, target = sys.argv[1:]
load_dataset(reader, data_files=path, split="train", cache_dir=cache).save_to_disk(target)
"""
DUCKDB = """
import sys, duckdb
source, target = sys.argv[1:]
duckdb.sql(f"COPY (FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What one way took: seconds of wall and processor time, and the most memory of a process in bytes."""

    wall: float
    processor: float
    memory: int


def main() -> None:
    arguments = _arguments()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    scratch = Path(tempfile.mkdtemp(prefix="imports-", dir=arguments.scratch))
    try:
        for ending in arguments.formats.split(","):
            _compare(scratch, ending, arguments.megabytes, arguments.rounds)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=181)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--formats", default="jsonl,csv,txt,parquet")
    parser.add_argument("--scratch", help="where files and libraries go; the system's temporary folder without it")
    return parser.parse_args()


def _compare(scratch: Path, ending: str, megabytes: int, rounds: int) -> None:
    path = scratch / f"data.{ending}"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # the memory of this process counts for its children
        size = pool.submit(write, path, megabytes * 1_000_000).result()
    print(f"\n{ending}: {size / 1e6:,.0f} MB of text, a file of {path.stat().st_size / 1e6:,.0f} MB", flush=True)
    found: dict[str, list[Used]] = {}
    for number in range(rounds):
        ways = {"ours": _ours, "datasets": _datasets, "duckdb": _duckdb}
        for name, way in ways.items() if number % 2 else reversed(ways.items()):
            place = Path(tempfile.mkdtemp(dir=scratch))
            used = way(place, path)
            shutil.rmtree(place)
            found.setdefault(name, []).append(used)
            print(
                f"  {name:9s} {used.wall:7.2f} s wall {used.processor:7.2f} s processor {used.memory / 1e6:6,.0f} MB"
                f"  load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
    for peer in ("datasets", "duckdb"):
        pairs = list(zip(found["ours"], found[peer], strict=True))
        walls = statistics.median(ours.wall / other.wall for ours, other in pairs)
        processors = statistics.median(ours.processor / other.processor for ours, other in pairs)
        print(f"  ours / {peer:9s} {walls:5.2f} x wall, {processors:5.2f} x processor (medians of {rounds} rounds)")
    path.unlink()


def write(path: Path, wanted: int) -> int:
    """Write a file of generated documents by the ending of its name; return the bytes of its text."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    from benchmarks.ten_gigabytes import documents

    size, number, batches = 0, 0, documents()
    texts: list[str] = []
    while size < wanted:
        batch = next(batches)
        texts += batch
        size += sum(len(text.encode()) for text in batch)
    table = pa.table({"text": texts, "number": range(number, len(texts))})
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=10_000, compression="snappy")
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        with open(path, "w", encoding="utf-8") as file:
            for number, text in enumerate(texts):
                line = json.dumps({"text": text, "number": number}, ensure_ascii=False)
                file.write((line if path.suffix == ".jsonl" else text.replace("\n", " ")) + "\n")
    return size


def _ours(place: Path, path: Path) -> Used:
    command = [sys.executable, "-m", "mistudio_core", "--home", str(place / "home"), "import", str(path), "--json"]
    return used_by(command)


def _datasets(place: Path, path: Path) -> Used:
    arguments = [READERS[path.suffix[1:]], str(path), str(place / "cache"), str(place / "saved")]
    return used_by([sys.executable, "-c", DATASETS, *arguments])


def _duckdb(place: Path, path: Path) -> Used:
    # Lines of text are no format of DuckDB: they are cells of a table without separators, quotes and a header.
    plain = f"read_csv('{path}', columns={{'text': 'VARCHAR'}}, delim='\\x01', quote='', escape='', header=false)"
    source = plain if path.suffix == ".txt" else f"'{path}'"
    return used_by([sys.executable, "-c", DUCKDB, source, str(place / "copy.parquet")])


def used_by(command: list[str], variables: Mapping[str, str] | None = None) -> Used:
    """Run a command and return what it used, with what it started and has ended by then; wait for the rest after."""
    started = time.monotonic()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the child
    child = subprocess.Popen(command, stdout=output, stderr=output, env=_environment() | dict(variables or {}))
    _, status, resources = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        output.seek(0)
        raise SystemExit(f"{command} failed: {output.read().decode()[-2000:]}")
    processor, memory = resources.ru_utime + resources.ru_stime, resources.ru_maxrss
    for worker in _orphans():
        ended = os.wait4(worker, os.WNOHANG)
        if ended[0]:
            processor += ended[2].ru_utime + ended[2].ru_stime
            memory = max(memory, ended[2].ru_maxrss)
        else:
            os.wait4(worker, 0)
    return Used(wall, processor, memory * 1024)


def _orphans() -> list[int]:
    """Return the workers that a command left to us."""
    commands = {child: child.cmdline() if child.status() != "zombie" else [] for child in psutil.Process().children()}
    return [child.pid for child, command in commands.items() if not command or "mistudio_core.work" in command]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": sys.path[0], "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}


if __name__ == "__main__":
    main()
