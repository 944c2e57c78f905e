"""What may not be meant, though it can be done: said before a tokenization starts, and kept in its manifest."""

from __future__ import annotations

from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


def cautions(recipe: Recipe, policy: Policy, tokenizer: StoredTokenizer) -> list[str]:
    """Return sentences on a recipe that comes to `policy` with this tokenizer; mostly none."""
    found = []
    limit = tokenizer.model_max_length
    if limit is not None and policy.row_length > limit:
        found.append(
            f"The context length of {policy.row_length:,} is beyond the {limit:,} tokens that the model of this "
            "tokenizer takes: longer rows would have to be cut again."
        )
    if policy.row_length < recipe.context_length:
        found.append(
            f"Rows are cut to {policy.row_length:,} tokens, the limit of this tokenizer, as {recipe.preset} does."
        )
    streams = recipe.preset in ("continuous", "saelens")
    if streams and recipe.separator == "auto" and not (*policy.separator, *policy.document_start, *policy.document_end):
        found.append("The tokenizer has no token for it, so documents follow each other without anything between them.")
    if not policy.fixed:
        found.append("Rows may be of several lengths, which most trainers do not take.")
    return found
