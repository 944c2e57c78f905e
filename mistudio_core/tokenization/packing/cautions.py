"""What may not be meant, though it can be done: said before a tokenization starts, and kept in its manifest."""

from __future__ import annotations

from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.packing.repeated import Repeats, added_ids
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.chat import template_edges
from mistudio_core.tokenization.texts.reader import Refusal
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


def cautions(
    recipe: Recipe, policy: Policy, tokenizer: StoredTokenizer, repeats: Repeats | None = None, *, about: bool = False
) -> list[str]:
    """Return sentences on a recipe that comes to `policy` with this tokenizer; mostly none.

    `repeats` counts the documents in which a token would stand twice, where they were counted; with `about` it was
    reckoned from a part of them.
    """
    found = list(tokenizer.notes)
    limit = tokenizer.model_max_length
    if limit is not None and policy.sequence_length > limit:
        found.append(
            f"The context length of {policy.sequence_length:,} is beyond the {limit:,} tokens that the model of this "
            "tokenizer takes: longer sequences would have to be cut again."
        )
    preset = packing_preset(recipe)
    found += preset.cautions(recipe, policy)
    between = (*policy.separator, *policy.document_start, *policy.document_end)
    if not preset.is_alone(recipe) and recipe.separator == "auto" and not between:
        found.append("The tokenizer has no token for it, so documents follow each other without anything between them.")
    if not policy.fixed:
        found.append("Sequences may be of several lengths, which most trainers do not take.")
    if repeats is None:
        return found + _written_twice(recipe, policy, tokenizer)
    return found + _counted(recipe, tokenizer, repeats, about=about)


def refusal_ahead(recipe: Recipe, refusal: Refusal | None) -> list[str]:
    """Say that a conversation which was looked at would end the tokenization, since the chat template refuses it."""
    if refusal is None or recipe.refused == "skip":
        return []
    return [
        f"The chat template refuses conversations, such as that of sample {refusal.sample:,} ({refusal.reason}), which "
        "ends the tokenization with an error unless refused is 'skip'."
    ]


def _written_twice(recipe: Recipe, policy: Policy, tokenizer: StoredTokenizer) -> list[str]:
    """Say which tokens the chat template writes, and the recipe adds once more."""
    if recipe.chat is None:
        return []
    before, after = added_ids(recipe, policy, tokenizer)
    first, last = template_edges(tokenizer)
    edges = (("begins", before.intersection(first[:1])), ("ends", after.intersection(last[-1:])))
    return [
        f"The chat template {does} a conversation with {_text(tokenizer, ident)} itself, and {_who(recipe)} puts it "
        "there as well: it can stand twice in a sequence."
        for does, ids in edges
        for ident in sorted(ids)
    ]


def _counted(recipe: Recipe, tokenizer: StoredTokenizer, repeats: Repeats, *, about: bool) -> list[str]:
    return [
        f"{'About ' if about else ''}{count:,} document{'s' * (count != 1)} {does}{'s' * (count == 1)} with "
        f"{_text(tokenizer, int(ident))}, and {_who(recipe)} puts it there as well: it can stand twice in a sequence."
        for does, counts in (("begin", repeats.first), ("end", repeats.last))
        for ident, count in counts.items()
    ]


def _text(tokenizer: StoredTokenizer, ident: int) -> str:
    return next((text for text, other in tokenizer.control.items() if other == ident), str(ident))


def _who(recipe: Recipe) -> str:
    return f"the preset {recipe.preset}" if recipe.is_peer else "this recipe"
