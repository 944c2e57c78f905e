"""What finding samples costs: pages, sorts, searches and indexes, beside the usual ways to do the same.

    python benchmarks/samples.py --data FILE.parquet [--column text] [--documents 1000000] [--folder FOLDER]

FILE is any Parquet with a column of texts. From it documents of about 1.1 kB are cut at random places, and 1.5 % of
their words replaced by words made up, so that a million of them are about 1.1 GB. Beside ours stand SQLite FTS5
(contentless), random access by `datasets`, and a scan by pyarrow. Needs about 5 GB of temporary disk; with `--folder`
what was made is kept there and used again.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.files import folder_bytes, write_json
from mistudio_core.raw_write import PartWriter
from mistudio_core.store.samples.index import ready_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_search import RankedSearch
from mistudio_core.store.samples.reader import SampleReader, open_reader
from mistudio_core.store.samples.search import SampleSearch
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.sequences.reader import TokenSequences, open_token_sequences
from mistudio_core.store.sequences.search import find_tokens

ROUNDS = 25
TOKENS = 260_000_000
WIDTH = 1024
VOCABULARY = 50_257
PHRASE = "one of the best"
BUILD = """
import re, sys, time
from pathlib import Path
from mistudio_core.store.{module} import {name}
started = time.perf_counter()
{name}(Path(sys.argv[1]))
seconds = time.perf_counter() - started
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # what the process took at most
print(seconds, int(peak[1]) / 1024)
"""


def main() -> None:
    """Run every part and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = options.folder or Path(name)
        folder = root / f"documents-{options.documents}"
        if not (folder / "raw").is_dir():
            write_documents(options.data, options.column, folder, options.documents)
        reader = open_reader(folder)
        size = text_bytes(folder)
        print(f"{reader.num_samples:,} documents, {size / 1e6:,.0f} MB of text")
        builds(folder, size)
        pages(reader)
        sorts(reader)
        searches(reader)
        tokens(root / "tokens")
        peers(reader, folder, size)


def write_documents(data: Path, column: str, folder: Path, count: int) -> None:
    """Write perturbed documents as a dataset folder has them, with a label, a score and a source beside the text."""
    blob = "\n".join(text for text in pq.read_table(data, columns=[column])[column].to_pylist() if text)
    chance = np.random.default_rng(0)
    schema = pa.schema([("text", pa.string()), ("label", pa.int64()), ("score", pa.float64()), ("source", pa.string())])
    with PartWriter(folder / "raw" / "train", "00000", schema) as writer:
        for first in range(0, count, 1000):
            number = min(1000, count - first)
            sizes = np.minimum(np.exp(chance.normal(6.6, 0.9, number)).astype(int) + 20, 60_000)
            starts = chance.integers(0, max(1, len(blob) - 60_020), number)
            texts = [perturbed(blob[at : at + size], chance) for at, size in zip(starts, sizes, strict=True)]
            label, source = chance.integers(0, 10, number), [f"source {n}" for n in chance.integers(0, 50, number)]
            writer.write(pa.table([pa.array(texts), label, chance.random(number), source], schema=schema))


