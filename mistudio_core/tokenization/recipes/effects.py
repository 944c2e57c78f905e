"""Which fields of a recipe do something beside the others: one that would change nothing only makes a second copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipes.columns import holds_conversations, template_columns
from mistudio_core.tokenization.recipes.fields import DEFAULTS, FIELDS
from mistudio_core.tokenization.recipes.registry import preset, presets

Values = Mapping[str, Any]
"""A value for every field of a recipe."""


class Idle(NamedTuple):
    """Why a field does nothing, naming it, and what to do."""

    why: str
    hint: str = "Leave it out."


def idle(values: Values, name: str) -> Idle | None:
    """Return why a field that is not at its default changes nothing, None where it does something.

    It is told from the recipe alone: a filter that happens to leave nothing out of some dataset does something.
    """
    return idle_field(values, name) or _idle_value(values, name)


def idle_field(values: Values, name: str) -> Idle | None:
    """Return why a field does nothing whatever its value, None where some value does something."""
    field, chosen = FIELDS[name], preset(values["preset"])
    if field.by_preset and name not in chosen.fields:
        others = [one.name for one in presets() if name in one.fields]
        hint = f"Leave it out, or choose the preset {' or '.join(others)}." if others else "Leave it out."
        return Idle(f"{name} does nothing with the preset {chosen.name}.", hint)
    if field.of_conversations and holds_conversations(values) is False:
        return Idle(f"{name} does nothing without conversations.", "Leave it out, or choose a chat column.")
    rule = _RULES.get(name)
    return rule(values, name) if rule is not None else None


def offered(values: Values, name: str) -> list[Any]:
    """Return the named choices of a field that do something beside the others, its default among them."""
    field = FIELDS[name]
    return [
        choice for choice in field.choices
        if choice == field.default or idle({**values, name: choice}, name) is None
    ]  # fmt: skip


def effective(values: Values) -> dict[str, Any]:
    """Return the values with every field that would change nothing at its default."""
    found = dict(values)
    while (name := next(_idle_names(found), None)) is not None:
        found[name] = DEFAULTS[name]
    return found


def check_together(values: Values) -> None:
    """Raise `invalid_request` where fields contradict each other or one would change nothing."""
    sources = [name for name in ("columns", "template", "chat") if values[name]]
    if len(sources) > 1:
        raise invalid(f"{sources[0]} and {sources[1]} exclude each other.", "Choose where the text comes from once.")
    if values["template"] is not None and not template_columns(values["template"]):
        raise invalid("template names no column.", "Write a column as {name}.")
    for name in _idle_names(values):
        found = idle(values, name)
        assert found is not None
        raise invalid(found.why, found.hint)
    if values["stride"] >= values["context_length"]:
        raise invalid(
            f"stride is {values['stride']:,} and context_length {values['context_length']:,}: windows would not move "
            "on.",
            "Choose a stride shorter than the context length.",
        )


def _idle_names(values: Values) -> Any:
    """Yield the fields that are not at their defaults and change nothing."""
    return (name for name in FIELDS if values[name] != DEFAULTS[name] and idle(values, name) is not None)


def _idle_value(values: Values, name: str) -> Idle | None:
    value, chosen = values[name], preset(values["preset"])
    taken = chosen.choices.get(name)
    if taken is not None and value not in taken:
        return Idle(
            f"{name} is {value!r}, which the preset {chosen.name} does not take.", f"Use one of: {', '.join(taken)}."
        )
    by_name = () if _is_path(values) else ("transformers",)  # what auto is for a repository of the Hub
    same = {"tokenizer_source": by_name, **_IDLE_VALUES, **chosen.implied(values)}
    if value in same.get(name, ()):
        return Idle(
            f"{name} is {value!r}, which changes nothing: it is so without it.",
            "Leave it out: with it, an equal tokenization would not be recognised.",
        )
    return None


_IDLE_VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "min_chars": (1,),  # empty texts are skipped in any case
    "max_junk_ratio": (1.0,),
}


def _revision(values: Values, name: str) -> Idle | None:
    if values["tokenizer"] == "sample" or _is_path(values):
        return Idle(f"{name} does nothing with a tokenizer that is not on the Hub.")
    return None


def _source(values: Values, name: str) -> Idle | None:
    return Idle(f"{name} does nothing with the built-in tokenizer.") if values["tokenizer"] == "sample" else None


def _is_path(values: Values) -> bool:
    return str(values["tokenizer"]).startswith(("/", "./", "../", "~"))


def _bos(values: Values, name: str) -> Idle | None:
    for begins in ("begin_batch_token", "begin_sequence_token"):
        if values[begins] != "auto":
            return Idle(f"{name} and {begins} exclude each other.", "Say once which tokens are put where.")
    return None


def _begin_batch(values: Values, name: str) -> Idle | None:
    if not values["concatenate"] and values["begin_sequence_token"] not in ("auto", "none"):
        return Idle(f"{name} does nothing beside begin_sequence_token where documents are not concatenated.")
    return None


def _joined(values: Values, name: str) -> Idle | None:
    return None if values["concatenate"] else Idle(f"{name} does nothing where documents are not concatenated.")


def _stride(values: Values, name: str) -> Idle | None:
    if values["truncation"] != "truncate":
        return None
    return Idle(f"{name} does nothing while truncation is 'truncate'.", "Choose truncation 'window' or stride 0.")


def _padded(values: Values, name: str) -> Idle | None:
    if values["padding"] != "none" or values["remainder"] == "pad":
        return None
    return Idle(f"{name} is about padding, and nothing is padded.")


def _shuffled(values: Values, name: str) -> Idle | None:
    if values["shuffle_seed"] is not None:
        return None
    return Idle(f"{name} does nothing without shuffle_seed.", "Leave it out, or give a seed.")


def _control(values: Values, name: str) -> Idle | None:
    if not holds_conversations(values):
        return None
    return Idle(
        f"{name} 'literal' does not go with chat: the template writes its turns with control tokens.", "Use 'parse'."
    )


_RULES: Final[Mapping[str, Callable[[Values, str], Idle | None]]] = {
    "tokenizer_revision": _revision,
    "tokenizer_source": _source,
    "bos": _bos,
    "begin_batch_token": _begin_batch,
    "separator": _joined,
    "batch_rows": _joined,
    "emulate_num_proc": _joined,
    "stride": _stride,
    "padding_side": _padded,
    "padding_column": _padded,
    "shuffle": _shuffled,
    "control_tokens": _control,
}
