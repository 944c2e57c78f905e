"""Rows of a table as a page shows them before it is a dataset: cells as short texts."""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa

from mistudio_core.raw import column_types, hub_features, text_columns
from mistudio_core.store.samples.plain_values import plain

COLUMNS: Final = 50
CELL_CHARS: Final = 300
"""What is shown: enough to see whether the cells are cut where they should be."""


def shown(table: pa.Table, schema: pa.Schema, name: str) -> dict[str, Any]:
    """Return `{file, num_columns, columns, text_columns, rows}` of a table that has the first columns of `schema`."""
    features = hub_features(schema)
    names = schema.names[: min(COLUMNS, table.num_columns)]
    cells = [[_cell(value, features.get(column)) for value in table[column].to_pylist()] for column in names]
    types = column_types(schema)
    return {
        "file": name,
        "num_columns": len(schema.names),
        "columns": {column: types[column] for column in names},
        "text_columns": list(text_columns(schema)),
        "rows": [list(row) for row in zip(*cells, strict=True)],
    }


def _cell(value: Any, feature: Any) -> str | None:
    if value is None:
        return None
    kept = plain(value, feature)
    text = kept if isinstance(kept, str) else json.dumps(kept, ensure_ascii=False)
    return text if len(text) <= CELL_CHARS else text[:CELL_CHARS] + "\N{HORIZONTAL ELLIPSIS}"
