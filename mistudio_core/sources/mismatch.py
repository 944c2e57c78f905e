"""Why a file cannot be read, in words that name the file and the columns."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.sources import arrow_types, line_guard
from mistudio_core.sources.differences import differences
from mistudio_core.sources.failures import chained, transport_failure
from mistudio_core.sources.long_rows import LongRowError
from mistudio_core.sources.places import Places, first_misfit

if TYPE_CHECKING:
    from mistudio_core.sources.plain_features import AnyFeatures

_NAMES_SHOWN: Final = 8
_REASON_LENGTH: Final = 200
_PLACES_OF_READERS: Final = re.compile(r"[,.]? (in row|in line|starting at row) \d+")
"""Counted within a block or in records: the reported line is that of the file."""


_TOO_DEEP: Final = re.compile(r"too deeply nested|Recursion level|max depth", re.IGNORECASE)
"""How Arrow and Parquet say that a type nests deeper than they go."""


class MisfitError(ValueError):
    """A table whose columns do not fit those of the first file."""

    def __init__(self, table: pa.Table) -> None:
        super().__init__("columns do not fit")
        self.table = table


def explained(
    error: BaseException, name: str, places: Places, seen: pa.Table | None, features: AnyFeatures | None
) -> StudioError:
    """Return the error to show for a file called `name`, in which `places` finds the row and the line.

    `seen` is the last table that a reader tried to fit to `features`. Failures of the network or
    the disk are reported as such, and not as damage.
    """
    for link in chained(error):
        if isinstance(link, StudioError):
            return link
    failure = transport_failure(error, name)
    if failure is not None:
        return failure
    if any(isinstance(link, LongRowError) for link in chained(error)):
        return _long_row(name, places)
    wrong = misfit(error, seen)
    if wrong is not None and features is not None:
        message = _differences(wrong.schema, features.arrow_schema)
        if message:
            first = "its first rows" if places.rows else "the first file"
            return StudioError(
                "corrupt_data",
                f"The columns of {name} do not match those of {first}: {message}."
                f"{_where(wrong, features.arrow_schema, places)}",
                "All files of a dataset need the same columns and types.",
            )
    if any(isinstance(link, UnicodeDecodeError) for link in chained(error)):
        return StudioError(
            "corrupt_data",
            f"{name} cannot be read: it is not text in UTF-8.",
            "Save it as UTF-8, or decompress it first.",
        )
    message = _reason(error).replace(places.source.address, name)
    if _TOO_DEEP.search(message):
        return arrow_types.too_deep(name)
    place = places.of_damage(message)
    if place.line is not None:
        message = _PLACES_OF_READERS.sub("", message).rstrip(".") + "."
    return StudioError(
        "corrupt_data",
        f"{name} cannot be read: {message}{place}",
        "The file is damaged, or its format is not what its name says.",
    )


def misfit(error: BaseException, seen: pa.Table | None) -> pa.Table | None:
    """Return the table that does not fit: that of the error, else what a reader has `seen` last."""
    return next((link.table for link in chained(error) if isinstance(link, MisfitError)), seen)


def _long_row(name: str, places: Places) -> StudioError:
    told = line_guard.too_long(f"A row of {name}")
    return StudioError(
        told.code,
        f"{told.message}{places.of_row(places.rows)}",
        "A quote that is never closed makes one cell of all that follows it: look at the quotes there. "
        "Split texts that are really longer.",
    )


def _where(wrong: pa.Table, schema: pa.Schema, places: Places) -> str:
    """Say where the first value is that does not fit; nothing where columns themselves differ."""
    if set(wrong.schema.names) != set(schema.names):
        return ""
    row = first_misfit(wrong, schema)
    return "" if row is None else str(places.of_row(places.rows + row))


def old_feather(name: str) -> StudioError:
    """Return the error for a file of the first version of Feather, which is not Arrow yet."""
    return StudioError(
        "corrupt_data",
        f"{name} cannot be read: it is a Feather file of version 1.",
        "Write it again as Feather of version 2, which is Arrow, or as Parquet.",
    )


def refuse_odd_columns(schema: pa.Schema, most: int) -> None:
    """Raise `too_large` for more than `most` columns, `corrupt_data` for a duplicate column name."""
    if len(schema.names) > most:
        raise StudioError(
            "too_large",
            f"The table has {len(schema.names):,} columns; at most {most:,} are supported.",
            "Remove columns that are not needed and import again.",
        )
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise StudioError("corrupt_data", f"The table has two columns named {_quoted(twice)}.", "Rename one of them.")


def _differences(wrong: pa.Schema, right: pa.Schema) -> str:
    """Name the columns that are new, missing or of a type that does not fit; empty where the names do not tell."""
    new = [name for name in wrong.names if name not in right.names]
    if new:
        missing = [name for name in right.names if name not in wrong.names]
        return f"it has {_quoted(new)}" + (f" and lacks {_quoted(missing)}" if missing else "")
    changed = [name for name in wrong.names if wrong.field(name).type != right.field(name).type]
    message = [words for name in changed for words in differences(name, wrong, right)]
    return ", ".join(message[:_NAMES_SHOWN]) + (
        f" and {len(message) - _NAMES_SHOWN} more" if len(message) > _NAMES_SHOWN else ""
    )


def _quoted(names: list[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:_NAMES_SHOWN])
    return shown + (f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else "")


def _reason(error: BaseException) -> str:
    """Return the first sentence of what the reader says, without addresses."""
    for link in chained(error):
        text = str(link).strip()
        if text and not isinstance(link, MisfitError):
            line = re.sub(r"\S+://\S+", "", text.splitlines()[0])
            return line[:_REASON_LENGTH].rstrip(".") + "."
    return "it ends too early."
