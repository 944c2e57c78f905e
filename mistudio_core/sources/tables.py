"""Any source file as Arrow tables: the readers of `datasets` for text formats, Arrow itself for Parquet and Arrow."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.errors import StudioError
from mistudio_core.sources import arrow_types, mismatch, null_rows
from mistudio_core.sources.builder import BuilderTables
from mistudio_core.sources.declared_text import declared_text, with_declared_text
from mistudio_core.sources.failures import chained
from mistudio_core.sources.file_proxy import FileProxy
from mistudio_core.sources.line_guard import Guarded
from mistudio_core.sources.long_rows import RowsAtATime, in_fewer_rows, refuse_many_cells
from mistudio_core.sources.mixed_types import mixed_as_text, resolved_json
from mistudio_core.sources.places import Places
from mistudio_core.sources.plain_features import PlainFeatures, features_from, features_of, full_features
from mistudio_core.sources.plain_readers import CSV_ROWS, FEW_CSV_ROWS, UnlikeError, plain_reader
from mistudio_core.sources.recode import needs_recoding
from mistudio_core.sources.utf8 import TextCheck, require_sound, unreadable
from mistudio_core.sources.wider import WiderError, loses, wider_features, with_columns

if TYPE_CHECKING:
    from mistudio_core.sources.plain_features import AnyFeatures

BATCH_ROWS: Final = 1000
MAX_COLUMNS: Final = 1000
"""A Parquet footer grows with columns times row groups; the Hub's own viewer stops here too."""
_ENCODING: Final = frozenset({"encoding", "encoding_errors"})
_SMALL_CHUNK_BYTES: Final = 1 << 17
_CHUNK_BYTES: Final = 1 << 20
"""How much is read at a time of a text file of which only the first rows are wanted (`datasets` takes 10 MB), and of
each column of a Parquet file, so that a row group of any size is never held in memory at once."""


