"""The fields of a recipe in words: for `--help`, and as the table of the documentation."""

from __future__ import annotations

from typing import Any, Final

from mistudio_core.tokenization.recipes.fields import FIELDS, REQUIRED, Field
from mistudio_core.tokenization.recipes.registry import presets

BEGIN: Final = "<!-- recipe fields: written by `make docs`, not by hand -->"
END: Final = "<!-- end of recipe fields -->"
_EXAMPLES: Final = {"text": "TEXT", "names": "NAME", "day": "YYYY-MM-DD"}


def values_in_words(field: Field) -> str:
    """Return which values a field may have, such as `auto|row|never` or `1 to 1,024`."""
    if field.name == "preset":
        return "|".join(one.name for one in presets())
    if field.kind == "switch":
        return "true|false"
    if field.kind == "token":
        return "|".join([*map(str, field.choices), "ID"])
    if field.choices:
        return "|".join(map(str, field.choices))
    if field.bounds is not None:
        least, greatest = field.bounds
        return f"{least:,} to {greatest:,}"
    return "0 to 1" if field.kind == "share" else _EXAMPLES[field.kind]


def default_in_words(field: Field) -> str:
    """Return the default of a field, and what it stands for."""
    if field.default is REQUIRED:
        return "has to be given"
    if field.default in (None, ()):
        return field.unset
    return written(field.default)


def written(value: Any) -> str:
    """Return a value as JSON and the command line take it, with commas in numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int) else str(value)


def takers(field: Field) -> str:
    """Return the presets that take a field which not all of them take, else nothing."""
    return ", ".join(one.name for one in presets() if field.name in one.fields) if field.by_preset else ""


def in_one_line(field: Field) -> str:
    """Return the sentence on a field with its values and its default."""
    parts = [field.help]
    if field.bounds is not None or field.kind in ("choice", "share", "switch", "token"):
        unit = f" {field.unit}" if field.unit else ""
        parts.append(f"Values: {values_in_words(field).replace('|', ', ')}{unit}.")
    parts.append(f"Default: {default_in_words(field)}.")
    if field.by_preset:
        parts.append(f"Presets: {takers(field)}.")
    return " ".join(parts)


def fields_table() -> str:
    """Return the table of all fields as Markdown."""
    lines = ["| field | values | default | what it does |", "| --- | --- | --- | --- |"]
    for field in FIELDS.values():
        presets_taking = f" ({takers(field)})" if field.by_preset else ""
        cells = [f"`{field.name}`", _code(values_in_words(field)), default_in_words(field), field.help + presets_taking]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """Return a document with the table between its two marks written anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert after, "the marks of the table are missing"
    return f"{before}{BEGIN}\n\n{fields_table()}\n\n{END}{after}"


def _code(values: str) -> str:
    """Return values as code, one by one."""
    return ", ".join(f"`{one}`" for one in values.split("|")) if "|" in values else values
