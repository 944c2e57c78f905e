"""Tokenization end to end beside its peers, in interleaved rounds, each method in a process of its own.

    python benchmarks/tokenize.py [--data FILE.parquet] [--tokenizer FOLDER] [--megabytes 200] [--rounds 3]

Without `--data` the text is that of the built-in sample; it is repeated and perturbed up to `--megabytes`. Without
`--tokenizer` (a folder that AutoTokenizer loads) the sample's is used. The peers' time starts at `map`, with the
library and the data loaded; ours is the whole job: process, imports, identity check, rows and statistics on disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

# This file has the name of a standard module: its folder must not come first where modules are looked for.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mistudio_core.library import Library
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.tokenizer import open_tokenizer

CONTEXT = 1024
CHANGED_WORDS = 0.015  # made-up words, so that a cache of words is not flattered by the repetition
THREADS = 2
METHODS = ("map", "map 2 processes", "raw batch", "encode only", "read and encode", "ours", "ours, reference engine")
SLOW = frozenset({"map", "map 2 processes", "raw batch", "ours, reference engine"})
SAMPLED_EVERY_S = 0.02


def main() -> None:
    """Prepare the text, run every method in rounds and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tokenizer", default="sample")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=METHODS, help="may be repeated")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.method:
        print(json.dumps(measure(options.method, options.home)))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "library"
        size = prepare(home, options.data, options.tokenizer, options.megabytes)
        report(size, run_rounds(home, options.only or METHODS, options.rounds))


def prepare(home: Path, data: Path | None, tokenizer: str, megabytes: int) -> int:
    """Make the dataset and load the tokenizer; return the bytes of text."""
    library = Library.open(home)
    job = library.wait(library.load_tokenizer(tokenizer).id)
    if job.error is not None:
        raise job.error.exception()
    (home / "tokenizer").write_text(tokenizer)
    source = home / "text.parquet"
    texts = pq.read_table(data, columns=["text"]).column("text") if data else sample_texts(library)
    size = write_perturbed(texts.drop_null().to_pylist(), megabytes * 1_000_000, source)
    job = library.wait(library.import_files([source], name="benchmark").id)
    if job.error is not None:
        raise job.error.exception()
    for index in library.jobs(active=True):
        library.cancel(index.id)  # the search index would run beside the first round
    source.unlink()
    return size


def sample_texts(library: Library) -> pa.ChunkedArray:
    """Return the texts of the built-in sample."""
    dataset = library.make_sample()
    library.wait(dataset.id)
    split = open_splits(library.dataset(dataset.id).path or Path())["train"]
    texts = split.read(0, split.num_samples, ["text"]).column("text")
    library.delete(dataset.id, cascade=True)
    return texts


def write_perturbed(texts: list[str], wanted: int, path: Path) -> int:
    """Write documents until there are `wanted` bytes, the first time as they are, then with some words made up."""
    rng = np.random.default_rng(7)
    size = 0
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())])) as writer:
        while size < wanted:
            chunk: list[str] = []
            for place in rng.permutation(len(texts)):
                words = texts[place].split(" ")
                for at in rng.integers(0, len(words), int(len(words) * CHANGED_WORDS) if size else 0):
                    words[at] = f"{words[at][:2]}{rng.integers(1 << 40):x}"
                chunk.append(" ".join(words))
                size += len(chunk[-1].encode())
                if size >= wanted:
                    break
            writer.write_table(pa.table({"text": chunk}))
    return size


