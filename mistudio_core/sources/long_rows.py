"""CSV files whose rows are long: fewer are read at a time, and one row has a limit.

Readers of CSV take a number of rows at a time, however long, and a cell in quotes may hold any number of lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.sources import line_guard
from mistudio_core.sources.failures import chained
from mistudio_core.sources.file_proxy import ARCHIVES
from mistudio_core.sources.line_guard import Taken, TooMuchError

if TYPE_CHECKING:
    from mistudio_core.sources.file_proxy import FileProxy

_MUCH_FEWER: Final = 20
"""By how much the rows at a time are divided where they are too long; doubled where they are as short."""
_HEAD_BYTES: Final = 1 << 18


class LongRowError(ValueError):
    """One row alone is longer than the limit."""


@dataclass(slots=True)
class RowsAtATime:
    """How many rows of a file to read at a time: `rows`, but as before where they were read before."""

    most: int
    rows: int
    read: list[int] = field(default_factory=list)
    place: int = 0

    def next(self) -> int:
        """Return how many rows to read next."""
        return self.read[self.place] if self.place < len(self.read) else self.rows

    def take(self, table: pa.Table, *, is_short: bool) -> None:
        """Count the next table; after a short one more rows are read at a time."""
        self.place += 1
        if self.place > len(self.read):
            self.read.append(table.num_rows)
            self.rows = min(self.most, 2 * self.rows) if is_short else self.rows


def in_fewer_rows(read: Callable[[RowsAtATime], Iterator[pa.Table]], most: int, taken: Taken) -> Iterator[pa.Table]:
    """Yield what `read` yields for `most` rows at a time, or for fewer where these take too many bytes.

    The file is then read from its start again, without the rows that were yielded. Raises `LongRowError` for a row
    that is too long by itself.
    """
    at_a_time, done = RowsAtATime(most, most), 0
    while True:
        place = 0
        taken.num_bytes, taken.limit = 0, line_guard.MAX_LINE_BYTES
        try:
            for table in read(at_a_time):
                at_a_time.take(table, is_short=taken.num_bytes < taken.limit // _MUCH_FEWER)
                new, place = table.slice(max(0, done - place)), place + table.num_rows
                done = max(done, place)
                if new.num_rows or not table.num_rows:
                    yield new
                taken.num_bytes = 0
        except Exception as error:  # readers raise what they please
            if not any(isinstance(link, TooMuchError) for link in chained(error)):
                raise
            if at_a_time.rows == 1:
                raise LongRowError from error
            at_a_time.rows, at_a_time.place = max(1, at_a_time.rows // _MUCH_FEWER), 0
        else:
            return
        finally:
            taken.limit = None


def refuse_many_cells(source: FileProxy, name: str, separator: str, most: int) -> None:
    """Raise `too_large` where the first rows have more than `most` cells: a reader takes minutes for millions."""
    with source.open() as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(ARCHIVES):
        return
    records = csv.reader(io.StringIO(head.decode("utf-8", "replace"), newline=""), delimiter=separator)
    try:
        if all(len(record) <= most for record in islice(records, 2)):
            return
    except csv.Error:  # the reader tells what is wrong
        return
    raise StudioError(
        "too_large",
        f"{name} has a row of more than {most:,} cells; at most {most:,} columns are supported.",
        "Remove columns that are not needed, or choose the delimiter that the file has.",
    )