class TableReader:
    """Reads the files of one dataset to tables that all have the same schema, that of the first file.

    `features` (of `datasets`, as a dictionary) fixes the schema from the start.
    """

    def __init__(
        self,
        module: str,
        options: Mapping[str, Any],
        features: Mapping[str, Any] | None,
        *,
        cache: Path,
        learned: Mapping[str, Any] | None = None,
        text_columns: Sequence[str] = (),
        replace: bool = False,
    ) -> None:
        """Take how files are read; caches go to the folder `cache`. `learned` are the features of an earlier run.

        `text_columns` are columns of bytes that hold text; with `replace`, bytes in a text that are no UTF-8 become
        U+FFFD, and are refused without.
        """
        self.replaced: Mapping[str, int] = {}
        """How many samples of the file that was read last have replaced bytes, by column."""
        self._text_columns, self._replace = tuple(text_columns), replace
        self.features: AnyFeatures | None = None
        if features is not None:
            self._take(features_from(features).arrow_schema)
        self._declared: AnyFeatures | None = self.features
        if learned is not None:
            self.features = features_from(learned)
        self._module, self._options, self._cache = module, dict(options), cache
        self._reading = {name: value for name, value in options.items() if name != "field"}
        """The options of the reader, which gets the samples under a key as JSON lines."""
        self._builder: BuilderTables | None = None

    @property
    def schema(self) -> pa.Schema | None:
        """Return the schema of every table, with the `huggingface` metadata; None before the first file.

        Its types are those that are stored: what `datasets` has as JSON is text in it, and only the metadata tells.
        """
        return None if self.features is None else arrow_types.stored_schema(self.features.arrow_schema)

    def read(self, source: FileProxy, name: str, limit: int | None = None) -> Generator[pa.Table, None, None]:
        """Yield the tables of a file, which errors call `name`.

        `limit` is how many rows will be taken at most, None for all: for a few rows little is read ahead.
        Raises `corrupt_data` for damage, for columns that do not fit, and for types that cannot be kept, and
        `too_large` for more than 1,000 columns.
        """
        self._builder, places = None, Places(source, self._module, self._options)
        guarded = self._guarded(name)
        check = TextCheck(name, guarded.mark, replace=self._replace, line=places.line_of_row)
        self.replaced = check.replaced
        try:
            if self._module == "parquet" and set(self._options) <= {"columns"}:
                tables = self._parquet(source, limit)
            elif self._module == "arrow":
                tables = self._arrow(source, name)
            else:
                source.guarded = guarded
                tables = self._csv(source, name, limit) if self._module == "csv" else self._texts(source, limit)
            for table in tables:
                self._learn(table.schema)
                fitted = self._fitted(table, check)
                if fitted.num_rows:
                    yield fitted
                    places.rows += fitted.num_rows
        except Exception as error:  # every decoder has exceptions of its own
            if type(error).__name__ == "EmptyDataError":  # how the CSV reader meets a file of no bytes
                return
            if guarded.mark.seen and not any(isinstance(link, StudioError) for link in chained(error)):
                raise unreadable(name) from error
            seen = self._seen()
            told = mismatch.explained(error, name, places, seen, self.features)
            wider = self._wider(mismatch.misfit(error, seen), may_grow=guarded.taken.by_element)
            raise (told if wider is None else WiderError(told, wider)) from error
        finally:
            null_rows.keep_texts(pa.schema([]))
            source.close()  # the CSV reader leaves files open

    def _seen(self) -> pa.Table | None:
        """Return the last table of a reader of `datasets` before it was made to fit."""
        return None if self._builder is None else self._builder.seen

    def _learn(self, schema: pa.Schema) -> None:
        """Take the features from the first schema, unless they are known."""
        if self.features is None:
            mismatch.refuse_odd_columns(schema, MAX_COLUMNS)
            self._take(schema)

    def _take(self, schema: pa.Schema) -> None:
        self.features = features_of(self._readable(schema))

    def _readable(self, schema: pa.Schema) -> pa.Schema:
        """Return a schema in the types that `datasets` knows, the columns that were declared text being text."""
        return declared_text(arrow_types.readable_schema(schema), self._text_columns)

    def _fitted(self, table: pa.Table, check: TextCheck) -> pa.Table:
        """Return the table with the columns, types and metadata of the schema, its texts checked."""
        assert self.features is not None
        table = arrow_types.converted_table(table, arrow_types.readable_schema(table.schema))
        table = check.checked(with_declared_text(table, self._text_columns))
        if table.num_rows and not isinstance(self.features, PlainFeatures):
            self.features = resolved_json(self.features, table)
        known = self.features.arrow_schema
        table = mixed_as_text(table, known)
        self._refuse_narrower(table)
        if not table.schema.equals(known, check_metadata=True):
            try:
                table = _cast(table, known)
            except (pa.ArrowException, ValueError, TypeError) as error:
                raise mismatch.MisfitError(table) from error
        return arrow_types.converted_table(table, arrow_types.stored_schema(known))

    def _wider(self, wrong: pa.Table | None, *, may_grow: bool = False) -> AnyFeatures | None:
        """Return features for which a table fits that does not fit now; never others than were declared.

        They have more columns only if they `may_grow`: in an array any element may have a key of its own.
        """
        if wrong is None or self.features is None or self._declared is not None:
            return None
        schema = with_declared_text(wrong.slice(0, 0), self._text_columns).schema
        schema = arrow_types.readable_schema(schema)
        known = self.features
        if may_grow:
            known = with_columns(known, schema)
            mismatch.refuse_odd_columns(known.arrow_schema, MAX_COLUMNS)
        wider = wider_features(known, schema, is_json=self._module == "json")
        return known if wider is None and known is not self.features else wider

    def _refuse_narrower(self, table: pa.Table) -> None:
        """Raise `MisfitError` for a table that a cast would change: JSON has no types of its own to go by."""
        if self._declared is None and self.features is not None:
            changes = loses(self.features.arrow_schema, table.schema)
            if changes or (self._module == "json" and self._wider(table) is not None):
                raise mismatch.MisfitError(table)

    def _texts(self, source: FileProxy, limit: int | None, csv_rows: RowsAtATime | None = None) -> Iterator[pa.Table]:
        """Yield the tables of a file of text; `datasets` reads what is not plainly read as it does."""
        before, done = self.features, 0
        self._keep_texts()
        plain = plain_reader(
            self._module, self._reading, before, lambda: self.features,
            chunk_bytes=_chunk_bytes(limit), csv_rows=csv_rows, declared=self._declared is not None,
        )  # fmt: skip
        if plain is not None:
            try:
                for table in plain(source):
                    yield table
                    done += 1
                    self._keep_texts()
            except UnlikeError:
                source.close()
            else:
                return
        self._builder = self._new_builder(source, limit, before, csv_rows)
        self._builder.refuse = self._refuse_narrower
        for number, table in enumerate(self._builder.tables()):
            if number >= done:
                yield table
            self._keep_texts()

    def _csv(self, source: FileProxy, name: str, limit: int | None) -> Iterator[pa.Table]:
        assert source.guarded is not None
        separator = str(self._options.get("delimiter") or self._options.get("sep", ","))
        if len(separator) == 1:
            refuse_many_cells(source, name, separator, MAX_COLUMNS)
        rows = CSV_ROWS if limit is None else FEW_CSV_ROWS
        yield from in_fewer_rows(lambda at_a_time: self._texts(source, limit, at_a_time), rows, source.guarded.taken)

    def _keep_texts(self) -> None:
        if self._module == "json" and self.features is not None:
            null_rows.keep_texts(self.features.arrow_schema)

    def _parquet(self, source: FileProxy, limit: int | None) -> Iterator[pa.Table]:
        with source.open() as file:
            parquet = pq.ParquetFile(file, pre_buffer=False, buffer_size=_chunk_bytes(limit) or _CHUNK_BYTES)
            self._learn(parquet.schema_arrow)
            for batch in parquet.iter_batches(batch_size=_batch_rows(limit), columns=self._options.get("columns")):
                yield pa.Table.from_batches([batch])

    def _arrow(self, source: FileProxy, name: str) -> Iterator[pa.Table]:
        with source.open() as file:
            head = file.read(6)
            has_footer = head == b"ARROW1"
            if head.startswith(b"FEA1"):
                raise mismatch.old_feather(name)
            file.seek(0)
            reader: Any = pa.ipc.open_file(file) if has_footer else pa.ipc.open_stream(file)
            self._learn(reader.schema)
            for batch in _footed_batches(reader) if has_footer else reader:
                require_sound(batch)  # a hostile file may hold offsets that point anywhere
                table = pa.Table.from_batches([batch])
                yield from (table.slice(start, BATCH_ROWS) for start in range(0, max(1, table.num_rows), BATCH_ROWS))

    def _guarded(self, name: str) -> Guarded:
        """Return how a file of text is read; an encoding that was set is recoded here, so that no reader sees it."""
        options, encoding = self._options, self._options.get("encoding")
        unit = "document" if options.get("field") else str(options.get("sample_by", "line"))
        errors = str(options.get("encoding_errors") or "strict")
        encoding = encoding if needs_recoding(encoding) else None
        return Guarded(name, self._module, unit, encoding, errors, key=options.get("field"))

    def _new_builder(
        self, source: FileProxy, limit: int | None, features: AnyFeatures | None, csv_rows: RowsAtATime | None
    ) -> BuilderTables:
        # The CSV reader would parse by the features, and fail for an empty cell among whole numbers.
        features = self._declared if self._module == "csv" else features
        recoded = needs_recoding(self._options.get("encoding"))
        return BuilderTables(
            self._module,
            {name: value for name, value in self._reading.items() if not (recoded and name in _ENCODING)},
            features=None if features is None else full_features(features),
            address=source.address,
            cache=self._cache,
            chunk=csv_rows.rows if csv_rows is not None else _chunk_bytes(limit),
        )


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Cast as `datasets` does, which is imported only where values may change."""
    if table.schema.names == schema.names and table.schema.types == schema.types:
        return pa.Table.from_arrays(table.columns, schema=schema)
    from datasets.table import table_cast

    return table_cast(table, schema)


def _batch_rows(limit: int | None) -> int:
    """Return batches that end where the limit does: what lies behind it is not read."""
    return BATCH_ROWS if limit is None else math.ceil(limit / math.ceil(limit / BATCH_ROWS))


def _chunk_bytes(limit: int | None) -> int | None:
    if limit is None:
        return None
    return _SMALL_CHUNK_BYTES if limit <= BATCH_ROWS else _CHUNK_BYTES


def _footed_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    for index in range(reader.num_record_batches):
        yield reader.get_batch(index)
