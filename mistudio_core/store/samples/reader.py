"""Samples read straight from the raw Parquet: any page of any dataset costs one row group."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import groupby, repeat
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import DATASET_MANIFEST, RAW
from mistudio_core.raw import RawSplit, class_labels, hub_features, open_splits, text_columns
from mistudio_core.records import Sample, SamplesPage
from mistudio_core.store.samples.column_values import column_values
from mistudio_core.store.samples.plain_values import plain

MAX_PAGE: Final = 1000
"""Only the samples of one page ever become Python objects."""
_READERS: Final = 2
"""Samples far apart cost a row group each, 1 ms; two threads halve the time of a page of hits."""
_OPEN_READERS: Final = 8


class SampleReader:
    """The samples of one dataset, split after split: 'train' first, then the others by name.

    A *row* is the number of a sample in the dataset, from 0 through all splits; a sample's *index* is its
    number within its split. Any number of threads may read one object.
    """

    def __init__(self, dataset_folder: Path) -> None:
        """Read the footers; raise `corrupt_data` naming a part that is damaged, or when there is none at all."""
        self.folder = dataset_folder
        found = open_splits(dataset_folder)
        if not found:
            raise StudioError(
                "corrupt_data",
                f"The dataset folder {dataset_folder.name} has no samples.",
                "Delete it and create it again.",
            )
        self.splits: Mapping[str, RawSplit] = {
            name: found[name] for name in sorted(found, key=lambda name: (name != "train", name))
        }
        self.firsts: dict[str, int] = {}
        self.num_samples = 0
        for name, split in self.splits.items():
            self.firsts[name] = self.num_samples
            self.num_samples += split.num_samples
        self._groups = {name: [group.first for group in split.row_groups] for name, split in self.splits.items()}
        self._parts = self._first_rows()
        schemas = [split.schema for split in self.splits.values() if split.schema is not None]
        self.schema: pa.Schema = schemas[0] if schemas else pa.schema([])
        self.integer_times = self._integer_times()
        self.text_columns = text_columns(self.schema)
        self.labels = class_labels(self.schema)
        self._features = hub_features(self.schema)
        self.default_column = self._default_column()

    def span(self, split: str | None) -> tuple[int, int]:
        """Return the rows `[first, last)` of a split, or of all of them; raise `split_not_found`."""
        if split is None:
            return 0, self.num_samples
        if split not in self.splits:
            raise StudioError(
                "split_not_found",
                f"This dataset has no split {split[:80]!r}.",
                f"Its splits are: {', '.join(self.splits) or 'none'}.",
            )
        return self.firsts[split], self.firsts[split] + self.splits[split].num_samples

    def place(self, row: int) -> tuple[str, int]:
        """Return the split and the index of a row."""
        for name in reversed(list(self.splits)):
            if row >= self.firsts[name] and self.splits[name].num_samples:
                return name, row - self.firsts[name]
        raise IndexError(row)

    def parts(self) -> list[tuple[Path, int]]:
        """Return every part that has rows, with its first row, in the order of the rows."""
        return list(self._parts.items())

    def places(self) -> list[tuple[str, int]]:
        """Return each part that has rows by its path in the dataset folder, and its first row: what an index is of."""
        return [(path.relative_to(self.folder).as_posix(), first) for path, first in self.parts()]

    def text_column(self, column: str | None) -> str | None:
        """Return the text column that is asked for, or the default one; None when the dataset has no text at all.

        Raises `invalid_request` when the column does not exist or holds no text.
        """
        if column is None:
            return self.default_column
        if column not in self.text_columns:
            raise invalid(
                f"column: {column[:80]!r} is not a text column of this dataset.",
                f"Its text columns are: {', '.join(self.text_columns) or 'none'}.",
            )
        return column

    def page(
        self, split: str | None = None, offset: int = 0, limit: int = 50, column: str | None = None
    ) -> SamplesPage:
        """Return the samples `[offset, offset + limit)` of a split, or of all splits.

        Raises `split_not_found`, and `invalid_request` for a column or numbers that cannot be.
        """
        check_page(offset, limit)
        first, last = self.span(split)
        rows = range(min(first + offset, last), min(first + offset + limit, last))
        return SamplesPage(last - first, total_is_exact=True, rows=tuple(self.samples(rows, column)))

    def samples(self, rows: Sequence[int], column: str | None = None) -> list[Sample]:
        """Return the samples of these rows, in this order; raise `invalid_request` for a column that cannot be."""
        text = self.text_column(column)
        if len(rows) == 0:
            return []
        wanted = sorted(set(rows))
        groups = [(split, list(members)) for (split, _), members in groupby(wanted, self.group_of)]
        shares = [share for number in range(_READERS) if (share := groups[number::_READERS])]
        if len(shares) == 1:
            read = self._read_groups(shares[0], text)
        else:
            with ThreadPoolExecutor(_READERS) as pool:
                read = [samples for share in pool.map(self._read_groups, shares, repeat(text)) for samples in share]
        found = {row: sample for samples in read for row, sample in samples.items()}
        return [found[row] for row in rows]

    def group_of(self, row: int) -> tuple[str, int]:
        """Return the split of a row and a number of its row group there: rows of one pair are read in one go."""
        split, index = self.place(row)
        return split, bisect_right(self._groups[split], index)

    def row_groups(self) -> Iterator[tuple[str, int, int]]:
        """Yield the split of each row group and its rows [first, last)."""
        for split, first in self.firsts.items():
            for group in self.splits[split].row_groups:
                yield split, first + group.first, first + group.first + group.num_rows

    def _read_groups(self, groups: list[tuple[str, list[int]]], text: str | None) -> list[dict[int, Sample]]:
        return [self._read(group, text) for group in groups]

    def _read(self, group: tuple[str, list[int]], text: str | None) -> dict[int, Sample]:
        """Return some rows of one row group."""
        split, rows = group
        first = self.firsts[split]
        table = self.splits[split].read(rows[0] - first, rows[-1] - first + 1)
        taken = table.take([row - rows[0] for row in rows])
        values: dict[str, list[Any]] = {
            field.name: [plain(value, self._features.get(field.name)) for value in column_values(taken.column(at))]
            for at, field in enumerate(taken.schema)
        }
        texts = values.pop(text) if text is not None else [None] * len(rows)
        return {
            row: Sample(row - first, split, texts[at], {column: items[at] for column, items in values.items()})
            for at, row in enumerate(rows)
        }

    def _first_rows(self) -> dict[Path, int]:
        found: dict[Path, int] = {}
        for name, split in self.splits.items():
            for group in split.row_groups:
                found.setdefault(group.part, self.firsts[name] + group.first)
        return found

    def _integer_times(self) -> frozenset[str]:
        """Return the columns of times that DuckDB may not be able to read: queries have them as integers."""
        times = frozenset(field.name for field in self.schema if pa.types.is_time(field.type))
        return times.union(*(split.wide_moments for split in self.splits.values()))

    def _default_column(self) -> str | None:
        """Choose `text`, else the column that holds most text in the first samples."""
        if len(self.text_columns) <= 1 or "text" in self.text_columns:
            return "text" if "text" in self.text_columns else next(iter(self.text_columns), None)
        split = max(self.splits.values(), key=lambda split: split.num_samples > 0)
        probe = split.read(0, split.row_groups[0].num_rows if split.row_groups else 0, self.text_columns)
        return max(self.text_columns, key=lambda name: probe.column(name).nbytes)


def open_reader(dataset_folder: Path) -> SampleReader:
    """Return a reader of a dataset; the last few stay open, since parsing the footers costs more than a page."""
    return _opened(dataset_folder, _stamp(dataset_folder))


def _stamp(dataset_folder: Path) -> tuple[int, ...]:
    """Return what changes when a part or the manifest of a dataset is replaced, added or removed."""
    raw = dataset_folder / RAW
    stamp = []
    for path in (dataset_folder / DATASET_MANIFEST, raw, *sorted(raw.iterdir() if raw.is_dir() else ())):
        with contextlib.suppress(OSError):
            facts = path.stat()
            stamp += [facts.st_ino, facts.st_mtime_ns]
    return tuple(stamp)


def check_page(offset: int, limit: int) -> None:
    """Raise `invalid_request` for an offset or a limit that cannot be."""
    if offset < 0:
        raise invalid(f"offset: {offset} is less than 0.", "Count from 0.")
    if not 1 <= limit <= MAX_PAGE:
        raise invalid(f"limit: {limit} is not between 1 and {MAX_PAGE}.", "Read page by page, or export the result.")


@lru_cache(maxsize=_OPEN_READERS)
def _opened(dataset_folder: Path, stamp: tuple[int, ...]) -> SampleReader:  # noqa: ARG001 - a new stamp means another dataset
    return SampleReader(dataset_folder)
