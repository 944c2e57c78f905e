"""Raw samples on disk, read back: one folder of Parquet parts per split, in sample order."""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.errors import StudioError
from mistudio_core.file_names import RAW
from mistudio_core.files import damaged
from mistudio_core.json_values import decoded, is_json, item_feature
from mistudio_core.manifest_files import ListedPart, listed_parts

_FOOTERS_KEPT: Final = 4
"""A parsed footer of 1,000 row groups takes some MB; the parts of 100 GB must not all stay in memory."""

_MOST_MILLISECONDS: Final = 2**63 // 1000
"""As many as a 64-bit count of microseconds holds."""

_SHORT_NAMES: Final = {"double": "float64", "float": "float32", "halffloat": "float16", "large_binary": "binary"}


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group: `first` is the sample number within the split, `num_bytes` its size uncompressed."""

    part: Path
    index: int
    first: int
    num_rows: int
    num_bytes: int


class RawSplit:
    """The samples of one split, numbered from 0 through its parts in the order of their names.

    Only a small index of the row groups is held. Any number of threads may read one object.
    """

    def __init__(self, folder: Path, listed: Sequence[ListedPart] | None = None) -> None:
        """Read the footers of the `listed` parts, or of those in `folder` while it is being written.

        Raises `corrupt_data`, naming the part, where one is damaged or has other rows than it must have.
        """
        self.folder = folder
        rows = None if listed is None else {part.path: part.num_rows for part in listed}
        self.parts: tuple[Path, ...] = tuple(sorted(folder.glob("part-*.parquet")) if rows is None else rows)
        self.schema: pa.Schema | None = None
        self.wide_moments: frozenset[str] = frozenset()
        """Columns of moments that may be beyond what microseconds count, by the bounds in the footers."""
        self._footers: OrderedDict[Path, pq.FileMetaData] = OrderedDict()
        self._lock = threading.Lock()
        groups: list[RowGroup] = []
        first = 0
        for part in self.parts:
            footer = self._footer(part)
            if rows is not None and footer.num_rows != rows[part]:
                raise damaged(part, f"it has {footer.num_rows:,} rows instead of {rows[part]:,}")
            if self.schema is None:
                self.schema = footer.schema.to_arrow_schema()
            coarse = [name for name in _coarse_moments(self.schema) if name not in self.wide_moments]
            self.wide_moments |= _beyond_microseconds(footer, coarse)
            for index in range(footer.num_row_groups):
                group = footer.row_group(index)
                if group.num_rows:
                    groups.append(RowGroup(part, index, first, group.num_rows, group.total_byte_size))
                    first += group.num_rows
        self.row_groups: Sequence[RowGroup]
        self._set_groups(groups)

    @classmethod
    def of_index(cls, folder: Path, row_groups: Sequence[RowGroup], schema: pa.Schema | None) -> RawSplit:
        """Return the split of an index that was written down, without reading any footer."""
        split = cls.__new__(cls)
        split.folder, split.schema, split.wide_moments = folder, schema, frozenset()
        split.parts = tuple(dict.fromkeys(group.part for group in row_groups))
        split._footers, split._lock = OrderedDict(), threading.Lock()
        split._set_groups(row_groups)
        return split

    def _set_groups(self, row_groups: Sequence[RowGroup]) -> None:
        self.row_groups = row_groups
        self._firsts = [group.first for group in row_groups]
        self.num_samples = row_groups[-1].first + row_groups[-1].num_rows if row_groups else 0

    def read(self, first: int, last: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the samples `[first, last)` as one table; numbers beyond the end are cut off.

        `columns` are top-level names, all of them when None. Raises `corrupt_data` naming a damaged part.
        """
        pieces = list(self.batches(first, last, columns))
        if pieces:
            return pa.concat_tables(pieces)
        schema = self.schema or pa.schema([])
        chosen = schema if columns is None else pa.schema([schema.field(name) for name in columns], schema.metadata)
        return chosen.empty_table()

    def batches(self, first: int, last: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the samples `[first, last)` one row group at a time, so that memory holds one row group."""
        position = max(0, bisect_right(self._firsts, max(first, 0)) - 1)
        opened: tuple[Path, pq.ParquetFile] | None = None
        try:
            for group in self.row_groups[position:]:
                if group.first >= last:
                    return
                if opened is None or opened[0] != group.part:
                    if opened is not None:
                        opened[1].close()
                    opened = (group.part, self._open(group.part))
                table = _read_group(opened[1], group, columns)
                start = max(first - group.first, 0)
                piece = table.slice(start, min(last - group.first, group.num_rows) - start)
                if piece.num_rows:
                    yield piece
        finally:
            if opened is not None:
                opened[1].close()

    def _open(self, part: Path) -> pq.ParquetFile:
        with _damage_named(part):
            return pq.ParquetFile(part, metadata=self._footer(part), pre_buffer=False)

    def _footer(self, part: Path) -> pq.FileMetaData:
        with self._lock:
            if part in self._footers:
                self._footers.move_to_end(part)
                return self._footers[part]
        with _damage_named(part):
            footer = pq.read_metadata(part)
        with self._lock:
            self._footers[part] = footer
            while len(self._footers) > _FOOTERS_KEPT:
                self._footers.popitem(last=False)
        return footer


def open_splits(dataset_folder: Path) -> dict[str, RawSplit]:
    """Open every split of a dataset folder, by name; an empty split is there with no samples.

    Of a finished dataset the parts are those that its manifest lists. Raises `corrupt_data`, naming the file, where
    one is missing, was added or is another one.
    """
    root = dataset_folder / RAW
    listed = listed_parts(dataset_folder)
    if listed is not None:
        return {split: RawSplit(root / split, parts) for split, parts in listed.items()}
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return {folder.name: RawSplit(folder) for folder in folders}


def column_types(schema: pa.Schema) -> dict[str, str]:
    """Return a readable type per column, such as `string`, `class_label`, `list<string>` or `struct<a: int64>`.

    Class labels, images and the like are known from the `huggingface` metadata of the schema.
    """
    features = hub_features(schema)
    return {field.name: _type_name(field.type, features.get(field.name)) for field in schema}


def text_columns(schema: pa.Schema) -> tuple[str, ...]:
    """Return the top-level columns that hold text, in order; JSON that is stored as text is none."""
    features = hub_features(schema)
    return tuple(field.name for field in schema if is_text(field.type) and not is_json(features.get(field.name)))


def class_labels(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names of the classes of each top-level class label column."""
    found: dict[str, list[str]] = {}
    for name, feature in hub_features(schema).items():
        if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel":
            names = feature.get("names")
            if name in schema.names and isinstance(names, list):
                found[name] = [str(label) for label in names]
    return found


def is_text(kind: pa.DataType) -> bool:
    """Tell whether an Arrow type is text, in any of its three layouts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def hub_features(schema: pa.Schema) -> dict[str, Any]:
    """Return the features that `datasets` stored in the schema, by column; nothing where that is missing or odd."""
    try:
        stored = json.loads((schema.metadata or {})[b"huggingface"])
        features = stored["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def decoded_column(table: pa.Table, name: str) -> list[Any]:
    """Return a column as Python values, with what is stored as JSON text decoded as `datasets` decodes it."""
    feature = hub_features(table.schema).get(name)
    return [decoded(value, feature) for value in table.column(name).to_pylist()]


def _coarse_moments(schema: pa.Schema) -> list[str]:
    """Return the columns of moments in milliseconds, which is also how Parquet stores seconds."""
    return [field.name for field in schema if pa.types.is_timestamp(field.type) and field.type.unit in ("s", "ms")]


def _beyond_microseconds(footer: pq.FileMetaData, names: Sequence[str]) -> set[str]:
    """Return which columns of milliseconds a part does not bound within the range of microseconds."""
    leaves = {at: footer.schema.column(at).path for at in range(footer.num_columns)} if names else {}
    found = set()
    for at, name in leaves.items():
        groups = map(footer.row_group, range(footer.num_row_groups))
        if name in names and not all(_within_microseconds(group.column(at)) for group in groups):
            found.add(name)
    return found


def _within_microseconds(column: pq.ColumnChunkMetaData) -> bool:
    bounds = column.statistics
    if bounds is None or not bounds.has_min_max:
        return column.num_values == (0 if bounds is None else bounds.null_count)
    return bool(-_MOST_MILLISECONDS <= bounds.min_raw <= bounds.max_raw < _MOST_MILLISECONDS)


def _type_name(kind: pa.DataType, feature: Any = None) -> str:
    """Name a type; `feature` is what the `huggingface` metadata says of the same place, if anything."""
    special = feature.get("_type") if isinstance(feature, Mapping) else None
    if isinstance(special, str) and special not in {"Value", "Sequence", "List", "LargeList"}:
        if special == "Json":
            return _json_name(str(feature.get("id") or ""))
        return "class_label" if special == "ClassLabel" else special.lower()
    if isinstance(kind, pa.DictionaryType):
        return _type_name(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"list<{_type_name(kind.value_type, item_feature(feature))}>"
    if pa.types.is_struct(kind):
        inner = feature if isinstance(feature, Mapping) else {}
        return f"struct<{', '.join(f'{item.name}: {_type_name(item.type, inner.get(item.name))}' for item in kind)}>"
    if is_text(kind):
        return "string"
    return _SHORT_NAMES.get(str(kind), str(kind))


def _json_name(keys: str) -> str:
    """Name a JSON value by the keys that its objects share, such as `json<role, content>`; brackets stand for lists."""
    if keys.startswith("[") and keys.endswith("]"):
        return f"list<{_json_name(keys[1:-1])}>"
    return f"json<{keys}>" if keys else "json"


def _read_group(file: pq.ParquetFile, group: RowGroup, columns: Sequence[str] | None) -> pa.Table:
    with _damage_named(group.part):
        table = file.read_row_group(group.index, columns=None if columns is None else list(columns), use_threads=False)
    # Parquet finds columns by path, so `a` would bring a column named `a.b` along.
    return table if columns is None else table.select(list(columns))


@contextmanager
def _damage_named(part: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        missing = isinstance(error, FileNotFoundError)
        raise StudioError(
            "corrupt_data",
            f"The data file {part.parent.name}/{part.name} is {'missing' if missing else 'damaged'}.",
            "Verify the dataset to list all problems, then delete it and download or import it again.",
            {"file": str(part)},
        ) from error