def perturbed(text: str, chance: np.random.Generator) -> str:
    words = text.split(" ")
    for place in chance.integers(0, len(words), max(1, len(words) * 15 // 1000)):
        words[place] = f"n{chance.integers(0, 10**9):x}"
    return " ".join(words)


def text_bytes(folder: Path) -> int:
    parts = pads.dataset(str(folder / "raw" / "train")).to_batches(columns=["text"])
    return sum(pc.sum(pc.binary_length(batch.column(0))).as_py() or 0 for batch in parts)


def builds(folder: Path, size: int) -> None:
    """Each index in a process of its own, for its peak of memory."""
    disk = 0
    for module, name, target in (
        ("samples.index", "build_index", folder / SAMPLE_INDEX),
        ("samples.ranked_index", "build_ranked_index", folder / "search"),
    ):
        code = BUILD.format(module=module, name=name)
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True,
            cwd=Path(__file__).resolve().parent.parent,
        )  # fmt: skip
        seconds, memory = map(float, done.stdout.split())
        bytes_ = target.stat().st_size if target.is_file() else folder_bytes(target)
        disk += bytes_
        line(
            f"build {name}",
            f"{size / 1e6 / seconds:.0f} MB/s, {memory:.0f} MB at most, {bytes_ / size:.3f} of the text",
        )
    line("both indexes on disk", f"{disk / size:.3f} of the text")


def pages(reader: SampleReader) -> None:
    spread(
        "page of 50 at any offset", lambda: reader.page(offset=random.randrange(reader.num_samples - 50)), ROUNDS * 4
    )


def sorts(reader: SampleReader) -> None:
    with ready_index(reader) as connection:
        engine = SampleSearch(reader, connection)
        for sort in ("chars", "score", "source"):
            spread(
                f"page sorted by {sort}, any offset",
                lambda sort=sort: engine.find(SampleQuery(sort=sort, offset=random.randrange(reader.num_samples - 50))),
            )
        query = SampleQuery(where=("label=3",), min_chars=500, sort="score")
        spread("page of two filters and a sort", lambda: engine.find(query))


def searches(reader: SampleReader) -> None:
    word = word_in_one_of_a_hundred(reader)
    print(f"   (the word is {word!r})")
    with ready_index(reader) as connection:
        engine = SampleSearch(reader, connection)
        for name, query in {
            "ranked rare word": SampleQuery(search=word),
            "ranked common word": SampleQuery(search="the"),
            "ranked phrase": SampleQuery(search=PHRASE, mode="phrase"),
            "ranked two words, label filter": SampleQuery(search=f"{word} good", where=("label=3",)),
        }.items():
            if not query.where:
                spread(f"{name}: hits and count", lambda query=query: RankedSearch(reader, query).page(0, 50))
            spread(f"{name}: with the 50 texts, marked", lambda query=query: engine.find(query))
        for name, fields in {
            "substring": {"mode": "substring", "search": word},
            "substring, any case": {"mode": "substring", "search": word, "ignore_case": True},
            "expression": {"mode": "regex", "search": rf"(?i)\b{word}\b"},
        }.items():
            first_and_count(reader, name, SampleQuery.from_fields(fields), SampleSearch(reader, connection))
        same = engine.find(SampleQuery(search=word)).page.total
        assert same == engine.find(SampleQuery(search=rf"(?i)\b{word}\b", mode="regex")).page.total


def first_and_count(reader: SampleReader, name: str, query: SampleQuery, engine: SampleSearch) -> None:
    def first() -> None:
        pool = SearchPool()
        found = SampleSearch(reader, engine.connection, pool, "benchmark").find(query)
        assert len(found.page.rows) == query.limit
        pool.close()

    spread(f"first 50 of a {name}", first, 10)
    spread(f"exact count of a {name}", lambda: engine.find(query), 5)


def word_in_one_of_a_hundred(reader: SampleReader) -> str:
    """Return the word whose documents are nearest to 1 in 100, of those in some samples."""
    texts = [sample.text or "" for sample in reader.page(limit=200).rows]
    words = sorted(
        {word for text in texts for word in text.split() if word.isascii() and word.isalpha() and len(word) > 4}
    )
    share = {word: RankedSearch(reader, SampleQuery(search=word)).count() / reader.num_samples for word in words[:1500]}
    return min(share, key=lambda word: abs(share[word] - 0.01)).lower()


def tokens(folder: Path) -> None:
    """Ids as frequent as words are: the k-th most frequent one k times rarer than the first."""
    if not (folder / "manifest.json").is_file():
        write_tokens(folder)
    rows = open_token_sequences(folder)
    for name, sequence in {
        "one rare token": [30_000],
        "three tokens": [300, 40, 2000],
        "two common tokens": [5, 9],
    }.items():
        spread(f"token search, {name}", lambda sequence=sequence: find_tokens(rows, sequence), 10)
    spread("open the rows", lambda: TokenSequences(folder), 5)
    line("tokens", f"{rows.num_ids:,}")


def write_tokens(folder: Path) -> None:
    folder.mkdir(parents=True)
    chance = np.random.default_rng(0)
    shares = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    kind = pa.list_(pa.uint16(), WIDTH)
    rows = TOKENS // WIDTH
    with (
        pa.OSFile(str(folder / "data.arrow"), "wb") as file,
        pa.ipc.new_stream(file, pa.schema([("input_ids", kind)])) as out,
    ):
        for first in range(0, rows, 4096):
            count = min(4096, rows - first)
            ids = np.searchsorted(shares, chance.random(count * WIDTH) * shares[-1]).astype(np.uint16)
            out.write_batch(
                pa.record_batch([pa.FixedSizeListArray.from_arrays(pa.array(ids), type=kind)], ["input_ids"])
            )
    shards = [{"split": "train", "file": "data.arrow", "num_rows": rows}]
    rules = {
        "policy": {"sequence_length": WIDTH, "separator": [VOCABULARY - 1]},
        "recipe": {"tokenizer": "none", "preset": "continuous"},
    }
    write_json(folder / "manifest.json", {"splits": {"train": {"num_rows": rows}}, "shards": shards} | rules)


def peers(reader: SampleReader, folder: Path, size: int) -> None:
    """The same questions asked of others, each after ours, in turns."""
    word = word_in_one_of_a_hundred(reader)
    raw = folder / "raw" / "train"
    scan = pads.dataset(str(raw))
    with ready_index(reader) as connection:
        engine = SampleSearch(reader, connection)
        substring = SampleQuery(search=word, mode="substring")
        together(
            "exact count of a substring: pyarrow over the same Parquet",
            lambda: engine.find(substring),
            lambda: scan.count_sequences(filter=pc.match_substring(pc.field("text"), word)),
        )
        fts = sqlite_index(folder, size)
        for name, query, theirs in (
            ("ranked common word: SQLite FTS5", SampleQuery(search="the"), "the"),
            ("ranked phrase: SQLite FTS5", SampleQuery(search=PHRASE, mode="phrase"), f'"{PHRASE}"'),
            ("ranked rare word: SQLite FTS5", SampleQuery(search=word), word),
        ):
            together(name, lambda query=query: engine.find(query), lambda theirs=theirs: sqlite_search(fts, theirs))
    rows = hub_dataset(folder)

    def theirs_at_random() -> object:
        at = random.randrange(reader.num_samples - 50)
        return rows[at : at + 50]

    together(
        "page of 50: datasets (whole copy as Arrow)",
        lambda: reader.page(offset=random.randrange(reader.num_samples - 50)),
        theirs_at_random,
        ROUNDS,
    )


def sqlite_index(folder: Path, size: int) -> sqlite3.Connection:
    path = folder / "fts.sqlite"
    if not path.exists():
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = off")
        connection.execute("PRAGMA synchronous = off")
        connection.execute("CREATE VIRTUAL TABLE found USING fts5(text, content='', detail=full)")
        started = time.perf_counter()
        connection.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)", numbered_texts(folder))
        connection.commit()
        connection.close()
        seconds = time.perf_counter() - started
        line("build SQLite FTS5", f"{size / 1e6 / seconds:.0f} MB/s, {path.stat().st_size / size:.3f} of the text")
    return sqlite3.connect(path)


