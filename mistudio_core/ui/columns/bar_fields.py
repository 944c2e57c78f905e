"""What the bars of a chart count, as the fields of a query for samples that finds exactly that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mistudio_core.records import Dataset, Tokenization

_NARROW_FLOATS: Final = ("float16", "float32")
"""A value for such a column is rounded to its type, which must not move the edge of a bin."""

Bar = Mapping[str, Any]
FieldsOf = Callable[[Bar], dict[str, Any]]
"""What a bar shows, as the fields of a query for samples."""


def of_measure(dataset: Dataset, column: str, measure: str) -> FieldsOf:
    """Return how a bar of lengths in `characters`, `bytes` or `words` is asked for.

    The column is named where it is not the main text.
    """
    field = "chars" if measure == "characters" else measure
    texts = dataset.text_columns
    main = "text" if "text" in texts else texts[0] if texts else column
    named = None if column == main else column
    return lambda bar: {"column": named, f"min_{field}": int(bar["first"]), f"max_{field}": int(bar["last"])}


def of_tokens(tokenization: Tokenization) -> FieldsOf:
    """Return how a bar of lengths in tokens is asked for."""
    of = {"tokenization": tokenization.id, "documents": True}
    return lambda bar: of | {"min_tokens": int(bar["first"]), "max_tokens": int(bar["last"])}


def of_split(bar: Bar) -> dict[str, Any]:
    """Return how the bar of a split is asked for."""
    return {"split": str(bar["value"])}


def of_value(column: str) -> FieldsOf:
    """Return how the bar of a value of a column is asked for."""
    return lambda bar: {"where": (f"{column}={bar['value']}",)}


def of_script(column: str) -> FieldsOf:
    """Return how the bar of a script is asked for: texts with at least one letter of it."""
    return lambda bar: {"where": (f"letters({column})={bar['value']}",)}


def of_bin(column: Mapping[str, Any]) -> FieldsOf:
    """Return how a bin of numbers or moments is asked for; one of floats leaves its end to the next bin."""
    name = column["name"]
    if column["kind"] != "float":
        return lambda bar: {"where": (f"{name}>={bar['first']}", f"{name}<={bar['last']}")}
    type_name = str(column.get("type"))
    rows = column["histogram"]
    firsts = {str(row["first"]): row["first"] for row in rows}
    shared = {str(row["last"]) for row in rows[:-1]}

    def fields(bar: Bar) -> dict[str, Any]:
        first = _held(firsts[bar["first"]], type_name)
        if bar["last"] in shared:
            last = _before(_held(firsts[bar["last"]], type_name), type_name)
        else:
            last = float(bar["last"])
        return {"where": (f"{name}>={first!r}", f"{name}<={last!r}")}

    return fields


def _held(edge: float, type_name: str) -> float:
    """Return the least number of a type of floats that is not below the edge of a bin, which is a float64."""
    import numpy as np

    if type_name not in _NARROW_FLOATS:
        return edge
    kind = np.dtype(type_name).type
    rounded = kind(edge)
    return float(rounded if float(rounded) >= edge else np.nextafter(rounded, kind(np.inf)))


def _before(number: float, type_name: str) -> float:
    """Return the greatest number of a type of floats below one of its numbers."""
    import numpy as np

    kind = np.dtype(type_name).type if type_name in _NARROW_FLOATS else np.float64
    return float(np.nextafter(kind(number), kind(-np.inf)))


def of_length(column: str) -> FieldsOf:
    """Return how a bar of lengths of lists, or of bytes, is asked for."""
    return lambda bar: {"where": (f"len({column})>={bar['first']}", f"len({column})<={bar['last']}")}
