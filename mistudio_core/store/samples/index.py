"""The sample index: one row per sample in a small DuckDB file, moved to its final name when complete."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout

from mistudio_core.checksums import announce_entry, renew_entry
from mistudio_core.errors import IndexUnusable, StudioError
from mistudio_core.file_names import DATASET_MANIFEST, SAMPLE_INDEX
from mistudio_core.files import put_in_place, sync_file, sync_folder
from mistudio_core.manifest_files import dataset_manifest, must_be_there
from mistudio_core.raw import RawSplit
from mistudio_core.statistics.measures import Measures, joined, measure
from mistudio_core.store.samples.reader import SampleReader

"""Of a finished dataset, where the checksum of the index is."""
INDEX_FORMAT: Final = 1
STORAGE_VERSION: Final = "v1.2.0"
"""DuckDB 1.5 and 2 both read this, so that a notebook with another version can join."""

REPAIR_BYTES: Final = 64 << 20
"""Text that is indexed in about half a second: up to there a lost index is made again while the reader waits."""
_BUILD_THREADS: Final = 2
_AHEAD_BYTES: Final = 16 << 20
"""Samples that are read and measured at a time; a row group that is larger is alone."""
_INSERT_ROWS: Final = 100_000
_MEMORY_MB: Final = 256
_SCAN_SHARE: Final = 8
"""Row groups' worth of memory that a scan by two threads takes, should the texts be huge."""
_READ_ALL: Final = (
    'SELECT sum("row"), max(split), sum(position), sum(part), sum(row_group), sum(chars), sum(bytes), sum(words),'
    " max(hash) FROM samples"
)
_SETTINGS: Final[dict[str, Any]] = {
    "memory_limit": f"{_MEMORY_MB}MB",
    "threads": 2,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

Progress = Callable[[int, int], None]
"""Told the number of samples done, and of all."""
MeasuredSplits = Mapping[str, Iterable[Measures]]
"""The measures of all samples of each split, in order."""


def build_index(dataset_folder: Path, progress: Progress | None = None, measured: MeasuredSplits | None = None) -> None:
    """Write `samples.duckdb` of a dataset folder that holds its raw samples.

    The table `samples` has, for each row, `split, position` (within the split)`, part, row_group` (within the part)`,
    chars` (code points)`, bytes` (UTF-8)`, words, hash` (xxh3-64 of the text); the last four are null where the text
    is. `parts` names the files, `about` the format and the text column that was measured. Memory does not grow with
    the dataset. A killed build leaves the old index, or none. `measured` has the measures of the default text column,
    taken while the samples were written; without it every text is read.
    """
    reader = SampleReader(dataset_folder)
    target = dataset_folder / SAMPLE_INDEX
    _remove_leftovers(target)
    draft = target.with_name(f".{SAMPLE_INDEX}.{secrets.token_hex(8)}")
    lock = _lock_of(draft)
    try:
        with FileLock(lock):
            _write(reader, draft, progress, measured)
            sync_file(draft)
            announce_entry(dataset_folder / DATASET_MANIFEST, SAMPLE_INDEX, draft)
            put_in_place(draft, target)
            sync_folder(dataset_folder)
            renew_entry(dataset_folder / DATASET_MANIFEST, SAMPLE_INDEX)
    finally:
        draft.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def open_index(reader: SampleReader) -> duckdb.DuckDBPyConnection:
    """Open the index read-only; use one `cursor()` of the connection per query, also between threads.

    Raises `index_missing`, `index_damaged`, or `index_stale` where it is of another format or of other samples.
    """
    path = reader.folder / SAMPLE_INDEX
    _must_be_listed(path)
    memory = _MEMORY_MB + (_SCAN_SHARE * _largest_group(reader) >> 20)
    config = _SETTINGS | {"temp_directory": str(reader.folder / ".spill"), "memory_limit": f"{memory}MB"}
    try:
        connection = duckdb.connect(path, read_only=True, config=config)
    except duckdb.Error:
        if path.exists():
            raise damaged() from None
        raise _unusable("index_missing", "missing") from None
    try:
        about = connection.execute("SELECT format, text_column FROM about").fetchall()
        parts = connection.execute("SELECT path, first_row FROM parts ORDER BY part").fetchall()
    except duckdb.Error:
        connection.close()
        raise damaged() from None
    if about != [(INDEX_FORMAT, reader.default_column)] or parts != reader.places():
        connection.close()
        raise _unusable("index_stale", "built from other samples")
    return connection


def close_index(connection: duckdb.DuckDBPyConnection) -> None:
    """Close an open index; a scan that still runs on a cursor of it lets go of the file when it ends."""
    # DuckDB closes the connection first, then each cursor, and raises at the first one that is busy.
    with suppress(duckdb.ResourceInUseException):
        connection.close()


def ready_index(reader: SampleReader) -> duckdb.DuckDBPyConnection:
    """Open the index, building it first where it cannot be used and the dataset is small enough to wait for.

    Raises as `open_index` for a larger dataset: a job has to build it.
    """
    try:
        return open_index(reader)
    except IndexUnusable:
        if stored_bytes(reader) > REPAIR_BYTES:
            raise
    build_index(reader.folder)
    return open_index(reader)


def is_sound(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether every value of an open index can be read."""
    try:
        connection.cursor().execute(_READ_ALL).fetchall()
    except duckdb.Error:
        return False
    return True


def damaged() -> StudioError:
    """Return the error for an index whose file is not what was written."""
    return _unusable("index_damaged", "damaged")


def _must_be_listed(path: Path) -> None:
    """Raise `index_damaged` where the file is not as large as the manifest of a finished dataset has it."""
    manifest = dataset_manifest(path.parent) or {}
    try:
        must_be_there(path.parent, [entry for entry in manifest.get("sidecars", ()) if entry["file"] == SAMPLE_INDEX])
    except StudioError:
        if path.exists():
            raise damaged() from None


def stored_bytes(reader: SampleReader) -> int:
    """Return the bytes of all samples, uncompressed."""
    return sum(group.num_bytes for split in reader.splits.values() for group in split.row_groups)


def _largest_group(reader: SampleReader) -> int:
    return max((group.num_bytes for split in reader.splits.values() for group in split.row_groups), default=0)


def _unusable(code: str, why: str) -> StudioError:
    return StudioError(code, f"The sample index is {why}.", "It can be rebuilt from the samples.")


def _write(reader: SampleReader, draft: Path, progress: Progress | None, measured: MeasuredSplits | None) -> None:
    with duckdb.connect(":memory:", config=_SETTINGS | {"temp_directory": "", "threads": 1}) as connection:
        path = str(draft).replace("'", "''")  # the path is ours, but may hold a quote: the home is the user's
        connection.execute(f"ATTACH '{path}' AS made (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("USE made")
        connection.execute("CREATE TABLE about (format INTEGER, text_column VARCHAR, num_samples BIGINT)")
        connection.execute("CREATE TABLE parts (part INTEGER, path VARCHAR, first_row BIGINT)")
        connection.execute(
            'CREATE TABLE samples ("row" BIGINT, split VARCHAR, position BIGINT, part INTEGER, row_group INTEGER,'
            " chars BIGINT, bytes BIGINT, words BIGINT, hash UBIGINT)"
        )
        for part, (name, first) in enumerate(reader.places()):
            connection.execute("INSERT INTO parts VALUES (?, ?, ?)", [part, name, first])
        done = 0
        for batch in _rows(reader, measured):
            connection.register("batch", batch)
            connection.execute("INSERT INTO samples SELECT * FROM batch")
            connection.unregister("batch")
            done += batch.num_rows
            if progress is not None:
                progress(done, reader.num_samples)
        connection.execute(
            "INSERT INTO about VALUES (?, ?, ?)", [INDEX_FORMAT, reader.default_column, reader.num_samples]
        )
        connection.execute("USE memory")
        connection.execute("DETACH made")


def _rows(reader: SampleReader, measured: MeasuredSplits | None) -> Iterator[pa.Table]:
    """Yield the rows of the index in order."""
    part_numbers = {path: part for part, (path, _) in enumerate(reader.parts())}
    for name, split in reader.splits.items():
        groups = split.row_groups
        firsts = np.array([group.first for group in groups], np.int64)
        parts = pa.array([part_numbers[group.part] for group in groups], pa.int32())
        indices = pa.array([group.index for group in groups], pa.int32())
        first = 0
        for batch in _joined(_measures(reader, split) if measured is None else measured.get(name, ())):
            positions = np.arange(first, first + len(batch), dtype=np.int64)
            within = pa.array(np.searchsorted(firsts, positions, side="right") - 1)
            yield pa.table(
                {
                    "row": positions + reader.firsts[name],
                    "split": pa.repeat(name, len(batch)),
                    "position": positions,
                    "part": parts.take(within),
                    "row_group": indices.take(within),
                    "chars": pa.array(batch.characters, mask=batch.nulls),
                    "bytes": pa.array(batch.bytes, mask=batch.nulls),
                    "words": pa.array(batch.words, mask=batch.nulls),
                    "hash": pa.array(batch.hashes, mask=batch.nulls),
                }
            )
            first += len(batch)
        if first != split.num_samples:
            raise ValueError(f"{first:,} samples of {split.num_samples:,} were measured")


def _joined(batches: Iterable[Measures]) -> Iterator[Measures]:
    """Yield measures of many samples at a time."""
    pending: list[Measures] = []
    for batch in batches:
        pending.append(batch)
        if sum(map(len, pending)) >= _INSERT_ROWS:
            yield joined(pending)
            pending = []
    if pending:
        yield joined(pending)


def _measures(reader: SampleReader, split: RawSplit) -> Iterator[Measures]:
    """Yield the measures of each row group; reading and measuring go on in threads."""
    waiting: deque[tuple[int, Future[Measures]]] = deque()
    with ThreadPoolExecutor(_BUILD_THREADS) as pool:
        for group in split.row_groups:
            while waiting and sum(size for size, _ in waiting) + group.num_bytes > _AHEAD_BYTES:
                yield waiting.popleft()[1].result()
            last = group.first + group.num_rows
            task = pool.submit(_measured, split, group.first, last, reader.default_column)
            waiting.append((group.num_bytes, task))
        while waiting:
            yield waiting.popleft()[1].result()


def _measured(split: RawSplit, first: int, last: int, column: str | None) -> Measures:
    if column is None:
        zeros = np.zeros(last - first, np.int64)
        return Measures(zeros, zeros, zeros, zeros.astype(np.uint64), np.ones(last - first, np.bool_))
    texts = split.read(first, last, [column]).column(0)
    return measure(texts.cast(pa.large_string()) if pa.types.is_string_view(texts.type) else texts)


def _remove_leftovers(target: Path) -> None:
    """Delete drafts whose builder no longer lives: a lock ends with its holder, on whatever machine that ran."""
    prefix = f".{target.name}."
    builders = {path.name.removeprefix(prefix).split(".")[0] for path in target.parent.glob(f"{prefix}*")}
    for builder in builders:
        with suppress(Timeout), FileLock(_lock_of(target.with_name(prefix + builder)), timeout=0):
            for leftover in target.parent.glob(f"{prefix}{builder}*"):
                with suppress(IsADirectoryError):  # one that lay in the place of the index
                    leftover.unlink(missing_ok=True)


def _lock_of(draft: Path) -> Path:
    """Return the file whose lock the builder of a draft holds."""
    return draft.with_name(f"{draft.name}.lock")
