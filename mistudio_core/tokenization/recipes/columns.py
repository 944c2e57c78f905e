"""Where the text of a recipe comes from: splits, columns, templates, found by name and by type."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid

_JSON_CHAT: Final = re.compile(r"json|list<json(<(?P<keys>.*)>)?>")
"""Types that may hold conversations whose messages differ in their keys; those that all have are named."""
_CHAT_NAMES: Final = ("messages", "conversations", "conversation", "chat")
CHAT_FIELDS: Final = (("role", "content"), ("from", "value"))
"""How the two common forms of a conversation name who speaks, and what is said."""


def template_columns(template: str) -> list[str]:
    """Return the columns a template names, in its order; `{{` and `}}` are braces.

    Raises `invalid_request` for anything but plain `{column}`: no attributes, no indexes, no formats.
    """
    return [name for _, name in template_parts(template) if name is not None]


def template_parts(template: str) -> list[tuple[str, str | None]]:
    """Return the template as pairs of literal text and the column that follows it (None at the end)."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise invalid(f"template cannot be read: {error}.", "Write a column as {name}, a brace as {{ or }}.") from None
    parts: list[tuple[str, str | None]] = []
    for literal, name, form, conversion in parsed:
        if name is not None and (not name or form or conversion):
            raise invalid(
                f"template has a field that is not a column: {'{' + str(name) + '}'!r}.",
                "Write the name of a column between braces, for example {instruction}.",
            )
        parts.append((literal, name))
    return parts


def holds_conversations(values: Mapping[str, Any]) -> bool | None:
    """Tell whether the text of a recipe is written by a chat template; None while its columns are not chosen yet."""
    if values["chat"] is not None:
        return True
    return False if values["columns"] or values["template"] is not None else None


def resolve_splits(wanted: tuple[str, ...], splits: Mapping[str, int]) -> tuple[str, ...]:
    """Return the splits that were asked for, else `train`, else the only one."""
    listed = ", ".join(splits) or "none"
    missing = [name for name in wanted if name not in splits]
    if missing:
        raise StudioError("split_not_found", f"There is no split {missing[0]!r:.80}.", f"The splits are: {listed}.")
    if wanted:
        return wanted
    if "train" in splits:
        return ("train",)
    if len(splits) == 1:
        return tuple(splits)
    raise invalid("The dataset has several splits and none of them is 'train'.", f"Choose from: {listed}.")


def resolve_columns(
    wanted: tuple[str, ...], columns: Mapping[str, str], text_columns: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the columns that were asked for, checked by their types, else `text`, else the only text column."""
    if wanted:
        require_columns(wanted, columns)
        for name in wanted:
            if name not in text_columns and not (len(wanted) == 1 and is_token_type(columns[name])):
                raise StudioError(
                    "no_text_column",
                    f"The column {name!r:.80} holds {columns[name]}, not text.",
                    f"The text columns are: {', '.join(text_columns) or 'none'}.",
                )
        return wanted
    if "text" in text_columns:
        return ("text",)
    if len(text_columns) == 1:
        return text_columns
    if text_columns:
        raise invalid("The dataset has several text columns.", f"Choose from: {', '.join(text_columns)}.")
    listed = ", ".join(f"{name} ({kind})" for name, kind in columns.items())
    raise StudioError("no_text_column", "The dataset has no text column.", f"Its columns are: {listed or 'none'}.")


def require_columns(wanted: Sequence[str], columns: Mapping[str, str]) -> None:
    """Raise `invalid_request` naming the first column that is not there."""
    for name in wanted:
        if name not in columns:
            raise invalid(f"There is no column {name!r:.80}.", f"The columns are: {', '.join(columns) or 'none'}.")


def is_token_type(kind: str) -> bool:
    """Whether a readable column type is a list of whole numbers, which may be token ids."""
    inner = kind.removeprefix("large_").removeprefix("fixed_size_")
    return inner.startswith("list<") and inner.removeprefix("list<").startswith(("int", "uint"))


def is_chat_type(kind: str) -> bool:
    """Whether a readable column type is a list of messages: a role that is text and a content, or from and value.

    The content may be text, a list of parts, or JSON.
    """
    keys = _JSON_CHAT.fullmatch(kind)
    if keys is not None:
        return any(set(names) <= set((keys["keys"] or "").split(", ")) for names in CHAT_FIELDS)
    fields = _message_fields(kind)
    return any(fields.get(role) == "string" and _is_content(fields.get(said)) for role, said in CHAT_FIELDS)


def chat_columns(columns: Mapping[str, str]) -> list[str]:
    """Return the columns that hold conversations, told by their types.

    JSON may be anything: it counts where the column has a name under which conversations are published.
    """
    return [
        name
        for name, kind in columns.items()
        if is_chat_type(kind) or (name in _CHAT_NAMES and _JSON_CHAT.fullmatch(kind))
    ]


def resolve_chat(wanted: str, columns: Mapping[str, str]) -> str:
    """Return the chat column: the one that was named, or the only one there is."""
    found = chat_columns(columns)
    if wanted in found or _JSON_CHAT.fullmatch(columns.get(wanted, "")):
        return wanted
    if wanted != "auto":
        require_columns([wanted], columns)
        raise StudioError(
            "no_text_column",
            f"The column {wanted!r:.80} holds {columns[wanted]:.200}, which is not a conversation.",
            "A conversation is a list of messages, each with role and content, or with from and value.",
        )
    if len(found) != 1:
        raise StudioError(
            "no_text_column",
            "The dataset has several columns of conversations." if found else "No column holds conversations.",
            f"Choose from: {', '.join(found)}." if found else f"Its columns are: {', '.join(columns) or 'none'}.",
        )
    return found[0]


def resolve_objects(field: str, wanted: str | None, usual: str, columns: Mapping[str, str]) -> str | None:
    """Return the column of tools or documents: the one that was named, else the `usual` one where its type fits."""
    # A text column of the name documents more likely holds prose than JSON.
    fits = is_objects_type(columns.get(usual, "")) and (usual, columns[usual]) != ("documents", "string")
    if wanted is None:
        return usual if fits else None
    if wanted == "none":
        if fits:
            return wanted
        raise invalid(f"{field} is 'none', and there is no column {usual} to leave out.", "Leave the field out.")
    require_columns([wanted], columns)
    if not is_objects_type(columns[wanted]):
        raise invalid(
            f"{field} names the column {wanted!r:.80}, which holds {columns[wanted]:.200}.",
            "Name a column of lists of objects, or of JSON.",
        )
    return wanted


def is_objects_type(kind: str) -> bool:
    """Whether a readable column type may hold lists of objects: as they are, or as JSON in a text."""
    return kind in ("string", "list<string>") or kind.startswith(("json", "list<json", "list<struct<"))


def _message_fields(kind: str) -> dict[str, str]:
    """Return the fields of the structs that a list type holds, by name; none where it holds none."""
    turns = re.fullmatch(r"list<struct<(.*)>>", kind)
    if turns is None:
        return {}
    fields, depth, start = [], 0, 0
    for place, letter in enumerate(turns[1]):
        depth += (letter == "<") - (letter == ">")
        if depth == 0 and turns[1].startswith(", ", place):
            fields.append(turns[1][start:place])
            start = place + 2
    fields.append(turns[1][start:])
    return {name: inner for name, _, inner in (field.partition(": ") for field in fields)}


def _is_content(kind: str | None) -> bool:
    return kind == "string" or (kind or "").startswith(("json", "list<json", "list<struct<"))
