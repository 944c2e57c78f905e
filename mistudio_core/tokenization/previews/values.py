"""What a recipe comes to with a tokenizer, in words: special tokens and packing as they will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.packing.policy import Few, Policy
from mistudio_core.tokenization.packing.preset import PackingPreset, packing_preset, resolve_policy
from mistudio_core.tokenization.previews.answers import RecipeValue, RecipeValues
from mistudio_core.tokenization.recipes.fields import DEFAULTS, FIELDS
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_NOTHING: Final = "nothing"
_PLACES: Final = {"after": "After each document", "between": "Between documents", "before": "Before each document"}
_PACKING: Final = (
    "concatenate", "stride", "truncation", "padding", "padding_side", "remainder", "batch_rows", "emulate_num_proc"
)  # fmt: skip
_TOKENS: Final = {
    "separator": "separator", "begin_batch_token": "sequence_start", "begin_sequence_token": "begin_sequence"
}  # fmt: skip
"""The fields that name a token, with the part of a policy that holds it."""


def recipe_values(recipe: Recipe, tokenizer: StoredTokenizer) -> RecipeValues:
    """Return a recipe in words; raise `invalid_request` where the tokenizer cannot follow it.

    A field that cannot be left at its default beside the others has none in `defaults`.
    """
    preset, policy = packing_preset(recipe), resolve_policy(recipe, tokenizer)
    alone = preset.is_alone(recipe)
    sequence = _around(policy.sequence_start, policy.sequence_end, tokenizer)
    start = (*policy.begin_sequence, *policy.document_start)
    document = _around(start, policy.document_end, tokenizer)
    edges = ("bos", "begin_batch_token", "begin_sequence_token", "add_special_tokens")
    values = [RecipeValue("Around each sequence", sequence, _changed(recipe, edges))]
    if not alone or document != _NOTHING:
        values.append(RecipeValue("Around each document", document, _changed(recipe, edges)))
    if not alone or policy.separator:
        between = _named(policy.separator, tokenizer) or _NOTHING
        values.append(RecipeValue(_PLACES[preset.separator_place], between, _changed(recipe, ("separator",))))
    values.append(RecipeValue("Packing", preset.packing_in_words(recipe, policy), _changed(recipe, _PACKING)))
    return RecipeValues(tuple(values), _defaults(recipe, tokenizer, preset))


def _changed(recipe: Recipe, names: Sequence[str]) -> bool:
    return any(getattr(recipe, name) != DEFAULTS[name] for name in names)


def _defaults(recipe: Recipe, tokenizer: StoredTokenizer, preset: PackingPreset) -> dict[str, str]:
    """Return what the fields come to whose default says only who decides."""
    found: dict[str, str] = {}
    for name, part in _TOKENS.items():
        policy = _policy(recipe, tokenizer, **{name: DEFAULTS[name]})
        if policy is not None:
            found[name] = _named(getattr(policy, part), tokenizer) or _NOTHING.capitalize()
    place = _bos_place(recipe, tokenizer, alone=preset.is_alone(recipe))
    if place is not None:
        found["bos"] = place
    if not tokenizer.prefix and not tokenizer.suffix:
        found["add_special_tokens"] = "The tokenizer has none"
    elif (policy := _policy(recipe, tokenizer, add_special_tokens=None)) is not None:
        added = policy == _policy(recipe, tokenizer, add_special_tokens=True)
        found["add_special_tokens"] = FIELDS["add_special_tokens"].choices[added]
    found["truncation"] = FIELDS["truncation"].choices["window" if recipe.stride else "truncate"]
    found["dtype"] = resolve_policy(replace(recipe, dtype="auto"), tokenizer).dtype
    if preset.batch_rows is not None:
        found["batch_rows"] = f"{preset.batch_rows:,}"
    return {name: value for name, value in found.items() if not FIELDS[name].by_preset or name in preset.fields}


def _policy(recipe: Recipe, tokenizer: StoredTokenizer, **fields: object) -> Policy | None:
    try:
        return resolve_policy(replace(recipe, **fields), tokenizer)  # type: ignore[arg-type]
    except StudioError:
        return None


def _bos_place(recipe: Recipe, tokenizer: StoredTokenizer, *, alone: bool) -> str | None:
    """Return the choice of a place that gives the same policy as the default, None where none does."""
    policy = _policy(recipe, tokenizer, bos=DEFAULTS["bos"])
    order = ("document", "row", "never") if alone else ("row", "document", "never")
    same = (one for one in order if policy is not None and _policy(recipe, tokenizer, bos=one) == policy)
    place = next(same, None)
    return None if place is None else FIELDS["bos"].choices[place]


def _around(before: Few, after: Few, tokenizer: StoredTokenizer) -> str:
    if not before and not after:
        return _NOTHING
    return " … ".join((_named(before, tokenizer), _named(after, tokenizer))).strip()


def _named(ids: Few, tokenizer: StoredTokenizer) -> str:
    """Return ids as people know them: `BOS <s> (1)`."""
    texts = {ident: text for text, ident in tokenizer.control.items()}
    return " ".join(_token(ident, texts.get(ident), tokenizer) for ident in ids)


def _token(ident: int, text: str | None, tokenizer: StoredTokenizer) -> str:
    if text is None:
        return f"id {ident:,}"
    roles = [role.removesuffix("_token").upper() for role, name in tokenizer.named_tokens.items() if name == text]
    shown = [role for role in roles if role in ("BOS", "EOS", "SEP", "CLS")]
    return " ".join([*(["/".join(shown)] if shown else []), text, f"({ident})"])
