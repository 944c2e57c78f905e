"""What statistics cost, as ratios within one run, and that they equal those of slower ways.

    python benchmarks/statistics.py --data FILE.parquet [--column text] [--tokenizer FOLDER] [--tokens 250000000]

FILE is any Parquet with a column of texts, FOLDER holds a tokenizer. Each figure is the median of interleaved rounds;
what counting costs is the whole pass less the same pass in which nothing is counted. Needs two bytes of temporary disk
for each of `--tokens`.
"""

from __future__ import annotations

import sys
from pathlib import Path

# This file has the name of a standard module: its folder must not come first where modules are looked for.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.charts.lengths import length_histogram
from mistudio_core.charts.positions import position_lines
from mistudio_core.charts.vocabulary import coverage_curve, rank_frequency, top_tokens
from mistudio_core.files import Home, write_json
from mistudio_core.raw import RawSplit
from mistudio_core.raw_write import PartWriter
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.statistics.dataset import dataset_statistics
from mistudio_core.statistics.measures import utf8
from mistudio_core.statistics.positions import PositionCounts
from mistudio_core.statistics.stored import stored_positions, stored_sequences
from mistudio_core.statistics.text_column import plain_texts
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.control import NONE, ControlCounter
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.tokenizing import Tally, open_task, tokenize
from mistudio_core.work.running import PROGRESS_PERIOD_S

ROUNDS = 3
PASS_ROUNDS = 7
PASS_BYTES = 1_000_000_000  # of text for a whole pass, whose first second is not like the others
THREADS = 2
CONTEXT = 512
VOCABULARY = 50_257
LOOP_TOKENS = 2_000_000  # as many as the usual loop counts in a bearable time


