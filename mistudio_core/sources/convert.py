"""Converts one source file to Parquet parts, with a receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mistudio_core.file_names import FEATURES, RAW, RECEIPTS
from mistudio_core.files import read_if_sound, write_json
from mistudio_core.raw_write import PartInfo, PartWriter
from mistudio_core.sources.file_proxy import FileProxy
from mistudio_core.sources.plan import SourceFile
from mistudio_core.sources.tables import TableReader

if TYPE_CHECKING:
    import datasets

Measure = Callable[[str, str], AbstractContextManager[Callable[[pa.Table], None]]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file that has been converted, and the parts that hold its rows."""

    split: str
    path: str
    parts: tuple[PartInfo, ...]
    replaced: Mapping[str, int] = field(default_factory=dict)
    """How many samples have bytes replaced that were no UTF-8, by column."""

    @property
    def num_rows(self) -> int:
        """Return the rows of all parts."""
        return sum(part.num_rows for part in self.parts)


class Converter:
    """Converts the files of a plan into `folder/raw/<split>/`, keeping receipts in `folder/receipts/`.

    What an earlier run finished is known by its receipt; a file without one is converted again. The columns that the
    first file told are kept in `folder/features.json`, so that a resumed run expects the same.
    """

    def __init__(self, folder: Path, reader: TableReader, measure: Measure) -> None:
        """Take the draft folder of the dataset and a reader that may know the columns already.

        `measure` gives, for the split and the stem of a file, a function that is called with each table.
        """
        self.folder, self.reader, self._measure = folder, reader, measure
        self._receipts = folder / RECEIPTS
        self._receipts.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def known_features(folder: Path) -> dict[str, object] | None:
        """Return the columns that an earlier run learned, None if it learned none."""
        features: dict[str, object] | None = read_if_sound(folder / FEATURES, dict)
        return features

    @staticmethod
    def start_again(folder: Path, features: datasets.Features) -> None:
        """Forget every file that was converted: all are read again, with these columns."""
        for path in (folder / RECEIPTS).iterdir():
            path.unlink()
        for path in (folder / RAW).glob("*/*"):
            path.unlink()
        write_json(folder / FEATURES, features.to_dict(), durable=True)

    def receipt(self, file: SourceFile) -> Receipt | None:
        """Return the receipt of a file if its parts lie there as it says, else None."""

        def made(stored: dict[str, Any]) -> Receipt:
            parts = tuple(PartInfo(**part) for part in stored["parts"])
            return Receipt(stored["split"], stored["path"], parts, stored["replaced"])

        receipt = read_if_sound(self._receipt_path(file), made)
        if receipt is None or receipt.path != file.path:
            return None
        raw = self.folder / RAW / file.split
        return receipt if all(_size(raw / part.name) == part.size_bytes for part in receipt.parts) else None

    def convert(
        self, file: SourceFile, source: FileProxy, *, limit: int | None = None, on_rows: Callable[[int], None]
    ) -> Receipt:
        """Convert a file, or its first `limit` rows, and return the receipt; `on_rows` gets the rows of each batch."""
        parts: Sequence[PartInfo] = ()
        raw = self.folder / RAW / file.split
        tables = self.reader.read(source, file.label, limit)
        try:
            first = next(tables, None)
            if self.reader.schema is not None:
                self._keep_features()
                writing, measuring = (
                    PartWriter(raw, file.stem, self.reader.schema),
                    self._measure(file.split, file.stem),
                )
                with writing as writer, measuring as measured:
                    rest = _read_ahead(tables) if limit is None else tables
                    for table in _limited(chain([] if first is None else [first], rest), limit):
                        measured(table)
                        writer.write(table)
                        on_rows(table.num_rows)
                parts = writer.parts
        finally:
            tables.close()  # closes the file, also when it was not read to its end
        receipt = Receipt(file.split, file.path, tuple(parts), dict(self.reader.replaced))
        write_json(self._receipt_path(file), asdict(receipt), durable=True)
        return receipt

    def _keep_features(self) -> None:
        path = self.folder / FEATURES
        if not path.exists() and self.reader.features is not None:
            write_json(path, self.reader.features.to_dict(), durable=True)

    def _receipt_path(self, file: SourceFile) -> Path:
        return self._receipts / f"{file.split}-{file.stem}.json"


def _read_ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables, the next one being read meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        coming = reader.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = reader.submit(next, tables, None)
            yield table


def _limited(tables: Iterable[pa.Table], limit: int | None) -> Iterator[pa.Table]:
    """Yield tables until `limit` rows are reached; the last one is cut."""
    left = limit
    for table in tables:
        if left is None:
            yield table
            continue
        yield table.slice(0, left)
        left -= table.num_rows
        if left <= 0:
            return


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
