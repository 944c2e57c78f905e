"""The preset `per_document`: each document in sequences of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mistudio_core.tokenization.packing.per_document import PerDocumentPacker
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.special_tokens import named_token, own_specials, pad_id
from mistudio_core.tokenization.packing.stream import Packer
from mistudio_core.tokenization.recipes.columns import holds_conversations
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class PerDocument(PackingPreset):
    """One sequence for each document, cut short, or several windows that may overlap."""

    name = "per_document"
    title = "Per document"
    summary = (
        "Each document in sequences of its own, with the tokenizer's special tokens: truncated, in windows, or padded."
    )
    position = 50
    fields = frozenset(
        {"bos", "separator", "add_special_tokens", "control_tokens", "stride", "truncation", "padding", "padding_side",
         "padding_column", "shuffle"}
    )  # fmt: skip
    separator_place = "after"

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put the tokenizer's own special tokens round each sequence."""
        start, end = own_specials(recipe, tokenizer, by_default=True, sequence_is_document=True)
        return replace(
            common,
            sequence_start=start,
            sequence_end=end,
            separator=() if recipe.separator == "auto" else named_token("separator", recipe.separator, tokenizer),
            pad_id=None if recipe.padding == "none" else pad_id(tokenizer),
            pad_sequences=recipe.padding == "max_length",
            fixed=recipe.padding != "none",
        )

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:  # noqa: ARG002
        """Return a packer that truncates, or that makes windows where the recipe asks for them or has a stride."""
        return PerDocumentPacker(policy, windows=_in_windows(recipe), stride=recipe.stride, limit=limit)

    def is_alone(self, recipe: Recipe) -> bool:  # noqa: ARG002
        """Tell that it is."""
        return True

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how many sequences a document becomes, and of what length."""
        padded = {"none": "", "longest": ", padded to the longest", "max_length": ", padded"}[recipe.padding]
        if not _in_windows(recipe):
            return f"one a document, truncated at {policy.sequence_length:,}{padded}"
        shared = f" that share {recipe.stride:,}" if recipe.stride else ""
        return f"windows of {policy.sequence_length:,}{shared}{padded}"

    def budget(self, recipe: Recipe, policy: Policy, tokens: int) -> int:  # noqa: ARG002
        """Return the tokens themselves: the last sequence is cut to meet them."""
        return tokens

    def implied(self, values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Return what is done by default: the tokenizer's own tokens around texts, none around conversations."""
        found: dict[str, tuple[Any, ...]] = {
            "separator": ("none",), "truncation": ("window" if values["stride"] else "truncate",)
        }  # fmt: skip
        own, chat = values["add_special_tokens"], holds_conversations(values)
        if chat is not None:
            found["add_special_tokens"] = (not chat,)
        if own is False or (own is None and chat):
            found["bos"] = ("never",)
        if values["truncation"] != "window" and not values["stride"] and values["token_budget"] is None:
            found["shuffle"] = ("documents",)  # each document is one sequence
        return found


def _in_windows(recipe: Recipe) -> bool:
    return recipe.truncation == "window" or (recipe.truncation == "auto" and recipe.stride > 0)


PRESET: Final = PerDocument()
