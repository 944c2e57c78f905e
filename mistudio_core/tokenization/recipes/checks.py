"""Which values each field of a recipe may have, alone and together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipes.columns import template_columns

if TYPE_CHECKING:
    from mistudio_core.tokenization.recipes.recipe import Recipe

PRESETS: Final = ("continuous", "saelens", "transformer_lens", "sparsify", "per_document")
MAX_CONTEXT_LENGTH: Final = 1_048_576
PEER_BATCH_ROWS: Final = {"saelens": 1000, "transformer_lens": 1000, "sparsify": 2048}
"""Documents that each project hands to one `map` call by default; their own sequences depend on it."""
DEFAULT_JOINT: Final = "\n\n"
"""What stands between several columns when no template is given: a blank line."""

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "tokenizer_source": ("auto", "file", "transformers"),
    "preset": PRESETS,
    "bos": ("auto", "row", "document", "never"),
    "truncation": ("auto", "truncate", "window"),
    "padding": ("none", "longest", "max_length"),
    "padding_side": ("right", "left"),
    "padding_column": ("none", "length", "attention_mask"),
    "remainder": ("drop", "keep", "pad"),
    "control_tokens": ("parse", "literal"),
    "oversized": ("fail", "skip"),
    "refused": ("fail", "skip"),
    "shuffle": ("sequences", "documents"),
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
        "tokenizer_revision", "template", "chat", "chat_date", "chat_tools", "chat_documents", "add_special_tokens",
        "max_tokens_per_document",
        "max_junk_ratio", "token_budget", "shuffle_seed", "batch_rows",
    }
)  # fmt: skip
_TEXTS: Final = frozenset({"tokenizer", "tokenizer_revision", "template", "chat", "chat_tools", "chat_documents"})
_SWITCHES: Final = frozenset({"add_special_tokens", "drop_duplicates", "concatenate"})
_TOKENS: Final = frozenset({"separator", "begin_batch_token", "begin_sequence_token"})
_LISTS: Final = frozenset({"splits", "columns"})
_MAX_TEXT: Final = 10_000


def checked_value(name: str, value: Any) -> Any:
    """Return the value of one field in its stored form; raise `invalid_request` naming the field."""
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
    if name == "chat_date":
        return _day(name, value)
    if name in _LISTS:
        return _names(name, value)
    if name in _SWITCHES:
        if not isinstance(value, bool):
            raise invalid(f"{name} is {value!r:.80}.", "Use true or false.")
        return value
    return _token(name, value) if name in _TOKENS else _ratio(name, value)


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


def _day(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise invalid(f"{name} is {value!r:.80}.", "Use a day written as YYYY-MM-DD.") from None


def _names(name: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) and item for item in items):
        raise invalid(f"{name} is {value!r:.80}.", "Use a list of names.")
    if len(set(items)) != len(items):
        raise invalid(f"{name} names {items!r:.80} more than once.", "Name each one once.")
    return tuple(items)


def _token(name: str, value: Any) -> str | int:
    if isinstance(value, str) and value in ("auto", "eos", "bos", "sep", "none"):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise invalid(f"{name} is {value!r:.80}.", "Use eos, bos, sep, none, or the id of a token.")
    return value


def _ratio(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise invalid(f"{name} is {value!r:.80}.", "Use a number from 0 to 1.")
    return float(value)


_ONLY_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "stride": ("per_document",),
    "truncation": ("per_document",),
    "padding": ("per_document",),
    "remainder": ("continuous",),
    "begin_batch_token": ("saelens",),
    "begin_sequence_token": ("saelens",),
    "concatenate": ("saelens",),
    "batch_rows": tuple(PEER_BATCH_ROWS),
    "emulate_num_proc": tuple(PEER_BATCH_ROWS),
}


def check_together(recipe: Recipe) -> None:
    """Raise `invalid_request` where fields contradict each other or one would do nothing."""
    sources = [name for name in ("columns", "template", "chat") if getattr(recipe, name)]
    if len(sources) > 1:
        raise invalid(f"{sources[0]} and {sources[1]} exclude each other.", "Choose where the text comes from once.")
    if recipe.tokenizer == "sample" and recipe.tokenizer_source != "auto":
        raise invalid("tokenizer_source does nothing with the tokenizer of the sample.", "Leave it out.")
    if recipe.template is not None and not template_columns(recipe.template):
        raise invalid("template names no column.", "Write a column as {name}.")
    defaults = type(recipe)(tokenizer=recipe.tokenizer)
    for name, presets in _ONLY_WITH.items():
        if recipe.preset not in presets and getattr(recipe, name) != getattr(defaults, name):
            raise invalid(
                f"{name} does nothing with the preset {recipe.preset}.",
                f"Leave it out, or choose the preset {' or '.join(presets)}.",
            )
    _check_saelens(recipe)
    _check_windows(recipe)
    _check_control(recipe)
    if recipe.shuffle == "documents" and recipe.shuffle_seed is not None and recipe.is_peer:
        raise invalid(f"shuffle 'documents' does not go with the preset {recipe.preset}.", "Shuffle its sequences.")
    if recipe.padding_column != "none" and recipe.padding == "none" and recipe.remainder != "pad":
        raise invalid("padding_column asks for a column about padding, and nothing is padded.", "Leave it out.")


def _check_saelens(recipe: Recipe) -> None:
    for name in ("begin_batch_token", "begin_sequence_token"):
        if recipe.bos != "auto" and getattr(recipe, name) != "auto":
            raise invalid(f"bos and {name} exclude each other.", "Say once where the tokens stand.")
    if not recipe.concatenate and recipe.separator not in ("auto", "none"):
        raise invalid("separator does nothing where documents are not concatenated.", "Leave it out.")


def _check_windows(recipe: Recipe) -> None:
    if recipe.stride and recipe.stride >= recipe.context_length:
        raise invalid(
            f"stride is {recipe.stride:,} and context_length {recipe.context_length:,}: windows would not move on.",
            "Choose a stride shorter than the context length.",
        )
    if recipe.stride and recipe.truncation == "truncate":
        raise invalid("stride does nothing while truncation is 'truncate'.", "Choose truncation 'window' or stride 0.")


def _check_control(recipe: Recipe) -> None:
    if recipe.control_tokens == "literal" and recipe.chat is not None:
        raise invalid(
            "control_tokens 'literal' does not go with chat: the template writes its turns with control tokens.",
            "Use 'parse'.",
        )
    if recipe.control_tokens == "literal" and recipe.preset == "sparsify":
        raise invalid(
            "control_tokens cannot be literal with sparsify, which joins texts by such a token.", "Use 'parse'."
        )
