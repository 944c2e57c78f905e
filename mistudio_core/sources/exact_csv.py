"""The CSV reader of `datasets`, with integers read exactly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def with_exact_numbers(reader: Any) -> Any:
    """Return a CSV reader class that reads integers exactly.

    The reader's own way makes floats of whole numbers among which a cell is empty, so that those above 2^53 change,
    and fails for numbers beyond 64 bits, which are text here.
    """

    class Config(reader.BUILDER_CONFIG_CLASS):
        @property
        def pd_read_csv_kwargs(self) -> dict[str, Any]:
            return {**super().pd_read_csv_kwargs, "dtype_backend": "numpy_nullable"}

    class Reader(reader):
        BUILDER_CONFIG_CLASS = Config

        def _cast_table(self, table: pa.Table) -> pa.Table:
            return super()._cast_table(empty_as_floats(table))

    return Reader


def empty_as_floats(table: pa.Table) -> pa.Table:
    """Return the table with its empty columns as floats: of whole numbers, fractions further down would not fit."""
    for index, field in enumerate(table.schema):
        if pa.types.is_int64(field.type) and table[index].null_count == table.num_rows:
            table = table.set_column(index, field.name, table[index].cast(pa.float64()))
    return table
