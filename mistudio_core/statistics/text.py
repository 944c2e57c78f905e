"""Statistics of raw samples: one accumulator over Arrow tables; any split and order of the samples gives the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from mistudio_core.raw import class_labels, column_types, is_text, text_columns
from mistudio_core.statistics.columns import (
    BooleanColumn,
    ClassLabelColumn,
    Column,
    FloatColumn,
    IntegerColumn,
    LengthColumn,
    MomentColumn,
)
from mistudio_core.statistics.distributions import DISTINCT_LIMIT
from mistudio_core.statistics.measures import Measures
from mistudio_core.statistics.text_column import TextColumn, plain_texts

VERSION: Final = 1
_LEAST_LIMIT: Final = 1 << 12  # distinct values that any column may count exactly
_MANY_COLUMNS: Final = 4  # up to so many columns each has the full limit


class TextStatistics:
    """Samples by split, and what is counted of each column."""

    def __init__(self, schema: pa.Schema, limit: int | None = None) -> None:
        """Take the schema of the samples; `limit` distinct values of a column are counted exactly.

        Without a limit, the memory of four columns is shared by all.
        """
        share = DISTINCT_LIMIT * _MANY_COLUMNS // max(_MANY_COLUMNS, len(schema))
        self.limit = max(_LEAST_LIMIT, share) if limit is None else limit
        self.types = column_types(schema)
        self.samples: dict[str, int] = {}
        labels = class_labels(schema)
        self.names: list[str] = schema.names
        texts = text_columns(schema)
        self.columns = [
            Column() if is_text(field.type) and field.name not in texts
            else column_for(field.type, self.limit, labels.get(field.name))
            for field in schema
        ]  # fmt: skip

    def add_split(self, split: str) -> None:
        """List a split, which may be without samples."""
        self.samples.setdefault(split, 0)
        for column in self.columns:
            if isinstance(column, TextColumn):
                column.add_split(split)

    def add(self, table: pa.Table, split: str, measures: Mapping[str, Measures] | None = None) -> None:
        """Count a table of samples of one split, its columns in the order of the schema.

        `measures` holds those of text columns that were taken already, by name.
        """
        self.samples[split] = self.samples.get(split, 0) + table.num_rows
        for name, values, column in zip(self.names, table.columns, self.columns, strict=True):
            if isinstance(column, TextColumn):
                column.add(plain_texts(values), split, (measures or {}).get(name))
            else:
                for chunk in values.chunks:
                    column.add(chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk)

    def merge(self, other: TextStatistics) -> None:
        """Take in what another one has counted of the same columns."""
        if (self.types, self.limit) != (other.types, other.limit):
            raise ValueError("these statistics are of different columns")
        for split, samples in other.samples.items():
            self.samples[split] = self.samples.get(split, 0) + samples
        for column, others in zip(self.columns, other.columns, strict=True):
            column.merge(others)  # type: ignore[arg-type]

    def result(self) -> dict[str, Any]:
        """Return everything as JSON values (docs/statistics.md)."""
        total = sum(self.samples.values())
        return {
            "version": VERSION,
            "kind": "dataset",
            "samples": total,
            "splits": {
                split: {"samples": samples, "share": samples / total if total else 0.0}
                for split, samples in sorted(self.samples.items())
            },
            "columns": [
                {"name": name, "type": self.types[name]} | column.result()
                for name, column in zip(self.names, self.columns, strict=True)
            ],
        }


def column_for(kind: pa.DataType, limit: int, labels: list[str] | None = None) -> TextColumn | Column:
    """Return the accumulator for an Arrow type; `labels` are the names of a class label column."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if is_text(kind):
        return TextColumn(limit)
    if pa.types.is_integer(kind):
        return IntegerColumn(limit, unsigned=kind == pa.uint64()) if labels is None else ClassLabelColumn(limit, labels)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return FloatColumn(limit)
    if pa.types.is_boolean(kind):
        return BooleanColumn()
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        unit = "D" if pa.types.is_date32(kind) else "ms" if pa.types.is_date64(kind) else kind.unit
        return MomentColumn(limit, unit, getattr(kind, "tz", None))
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return IntegerColumn(limit, unit=kind.unit)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return LengthColumn(limit, "list")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return LengthColumn(limit, "binary")
    return Column()
