"""One cell for each column: its name, its type and how its values are spread; a click or a drag filters.

Everything in it was stored with the dataset, so it costs no look at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys
from mistudio_core.ui.columns import bar_fields
from mistudio_core.ui.columns.bar_fields import FieldsOf
from mistudio_core.ui.widgets import components, formats

_MOST_CELLS: Final = 40
_MOST_LINES: Final = 4
_LABEL_CHARS: Final = 60
_CACHED: Final = 16

_component = components.registered("mistudio_strip", "columns/strip", html="<div class='strip'></div>")


def draw(
    library: Library, dataset: Dataset, key: str, *, fields: Mapping[str, Any], on_pick: Callable[..., None],
    on_sort: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """Draw the strip; `on_pick` gets the fields of the query that finds what was clicked, as keywords.

    `fields` are those of the current query: what they ask for is marked. `on_sort` gets the name of a column.
    """
    try:
        cells = _cells(library, dataset.id, str(dataset.updated_at))
    except StudioError:
        return  # damaged statistics are told on their own tab; the samples are there without them
    if not cells:
        return

    def picked() -> None:
        pick = st.session_state[key].pick
        if isinstance(pick, Mapping) and (fields_picked := asked(dataset, cells, pick)) is not None:
            on_pick(**fields_picked)

    def sorted_by() -> None:
        place = st.session_state[key].sort
        if on_sort is not None and isinstance(place, int) and 0 <= place < len(cells) and cells[place]["sorts"]:
            on_sort(cells[place]["name"])

    shown = [_shown(dataset, cell, fields, sorts=on_sort is not None) for cell in cells]
    _component(key=key, data={"cells": shown}, on_pick_change=picked, on_sort_change=sorted_by)


def merged(fields: Mapping[str, Any], picked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes of a query that a pick asks for: its conditions come beside those on other columns."""
    changes = dict(picked)
    if new := changes.get("where"):
        subjects = {_subject(condition) for condition in new}
        kept = tuple(item for item in fields.get("where", ()) if _subject(item) not in subjects)
        taken_back = set(new) <= set(fields.get("where", ()))
        changes["where"] = kept if taken_back else (*kept, *new)
        return changes
    if all(fields.get(name) == value for name, value in changes.items()):
        return dict.fromkeys(changes)
    return changes


def _subject(condition: str) -> str:
    for sign in ("!=", ">=", "<=", "="):
        if sign in condition:
            return condition.partition(sign)[0]
    return condition


@st.cache_data(max_entries=_CACHED, show_spinner=False)
def _cells(_library: Library, dataset_id: str, updated: str) -> list[dict[str, Any]]:
    """Return what is drawn of each column, as plain values: they outlive a hot reload."""
    del updated
    statistics = _library.statistics(dataset_id)
    return [] if statistics is None else cells_of(statistics)


