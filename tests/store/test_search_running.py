"""Searches as they run: two at once, cancelled, out of time, hostile; indexes killed, lost, damaged."""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import DATASET_MANIFEST, SAMPLE_INDEX
from mistudio_core.files import Home
from mistudio_core.settings import Settings
from mistudio_core.store.samples import ranked_index, text_scan
from mistudio_core.store.samples.index import build_index, close_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_index import FOLDER, build_ranked_index, open_ranked_index
from mistudio_core.store.samples.ranked_search import RankedSearch
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import NOT_INDEXED, SampleSearch
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.text_scan import TextScan
from mistudio_core.work import index as index_job
from mistudio_core.work.running import RunningJob
from tests.support.corpora import raw_entries, write_dataset, write_token_counts

TOK = "tok_aaaaaaaaaaaa"
DATASET = "ds_aaaaaaaaaaaa"
WORDS = ("cat", "Cat", "dog", "the", "THE", "2024", "sits", "mat", "on", "a", "é", "cats")


def stories(count: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randrange(1, 12))) + chance.choice(".!?") for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home") / "datasets" / DATASET
    table = pa.table({"text": stories(3000), "title": ["一本书" if n % 7 else "a book" for n in range(3000)]})
    write_dataset(made, {"train": table}, group_rows=100, part_groups=8)
    write_sealed(made / DATASET_MANIFEST, {"splits": {"train": 3000}, "files": raw_entries(made)})
    write_token_counts(made, TOK, {"train": [1] * 3000}, control=["2024!", "<|end|>"])
    build_index(made)
    build_ranked_index(made)
    return made


@pytest.fixture
def reader(folder: Path) -> SampleReader:
    return SampleReader(folder)


@pytest.fixture
def connection(reader: SampleReader) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_index(reader)
    yield opened
    close_index(opened)


def total(reader: SampleReader, connection: duckdb.DuckDBPyConnection, **fields: object) -> int:
    return SampleSearch(reader, connection).find(SampleQuery.from_fields(fields)).page.total


@pytest.mark.parametrize("word", ["cat", "the", "2024", "a", "mat", "nothing"])
def test_words_and_the_expression_for_them_count_the_same(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, word: str
) -> None:
    by_index = total(reader, connection, search=word, mode="words")
    by_scan = total(reader, connection, search=rf"(?i)\b{word}\b", mode="regex")
    assert by_index == by_scan
    assert (by_index > 0) == (word != "nothing")


@pytest.mark.parametrize(
    "hostile", ["foo: bar", '"unclosed', "row:3", "words_0:[a TO b]", "(", "cat AND", "*", "cat~2", "\\", "NOT cat"]
)
def test_no_sign_is_syntax(reader: SampleReader, connection: duckdb.DuckDBPyConnection, hostile: str) -> None:
    words = [word.lower() for word in "".join(sign if sign.isalnum() else " " for sign in hostile).split()]
    if not words:
        with pytest.raises(StudioError, match="there is no word"):
            total(reader, connection, search=hostile)
        return
    expected = sum(all(f" {word} " in f" {text[:-1].lower()} " for word in words) for text in stories(3000))
    assert total(reader, connection, search=hostile) == expected


def test_the_best_comes_first(tmp_path: Path) -> None:
    rows = ["cat and many other words that make this text long and longer", "no", "cat cat cat", "a cat"]
    write_dataset(tmp_path, {"train": pa.table({"text": rows})})
    build_index(tmp_path)
    build_ranked_index(tmp_path)
    reader = SampleReader(tmp_path)
    with open_index(reader) as connection:
        found = SampleSearch(reader, connection).find(SampleQuery(search="CAT"))
        every = [row for block in SampleSearch(reader, connection).blocks(SampleQuery(search="CAT")) for row in block]
    assert [sample.index for sample in found.page.rows] == [2, 3, 0]
    assert every == [2, 3, 0]


@pytest.mark.parametrize(
    ("column", "search", "count"), [("title", "book", 429), ("title", "一本", 2571), (None, "一", 0)]
)
def test_another_column_is_searched_by_its_own_words(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, column: str | None, search: str, count: int
) -> None:
    found = SampleSearch(reader, connection).find(SampleQuery(search=search, column=column))
    assert (found.by, found.page.total) == ("ranked", count)


