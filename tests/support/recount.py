"""What is stored about samples beside them, counted again from the samples that were written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import duckdb

from mistudio_core.file_names import RAW, SAMPLE_INDEX, STATISTICS
from mistudio_core.files import read_json
from mistudio_core.statistics.dataset import dataset_statistics
from mistudio_core.store.samples.index import build_index


def check_counts(folder: Path) -> None:
    """Check that the statistics and the sample index of a dataset are those of its samples."""
    assert read_json(folder / STATISTICS) == json.loads(json.dumps(dataset_statistics(folder), allow_nan=False))
    with tempfile.TemporaryDirectory() as place:
        again = Path(place)
        (again / RAW).symlink_to(folder / RAW)
        build_index(again)
        assert index_rows(folder) == index_rows(again)


def index_rows(folder: Path) -> list[object]:
    """Return everything that a sample index holds."""
    with duckdb.connect(folder / SAMPLE_INDEX, read_only=True) as index:
        return [index.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in ("about", "parts", "samples")]
