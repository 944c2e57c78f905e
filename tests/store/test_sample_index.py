"""The sample index says what the samples are, is there whole or not at all, and is made again when it is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.store.samples import index as sample_index
from mistudio_core.store.samples.index import build_index, open_index, ready_index
from mistudio_core.store.samples.reader import SampleReader
from tests.support.corpora import texts, write_dataset


@hypothesis_settings(max_examples=25, deadline=None)
@given(train=st.lists(st.none() | texts(), max_size=40), test=st.lists(texts(), max_size=10))
def test_one_row_per_sample_with_its_place_and_measures(
    tmp_path_factory: pytest.TempPathFactory, train: list[str | None], test: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("dataset")
    split = {"test": test, "train": train}
    write_dataset(folder, {name: pa.table({"text": pa.array(rows, pa.string())}) for name, rows in split.items()})
    build_index(folder)
    with open_index(SampleReader(folder)) as connection:
        found = connection.execute('SELECT * FROM samples ORDER BY "row"').fetchall()
    expected = []
    parts = 0
    for name in ("train", "test"):
        for position, text in enumerate(split[name]):
            place = (parts + position // 21, position % 21 // 7)  # parts of three row groups of seven
            measures = (None,) * 4 if text is None else measured(text)
            expected.append((len(expected), name, position, *place, *measures))
        parts += -(-len(split[name]) // 21)
    assert found == expected


def measured(text: str) -> tuple[int, int, int, int]:
    return len(text), len(text.encode()), len(text.split()), xxhash.xxh3_64_intdigest(text.encode())


def test_a_dataset_without_text_has_an_index_too(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": pa.table({"n": [1, 2]})})
    build_index(tmp_path)
    with open_index(SampleReader(tmp_path)) as connection:
        assert connection.execute('SELECT "row", chars, hash FROM samples').fetchall() == [
            (0, None, None),
            (1, None, None),
        ]


def test_progress_counts_samples_up_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_index, "_INSERT_ROWS", 10)
    monkeypatch.setattr(sample_index, "_AHEAD_BYTES", 1)
    write_dataset(tmp_path, {"train": pa.table({"text": ["a"] * 40})})
    seen: list[tuple[int, int]] = []
    build_index(tmp_path, lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 1
    assert seen[-1] == (40, 40)


@pytest.mark.parametrize("harm", ["delete", "garbage", "truncate", "other samples", "other format"])
def test_a_lost_index_is_named_and_repairs_itself(tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": [f"text {n}" for n in range(30)]})})
    build_index(tmp_path)
    path = tmp_path / SAMPLE_INDEX
    if harm == "delete":
        path.unlink()
    elif harm == "garbage":
        path.write_bytes(b"not a database" * 1000)
    elif harm == "truncate":
        path.write_bytes(path.read_bytes()[:5000])
    elif harm == "other samples":
        write_dataset(tmp_path, {"test": pa.table({"text": ["more"]})})
    else:
        monkeypatch.setattr(sample_index, "INDEX_FORMAT", sample_index.INDEX_FORMAT + 1)
    reader = SampleReader(tmp_path)
    with pytest.raises(StudioError) as caught:
        open_index(reader)
    expected = {"delete": "index_missing", "garbage": "index_damaged", "truncate": "index_damaged"}
    assert caught.value.code == expected.get(harm, "index_stale")
    with ready_index(reader) as connection:
        assert connection.execute("SELECT count(*), sum(chars) FROM samples").fetchone() == (
            reader.num_samples,
            sum(len(sample.text or "") for sample in reader.samples(range(reader.num_samples))),
        )
    assert not list(tmp_path.glob(f".{SAMPLE_INDEX}*"))


def test_a_large_dataset_is_not_indexed_while_its_reader_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": ["text"]})})
    monkeypatch.setattr(sample_index, "REPAIR_BYTES", 3)
    with pytest.raises(StudioError, match="missing"):
        ready_index(SampleReader(tmp_path))


BUILD = """
import sys
from pathlib import Path
from mistudio_core.store.samples import index as sample_index
sample_index._INSERT_ROWS, sample_index._AHEAD_BYTES = 10, 1
def tell(done, total):
    print(done, flush=True)
    sys.stdin.read(1)  # waits for ever, in the middle
sample_index.build_index(Path(sys.argv[1]), tell)
"""


def test_a_killed_build_leaves_the_old_index_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": [f"text {n}" for n in range(40)]})})
    build_index(tmp_path)
    before = (tmp_path / SAMPLE_INDEX).read_bytes()
    worker = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)
    assert list(tmp_path.glob(f".{SAMPLE_INDEX}.*"))
    assert (tmp_path / SAMPLE_INDEX).read_bytes() == before
    open_index(SampleReader(tmp_path)).close()
    build_index(tmp_path)
    assert not list(tmp_path.glob(f".{SAMPLE_INDEX}.*"))


def test_two_builds_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": [f"text {n}" for n in range(40)]})})
    command = [sys.executable, "-c", BUILD.replace("sys.stdin.read(1)", "pass"), str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    deadline = time.monotonic() + 60
    while any(worker.poll() is None for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [worker.wait(1) for worker in workers] == [0, 0]
    with open_index(SampleReader(tmp_path)) as connection:
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (40,)


def test_the_file_is_of_the_format_that_older_versions_read(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": ["a"]})})
    build_index(tmp_path)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{tmp_path / SAMPLE_INDEX}' AS made (READ_ONLY)")
        (tags,) = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'made'").fetchone()
    assert tags["storage_version"].startswith("v1.2.0"), tags


def test_a_home_with_odd_signs_in_its_name_works(tmp_path: Path) -> None:
    folder = tmp_path / "it's [1]* a=b"
    write_dataset(folder, {"train": pa.table({"text": ["a"]})})
    build_index(folder)
    with open_index(SampleReader(folder)) as connection:
        assert connection.execute("SELECT chars FROM samples").fetchall() == [(1,)]
    assert {path.name for path in folder.iterdir()} == {"raw", SAMPLE_INDEX}
