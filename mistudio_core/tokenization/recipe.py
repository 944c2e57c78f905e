"""The recipe: everything a user chooses about a tokenization, checked, frozen and serialisable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid

PRESETS: Final = ("continuous", "saelens", "transformer_lens", "sparsify", "per_document")
MAX_CONTEXT_LENGTH: Final = 1_048_576
PEER_BATCH_ROWS: Final = {"saelens": 1000, "transformer_lens": 1000, "sparsify": 2048}
"""Documents that each project hands to one `map` call by default; their own rows depend on it."""
DEFAULT_JOINT: Final = "\n\n"
"""What stands between several columns when no template is given: a blank line."""

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "preset": PRESETS,
    "bos": ("auto", "row", "document", "never"),
    "truncation": ("auto", "truncate", "window"),
    "padding": ("none", "longest", "max_length"),
    "padding_side": ("right", "left"),
    "padding_column": ("none", "length", "attention_mask"),
    "remainder": ("drop", "keep", "pad"),
    "control_tokens": ("parse", "literal"),
    "oversized": ("fail", "skip"),
    "shuffle": ("rows", "documents"),
    "dtype": ("auto", "int32"),
    "engine": ("auto", "reference", "fast"),
}
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {  # the least and the greatest value
    "context_length": (1, MAX_CONTEXT_LENGTH),
    "stride": (0, MAX_CONTEXT_LENGTH),
    "min_tokens": (0, 1 << 31),
    "max_tokens_per_document": (1, 1 << 31),
    "min_chars": (0, 1 << 31),
    "token_budget": (1, 1 << 62),
    "shuffle_seed": (0, (1 << 63) - 1),
    "batch_rows": (1, 1_000_000),
    "emulate_num_proc": (1, 1024),
}
_NULLABLE: Final = frozenset(
    {
        "tokenizer_revision", "template", "chat", "add_special_tokens", "max_tokens_per_document",
        "max_junk_ratio", "token_budget", "shuffle_seed", "batch_rows",
    }
)  # fmt: skip
_TEXTS: Final = frozenset({"tokenizer", "tokenizer_revision", "template", "chat"})
_SWITCHES: Final = frozenset({"add_special_tokens", "drop_duplicates"})
_LISTS: Final = frozenset({"splits", "columns"})
_MAX_TEXT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How text becomes token rows; make one with `Recipe.from_fields`, which checks every value.

    `None` and `auto` mean "as the preset and the tokenizer have it"; what they came to stands in the
    manifest. An empty `splits` or `columns` is filled in by `resolved`.
    """

    tokenizer: str
    tokenizer_revision: str | None = None
    splits: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """One text column, several (joined by a blank line unless there is a template), or one of token ids."""
    template: str | None = None
    chat: str | None = None
    """The column that holds conversations."""
    preset: str = "continuous"
    context_length: int = 1024
    bos: str = "auto"
    separator: str | int = "auto"
    """`auto`, `eos`, `bos`, `none` or a token id."""
    add_special_tokens: bool | None = None
    stride: int = 0
    """Tokens that a window shares with the one before it."""
    truncation: str = "auto"
    """What `per_document` does with a document longer than a row: `auto` is `window` with a stride, else `truncate`."""
    padding: str = "none"
    padding_side: str = "right"
    padding_column: str = "none"
    remainder: str = "drop"
    control_tokens: str = "parse"
    min_tokens: int = 0
    max_tokens_per_document: int | None = None
    min_chars: int = 0
    max_junk_ratio: float | None = None
    drop_duplicates: bool = False
    oversized: str = "fail"
    """What happens to a text too large to encode that cannot be cut: `fail`, or `skip` and count it."""
    token_budget: int | None = None
    shuffle_seed: int | None = None
    shuffle: str = "rows"
    """What a seed shuffles: finished rows, or documents before they are packed."""
    batch_rows: int | None = None
    """Documents in one `map` call of the project a preset reproduces; None is that project's default."""
    emulate_num_proc: int = 1
    """Processes of the project a preset reproduces."""
    dtype: str = "auto"
    engine: str = "auto"

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Recipe:
        """Check the fields that were given and return the recipe; raise `invalid_request` naming the bad one."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(str(name)[:80] for name in values if name not in known)
        if unknown:
            raise invalid(f"A recipe has no field {unknown[0]!r}.", f"Its fields are: {', '.join(sorted(known))}.")
        if values.get("tokenizer") is None:
            raise invalid("tokenizer is missing.", "Give a Hub id such as 'openai-community/gpt2', a path or 'sample'.")
        recipe = cls(**{name: _checked(name, value) for name, value in values.items()})
        _check_together(recipe)
        return recipe

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them, in the order of the class."""
        return {
            field.name: list(value) if isinstance(value := getattr(self, field.name), tuple) else value
            for field in dataclasses.fields(self)
        }

    def fingerprint(self) -> str:
        """Return the SHA-256 of the recipe's canonical JSON: equal recipes on equal data give equal bytes.

        `engine` is left out, since every engine must give the same ids.
        """
        fields = {name: value for name, value in self.to_json().items() if name != "engine"}
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def resolved(self, *, splits: Mapping[str, int], columns: Mapping[str, str], text_columns: Sequence[str]) -> Recipe:
        """Return the recipe with the splits and columns that it takes by default written out.

        `splits` maps each split to its samples, `columns` each column to its readable type. Raises
        `split_not_found`, `no_text_column` or `invalid_request`, listing what there is.
        """
        chosen = _resolve_splits(self.splits, splits)
        if self.chat is not None or self.template is not None:
            wanted = [self.chat] if self.chat is not None else template_columns(self.template or "")
            _require_columns(wanted, columns)
            return dataclasses.replace(self, splits=chosen)
        found = _resolve_columns(self.columns, columns, tuple(text_columns))
        return dataclasses.replace(self, splits=chosen, columns=found)

    def source_columns(self) -> tuple[str, ...]:
        """Return the columns that have to be read, each once."""
        if self.chat is not None:
            return (self.chat,)
        if self.template is not None:
            return tuple(dict.fromkeys(template_columns(self.template)))
        return tuple(dict.fromkeys(self.columns))

    @property
    def is_peer(self) -> bool:
        """Whether the preset reproduces another project row for row."""
        return self.preset in PEER_BATCH_ROWS


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
                f"template has a place that names no column: {'{' + str(name) + '}'!r}.",
                "Write the name of a column between braces, for example {instruction}.",
            )
        parts.append((literal, name))
    return parts


