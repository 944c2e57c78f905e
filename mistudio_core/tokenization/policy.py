"""What a recipe comes to with a given tokenizer: which ids stand where. All of it is shown and kept in the manifest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipe import Recipe
from mistudio_core.tokenization.tokenizer import StoredTokenizer

_UINT16_IDS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Policy:
    """The ids round rows and documents, the id of padding, and the stored type.

    A document's tokens are `document_start`, its own ids, `document_end`; a row begins with `row_start` and, where
    documents are rows, ends with `row_end`. `pad_id` is None where nothing is ever padded.
    """

    context_length: int
    row_start: tuple[int, ...]
    row_end: tuple[int, ...]
    document_start: tuple[int, ...]
    document_end: tuple[int, ...]
    pad_id: int | None
    dtype: str

    @property
    def row_room(self) -> int:
        """Tokens of documents that a row holds."""
        return self.context_length - len(self.row_start) - len(self.row_end)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def resolve_policy(recipe: Recipe, tokenizer: StoredTokenizer) -> Policy:
    """Return what the recipe comes to; raise `invalid_request` naming the field that the tokenizer cannot follow."""
    separator = _separator(recipe, tokenizer)
    start, end = _special_tokens(recipe, tokenizer)
    policy = Policy(
        context_length=recipe.context_length,
        row_start=(),
        row_end=(),
        document_start=start,
        document_end=(*end, *separator),
        pad_id=_pad_id(recipe, tokenizer),
        dtype=_dtype(recipe, tokenizer),
    )
    policy = _with_rows(policy, recipe, tokenizer)
    if policy.row_room < 1:
        raise invalid(
            f"context_length is {recipe.context_length}, which leaves no room beside the special tokens of a row.",
            f"Use at least {recipe.context_length - policy.row_room + 1}.",
        )
    return policy


def _with_rows(policy: Policy, recipe: Recipe, tokenizer: StoredTokenizer) -> Policy:
    fields = asdict(policy)
    if recipe.preset == "per_document":  # what stands round a document stands round each of its rows
        fields["row_start"], fields["row_end"] = policy.document_start, _special_tokens(recipe, tokenizer)[1]
        fields["document_start"], fields["document_end"] = (), _separator(recipe, tokenizer)
    elif recipe.preset == "continuous":
        if recipe.bos == "auto" and recipe.add_special_tokens is not True:
            fields["row_start"] = tokenizer.prefix
        elif recipe.bos == "row":
            fields["row_start"] = (_bos(tokenizer, "bos"),)
    return Policy(**fields)


def _special_tokens(recipe: Recipe, tokenizer: StoredTokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what stands before and after each document, without the separator."""
    default = recipe.preset in ("per_document", "saelens", "sparsify")
    own = default if recipe.add_special_tokens is None else recipe.add_special_tokens
    start, end = (tokenizer.prefix, tokenizer.suffix) if own else ((), ())
    if recipe.bos == "never":
        start = tuple(ident for ident in start if ident != tokenizer.bos_id)
    elif recipe.bos == "document" or (recipe.bos == "row" and recipe.preset == "per_document"):
        bos = _bos(tokenizer, "bos")
        start = start if start[:1] == (bos,) else (bos, *start)
    return start, end


def _separator(recipe: Recipe, tokenizer: StoredTokenizer) -> tuple[int, ...]:
    wanted = recipe.separator
    if wanted == "auto":
        ends_itself = recipe.add_special_tokens is True and tokenizer.eos_id in tokenizer.suffix
        if recipe.preset != "continuous" or tokenizer.eos_id is None or ends_itself:
            return ()
        return (tokenizer.eos_id,)
    if wanted == "none":
        return ()
    if wanted == "bos":
        return (_bos(tokenizer, "separator"),)
    if wanted == "eos":
        if tokenizer.eos_id is None:
            raise invalid("separator is eos, and this tokenizer has no such token.", "Use none, or the id of a token.")
        return (tokenizer.eos_id,)
    assert isinstance(wanted, int)
    if wanted >= tokenizer.vocab_size:
        raise invalid(
            f"separator is the id {wanted:,}, and the ids of this tokenizer end at {tokenizer.vocab_size - 1:,}.",
            "Use eos, bos, none, or the id of a token.",
        )
    return (wanted,)


def _bos(tokenizer: StoredTokenizer, field: str) -> int:
    if tokenizer.bos_id is None:
        raise invalid(f"{field} asks for a BOS token, and this tokenizer has none.", "Use 'never' or 'none'.")
    return tokenizer.bos_id


def _pad_id(recipe: Recipe, tokenizer: StoredTokenizer) -> int | None:
    if recipe.padding == "none" and recipe.remainder != "pad" and recipe.preset != "transformer_lens":
        return None
    for ident in (tokenizer.pad_id, tokenizer.eos_id):
        if ident is not None:
            return ident
    raise invalid("Rows cannot be padded: this tokenizer has neither a PAD nor an EOS token.", "Choose no padding.")


def _dtype(recipe: Recipe, tokenizer: StoredTokenizer) -> str:
    if recipe.dtype == "int32":
        return "int32"
    return "uint16" if tokenizer.vocab_size <= _UINT16_IDS else "uint32"
