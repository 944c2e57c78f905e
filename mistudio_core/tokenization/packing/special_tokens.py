"""The special tokens that a recipe names, as ids of a tokenizer."""

from __future__ import annotations

from mistudio_core.errors import StudioError, invalid
from mistudio_core.tokenization.packing.policy import Few
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


def own_specials(
    recipe: Recipe, tokenizer: StoredTokenizer, *, by_default: bool, sequence_is_document: bool = False
) -> tuple[Few, Few]:
    """Return what stands before and after each document, the separator aside.

    `by_default` tells whether the tokenizer's own are added where the recipe does not say; a chat template writes all
    special tokens itself, so none are added to a conversation, and none that it writes already in any case. With
    `sequence_is_document` a BOS asked for at each sequence stands at each document.
    """
    own = by_default and recipe.chat is None if recipe.add_special_tokens is None else recipe.add_special_tokens
    start, end = (tokenizer.prefix, tokenizer.suffix) if own else ((), ())
    if recipe.bos == "never":
        start = tuple(ident for ident in start if ident != tokenizer.bos_id)
    elif recipe.bos == "document" or (recipe.bos == "row" and sequence_is_document):
        bos = bos_id("bos", tokenizer)
        start = start if start[:1] == (bos,) else (bos, *start)
    first, last = written_edges(recipe, tokenizer)
    return () if first[: len(start)] == start else start, () if last[-len(end) :] == end else end


def written_edges(recipe: Recipe, tokenizer: StoredTokenizer) -> tuple[Few, Few]:
    """Return the control tokens with which texts begin and end by themselves: those that a chat template writes."""
    if recipe.chat is None:
        return (), ()
    from mistudio_core.tokenization.texts.chat import template_edges  # loads Jinja, which presets do without

    return template_edges(tokenizer)


def named_token(field: str, wanted: str | int, tokenizer: StoredTokenizer) -> Few:
    """Return the token that `field` asks for: `bos`, `eos`, `sep`, `none` or an id."""
    if wanted == "none":
        return ()
    if wanted == "bos":
        return (bos_id(field, tokenizer),)
    if wanted in ("eos", "sep"):
        named_sep = tokenizer.control.get(tokenizer.named_tokens.get("sep_token", ""))
        found = tokenizer.eos_id if wanted == "eos" else named_sep
        if found is None:
            raise invalid(
                f"{field} is {wanted}, and this tokenizer has no such token.", "Use none, or the id of a token."
            )
        return (found,)
    assert isinstance(wanted, int)
    if wanted >= tokenizer.vocab_size:
        raise invalid(
            f"{field} is the id {wanted:,}, and the ids of this tokenizer end at {tokenizer.vocab_size - 1:,}.",
            "Use eos, bos, none, or the id of a token.",
        )
    return (wanted,)


def bos_id(field: str, tokenizer: StoredTokenizer) -> int:
    """Return the BOS that `field` asks for."""
    if tokenizer.bos_id is None:
        raise no_bos(field)
    return tokenizer.bos_id


def no_bos(field: str) -> StudioError:
    """Return the error that the tokenizer has no BOS for a field."""
    return invalid(f"{field} asks for a BOS token, and this tokenizer has none.", "Use 'never', or 'none'.")


def required_eos(recipe: Recipe, tokenizer: StoredTokenizer) -> int:
    """Return the EOS without which the preset of the recipe cannot do."""
    if tokenizer.named_eos_id is None:
        raise invalid(f"The preset {recipe.preset} needs a tokenizer with an EOS token.", "Choose another preset.")
    return tokenizer.named_eos_id


def pad_id(tokenizer: StoredTokenizer) -> int:
    """Return the token for padding: PAD, else EOS."""
    for ident in (tokenizer.pad_id, tokenizer.eos_id):
        if ident is not None:
            return ident
    raise invalid(
        "Sequences cannot be padded: this tokenizer has neither a PAD nor an EOS token.", "Choose no padding."
    )
