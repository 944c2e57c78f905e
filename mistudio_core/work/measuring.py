"""Samples measured while they are written: their statistics, and what the sample index is made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.checksums import write_listed
from mistudio_core.file_names import DATASET_MANIFEST, MEASURES, RAW, STATISTICS
from mistudio_core.files import damaged, json_bytes
from mistudio_core.manifest_files import dataset_manifest
from mistudio_core.raw import text_columns
from mistudio_core.raw_write import PartInfo, stem_of
from mistudio_core.statistics.measures import Measures, measure
from mistudio_core.statistics.text import TextStatistics
from mistudio_core.statistics.text_column import plain_texts

_MOST_COLUMNS: Final = 8
"""Text columns whose measures are stored where none is named `text`: any of them may become the one of the index."""
_MEASURES: Final = ("characters", "bytes", "words", "hashes", "nulls")


class Measuring:
    """Measures tables in a thread of its own, one behind the writer.

    The measures of texts, 33 bytes each, go to the folder `measures` of the draft. What an earlier run has written is
    read back at the end.
    """

    def __init__(self, draft: Path) -> None:
        """Start anew for the dataset in this folder; the first table tells the columns."""
        self._draft, self._folder = draft, draft / MEASURES
        shutil.rmtree(self._folder, ignore_errors=True)
        self._counted: TextStatistics | None = None
        self._texts: tuple[str, ...] = ()
        self._stored: tuple[str, ...] = ()
        self._files: set[tuple[str, str]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="measure")
        self._waiting: Future[None] | None = None

    @contextmanager
    def file(self, split: str, stem: str) -> Iterator[Callable[[pa.Table], None]]:
        """Give a function for the tables of one source file, in order.

        A table is measured in the background once the one before it has been; what that one raised is raised then.
        """
        (self._folder / split).mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            spill = _Spill(self._folder / split / f"{stem}.arrow")
            stack.callback(spill.close)
            stack.callback(self._wait)

            def add(table: pa.Table) -> None:
                self._settle()
                self._waiting = self._thread.submit(self._add, split, table, spill)

            yield add
            self._settle()
            self._files.add((split, stem))

    def complete(self, parts: Mapping[str, Sequence[PartInfo]], progress: Callable[[int], None]) -> None:
        """Measure what an earlier run has written of these parts; `progress` is told the samples of each row group."""
        for split, infos in parts.items():
            for stem, named in groupby((info.name for info in infos), key=stem_of):
                if (split, stem) in self._files:
                    continue
                with self.file(split, stem) as add:
                    for table in _tables(self._draft / RAW / split, named):
                        add(table)
                        progress(table.num_rows)

    def statistics(self, splits: Iterable[str]) -> dict[str, Any]:
        """Return the statistics as JSON values; a split without samples is listed too."""
        assert self._counted is not None
        for split in splits:
            self._counted.add_split(split)
        return self._counted.result()

    def measures(self, column: str | None, splits: Iterable[str]) -> Mapping[str, Iterator[Measures]] | None:
        """Return the measures of a text column for each split, in order; None where they are not stored."""
        if column not in self._stored:
            return None
        at = self._stored.index(column)
        return {split: _read(self._folder / split, at) for split in splits}

    def _wait(self) -> None:
        if self._waiting is not None:
            wait([self._waiting])

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.result()

    def _add(self, split: str, table: pa.Table, spill: _Spill) -> None:
        if self._counted is None:
            self._counted = TextStatistics(table.schema)
            self._texts = text_columns(table.schema)
            self._stored = _stored_columns(self._texts)
        found: dict[str, Measures] = {}
        for name in self._texts:
            texts = plain_texts(table.column(name))
            table = table.set_column(table.schema.get_field_index(name), name, texts)
            found[name] = measure(texts)
        self._counted.add(table, split, found)
        if self._stored:
            spill.write([found[name] for name in self._stored])


def build_statistics(folder: Path, progress: Callable[[int, int], None]) -> None:
    """Compute the statistics of a finished dataset again, in place of those that are lost or damaged.

    `progress` is told the samples that are done, and all of them.
    """
    manifest = dataset_manifest(folder)
    if manifest is None:
        raise damaged(folder / DATASET_MANIFEST, "it is missing")
    names = {field.name for field in fields(PartInfo)} - {"name"}
    parts: dict[str, list[PartInfo]] = {split: [] for split in manifest["splits"]}
    for entry in manifest["files"]:
        known = {name: value for name, value in entry.items() if name in names}
        parts[entry["split"]].append(PartInfo(name=Path(entry["path"]).name, **known))
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(done, manifest["num_samples"])

    measuring = Measuring(folder)
    try:
        measuring.complete(parts, tell)
        write_listed(folder / DATASET_MANIFEST, STATISTICS, json_bytes(measuring.statistics(parts)))
    finally:
        shutil.rmtree(folder / MEASURES, ignore_errors=True)


class _Spill:
    """The measures of the samples of one source file, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: pa.RecordBatchStreamWriter | None = None

    def write(self, columns: Sequence[Measures]) -> None:
        arrays = {
            f"{column}.{name}": pa.array(getattr(measures, name))
            for column, measures in enumerate(columns)
            for name in _MEASURES
        }
        batch = pa.record_batch(arrays)
        if self._stream is None:
            self._stream = pa.ipc.new_stream(self._path, batch.schema)
        self._stream.write_batch(batch)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _tables(folder: Path, names: Iterable[str]) -> Iterator[pa.Table]:
    for name in names:
        with pq.ParquetFile(folder / name, pre_buffer=False) as parquet:
            for group in range(parquet.num_row_groups):
                yield parquet.read_row_group(group, use_threads=False)


def _stored_columns(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns of which one will be that of the index; none where those are too many."""
    if "text" in texts:
        return ("text",)
    return tuple(texts) if len(texts) <= _MOST_COLUMNS else ()


def _read(folder: Path, column: int) -> Iterator[Measures]:
    for path in sorted(folder.glob("*.arrow")):
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stored:
            for batch in stored:
                values = (batch.column(f"{column}.{name}").to_numpy(zero_copy_only=False) for name in _MEASURES)
                yield Measures(*values)