def cells_of(statistics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is drawn of each column of a dataset's statistics."""
    cells = [_cell(column) for column in statistics["columns"][:_MOST_CELLS]]
    splits = statistics["splits"]
    if len(splits) > 1:
        values = [{"value": name, "count": split["samples"]} for name, split in splits.items()]
        cells.append(_values("split", "", "split", values, total=sum(row["count"] for row in values)))
    return cells


def _cell(column: Mapping[str, Any]) -> dict[str, Any]:
    name, kind, type_name = str(column["name"]), column["kind"], str(column.get("type", ""))
    cell: dict[str, Any] = {"name": name, "type": type_name, "of": "", "bars": [], "note": _note(column), "sorts": True}
    if values := column.get("values"):
        return cell | _values(name, type_name, "value", values, total=sum(row["count"] for row in values))
    if kind == "text":
        return cell | {"of": "characters", "bars": column["characters"]["log"], "unit": "characters"}
    if kind in ("list", "binary"):
        unit = "bytes" if kind == "binary" else "elements"
        return cell | {"of": "length", "bars": column["lengths"].get("log") or [], "unit": unit, "sorts": False}
    if column.get("histogram"):
        bars = [dict(row) | {"first": str(row["first"]), "last": str(row["last"])} for row in column["histogram"]]
        of = "" if column.get("unit") else "bin"
        return cell | {"of": of, "bars": bars, "column": {key: column.get(key) for key in ("name", "kind", "type")}
                       | {"histogram": column["histogram"]}}  # fmt: skip
    return cell | {"sorts": False}


def _values(name: str, type_name: str, of: str, values: Sequence[Mapping[str, Any]], *, total: int) -> dict[str, Any]:
    shown = len(values) if len(values) <= _MOST_LINES else _MOST_LINES - 1  # the last line tells how many more
    most = sorted(values, key=lambda row: -row["count"])[:shown]
    rest = len(values) - len(most)
    return {
        "name": name, "type": type_name, "of": of, "values": True, "total": total, "sorts": of != "split",
        "bars": [{"value": str(row["value"]), "count": row["count"]} for row in most],
        "more": f"{formats.counted(rest, 'more value')}" if rest else "",
    }  # fmt: skip


def _note(column: Mapping[str, Any]) -> str:
    missing = column.get("nulls") or 0
    return f"{formats.exact(missing)} missing" if missing else ""


def _fields_of(dataset: Dataset, cell: Mapping[str, Any]) -> FieldsOf | None:
    """Return how the bars of a cell are asked for; None for those that cannot be."""
    name = cell["name"]
    ways: Mapping[str, Callable[[], FieldsOf]] = {
        "value": lambda: bar_fields.of_value(name),
        "split": lambda: bar_fields.of_split,
        "characters": lambda: bar_fields.of_measure(dataset, name, "characters"),
        "length": lambda: bar_fields.of_length(name),
        "bin": lambda: bar_fields.of_bin(cell["column"]),
    }
    return ways[cell["of"]]() if cell["of"] else None


def asked(dataset: Dataset, cells: Sequence[Mapping[str, Any]], pick: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fields for what was clicked, checked, since a browser may send anything."""
    place, first, last = (_number(pick.get(name)) for name in ("cell", "first", "last"))
    if place is None or first is None or last is None:
        return None
    if place >= len(cells) or not first <= last < len(cells[place]["bars"]):
        return None
    cell = cells[place]
    fields_of = _fields_of(dataset, cell)
    if fields_of is None:
        return None
    bars = cell["bars"]
    bar = bars[first] if cell.get("values") else {**bars[first], "last": bars[last]["last"]}
    return fields_of(bar)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _shown(dataset: Dataset, cell: Mapping[str, Any], fields: Mapping[str, Any], *, sorts: bool) -> dict[str, Any]:
    """Return a cell as the browser draws it."""
    fields_of = _fields_of(dataset, cell)
    bars = cell["bars"]
    largest = max((bar["count"] for bar in bars), default=0) or 1
    total = cell.get("total") or sum(bar["count"] for bar in bars) or 1
    return {
        "name": cell["name"][:_LABEL_CHARS],
        "type": cell["type"][:_LABEL_CHARS],
        "values": bool(cell.get("values")),
        "picks": fields_of is not None,
        "sorts": sorts and cell["sorts"],
        "note": cell.get("more") or cell.get("note") or "",
        "ends": _ends(cell),
        "bars": [
            {
                "label": _label(bar, cell.get("unit", ""))[:_LABEL_CHARS],
                "count": f"{formats.exact(bar['count'])} ({formats.share(bar['count'], total)})",
                "share": formats.share(bar["count"], total),
                "part": bar["count"] / (total if cell.get("values") else largest),
                "on": fields_of is not None and _is_asked(fields_of(bar), fields),
            }
            for bar in bars
        ],
    }


def _label(bar: Mapping[str, Any], unit: str) -> str:
    if "value" in bar:
        return str(bar["value"])
    first, last = bar["first"], bar["last"]
    if isinstance(first, int):
        span = formats.exact(first) if first == last else f"{formats.exact(first)} to {formats.exact(last)}"
    else:
        span = first if first == last else f"{first} to {last}"
    return f"{span} {unit}".strip()


def _ends(cell: Mapping[str, Any]) -> list[str]:
    """Return the least and the greatest edge of a histogram."""
    bars = cell["bars"]
    if cell.get("values") or not bars:
        return []
    return [_short(bars[0]["first"]), f"{_short(bars[-1]['last'])} {cell.get('unit', '')}".strip()]


def _short(edge: Any) -> str:
    if isinstance(edge, int):
        return formats.count(edge)
    text = str(edge)
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text.split("T", maxsplit=1)[0]


def _is_asked(bar: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Tell whether the query asks for this bar, alone or with others beside it."""
    if conditions := bar.get("where"):
        return set(conditions) <= set(fields.get("where", ()))
    if "split" in bar:
        return bool(fields.get("split") == bar["split"])
    bounds = {name: value for name, value in bar.items() if name.startswith(("min_", "max_"))}
    low = next((value for name, value in bounds.items() if name.startswith("min_")), None)
    high = next((value for name, value in bounds.items() if name.startswith("max_")), None)
    wanted = {name: fields.get(name) for name in bounds}
    if low is None or high is None or all(value is None for value in wanted.values()):
        return False
    at_least = next(value for name, value in wanted.items() if name.startswith("min_"))
    at_most = next(value for name, value in wanted.items() if name.startswith("max_"))
    return (at_least is None or at_least <= low) and (at_most is None or high <= at_most)


def key(dataset: Dataset) -> str:
    """Return the key of the strip of a dataset."""
    return keys.of(dataset.id, "strip")