def numbered_texts(folder: Path) -> Iterator[tuple[int, str]]:
    batches = pads.dataset(str(folder / "raw" / "train")).to_batches(columns=["text"])
    yield from enumerate(text for batch in batches for text in batch.column(0).to_pylist())


def sqlite_search(connection: sqlite3.Connection, query: str) -> None:
    connection.execute("SELECT count(*) FROM found WHERE found MATCH ?", [query]).fetchall()
    connection.execute("SELECT rowid FROM found WHERE found MATCH ? ORDER BY rank LIMIT 50", [query]).fetchall()


def hub_dataset(folder: Path) -> object:
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    files = sorted(str(path) for path in (folder / "raw" / "train").glob("part-*.parquet"))
    return Dataset.from_parquet(files, cache_dir=str(folder / "cache"))


def spread(name: str, act: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print the middle and the 95th hundredth of the times of an act, after one that does not count."""
    act()
    times = sorted(timed(act) for _ in range(rounds))
    line(name, f"p50 {times[len(times) // 2]:.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms")


def together(name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 5) -> None:
    """Print how many times as long the other way takes, the two taking turns."""
    ours(), theirs()
    pairs = [(timed(ours), timed(theirs)) for _ in range(rounds)]
    ratio = sorted(other / own for own, other in pairs)[rounds // 2]
    own, other = (sorted(times)[rounds // 2] for times in zip(*pairs, strict=True))
    line(name, f"{other:.1f} ms, ours {own:.1f} ms: {ratio:.2f} times as long")


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def line(name: str, value: str) -> None:
    print(json.dumps({name: value}, ensure_ascii=False)[1:-1], flush=True)


if __name__ == "__main__":
    main()
