"""How the JSON reader of `datasets` writes values of several types as JSON: every one of them, and exactly.

Its own way leaves a string as it is that is JSON by chance, so that the text `"12"` could not be told from the number,
rounds numbers to ten decimals, and takes the last of two equal keys. What Arrow refuses stays refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from mistudio_core.json_values import loads_exactly


class _EmptyLine(dict[str, Any]):
    """What an empty line between samples is read as: no sample, but without a field that could be looked at."""


_EMPTY_LINE: Final = _EmptyLine()
_EMPTY_LIST_CHARS: Final = 1 << 16
"""More than any list of nothing has: the file may be of any size."""


def install() -> None:
    """Let the JSON reader of `datasets` encode, and read what it encodes, with the functions of this module."""
    from datasets.packaged_modules.json import json as reader

    reader.ujson_loads = _loads
    reader.ujson_dumps = _dumps
    reader.pandas_read_json = _nothing
    reader.json_encode_field = encoded_field
    reader.json_encode_fields_in_json_lines = encoded_lines


def encoded_lines(lines: bytes, paths: Sequence[Sequence[Any]]) -> bytes:
    """Return JSON lines with the values at some places encoded.

    A path is names of fields, and 0 for the items of a list.
    """
    samples = [_loads(line) for line in lines.splitlines()]
    for path in paths:
        samples = [encoded_field(sample, path) for sample in samples]
    return "\n".join(map(_dumps, samples)).encode()


def encoded_field(value: Any, path: Sequence[Any]) -> Any:
    """Return a value with what is at the end of the path as JSON text; null stays null.

    What is no list or object on the way there is encoded already, with all that is in it.
    """
    if value is None or value is _EMPTY_LINE:
        return value
    if not path:
        return json.dumps(value)
    step, *rest = path
    if step == 0 and isinstance(value, list):
        return [encoded_field(item, rest) for item in value]
    if isinstance(value, Mapping):
        return {**value, step: encoded_field(value.get(step), rest)}
    return value


def _nothing(file: IO[str]) -> Any:
    """Stand for pandas, which reads what Arrow refuses, with rounded numbers and columns for keys: only an empty list.

    Raises ValueError for anything else, so that what Arrow said is told.
    """
    import pandas as pd  # type: ignore[import-untyped]

    if _loads(file.read(_EMPTY_LIST_CHARS)) != []:
        raise ValueError
    return pd.DataFrame()


def _loads(text: str | bytes) -> Any:
    return loads_exactly(text) if text.strip() else _EMPTY_LINE


def _dumps(value: Any) -> str:
    return "" if value is _EMPTY_LINE else json.dumps(value)