def test_what_the_index_does_not_hold_is_scanned(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SampleSearch(reader, connection)
    found = engine.find(SampleQuery(search="x" * 300))
    assert (found.by, found.note, found.page.total) == ("scan", NOT_INDEXED, 0)
    monkeypatch.setattr(ranked_index, "MAX_COLUMNS", 1)
    found = engine.find(SampleQuery(search="book", column="title"))
    assert (found.by, found.note, found.page.total) == ("scan", NOT_INDEXED, 429)


def test_control_tokens_are_a_filter(reader: SampleReader, connection: duckdb.DuckDBPyConnection) -> None:
    with_token = [number for number, text in enumerate(stories(3000)) if "2024!" in text]
    found = SampleSearch(reader, connection).find(SampleQuery(control_tokens=True, tokenization=TOK, limit=500))
    assert [sample.index for sample in found.page.rows] == with_token
    for sample in found.page.rows:
        assert sample.text is not None
        assert [sample.text[first:last] for first, last in sample.matches] == ["2024!"]
    both = sum(" cat " in f" {stories(3000)[number][:-1].lower()} " for number in with_token)
    assert total(reader, connection, control_tokens=True, tokenization=TOK, search="cat") == both


def test_a_catastrophic_expression_takes_no_longer_than_another(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": ["a" * 50_000 + "b"] * 20})})
    build_index(tmp_path)
    reader = SampleReader(tmp_path)
    started = time.monotonic()
    with open_index(reader) as connection:
        assert total(reader, connection, search="(a+)+$", mode="regex") == 0
        found = SampleSearch(reader, connection).find(SampleQuery(search="(a|aa)+b", mode="regex"))
    assert found.page.rows[0].matches == ((0, 50_001),)
    assert time.monotonic() - started < 20  # one that backtracks needs longer than the universe has


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{9999}", "(?=a)", r"\8", "(?P<n", "x{1000}{1000}"])
def test_an_expression_that_is_none_is_refused(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, pattern: str
) -> None:
    with pytest.raises(StudioError, match="search: invalid regular expression") as caught:
        total(reader, connection, search=pattern, mode="regex")
    assert caught.value.code == "invalid_request"


def test_a_search_out_of_time_says_at_least(reader: SampleReader, connection: duckdb.DuckDBPyConnection) -> None:
    page = SampleSearch(reader, connection, time_limit_s=0).find(SampleQuery(search="cat", mode="substring")).page
    assert not page.total_is_exact
    assert page.total <= sum("cat" in text for text in stories(3000))


def test_too_many_hits_say_at_least(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_scan, "MAX_HITS", 40)
    page = SampleSearch(reader, connection).find(SampleQuery(search="a", mode="substring")).page
    assert 40 <= page.total < 3000
    assert not page.total_is_exact


def test_two_sessions_search_at_once_and_a_new_search_stops_the_old(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection
) -> None:
    pool = SearchPool()
    held = threading.Event()

    class Held(TextScan):
        """A scan that begins when it is let, so that the test knows it is still there."""

        def run(self, time_limit_s: float) -> None:
            held.wait(30)
            super().run(time_limit_s)

    cat, dog = (SampleQuery(search=word, mode="substring") for word in ("cat", "dog"))
    old = pool.scan("one", "cat", lambda: Held(reader, connection, cat), 30)
    assert pool.scan("one", "cat", lambda: Held(reader, connection, cat), 30) is old
    other = pool.scan("two", "cat", lambda: TextScan(reader, connection, cat), 30)
    other.hits.wait(None, 30)
    assert other.hits.exact
    new = pool.scan("one", "dog", lambda: TextScan(reader, connection, dog), 30)
    assert old.cancelled
    new.hits.wait(None, 30)
    held.set()
    assert (len(new.hits), new.hits.exact) == (sum("dog" in text for text in stories(3000)), True)
    assert (old.hits.finished, old.hits.exact) == (True, False)
    pool.close()


def test_many_sessions_get_their_own_answers(reader: SampleReader, connection: duckdb.DuckDBPyConnection) -> None:
    pool = SearchPool(workers=2, sessions_stored=16)
    expected = {word: sum(word in text for text in stories(3000)) for word in WORDS}

    def ask(session: int) -> None:
        chance = random.Random(session)
        engine = SampleSearch(reader, connection, pool, f"session {session}")
        for word in chance.choices(WORDS, k=5):
            found = engine.find(SampleQuery(search=word, mode="substring", limit=10))
            while not found.finished:
                found = engine.find(SampleQuery(search=word, mode="substring", limit=10))
            assert (found.page.total, found.page.total_is_exact) == (expected[word], True)
            assert all(word in (sample.text or "") for sample in found.page.rows)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(ask, range(6)))
    pool.stop("session 1")
    pool.close()


def test_a_cancelled_scan_ends_and_a_closed_pool_leaves_nobody_waiting(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection
) -> None:
    pool = SearchPool(workers=1)
    query = SampleQuery(search="(c|d|s|m).*(t|g)", mode="regex")
    scans = [pool.scan(str(number), "q", lambda: TextScan(reader, connection, query), 30) for number in range(4)]
    pool.close()
    for scan in scans:
        scan.hits.wait(None, 10)
        assert scan.hits.finished


LEAVE = """
import sys
from pathlib import Path
from mistudio_core.store.samples.index import open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.text_scan import TextScan

class Endless(TextScan):
    def _scan(self):
        while not self._stop.wait(0.05):
            pass
        return False

reader = SampleReader(Path(sys.argv[1]))
connection = open_index(reader)
SearchPool().scan("one", "key", lambda: Endless(reader, connection, SampleQuery(search="a", mode="regex")), 300)
"""


def test_a_program_that_ends_does_not_wait_for_its_searches(folder: Path) -> None:
    started = time.monotonic()
    assert subprocess.run([sys.executable, "-c", LEAVE, str(folder)], timeout=60).returncode == 0
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("harm", ["meta", "version", "samples", "file"])
def test_a_stale_or_damaged_index_of_words_is_scanned_around_and_rebuilt(
    folder: Path, tmp_path: Path, harm: str
) -> None:
    home = Home(tmp_path)
    copy = home.dataset(DATASET)
    shutil.copytree(folder, copy)
    meta = copy / FOLDER / "meta.json"
    if harm == "meta":
        meta.write_text("{")
    elif harm == "version":
        meta.write_text(meta.read_text().replace('"rules":', '"rules":9'))
    elif harm == "samples":
        write_dataset(copy, {"test": pa.table({"text": ["cat"], "title": ["x"]})})
        write_sealed(copy / DATASET_MANIFEST, {"splits": {"train": 3000, "test": 1}, "files": raw_entries(copy)})
        build_index(copy)
    else:
        for path in (copy / FOLDER / "index").glob("*.term"):
            path.write_bytes(b"\0" * 10)
    reader = SampleReader(copy)
    expected = sum(" cat " in f" {text[:-1].lower()} " for text in stories(3000)) + (harm == "samples")
    with open_index(reader) as connection:
        found = SampleSearch(reader, connection).find(SampleQuery(search="cat"))
        assert (found.by, found.page.total, bool(found.note)) == ("scan", expected, True)
        assert found.problem == ("index_damaged" if harm in ("meta", "file") else "index_stale")
        assert index_job.run(job(home))["built"] == [FOLDER]
        assert SampleSearch(reader, connection).find(SampleQuery(search="cat")).by == "ranked"


def job(home: Home) -> RunningJob:
    (home.root / "job").mkdir(exist_ok=True)
    return RunningJob(
        home, Settings(keep_free_mb=0), home.root / "job", "job_aaaaaaaaaaaa", "index", DATASET,
        {"dataset_id": DATASET}, {}, None, logging.getLogger("test"),
    )  # fmt: skip


def test_the_index_job_builds_what_is_missing_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    shutil.copytree(folder, home.dataset(DATASET))
    assert index_job.run(job(home))["built"] == []
    (home.dataset(DATASET) / SAMPLE_INDEX).unlink()
    shutil.rmtree(home.dataset(DATASET) / FOLDER)
    result = index_job.run(job(home))
    assert result["built"] == [SAMPLE_INDEX, FOLDER]
    assert result["size_bytes"] > 10_000
    shutil.rmtree(home.dataset(DATASET))
    with pytest.raises(StudioError, match="no longer exists"):
        index_job.run(job(home))


BUILD = """
import sys
from pathlib import Path
from mistudio_core.store.samples.ranked_index import build_ranked_index
def tell(done, total):
    print(done, flush=True)
    sys.stdin.read(1)  # waits for ever, in the middle
build_ranked_index(Path(sys.argv[1]), tell)
"""


def test_a_build_that_is_killed_leaves_the_old_index_and_is_cleaned_up(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / DATASET
    shutil.copytree(folder, copy)
    worker = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)
    assert [path for path in os.listdir(copy) if path.startswith(f".{FOLDER}.")]
    reader = SampleReader(copy)
    assert RankedSearch(reader, SampleQuery(search="cat")).count() > 0
    build_ranked_index(copy)
    assert not [path for path in os.listdir(copy) if path.startswith(f".{FOLDER}.")]
    open_ranked_index(reader)
