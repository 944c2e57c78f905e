"""Ten gigabytes of generated text from import to token rows, through the library: time, MB/s, memory of each phase.

    python benchmarks/ten_gigabytes.py [--gigabytes 10] [--scratch FOLDER] [--tokenizer FOLDER] [--threads N]

The text is our own: the sample's stories, cut elsewhere each time, with made-up words and numbers in them, so that no
two documents are alike. It is written as JSON lines in a folder of its own, which also holds the library, and all of
it is removed at the end. While it is imported, about one and a half times its size is needed on disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import random
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mistudio_core.example.telling import stories
from mistudio_core.files import folder_bytes, read_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.records import Job
from mistudio_core.settings import Settings

STORIES = 4000
FILE_BYTES = 512_000_000
"""Text of one file."""
CHANGED = 70
"""One word in so many is replaced by one that stands nowhere else."""
LOOK_S = 0.1


def main() -> None:
    arguments = _arguments()
    scratch = Path(tempfile.mkdtemp(prefix="ten-gigabytes-", dir=arguments.scratch))
    try:
        _measure(scratch, arguments)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--scratch", help="where the text and the library go; the system's temporary folder without it")
    parser.add_argument("--tokenizer", default="sample", help="a folder or a Hub id; the built-in one without it")
    parser.add_argument("--threads", type=int, help="of the tokenization; as the library decides without it")
    return parser.parse_args()


def _measure(scratch: Path, arguments: argparse.Namespace) -> None:
    started = time.monotonic()
    paths, size, documents = _write(scratch / "text", int(arguments.gigabytes * 1e9))
    _tell("generated", time.monotonic() - started, size, f"{documents:,} documents in {len(paths)} files")
    settings = Settings.from_environment()
    if arguments.threads:
        settings = replace(settings, threads=arguments.threads)
    library = Library.open(scratch / "home", settings=settings)
    started = time.monotonic()
    dataset_id = library.import_files(paths, name="generated").id
    _follow(library, dataset_id, size)
    shutil.rmtree(scratch / "text")
    dataset = library.dataset(dataset_id)
    print(f"  {dataset.num_samples:,} samples, {dataset.size_bytes / 1e6:,.0f} MB on disk")
    tokenization_id = library.tokenize(dataset_id, {"tokenizer": arguments.tokenizer}).id
    _follow(library, tokenization_id, size)
    made = library.tokenization(tokenization_id)
    print(f"  {made.num_tokens:,} tokens in {made.num_sequences:,} sequences by the {made.engine} engine")
    assert made.path is not None
    print(f"  {folder_bytes(made.path) / 1e6:,.0f} MB on disk")
    _tell("import to rows", time.monotonic() - started, size)


def _write(folder: Path, wanted: int) -> tuple[list[Path], int, int]:
    """Write files of documents until there is as much text as wanted; return them, the text's bytes, and documents."""
    folder.mkdir()
    paths: list[Path] = []
    size = documents = 0
    batches = documents()
    while size < wanted:
        paths.append(folder / f"text-{len(paths):04d}.jsonl")
        full = min(wanted, size + FILE_BYTES)
        with open(paths[-1], "w", encoding="utf-8") as file:
            while size < full:
                batch = next(batches)
                file.write("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in batch))
                size += sum(len(text.encode()) for text in batch)
                documents += len(batch)
    return paths, size, documents


def documents() -> Iterator[list[str]]:
    """Yield documents of a few words up to many pages in batches, without end and the same in every run."""
    dice = random.Random(1)
    told = [story.text.split(" ") for story in islice(stories(), STORIES)]
    while True:
        batch = []
        for _ in range(500):
            words: list[str] = []
            for _ in range(min(60, 1 + int(dice.paretovariate(1.1)))):
                story = told[dice.randrange(STORIES)]
                words += story[dice.randrange(len(story)) // 2 :]
            for _ in range(1 + len(words) // CHANGED):
                words[dice.randrange(len(words))] = _made_up(dice)
            batch.append(" ".join(words))
        yield batch


def _made_up(dice: random.Random) -> str:
    kind = dice.randrange(3)
    if kind == 0:
        return f"{dice.getrandbits(36):x}"
    if kind == 1:
        return f"{dice.randrange(10**7):,}"
    return "".join(dice.choice("bdfglmnprstv") + dice.choice("aeiou") for _ in range(dice.randrange(2, 5))).capitalize()


def _follow(library: Library, subject_id: str, size: int) -> None:
    """Wait for a job and print what each of its phases took, and the most memory of its worker in it."""
    (job, *_) = library.jobs(subject_id)
    seconds: dict[str, float] = defaultdict(float)
    memory: dict[str, int] = defaultdict(int)
    phase, stop = ["starting"], threading.Event()

    def look() -> None:
        before = time.monotonic()
        while not stop.wait(LOOK_S):
            moment = time.monotonic()
            seconds[phase[0]] += moment - before
            memory[phase[0]] = max(memory[phase[0]], _anonymous(library, job))
            before = moment

    watcher = threading.Thread(target=look)
    watcher.start()
    ended = library.wait(subject_id, lambda seen: phase.__setitem__(0, seen.phase or phase[0]))
    stop.set()
    watcher.join()
    if ended.error is not None:
        raise SystemExit(f"{job.kind}: {ended.error.message}\n{library.log(job.id)}")
    for name, taken in seconds.items():
        _tell(f"{job.kind}, {name}", taken, size, f"{memory[name] / 1e6:,.0f} MB of memory")


def _anonymous(library: Library, job: Job) -> int:
    """Return the anonymous memory of a job's worker and its children in bytes, 0 where it is gone."""
    import psutil

    recorded = read_json(library.home.job(job.id) / protocol.PROCESS)
    total = 0
    try:
        worker = psutil.Process(recorded["pid"]) if recorded else None
        for process in [worker, *worker.children(recursive=True)] if worker else ():
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))
    except (psutil.Error, OSError):
        return total
    return total


def _tell(what: str, seconds: float, size: int, more: str = "") -> None:
    rate = size / 1e6 / max(seconds, 1e-9)
    print(f"{what:32s} {seconds:8,.1f} s {rate:8,.0f} MB/s  {more}", flush=True)


if __name__ == "__main__":
    main()
