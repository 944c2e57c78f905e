"""Rows that lie in files are counted as those in memory are."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.statistics.positions import PositionCounts
from mistudio_core.statistics.stored import stored_positions, stored_sequences
from mistudio_core.statistics.tokens import TokenStatistics


def write(path: Path, rows: np.ndarray, batch: int) -> None:
    kind = pa.list_(pa.from_numpy_dtype(rows.dtype), rows.shape[1])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, pa.schema([("input_ids", kind)])) as stream:
        for start in range(0, len(rows), batch):
            part = pa.FixedSizeListArray.from_arrays(pa.array(rows[start : start + batch].reshape(-1)), type=kind)
            stream.write_batch(pa.record_batch([part], names=["input_ids"]))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int32])
def test_frequencies_by_position_come_from_files(tmp_path: Path, dtype: type) -> None:
    rows = np.random.default_rng(0).integers(0, 100, (70, 16)).astype(dtype)
    statistics = TokenStatistics(100, special_ids=[7], context_length=16)
    statistics.add_tokens(rows)
    write(tmp_path / "a.arrow", rows[:30], 8)
    write(tmp_path / "b.arrow", rows[30:], 100)
    files = [tmp_path / "a.arrow", tmp_path / "b.arrow"]
    assert np.concatenate([part for file in files for part in stored_sequences(file)]).tolist() == rows.tolist()
    found = stored_positions({files[0]: 30, files[1]: 40}, statistics, str, threads=2)
    assert found is not None
    assert found["tokens"][0]["id"] == 7
    expected = PositionCounts([row["id"] for row in found["tokens"]], 100, 16)
    expected.add_sequences(rows)
    assert found == expected.result(str)


def test_rows_without_a_common_length_have_no_positions() -> None:
    assert stored_positions({}, TokenStatistics(10)) is None


def test_a_file_without_rows_has_empty_positions(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", np.empty((0, 4), np.uint16), 1)
    found = stored_positions({tmp_path / "a.arrow": 0}, TokenStatistics(10, context_length=4))
    assert found is not None
    assert (found["sequences"], found["tokens"]) == (0, [])


@pytest.mark.parametrize("column", [None, "other", "input_ids"])
def test_a_file_that_holds_no_rows_is_named(tmp_path: Path, column: str | None) -> None:
    path = tmp_path / "data.arrow"
    path.write_bytes(b"nothing")
    if column is not None:
        with pa.OSFile(str(path), "wb") as file:
            table = pa.table({column: [1, 2]})
            with pa.ipc.new_stream(file, table.schema) as stream:
                stream.write_table(table)
    with pytest.raises(StudioError, match=r"data\.arrow is missing or damaged"):
        list(stored_sequences(path))