def _checked(name: str, value: Any) -> Any:
    if value is None:
        if name in _NULLABLE:
            return None
        raise invalid(f"{name} may not be empty.", "Leave the field out for its default.")
    if name in _CHOICES:
        return _choice(name, value)
    if name in _NUMBERS:
        return _number(name, value)
    if name in _TEXTS:
        return _text(name, value)
    if name in _LISTS:
        return _names(name, value)
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise invalid(f"{name} is {value!r:.80}.", "Use true or false.")
        return value
    return _separator(value) if name == "separator" else _ratio(name, value)


def _choice(name: str, value: Any) -> str:
    if name == "truncation" and isinstance(value, bool):
        return "auto" if value else "window"
    if not isinstance(value, str) or value not in _CHOICES[name]:
        raise invalid(f"{name} is {value!r:.80}.", f"Use one of: {', '.join(_CHOICES[name])}.")
    return value


def _number(name: str, value: Any) -> int:
    least, greatest = _NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= greatest:
        raise invalid(f"{name} is {value!r:.80}.", f"Use a whole number from {least:,} to {greatest:,}.")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT or "\0" in value:
        raise invalid(f"{name} is {value!r:.80}.", f"Use a text of 1 to {_MAX_TEXT:,} characters.")
    return value if name == "template" else value.strip()


def _names(name: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) and item for item in items):
        raise invalid(f"{name} is {value!r:.80}.", "Use a list of names.")
    if len(set(items)) != len(items):
        raise invalid(f"{name} names {items!r:.80} more than once.", "Name each one once.")
    return tuple(items)


def _separator(value: Any) -> str | int:
    if isinstance(value, str) and value in ("auto", "eos", "bos", "none"):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise invalid(f"separator is {value!r:.80}.", "Use eos, bos, none, or the id of a token.")
    return value


def _ratio(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise invalid(f"{name} is {value!r:.80}.", "Use a number from 0 to 1.")
    return float(value)


def _check_together(recipe: Recipe) -> None:
    sources = [name for name in ("columns", "template", "chat") if getattr(recipe, name)]
    if len(sources) > 1:
        raise invalid(f"{sources[0]} and {sources[1]} exclude each other.", "Choose where the text comes from once.")
    if recipe.template is not None and not template_columns(recipe.template):
        raise invalid("template names no column.", "Write a column as {name}.")
    if recipe.stride and recipe.stride >= recipe.context_length:
        raise invalid(
            f"stride is {recipe.stride:,} and context_length {recipe.context_length:,}: windows would not move on.",
            "Choose a stride shorter than the context length.",
        )
    if recipe.stride and recipe.truncation == "truncate":
        raise invalid("stride does nothing while truncation is 'truncate'.", "Choose truncation 'window' or stride 0.")
    if recipe.preset != "per_document":
        for name, idle in (("stride", 0), ("truncation", "auto"), ("padding", "none")):
            if getattr(recipe, name) != idle:
                raise invalid(
                    f"{name} belongs to the preset per_document and does nothing with {recipe.preset}.",
                    f"Choose the preset per_document or leave {name} out.",
                )
    if recipe.is_peer:
        _check_peer(recipe)


def _check_peer(recipe: Recipe) -> None:
    if recipe.remainder != "drop":
        raise invalid(f"remainder is fixed by the preset {recipe.preset}.", "Choose continuous to keep the remainder.")
    if recipe.shuffle == "documents" and recipe.shuffle_seed is not None:
        raise invalid(f"shuffle 'documents' does not go with the preset {recipe.preset}.", "Shuffle its rows.")


def _resolve_splits(wanted: tuple[str, ...], splits: Mapping[str, int]) -> tuple[str, ...]:
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


def _resolve_columns(
    wanted: tuple[str, ...], columns: Mapping[str, str], text_columns: tuple[str, ...]
) -> tuple[str, ...]:
    if wanted:
        _require_columns(wanted, columns)
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


def _require_columns(wanted: Sequence[str], columns: Mapping[str, str]) -> None:
    for name in wanted:
        if name not in columns:
            raise invalid(f"There is no column {name!r:.80}.", f"The columns are: {', '.join(columns) or 'none'}.")


def is_token_type(kind: str) -> bool:
    """Whether a readable column type is a list of whole numbers, which may be token ids."""
    inner = kind.removeprefix("large_").removeprefix("fixed_size_")
    return inner.startswith("list<") and inner.removeprefix("list<").startswith(("int", "uint"))
