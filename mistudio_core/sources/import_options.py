"""How local files are read where the files alone cannot say: separators, encodings, what a sample of text is."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from mistudio_core.errors import invalid

TEXT_UNITS: Final = ("line", "paragraph", "document")
"""What one sample of a text file is, in the words of `datasets`; a document is a whole file."""
INVALID_UTF8: Final = ("refuse", "replace")
NO_HEADER: Final = "none"
_TAB_NAMES: Final = frozenset({"\\t", "tab"})
_APPLY_TO: Final[Mapping[str, frozenset[str]]] = {
    "null_values": frozenset({"csv"}),
    "delimiter": frozenset({"csv"}),
    "header": frozenset({"csv"}),
    "encoding": frozenset({"csv", "json", "text"}),
    "field": frozenset({"json"}),
    "sample_by": frozenset({"text"}),
    "text_columns": frozenset({"parquet", "arrow"}),
    "invalid_utf8": frozenset({"csv", "json", "text", "parquet", "arrow"}),
}
"""Each option and the readers of `datasets` that know it."""
_OF_DOWNLOADS: Final = frozenset({"text_columns", "invalid_utf8"})
_NOT_OF_FILES: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)
"""Codecs for other things than the text of a file."""
_LONGEST: Final = 200
_MOST_NULL_VALUES: Final = 1000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import; None leaves each to `datasets`, whose results are the same for the same options.

    `null_values` are the only cells of a CSV file that count as missing, none where it is empty. `header` is `"none"`
    or the number of the line that holds the names, from 0. `field` names the list within one JSON object. `sample_by`
    is one of `TEXT_UNITS`. `text_columns` are columns of bytes that hold text. `invalid_utf8` is one of `INVALID_UTF8`:
    what happens to bytes in a text that are no UTF-8; without it they are refused. Raises `invalid_request` for values
    that cannot be meant.
    """

    null_values: tuple[str, ...] | None = None
    delimiter: str | None = None
    header: int | str | None = None
    encoding: str | None = None
    field: str | None = None
    sample_by: str | None = None
    text_columns: tuple[str, ...] | None = None
    invalid_utf8: str | None = None

    def __post_init__(self) -> None:
        """Normalize every value for storing and comparing."""
        for name, clean in _CLEAN.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, clean(value))

    @classmethod
    def from_fields(cls, stored: Mapping[str, Any] | None) -> ImportOptions:
        """Return the options from a mapping, such as `to_json` gives; unknown names are refused."""
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(stored or {}) - known)
        if unknown:
            raise invalid(
                f"{unknown[0][:40]!r} is not an import option.", f"The options are: {', '.join(sorted(known))}."
            )
        return cls(**(stored or {}))

    def to_json(self) -> dict[str, Any]:
        """Return the options that were chosen, by name, as JSON has them."""
        chosen = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in chosen.items()
            if value is not None
        }

    def of_download(self) -> dict[str, Any]:
        """Return the options as `to_json` does; refuses those that are the card's to say where files are on the Hub."""
        chosen = self.to_json()
        other = sorted(set(chosen) - _OF_DOWNLOADS)
        if other:
            raise invalid(f"{other[0]} is no option of a download.", f"Known are: {', '.join(sorted(_OF_DOWNLOADS))}.")
        return chosen

    def settings(self, module: str, file_format: str) -> dict[str, Any]:
        """Return the settings of the reader `module` of `datasets`; refuse options that it does not know."""
        chosen = self.to_json()
        for name in chosen:
            if module not in _APPLY_TO[name]:
                raise invalid(
                    f"{name} is not an option for {file_format} files.",
                    f"Leave it out; it is for {', '.join(sorted(_APPLY_TO[name]))} files.",
                )
        settings: dict[str, Any] = {name: chosen[name] for name in ("encoding", "field", "sample_by") if name in chosen}
        if self.delimiter is not None:
            settings["sep"] = self.delimiter
        if self.header is not None:
            settings["header"] = None if self.header == NO_HEADER else self.header
        if self.null_values is not None:
            settings |= {"na_values": list(self.null_values), "keep_default_na": False}
        return settings


def _null_values(values: Iterable[str]) -> tuple[str, ...]:
    values_given: tuple[Any, ...] = (values,) if isinstance(values, str) else tuple(dict.fromkeys(values))
    if len(values_given) > _MOST_NULL_VALUES or not all(
        isinstance(one, str) and len(one) <= _LONGEST for one in values_given
    ):
        raise invalid("The null values are not a short list of strings.", "Give each as written in the file.")
    return values_given


def _delimiter(value: str) -> str:
    text = "\t" if str(value).lower() in _TAB_NAMES else str(value)
    if len(text) != 1 or text in '"\r\n\0':
        raise invalid(
            f"The delimiter {text[:20]!r} cannot separate cells.",
            "Give one character other than a quote or a line break, such as ';' or 'tab'.",
        )
    return text


def _header(value: int | str) -> int | str:
    text = str(value).strip().lower()
    if text == NO_HEADER:
        return NO_HEADER
    if isinstance(value, bool) or not text.isdecimal() or len(text) > len("1000000"):
        raise invalid(f"The header {text[:20]!r} is not a line number.", "Give 'none', or the line number, from 0.")
    return int(text)


def _encoding(value: str) -> str:
    try:
        found = codecs.lookup(str(value).strip())
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        found = None
    if found is None or not found._is_text_encoding or found.name.replace("-", "_") in _NOT_OF_FILES:
        raise invalid(
            f"{str(value)[:40]!r} is not the name of a text encoding.",
            "Use for example utf-8, utf-16, cp1252, latin-1, shift_jis, gb18030.",
        )
    return found.name


def _field(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise invalid("The field is not a key.", "Name the key whose value is the list of samples.")
    return value


def _sample_by(value: str) -> str:
    if value not in TEXT_UNITS:
        raise invalid(f"{str(value)[:40]!r} is not a text unit.", f"Choose one of {', '.join(TEXT_UNITS)}.")
    return value


def _text_columns(names: Iterable[str]) -> tuple[str, ...]:
    kept: tuple[Any, ...] = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    if len(kept) > _MOST_NULL_VALUES or not all(isinstance(one, str) for one in kept):
        raise invalid("The text columns are not a list of names.", "Name each column as it stands in the files.")
    return kept


def _invalid_utf8(value: str) -> str:
    if value not in INVALID_UTF8:
        raise invalid(f"{str(value)[:40]!r} is no way to treat such bytes.", f"Choose from {', '.join(INVALID_UTF8)}.")
    return value


_CLEAN: Final[Mapping[str, Any]] = {
    "null_values": _null_values,
    "delimiter": _delimiter,
    "header": _header,
    "encoding": _encoding,
    "field": _field,
    "sample_by": _sample_by,
    "text_columns": _text_columns,
    "invalid_utf8": _invalid_utf8,
}
