"""Where in a file damage is: readers count within the block they are at, people count lines from the start.

The file is read a second time, since no reader tells; for a compressed one the lines are those of what it holds.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.json as paj

from mistudio_core.errors import StudioError
from mistudio_core.json_values import loads_exactly
from mistudio_core.sources import line_guard

if TYPE_CHECKING:
    from mistudio_core.sources.file_proxy import FileProxy

_BLOCK_BYTES: Final = 10 << 20
"""As many lines as `datasets` parses at a time: the line is among those that follow the last good rows."""
_REPARSED_BYTES: Final = 64 << 20
"""A JSON value of several lines is parsed once more up to this size; a larger one is not worth the memory."""
_MAY_BE_REFUSED: Final = re.compile(rb"NaN|Inf|\\[uU][dD]|[eE]\+?\d{3}|\d{300}")
"""What Python takes for JSON and Arrow does not."""
_RECORD: Final = re.compile(r"(?:in line|starting at row) (\d+)")
_UNLIKE_PYTHON: Final = frozenset({"quotechar", "escapechar", "comment", "quoting", "skiprows", "lineterminator"})
"""Settings of a CSV reader under which the records are not counted again."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a file, from 0, and its line, from 1; None where it is not known."""

    row: int | None
    line: int | None

    def __str__(self) -> str:
        """Return it as a sentence to put behind another; empty where nothing is known."""
        row = "" if self.row is None else f"row {self.row:,} (from 0)"
        line = "" if self.line is None else f"line {self.line:,}"
        return f" It is {', '.join(part for part in (line, row) if part)}." if line or row else ""


UNKNOWN: Final = Place(None, None)


@dataclass(slots=True)
class Places:
    """Finds places in one file; `rows` is how many of its rows have been read well so far."""

    source: FileProxy
    module: str
    options: Mapping[str, Any]
    rows: int = 0

    def of_damage(self, message: str) -> Place:
        """Return where the text that cannot be parsed is, given what the reader said."""
        try:
            if self.module == "json" and not self.options.get("field"):
                return self._json_damage()
            return self._csv_damage(message) if self.module == "csv" else UNKNOWN
        except _unreadable():  # it is damaged, after all: the error is reported without the place
            return UNKNOWN

    def of_row(self, row: int) -> Place:
        """Return the place of a row of the file."""
        try:
            return Place(row, self._line_of_row(row))
        except _unreadable():
            return Place(row, None)

    def line_of_row(self, row: int) -> int | None:
        """Return the line of a row of the file, from 1; None where it is not known."""
        return self.of_row(row).line

    def _line_of_row(self, row: int) -> int | None:
        if self.module == "text":
            return row + 1 if self.options.get("sample_by", "line") == "line" else None
        if self.module == "json" and not self.options.get("field"):
            with self.source.open() as file:
                return None if _is_array(file) or self._is_by_element() else next(_full_lines(file, skip=row))[0]
        if self.module == "csv" and not _UNLIKE_PYTHON & set(self.options):
            header = self.options.get("header", 0)
            skipped = 0 if header is None else int(header) + 1 if isinstance(header, int) else 1
            full = (start for start, record in self._records() if record)
            return next(start for number, start in enumerate(full) if number == skipped + row)
        return None

    def _is_by_element(self) -> bool:
        """Tell whether the lines that are read are the elements of an array."""
        return self.source.guarded is not None and self.source.guarded.taken.by_element

    def _json_damage(self) -> Place:
        if self._is_by_element():
            return Place(self.rows, None)
        with self.source.open() as file:
            if _is_array(file):
                return Place(None, self._line_in_value())
            size = 0
            lines = _full_lines(file, skip=self.rows)
            for row, (number, line) in enumerate(lines, start=self.rows):
                if not _is_json(line):
                    following = next(lines, (0, b""))[1]
                    several = None if row or _is_json(following) else self._line_in_value()
                    return Place(row, number) if several is None or several <= number else Place(None, several)
                size += len(line)
                if size > _BLOCK_BYTES + line_guard.MAX_LINE_BYTES:
                    break
        return UNKNOWN

    def _line_in_value(self) -> int | None:
        """Return the line on which one JSON value of several lines breaks; None where it does not, or is too large."""
        with self.source.open() as file:
            data = file.read(_REPARSED_BYTES + 1)
        if len(data) > _REPARSED_BYTES:
            return None
        try:
            json.loads(data)
        except json.JSONDecodeError as error:
            return error.lineno
        return None

    def _csv_damage(self, message: str) -> Place:
        found = _RECORD.search(message)
        if found is None or _UNLIKE_PYTHON & set(self.options):
            return UNKNOWN
        wanted = int(found[1]) - (1 if "line" in found[0] else 0)
        return Place(None, next(start for number, (start, _) in enumerate(self._records()) if number == wanted))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line on which each record of a CSV file begins, and the record; empty lines are records too."""
        csv.field_size_limit(line_guard.MAX_LINE_BYTES)
        with self.source.open() as file:
            lines = _BoundedLines(io.TextIOWrapper(file, "utf-8-sig", "replace", newline=""))
            reader = csv.reader(lines, delimiter=str(self.options.get("delimiter") or self.options.get("sep", ",")))
            start = 1
            try:
                for record in reader:
                    yield start, record
                    start, lines.held = reader.line_num + 1, 0
            except csv.Error:  # the record is beyond the limit
                yield start, [""]


@dataclass(slots=True)
class _BoundedLines:
    """Lines of text; raises `csv.Error` where those `held` are more than may be."""

    text: io.TextIOWrapper
    held: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.text:
            self.held += len(line)
            if self.held > line_guard.MAX_LINE_BYTES:
                raise csv.Error
            yield line


def first_misfit(table: pa.Table, schema: pa.Schema) -> int | None:
    """Return the first row of a table that cannot be cast to `schema`; None where all can."""
    low, high = 0, table.num_rows
    if _fits(table, schema):
        return None
    while high - low > 1:  # the first `low` rows fit, the first `high` do not
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(table.slice(0, middle), schema) else (low, middle)
    return low


def _fits(table: pa.Table, schema: pa.Schema) -> bool:
    from datasets.table import table_cast

    for index, field in enumerate(table.schema):
        place = schema.get_field_index(field.name)
        if place >= 0 and pa.types.is_null(schema.field(place).type) and table[index].null_count == table.num_rows:
            # No type can be cast to that of nulls, whatever its values are.
            table = table.set_column(index, field.name, pa.nulls(table.num_rows))
    try:
        table_cast(table, schema)
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True


def _is_array(file: Any) -> bool:
    return bool(file.peek(64)[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["))


def _full_lines(file: Any, skip: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something, with their numbers from 1, without the first `skip` of them."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            if skip:
                skip -= 1
            else:
                yield number, line


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what reading a damaged file, here or on the Hub, may raise."""
    import httpx2

    errors = (OSError, EOFError, ValueError, RuntimeError, StopIteration, csv.Error, zlib.error, lzma.LZMAError)
    return (StudioError, *errors, httpx2.HTTPError)


def _is_json(line: bytes) -> bool:
    """Tell whether a line is JSON for Arrow, whatever the types of its values."""
    try:
        loads_exactly(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return False
    if _MAY_BE_REFUSED.search(line) is None:
        return True
    try:
        paj.read_json(io.BytesIO(line), read_options=paj.ReadOptions(block_size=len(line) + 1))
    except pa.ArrowInvalid as error:
        return "changed from" in str(error)
    return True
