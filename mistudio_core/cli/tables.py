"""Results as plain text for people; control characters of hostile data are shown, not sent to the terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

_CELL_WIDTH: Final = 60
_LIST_COLUMNS: Final = {
    "ds": ("id", "name", "source", "status", "num_samples", "size_bytes"),
    "tok": ("id", "dataset_id", "tokenizer", "status", "num_sequences", "num_tokens"),
    "job": ("id", "kind", "subject_id", "status", "phase", "done", "total", "unit"),
}

_HIT_COLUMNS: Final = ("sequence", "position", "split", "index", "left", "match", "right")


def table(value: Any) -> str:
    """Return a list of records as a table, a record as lines of name and value, ending in a newline."""
    if isinstance(value, Mapping) and isinstance(value.get("rows"), list):
        total = f"{'' if value.get('total_is_exact', True) else 'at least '}{value['total']:,} in all\n"
        return _rows(value["rows"]) + total + (f"{value['note']}\n" if value.get("note") else "")
    if isinstance(value, list):
        return _rows(value)
    if isinstance(value, Mapping):
        return _pairs(value)
    return f"{value}\n"


def plain(value: Any) -> str:
    """Return a value as one line in which every control character is visible."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:,}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(
        character if unicodedata.category(character)[0] != "C" else repr(character)[1:-1] for character in text
    )


def _rows(records: Sequence[Any]) -> str:
    if not records:
        return "nothing\n"
    if not isinstance(records[0], Mapping):
        return "".join(f"{plain(record)}\n" for record in records)
    prefix = str(records[0].get("id", "")).split("_")[0]
    names = _LIST_COLUMNS.get(prefix, tuple(records[0]))
    if "match" in names:
        names = tuple(name for name in _HIT_COLUMNS if name in names)
    cells = [[_cell(name, plain(record.get(name))) for name in names] for record in records]
    widths = [max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(names)]
    padded = [
        [
            cell.rjust(width) if name == "left" else cell.ljust(width)
            for name, cell, width in zip(names, line, widths, strict=True)
        ]
        for line in (names, *cells)
    ]
    return "".join("  ".join(line).rstrip() + "\n" for line in padded)


def _pairs(record: Mapping[str, Any], indent: str = "") -> str:
    width = max((len(name) for name in record), default=0)
    text = ""
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            text += f"{indent}{plain(name)}\n" + _pairs(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            text += f"{indent}{plain(name)}\n{_rows(value)}"
        else:
            text += f"{indent}{plain(name).ljust(width)}  {plain(value)}\n"
    return text


def _cell(name: str, text: str) -> str:
    """Return what of a text a cell has; of what stands before a hit the end matters."""
    return _short(text[::-1])[::-1] if name == "left" else _short(text)


def _short(text: str) -> str:
    return text if len(text) <= _CELL_WIDTH else text[: _CELL_WIDTH - 1] + "…"