def main() -> None:
    """Run every part and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--tokens", type=int, default=250_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = prepare(options.data, options.column, folder)
        text_statistics(folder, texts)
        if options.tokenizer is not None:
            in_the_pass(folder, texts, options.tokenizer)
        stored(folder, options.tokens)


def prepare(data: Path, column: str, folder: Path) -> pa.Array:
    """Write the texts as a dataset folder has them, and return them."""
    texts = plain_texts(pq.read_table(data, columns=[column]).column(0)).cast(pa.large_string())
    (folder / "raw" / "train").mkdir(parents=True)
    path = folder / "raw" / "train" / "part-0.parquet"
    pq.write_table(pa.table({"text": texts}), path, row_group_size=1000, compression="zstd", use_dictionary=False)
    return texts


def text_statistics(folder: Path, texts: pa.Array) -> None:
    """One pass over a stored dataset, beside a Python loop and beside DuckDB, which must find the same."""
    size = len(utf8(texts)[0])
    found: list[dict[str, Any]] = []
    loops: list[dict[str, Any]] = []
    queries: list[tuple[Any, ...]] = []
    ours, loop, query = rounds(
        lambda: found.append(dataset_statistics(folder)),
        lambda: loops.append(loop_over_texts(folder)),
        lambda: queries.append(query_texts(folder)),
    )
    column = found[0]["columns"][0]
    assert [column[key]["sum"] for key in ("characters", "bytes", "words")] == loops[0]["sums"]
    assert column["duplicates"]["copies"] == loops[0]["copies"]
    assert (column["characters"]["sum"], column["characters"]["median"], column["duplicates"]["distinct"]) == queries[0]
    report("text statistics of a dataset", ours, f"{size / ours / 1e6:.0f} MB/s with reading")
    report("  a Python loop, for three sums and copies", loop, f"{loop / ours:.1f} x")
    report("  DuckDB, for one sum, one median and copies", query, f"{query / ours:.1f} x")


def loop_over_texts(folder: Path) -> dict[str, Any]:
    """Count the obvious way."""
    seen: set[str] = set()
    characters = size = words = number = 0
    for table in row_groups(folder):
        for text in table.column(0).to_pylist():
            characters += len(text)
            size += len(text.encode())
            words += len(text.split())
            seen.add(text)
            number += 1
    return {"sums": [characters, size, words], "copies": number - len(seen)}


def query_texts(folder: Path) -> tuple[Any, ...]:
    """Ask DuckDB for some of it."""
    part = str(folder / "raw" / "train" / "part-0.parquet")
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT sum(length(text))::BIGINT, median(length(text)), count(DISTINCT text) FROM read_parquet(?)", [part]
        ).fetchone()
    assert found is not None
    return found


def in_the_pass(folder: Path, texts: pa.Array, tokenizer: Path) -> None:
    """The whole of a tokenization, from Parquet to packed rows on disk, with all that is counted and with nothing."""
    split, size = repeated(folder, texts)
    home = Home(folder / "home")
    home.prepare()
    known = load_tokenizer(home.tokenizers, str(tokenizer.resolve()))
    recipe = Recipe.from_fields({"tokenizer": str(tokenizer), "context_length": CONTEXT, "columns": ["text"]})
    recipe = recipe.resolved(splits={"train": split.num_samples}, columns={"text": "string"}, text_columns=["text"])
    engines: set[str] = set()

    def run() -> None:
        target = folder / "rows"
        task = open_task(target, {"train": split}, recipe, known)
        # As a worker reports: what was counted so far goes into its progress, twice a second.
        made = tokenize(task, {}, threads=THREADS, report=Reporter(folder / "progress.json"))
        engines.add(made["engine"])
        shutil.rmtree(target)

    def run_without() -> None:
        with nothing_counted():
            run()

    run()  # the first one proves that the fast engine gives the same ids, and imports
    pairs = [timed(run, run_without, swapped=bool(number % 2)) for number in range(PASS_ROUNDS)]
    for name, clock in (("", 0), (", processor time", 1)):
        whole, without = (statistics.median(pair[side][clock] for pair in pairs) for side in (0, 1))
        shares = sorted((one[clock] - other[clock]) / one[clock] for one, other in pairs)
        report(f"the whole pass ({', '.join(engines)} engine){name}", whole, f"{size / whole / 1e6:.0f} MB/s")
        report("  with nothing counted", without, f"{size / without / 1e6:.0f} MB/s")
        share = statistics.median(shares)
        spread = f"{shares[0]:.1%} to {shares[-1]:.1%} in {PASS_ROUNDS} rounds"
        report("  so counting takes", share * whole, f"{share:.1%} of the pass (to reach: 10 %), {spread}")


def repeated(folder: Path, texts: pa.Array) -> tuple[RawSplit, int]:
    """Write the texts over and over, until a pass over them takes seconds; return them and their bytes.

    What comes again is encoded faster than new text, so the share that is counting comes out rather too high.
    """
    target = folder / "repeated"
    target.mkdir()
    once = len(utf8(texts)[0])
    times = max(1, -(-PASS_BYTES // once))
    with PartWriter(target, "0", pa.schema([("text", pa.large_string())])) as writer:
        for _ in range(times):
            for start in range(0, len(texts), 1000):
                writer.write(pa.table({"text": texts.slice(start, 1000)}))
    return RawSplit(target), once * times


class Reporter:
    """Writes the live statistics as a worker does."""

    def __init__(self, path: Path) -> None:
        self._path, self._last = path, 0.0

    def __call__(self, phase: str, tally: Tally) -> None:
        """Replace the progress file, not more often than a worker."""
        if time.monotonic() - self._last >= PROGRESS_PERIOD_S:
            self._last = time.monotonic()
            write_json(self._path, {"phase": phase, "live": tally.live()})


@contextmanager
def nothing_counted() -> Iterator[None]:
    """Take every count out of the pass; what is read, encoded, packed and written stays the same."""

    def nothing(*_: Any, **__: Any) -> None:
        return None

    counting = [
        (TokenStatistics, "add_documents", nothing),
        (TokenStatistics, "add_tokens", nothing),
        (TokenStatistics, "add_sequences", nothing),
        (TokenStatistics, "live", lambda *_: {}),
        (PositionCounts, "add_sequences", nothing),
        (ControlCounter, "count", lambda *_: NONE),
    ]
    kept = [getattr(owner, name) for owner, name, _ in counting]
    for owner, name, other in counting:
        setattr(owner, name, other)
    try:
        yield
    finally:
        for (owner, name, _), own in zip(counting, kept, strict=True):
            setattr(owner, name, own)


Spent = tuple[float, float]
"""Seconds on the clock, and of all processors: the second hardly knows what else the machine does."""


def timed(one: Callable[[], None], other: Callable[[], None], *, swapped: bool) -> tuple[Spent, Spent]:
    """Return the times of both, run in this order or the other way round."""
    spent = {}
    for part in (other, one) if swapped else (one, other):
        start = time.perf_counter(), time.process_time()
        part()
        spent[part] = time.perf_counter() - start[0], time.process_time() - start[1]
    return spent[one], spent[other]


def stored(folder: Path, tokens: int) -> None:
    """Summarise stored rows, beside the usual loop over lists and beside DuckDB, which must find the same."""
    file = folder / "data-00000-of-00001.arrow"
    rows = write_rows(file, tokens)
    made = TokenStatistics(VOCABULARY, context_length=CONTEXT)
    lengths = np.random.default_rng(1).lognormal(6, 1, 10_000).astype(np.int64)
    made.add_documents(lengths, 4 * lengths)  # the histogram of lengths has something to show
    start = time.perf_counter()
    for part in stored_sequences(file):
        made.add_tokens(part)
        made.add_sequences(np.full(len(part), CONTEXT), np.ones(len(part), np.int64))
    result = made.result(positions=stored_positions({file: rows}, made))
    spent = time.perf_counter() - start
    each = spent / rows / CONTEXT * 1e9
    report(f"{rows * CONTEXT / 1e6:.0f} M stored tokens summarised", spent, f"{each:.2f} ns a token (to reach: 5 s)")
    beside_loops(file)
    drawing(json.loads(json.dumps(result)))


def write_rows(file: Path, tokens: int) -> int:
    """Write rows whose ids are distributed as in text, and return how many."""
    random_numbers = np.random.default_rng(0)
    kind = pa.list_(pa.uint16(), CONTEXT)
    rows = max(1, tokens // CONTEXT)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, pa.schema([("input_ids", kind)])) as stream:
        for start in range(0, rows, 8192):
            size = min(8192, rows - start) * CONTEXT
            ids = np.minimum(random_numbers.zipf(1.2, size) - 1, VOCABULARY - 1).astype(np.uint16)
            lists = pa.FixedSizeListArray.from_arrays(pa.array(ids), type=kind)
            stream.write_batch(pa.record_batch([lists], names=["input_ids"]))
    return rows


def beside_loops(file: Path) -> None:
    """Count the first few million tokens in three ways."""
    rows = next(stored_sequences(file))[: LOOP_TOKENS // CONTEXT]
    table = pa.table({"ids": pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), CONTEXT)})
    found: list[Any] = []
    looped: list[Any] = []
    queried: list[Any] = []

    def ours() -> None:
        made = TokenStatistics(VOCABULARY)
        made.add_tokens(rows)
        found.append({key: int(value) for key, value in enumerate(made.frequencies) if value})

    def loop() -> None:
        looped.append(Counter(token for row in table.column(0).to_pylist() for token in row))

    def query() -> None:
        with duckdb.connect() as connection:
            connection.register("stored", table)
            counted = connection.execute("SELECT id, count(*) FROM (SELECT unnest(ids) AS id FROM stored) GROUP BY id")
            queried.append(dict(counted.fetchall()))

    times = rounds(ours, loop, query)
    assert found[0] == dict(looped[0]) == queried[0]
    report(f"{rows.size / 1e6:.1f} M tokens counted", times[0])
    report("  a Python loop, equal", times[1], f"{times[1] / times[0]:.0f} x")
    report("  DuckDB, equal", times[2], f"{times[2] / times[0]:.1f} x")


def drawing(result: dict[str, Any]) -> None:
    """Make the charts of the statistics tab from a stored result."""

    def draw() -> None:
        figures = [
            length_histogram(result["document_tokens"], title="Document lengths", unit="tokens"),
            rank_frequency(result),
            coverage_curve(result),
            top_tokens(result),
            position_lines(result["positions"]),
        ]
        for figure in figures:
            figure.chart.to_dict()

    draw()  # the first one imports
    (spent,) = rounds(draw)
    report("five charts of the statistics tab", spent, "to reach: 0.2 s")


def row_groups(folder: Path) -> Iterator[pa.Table]:
    """Read as a worker does."""
    with pq.ParquetFile(folder / "raw" / "train" / "part-0.parquet", pre_buffer=False) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, use_threads=False)


def rounds(*parts: Callable[[], None]) -> list[float]:
    """Return the median time of each part over interleaved rounds, in seconds."""
    times: list[list[float]] = [[] for _ in parts]
    for _ in range(ROUNDS):
        for place, part in enumerate(parts):
            start = time.perf_counter()
            part()
            times[place].append(time.perf_counter() - start)
    return [statistics.median(spent) for spent in times]


def report(what: str, seconds: float, more: str = "") -> None:
    """Print one line."""
    print(f"{what:48} {seconds:9.3f} s   {more}")


if __name__ == "__main__":
    main()