def run_rounds(home: Path, methods: tuple[str, ...], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Run the methods in turn, so that a change of the machine's speed meets them all; the slow ones once less."""
    found: dict[str, list[dict[str, Any]]] = {method: [] for method in methods}
    for number in range(rounds):
        for method in methods:
            if method in SLOW and number and number == rounds - 1:
                continue
            command = [sys.executable, __file__, "--method", method, "--home", str(home)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{method}: failed\n{done.stderr[-2000:]}", file=sys.stderr)
                continue
            found[method].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"  round {number + 1}, {method}: {found[method][-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    return found


def report(size: int, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print one line per method, ratios to the peer, and whether all made the same ids."""
    print(f"{size / 1e6:.0f} MB of text, medians")
    print(f"{'method':24} {'s':>7} {'MB/s':>7} {'Mtok/s':>7} {'x map':>6} {'peak MB':>8} {'out MB':>7}")
    peer = statistics.median(run["seconds"] for run in found["map"]) if found.get("map") else None
    for method, runs in found.items():
        if not runs:
            continue
        seconds = statistics.median(run["seconds"] for run in runs)
        tokens, out = runs[0]["tokens"], runs[0]["bytes"]
        peak = max(run["peak"] for run in runs)
        ratio = f"{peer / seconds:6.1f}" if peer else "     -"
        rates = f"{size / 1e6 / seconds:7.1f} {tokens / 1e6 / seconds:7.2f}"
        print(f"{method:24} {seconds:7.2f} {rates} {ratio} {peak / 1e6:8.0f} {out / 1e6:7.0f}")
    prints = {run["ids"] for runs in found.values() for run in runs}
    print("all methods made the same ids" if len(prints) == 1 else f"THE IDS DIFFER: {prints}")


def measure(method: str, home: Path) -> dict[str, Any]:
    """Run one method in this process and return seconds, tokens, bytes written, peak anonymous memory and ids."""
    library = Library.open(home)
    (dataset,) = library.datasets()
    name = (home / "tokenizer").read_text()
    if method.startswith("ours"):
        return ours(library, dataset.id, name, "reference" if "reference" in method else "fast")
    kept = library.tokenizers()[0]
    folder = dataset.path or Path()
    if method.startswith("map"):
        return peer_map(folder, kept.folder, 2 if "2" in method else 1)
    texts = open_splits(folder)["train"]
    run = {"raw batch": raw_batch, "encode only": encode_only, "read and encode": read_and_encode}[method]
    return run(texts, kept.folder)


def ours(library: Library, dataset_id: str, tokenizer: str, engine: str) -> dict[str, Any]:
    """Run the whole job through the library."""
    recipe = {"tokenizer": tokenizer, "context_length": CONTEXT, "engine": engine, "separator": "none", "bos": "never"}
    start = time.perf_counter()
    made = library.tokenize(dataset_id, recipe)
    peak = 0

    def look(_: Any) -> None:
        nonlocal peak
        for child in psutil.Process().children():
            peak = max(peak, anonymous(child))

    job = library.wait(made.id, look)
    seconds = time.perf_counter() - start
    if job.error is not None:
        raise job.error.exception()
    record = library.tokenization(made.id)
    lengths = np.fromfile((record.path or Path()) / "lengths", np.uint32)
    found = {"seconds": seconds, "tokens": int(lengths.sum()), "bytes": record.size_bytes, "peak": peak}
    library.delete(made.id)
    return found | {"ids": fingerprint(lengths)}


def peer_map(dataset: Path, tokenizer: Path, processes: int) -> dict[str, Any]:
    """The usual way: `datasets.map(batched=True)` and `save_to_disk`."""
    from datasets import load_dataset
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(tokenizer)
    with tempfile.TemporaryDirectory() as scratch:
        files = [str(path) for path in sorted((dataset / "raw/train").glob("*.parquet"))]
        texts = load_dataset("parquet", data_files=files, split="train", cache_dir=f"{scratch}/cache")

        def act() -> Any:
            tokens = texts.map(
                lambda batch: loaded(batch["text"], add_special_tokens=False),
                batched=True,
                remove_columns=texts.column_names,
                num_proc=processes if processes > 1 else None,
            )
            tokens.save_to_disk(f"{scratch}/out")
            return tokens

        tokens, seconds, peak = watched(act)
        lengths = np.concatenate(
            [pc.list_value_length(chunk).to_numpy() for chunk in tokens.data.column("input_ids").chunks]
        )
        out = sum(path.stat().st_size for path in Path(f"{scratch}/out").rglob("*") if path.is_file())
    facts = {"seconds": seconds, "tokens": int(lengths.sum()), "bytes": out, "peak": peak}
    return facts | {"ids": fingerprint(lengths.astype(np.uint32))}


def raw_batch(texts: Any, tokenizer: Path) -> dict[str, Any]:
    """`encode_batch_fast` with its own threads, batches of 1,000, text in memory, nothing written."""
    encoder = open_tokenizer(tokenizer).load()
    batches = [table.column("text").to_pylist() for table in texts.batches(0, texts.num_samples, ["text"])]

    def act() -> Any:
        lengths = [
            len(encoding.ids)
            for batch in batches
            for encoding in encoder.encode_batch_fast(batch, add_special_tokens=False)
        ]
        return np.array(lengths, np.uint32)

    return counted(*watched(act))


def encode_only(texts: Any, tokenizer: Path) -> dict[str, Any]:
    """The fast engine alone, one object for each of two threads, text in memory."""
    tables = [large(table) for table in texts.batches(0, texts.num_samples, ["text"])]
    return counted(*watched(lambda: in_threads(tables, tokenizer)))


def read_and_encode(texts: Any, tokenizer: Path) -> dict[str, Any]:
    """Reading the samples and the fast engine, two threads: the least that any way through the data has to do."""
    groups = [(group.first, group.first + group.num_rows) for group in texts.row_groups]
    return counted(*watched(lambda: in_threads(groups, tokenizer, texts)))


def in_threads(parts: list[Any], tokenizer: Path, texts: Any = None) -> Any:
    """Encode parts in order, half of them in each thread, and return the length of every document."""
    from mistudio_core.tokenization.fast_engine import FastEngine

    pa.set_cpu_count(1)
    kept = open_tokenizer(tokenizer)

    def run(half: list[Any]) -> list[Any]:
        engine = FastEngine(kept)
        arrays: Iterator[Any] = (large(texts.read(*part, ["text"])) for part in half) if texts else iter(half)
        return [engine.encode(array).lengths for array in arrays]

    middle = len(parts) // THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        return np.concatenate([length for done in pool.map(run, (parts[:middle], parts[middle:])) for length in done])


def large(table: pa.Table) -> pa.LargeStringArray:
    """Return the texts of a table as the engines take them."""
    return table.column("text").cast(pa.large_string()).combine_chunks()


def watched(act: Callable[[], Any]) -> tuple[Any, float, int]:
    """Return what `act` gives, its seconds, and the peak anonymous memory of this process and its children."""
    over, peak = threading.Event(), 0

    def watch() -> None:
        nonlocal peak
        own = psutil.Process()
        while not over.wait(SAMPLED_EVERY_S):
            peak = max(peak, sum(anonymous(process) for process in (own, *own.children(recursive=True))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    result = act()
    seconds = time.perf_counter() - start
    over.set()
    watcher.join()
    return result, seconds, peak


def anonymous(process: psutil.Process) -> int:
    """Return the memory of a process that no file stands behind, in bytes; 0 for one that has ended."""
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - memory.shared)


def counted(lengths: Any, seconds: float, peak: int) -> dict[str, Any]:
    """Return the facts of a method that writes nothing."""
    facts = {"seconds": seconds, "tokens": int(lengths.sum()), "bytes": 0, "peak": peak}
    return facts | {"ids": fingerprint(lengths.astype(np.uint32))}


def fingerprint(lengths: Any) -> str:
    """Return a short hash of the tokens of every document, which differs as soon as one document is cut otherwise."""
    import xxhash

    return str(xxhash.xxh3_64_hexdigest(np.ascontiguousarray(lengths).tobytes()))


if __name__ == "__main__":
    main()
