"""Tokenization against its peers, side by side: MB/s, tokens/s, memory, bytes written, and whether ids are the same.

    python benchmarks/tokenize.py [--data FILE.parquet] [--tokenizer FOLDER] [--megabytes 200] [--rounds 3]

Without --data, text is generated; without --tokenizer, the built-in sample's is trained. The text of --data is repeated
and perturbed up to the wanted size. Every candidate runs in a process of its own; the rounds go through all of them in
random order, and ratios are formed within a round, since a machine has good and bad minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mistudio_core.files import Home
from mistudio_core.raw import RawSplit, open_splits
from mistudio_core.raw_write import PartWriter
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.encoding import encode_texts
from mistudio_core.tokenization.engines.fast_kinds import fast_kind
from mistudio_core.tokenization.output.encoded_again import verify_sequences
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.tokenizing import Tally, open_task, tokenize
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from mistudio_core.work.running import PROGRESS_PERIOD_S

THREADS = 2
PEER_MEGABYTES = 100
"""What the slow ones get of larger data: their rate does not depend on it."""
SLOW = ("datasets.map, 1 process", "datasets.map, 2 processes", "encode_batch_fast", "ours, reference engine")


def main() -> None:
    arguments = _arguments()
    if arguments.candidate:
        _candidate(arguments.candidate, Path(arguments.folder))
        return
    with tempfile.TemporaryDirectory(prefix="tokenize-", dir=arguments.scratch) as scratch:
        folder = Path(scratch)
        size = _prepare(folder, arguments)
        print(f"{size / 1e6:,.0f} MB of text, {arguments.rounds} rounds, {THREADS} threads\n")
        rounds = [_round(folder, number) for number in range(arguments.rounds)]
        _report(rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a Parquet file with a column `text`")
    parser.add_argument("--tokenizer", help="a folder with a tokenizer; the sample's without it")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", help="where temporary files go")
    parser.add_argument("--candidate", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


def _prepare(folder: Path, arguments: argparse.Namespace) -> int:
    """Write the text as raw samples, whole and in part, and keep the tokenizer; return the bytes of text."""
    texts = _texts(arguments.data)
    size = 0
    for name, megabytes in (("whole", arguments.megabytes), ("part", min(arguments.megabytes, PEER_MEGABYTES))):
        target = folder / name / "raw" / "train"
        target.mkdir(parents=True)
        written, schema = 0, pa.schema([("text", pa.string())])
        with PartWriter(target, "0", schema) as writer:
            for batch in _perturbed(texts):
                writer.write(pa.table({"text": pa.array(batch)}, schema))
                written += sum(len(text.encode()) for text in batch)
                if written >= megabytes * 1e6:
                    break
        (folder / name / "bytes").write_text(str(written))
        size = max(size, written)
    (folder / "tokenizer").write_text(str(_tokenizer(folder, arguments.tokenizer).folder))
    return size


def _texts(data: Path | None) -> list[str]:
    if data is not None:
        return [text for text in pq.read_table(data, columns=["text"]).column(0).to_pylist() if text]
    from itertools import islice

    from mistudio_core.example.telling import stories

    return [story.text for story in islice(stories(), 20_000)]


def _perturbed(texts: list[str]) -> Iterator[list[str]]:
    """Yield the texts over and over, cut elsewhere each time, with some words replaced by made-up ones."""
    dice = random.Random(1)
    while True:
        for first in range(0, len(texts), 1000):
            batch = []
            for text in texts[first : first + 1000]:
                words = text[dice.randrange(max(1, len(text) // 4)) :].split(" ")
                for _ in range(len(words) // 70):
                    words[dice.randrange(len(words))] = f"{dice.getrandbits(40):x}"
                batch.append(" ".join(words))
            yield batch


def _tokenizer(folder: Path, name: str | None) -> StoredTokenizer:
    home = Home(folder / "home")
    home.prepare()
    if name is None:
        from mistudio_core.example.dataset import sample_tokenizer

        return open_tokenizer(sample_tokenizer(home))
    from mistudio_core.sources.tokenizers import load_tokenizer

    return load_tokenizer(home.tokenizers, str(Path(name).resolve()))


def _round(folder: Path, number: int) -> dict[str, dict[str, Any]]:
    names = list(CANDIDATES)
    random.Random(number).shuffle(names)
    found = {}
    for name in names:
        command = [sys.executable, __file__, "--candidate", name, "--folder", str(folder)]
        started = time.perf_counter()
        environment = os.environ | {"MALLOC_ARENA_MAX": "4"}  # as workers have it
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
        found[name] = json.loads(done.stdout) | {"process_s": time.perf_counter() - started}
        print(f"  round {number + 1}: {name}: {found[name]['seconds']:.1f} s", file=sys.stderr)
    return found


def _report(rounds: list[dict[str, dict[str, Any]]]) -> None:
    print(f"{'':34}{'MB/s':>8}{'M tok/s':>9}{'peak MB':>9}{'out MB':>8}{'process s':>11}{'x peer':>8}")
    peer = "datasets.map, 1 process"
    for name in CANDIDATES:
        runs = [found[name] for found in rounds]
        ratio = statistics.median(found[name]["rate"] / found[peer]["rate"] for found in rounds)
        middle = {
            key: statistics.median(run[key] for run in runs)
            for key in ("rate", "tokens_s", "peak", "output", "process_s")
        }
        print(
            f"{name:34}{middle['rate'] / 1e6:8.1f}{middle['tokens_s'] / 1e6:9.2f}{middle['peak'] / 1e6:9.0f}"
            f"{middle['output'] / 1e6:8.0f}{middle['process_s']:11.1f}{ratio:8.1f}"
        )

    def against(name: str, other: str) -> float:
        return statistics.median(found[name]["rate"] / found[other]["rate"] for found in rounds)

    print(f"\nours / engine alone, {THREADS} threads          {against('ours', 'fast engine alone'):.2f}")
    print(f"ours / reading and encoding alone    {against('ours', 'reading and fast engine'):.2f}")
    print(f"reference: ours / datasets.map       {against('ours, reference engine', peer):.2f}")
    print(f"reference: ours / encode_batch_fast  {against('ours, reference engine', 'encode_batch_fast'):.2f}")
    for part in ("whole", "part"):
        told = {run["lengths"] for found in rounds for run in found.values() if run["data"] == part}
        print(f"tokens of every document, {part:5}: {'the same everywhere' if len(told) == 1 else 'DIFFERENT'}")
    rows, wrong = (sum(found["ours"]["verified"][place] for found in rounds) for place in (0, 1))
    print(f"rows encoded again by the reference: {rows}, wrong: {wrong}")


def _candidate(name: str, folder: Path) -> None:
    part = "part" if name in SLOW else "whole"
    if name.startswith(("ours", "fast", "reading")):
        import awkward  # noqa: F401 - imports are no part of any time, the peers' neither
        import gigatoken  # noqa: F401

        pa.array([""])  # Arrow loads pandas when it is handed a list
    splits = open_splits(folder / part)
    tokenizer = open_tokenizer(Path((folder / "tokenizer").read_text()))
    size = int((folder / part / "bytes").read_text())
    peak, stop = [0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, stop))
    watcher.start()
    with tempfile.TemporaryDirectory(dir=folder) as output:
        result = CANDIDATES[name](splits["train"], tokenizer, Path(output))
        stop.set()
        watcher.join()
        if name.startswith("ours"):
            rows, problems = verify_sequences(Path(output) / "rows", {"train": splits["train"]}, tokenizer)
            result["verified"] = [rows, len(problems)]
    lengths = np.asarray(result.pop("lengths"), np.uint32)
    answer = {
        "data": part,
        "rate": size / result["seconds"],
        "tokens_s": int(lengths.sum(dtype=np.int64)) / result["seconds"],
        "peak": peak[0],
        "lengths": hashlib.sha256(lengths.tobytes()).hexdigest(),
    }
    print(json.dumps({"output": 0} | result | answer))


def _watch(peak: list[int], stop: threading.Event) -> None:
    """Follow the anonymous memory of this process and its children."""
    import psutil

    process = psutil.Process()
    while not stop.wait(0.1):
        total = 0
        for one in [process, *process.children(recursive=True)]:
            try:
                # Not smaps_rollup: it walks the page tables, which takes longer than what is measured.
                lines = Path(f"/proc/{one.pid}/status").read_text().splitlines()
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))
            except (OSError, psutil.Error):
                continue
        peak[0] = max(peak[0], total)


def _ours(split: RawSplit, tokenizer: StoredTokenizer, output: Path, engine: str = "auto") -> dict[str, Any]:
    recipe = Recipe.from_fields({"tokenizer": "t", "splits": ["train"], "columns": ["text"], "engine": engine})
    told = 0.0

    def report(_phase: str, tally: Tally) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_PERIOD_S:  # as often as a worker writes its progress
            tally.live()
            told = time.monotonic()

    started = time.perf_counter()
    task = open_task(output / "rows", {"train": split}, recipe, tokenizer)
    tokenize(task, {}, threads=THREADS, report=report)
    seconds = time.perf_counter() - started
    lengths = np.fromfile(task.folder / "lengths", np.uint32)
    size = sum(path.stat().st_size for path in task.folder.iterdir())
    return {"seconds": seconds, "lengths": lengths, "output": size}


def _map(split: RawSplit, tokenizer: StoredTokenizer, output: Path, processes: int) -> dict[str, Any]:
    import datasets
    from transformers import PreTrainedTokenizerFast

    datasets.disable_progress_bars()
    peer = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer.json_path))
    data = datasets.Dataset.from_parquet([str(part) for part in split.parts], cache_dir=str(output / "cache"))
    started = time.perf_counter()
    rows = data.map(
        lambda batch: peer(batch["text"], add_special_tokens=False), batched=True, remove_columns=["text"],
        num_proc=processes if processes > 1 else None,
    )  # fmt: skip
    rows.save_to_disk(str(output / "rows"))
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (output / "rows").iterdir())
    lengths = pc.list_value_length(rows.data.column("input_ids")).to_numpy()
    return {"seconds": seconds, "lengths": lengths, "output": size}


def _raw(split: RawSplit, tokenizer: StoredTokenizer, _output: Path) -> dict[str, Any]:
    texts = split.read(0, split.num_samples, ["text"]).column(0).to_pylist()
    plain = tokenizer.load()
    started = time.perf_counter()
    lengths: list[int] = []
    for first in range(0, len(texts), 1000):
        lengths += [
            len(one.ids) for one in plain.encode_batch_fast(texts[first : first + 1000], add_special_tokens=False)
        ]
    return {"seconds": time.perf_counter() - started, "lengths": lengths}


def _alone(split: RawSplit, tokenizer: StoredTokenizer, _output: Path, *, reading: bool) -> dict[str, Any]:
    """Encode in threads, each with its own engine and calls as large as ours, and do nothing else."""
    pa.set_cpu_count(1)
    kind = fast_kind(json.loads(tokenizer.json_path.read_bytes()))
    engines: list[Engine] = [kind.make(tokenizer) for _ in range(THREADS)]
    step = engines[0].batch_bytes * split.num_samples // sum(group.num_bytes for group in split.row_groups)
    groups = range(0, split.num_samples, step)

    def texts_of(number: int) -> pa.Array:
        column = split.read(groups[number], groups[number] + step, ["text"]).column(0)
        return pa.concat_arrays(column.chunks).cast(pa.large_string())

    held = [] if reading else [texts_of(number) for number in range(len(groups))]
    lengths: list[Any] = [None] * len(groups)

    def work(place: int) -> None:
        for number in range(place, len(groups), THREADS):
            texts = texts_of(number) if reading else held[number]
            lengths[number] = encode_texts(engines[place], texts).encoded.lengths

    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - started, "lengths": np.concatenate(lengths)}


CANDIDATES: dict[str, Callable[[RawSplit, StoredTokenizer, Path], dict[str, Any]]] = {
    "datasets.map, 1 process": lambda *given: _map(*given, processes=1),
    "datasets.map, 2 processes": lambda *given: _map(*given, processes=2),
    "encode_batch_fast": _raw,
    "fast engine alone": lambda *given: _alone(*given, reading=False),
    "reading and fast engine": lambda *given: _alone(*given, reading=True),
    "ours, reference engine": lambda *given: _ours(*given, engine="reference"),
    "ours": _ours,
}
"""The benchmark's lines, in their order. Times start when everything is imported and, for peers, loaded."""

if __name__ == "__main__":
    main()
