"""The list of samples under one key of a JSON object, as JSON lines: it is then read with every digit and type.

The reader of `datasets` hands such a list to pandas, which rounds numbers and takes no column of several types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.json_values import loads_exactly
from mistudio_core.sources.converted_stream import ConvertedStream

_KEYS_SHOWN: Final = 8
_NAMES: Final = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}


class FieldLines(ConvertedStream):
    """A stream of one JSON object as JSON lines, a line for each sample under one of its keys.

    Raises `corrupt_data` where there is no such object, key or list.
    """

    def __init__(self, stream: IO[bytes], name: str, key: str) -> None:
        """Read from `stream`, which errors call `name`, what is under `key`."""
        self._name, self._key = name, key
        super().__init__(stream)

    def _begin(self) -> None:
        self._pieces: list[bytes] = []

    def _convert(self, data: bytes, *, final: bool) -> bytes:
        self._pieces.append(data)
        if not final:
            return b""
        samples = self._samples(self._parsed(b"".join(self._pieces)))
        self._pieces = []
        return b"".join(json.dumps(sample, ensure_ascii=False).encode() + b"\n" for sample in samples)

    def _parsed(self, text: bytes) -> Any:
        """Return what is under the key."""
        try:
            found = loads_exactly(text.decode("utf-8-sig"))
        except json.JSONDecodeError as error:
            raise self._refused(f"is no JSON object: {error.msg} on line {error.lineno:,}.") from error
        except ValueError as error:
            raise self._refused(f"cannot be read: {error}.") from error
        if not isinstance(found, dict):
            raise self._refused(f"holds {_kind(found)}, not an object with the key {self._key[:80]!r}.")
        if self._key not in found:
            shown = ", ".join(repr(str(key)[:80]) for key in list(found)[:_KEYS_SHOWN]) or "none"
            raise self._refused(f"has no key {self._key[:80]!r}. Its keys are: {shown}.")
        return found[self._key]

    def _samples(self, found: Any) -> Iterator[Any]:
        """Yield the samples; what is no object becomes the column `text`, as in a file that is such a list."""
        if isinstance(found, list):
            plain = all(sample is None or isinstance(sample, Mapping) for sample in found)
            yield from found if plain else ({"text": sample} for sample in found)
        elif isinstance(found, dict) and all(isinstance(column, dict | list) for column in found.values()):
            yield from self._of_columns(found)
        else:
            raise self._refused(f"holds {_kind(found)} under {self._key[:80]!r} instead of a list of samples.")

    def _of_columns(self, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the samples of columns, each of which is a list or an object whose keys number the samples."""
        columns = {
            name: column if isinstance(column, dict) else dict(enumerate(column)) for name, column in found.items()
        }
        if len({len(column) for column in columns.values()}) > 1:
            raise self._refused(f"holds columns of different lengths under {self._key[:80]!r}.")
        places = dict.fromkeys(place for column in columns.values() for place in column)
        for place in places:
            yield {name: column.get(place) for name, column in columns.items()}

    def _refused(self, why: str) -> StudioError:
        return StudioError(
            "corrupt_data", f"{self._name} {why}", "Name the key whose value is the list of samples, or leave it out."
        )


def _kind(value: Any) -> str:
    return _NAMES.get(type(value), "a number")
