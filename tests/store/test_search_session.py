"""A search session keeps an index open, notices when it is damaged, and says when somebody else has closed it."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from mistudio_core.errors import IndexDamaged, IndexMissing
from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.store.samples import index as sample_index
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import open_reader
from mistudio_core.store.samples.session import SearchSession, SessionClosedError, index_stamp
from tests.support.corpora import write_dataset

LONGEST = SampleQuery(sort="chars", descending=True, limit=3)
BLOCK = 256 << 10
SAMPLES = 40_000  # enough for several blocks of a DuckDB file, of 256 kB each


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chance = random.Random(1)
    texts = ["x" * chance.randrange(1, 900) for _ in range(SAMPLES)]
    texts[17] = "y" * 1000
    write_dataset(tmp_path, {"train": pa.table({"text": texts})}, group_rows=10_000)
    build_index(tmp_path)
    return tmp_path


def damage(folder: Path) -> None:
    """Damage a block of values of the index: it still opens, and fails when it is asked."""
    path = folder / SAMPLE_INDEX
    whole = path.read_bytes()
    for start in range(BLOCK // 2, len(whole), BLOCK):
        content = bytearray(whole)
        content[start : start + 100] = random.Random(2).randbytes(100)
        path.write_bytes(content)
        try:
            opened = open_index(open_reader(folder))
        except IndexDamaged:
            continue
        with opened, contextlib.suppress(duckdb.Error):
            opened.execute('SELECT "row" FROM samples ORDER BY chars DESC LIMIT 3').fetchall()
            continue
        return
    pytest.fail("no block holds the lengths")


def test_damage_within_the_index_is_repaired_while_the_reader_waits(folder: Path) -> None:
    damage(folder)
    before = index_stamp(folder)
    with SearchSession(folder) as session:
        assert session.find(LONGEST).page.rows[0].index == 17
        assert session.find(LONGEST).page.total == SAMPLES
    assert index_stamp(folder) not in (0, before)


def test_damage_within_the_index_of_a_large_dataset_is_named_and_left_to_a_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_index, "REPAIR_BYTES", 0)
    damage(folder)
    with SearchSession(folder) as session, pytest.raises(IndexDamaged, match="damaged"):
        session.find(LONGEST)
    assert index_stamp(folder) == 0  # so that the job builds it
    with pytest.raises(IndexMissing):
        SearchSession(folder)


def test_a_closed_session_says_so(folder: Path) -> None:
    session = SearchSession(folder)
    session.close()
    with pytest.raises(SessionClosedError):
        session.find(LONGEST)


def test_an_export_is_repaired_too(folder: Path, tmp_path: Path) -> None:
    damage(folder)
    with SearchSession(folder) as session:
        assert session.export(SampleQuery(min_chars=1000), tmp_path / "long.jsonl", "jsonl") == 1
