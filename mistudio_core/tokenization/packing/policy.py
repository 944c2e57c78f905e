"""What a recipe comes to with a given tokenizer: which ids stand where. All of it is shown and kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.chat import template_edges
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_UINT16_IDS: Final = 1 << 16

Few = tuple[int, ...]
"""Some ids, mostly none or one."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The ids round sequences and documents, how sequences are filled up, and the stored type.

    A sequence is `sequence_start`, tokens of documents, `sequence_end`. In the presets that cut a stream, a document is
    `document_start`, its own ids, `document_end`; `separator` stands after it (continuous), between two of them
    (saelens, transformer_lens) or before it (sparsify). `begin_sequence` is SAELens's begin-of-sequence token.
    """

    sequence_length: int
    sequence_start: Few = ()
    sequence_end: Few = ()
    document_start: Few = ()
    document_end: Few = ()
    separator: Few = ()
    begin_sequence: Few = ()
    pad_id: int | None = None
    pad_sequences: bool = False
    """Whether packing fills sequences up at once; `longest` is done when the longest sequence is known."""
    padding_side: str = "right"
    fixed: bool = True
    """Whether all sequences are of one length."""
    dtype: str = "uint16"

    @property
    def sequence_room(self) -> int:
        """Tokens of the stream or the document that a sequence holds."""
        return self.sequence_length - len(self.sequence_start) - len(self.sequence_end)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Policy:
        """Return the policy that `to_json` wrote."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        }
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def resolve_policy(recipe: Recipe, tokenizer: StoredTokenizer) -> Policy:
    """Return what the recipe comes to; raise `invalid_request` naming the field that the tokenizer cannot follow."""
    dtype = "int32" if recipe.dtype == "int32" else "uint16" if tokenizer.vocab_size <= _UINT16_IDS else "uint32"
    common = Policy(recipe.context_length, padding_side=recipe.padding_side, dtype=dtype)
    policy = _PRESETS[recipe.preset](recipe, tokenizer, common)
    least_room = recipe.stride + 1
    if policy.sequence_room < least_room:
        raise invalid(
            f"context_length is {policy.sequence_length:,}, which leaves too little room beside the special tokens.",
            f"Use at least {policy.sequence_length - policy.sequence_room + least_room:,}.",
        )
    return policy


def _continuous(recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
    start, end = _own_specials(recipe, tokenizer, default=False)
    sequence_start: Few = ()
    if recipe.bos == "row":
        sequence_start = (_bos(tokenizer, "bos"),)
    elif recipe.bos == "auto" and not recipe.add_special_tokens and recipe.chat is None:
        sequence_start = tokenizer.prefix
    ends = (*end, *_written(recipe, tokenizer)[1][-1:])
    eos = () if tokenizer.eos_id is None or tokenizer.eos_id in ends else (tokenizer.eos_id,)
    separator = eos if recipe.separator == "auto" else _named("separator", recipe.separator, tokenizer)
    return replace(
        common,
        sequence_start=sequence_start,
        document_start=start,
        document_end=end,
        separator=separator,
        pad_id=_pad_id(tokenizer) if recipe.remainder == "pad" else None,
        fixed=recipe.remainder != "keep",
    )


def _per_document(recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
    start, end = _own_specials(recipe, tokenizer, default=True)
    return replace(
        common,
        sequence_start=start,
        sequence_end=end,
        separator=() if recipe.separator == "auto" else _named("separator", recipe.separator, tokenizer),
        pad_id=None if recipe.padding == "none" else _pad_id(tokenizer),
        pad_sequences=recipe.padding == "max_length",
        fixed=recipe.padding != "none",
    )


def _saelens(recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
    own = recipe.chat is None if recipe.add_special_tokens is None else recipe.add_special_tokens
    bos = () if tokenizer.named_bos_id is None else (tokenizer.named_bos_id,)
    if recipe.bos in ("row", "document") and not bos:
        raise _no_bos("bos")

    def chosen(field: str, unless: Few) -> Few:
        wanted = getattr(recipe, field)
        return unless if wanted == "auto" else _named(field, wanted, tokenizer)

    sequence_start = chosen("begin_batch_token", () if recipe.bos == "never" else bos)
    begin_sequence = chosen("begin_sequence_token", bos if recipe.bos == "document" else ())
    separator = chosen("separator", bos)
    if not recipe.concatenate:  # one token begins a document, which is a sequence of its own
        sequence_start, begin_sequence, separator = begin_sequence or sequence_start, (), ()
    return replace(
        common,
        sequence_start=sequence_start,
        begin_sequence=begin_sequence,
        document_start=tokenizer.prefix if own else (),
        document_end=tokenizer.suffix if own else (),
        separator=separator,
    )


def _transformer_lens(recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
    if recipe.separator not in ("auto", "eos") or recipe.bos == "document" or recipe.add_special_tokens:
        raise invalid(
            "transformer_lens fixes separator, bos and add_special_tokens: EOS between texts, a BOS before sequences.",
            "Leave them out; bos may be 'never'.",
        )
    eos = _required_eos(recipe, tokenizer)
    if recipe.bos != "never" and tokenizer.named_bos_id is None:
        raise _no_bos("bos")
    bos = () if recipe.bos == "never" or tokenizer.named_bos_id is None else (tokenizer.named_bos_id,)
    pad = eos if tokenizer.pad_id is None else tokenizer.pad_id
    return replace(common, sequence_start=bos, separator=(eos,), pad_id=pad, padding_side="right")


def _sparsify(recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
    if recipe.separator not in ("auto", "eos") or recipe.bos != "auto" or recipe.add_special_tokens is False:
        raise invalid(
            "sparsify fixes separator, bos and add_special_tokens: EOS before documents, its own round each sequence.",
            "Leave them out.",
        )
    eos = _required_eos(recipe, tokenizer)
    if eos not in tokenizer.control.values():
        raise invalid("The preset sparsify needs a tokenizer whose EOS is a control token.", "Choose another preset.")
    length = min(recipe.context_length, tokenizer.model_max_length or recipe.context_length)
    return replace(
        common, sequence_length=length, sequence_start=tokenizer.prefix, sequence_end=tokenizer.suffix, separator=(eos,)
    )  # fmt: skip


_PRESETS: Final = {
    "continuous": _continuous,
    "per_document": _per_document,
    "saelens": _saelens,
    "transformer_lens": _transformer_lens,
    "sparsify": _sparsify,
}


def _own_specials(recipe: Recipe, tokenizer: StoredTokenizer, *, default: bool) -> tuple[Few, Few]:
    """Return what stands before and after each document, the separator aside.

    A chat template writes all special tokens itself, so by default none are added to a conversation, and none that it
    writes already in any case.
    """
    by_default = default and recipe.chat is None
    own = by_default if recipe.add_special_tokens is None else recipe.add_special_tokens
    start, end = (tokenizer.prefix, tokenizer.suffix) if own else ((), ())
    if recipe.bos == "never":
        start = tuple(ident for ident in start if ident != tokenizer.bos_id)
    elif recipe.bos == "document" or (recipe.bos == "row" and recipe.preset == "per_document"):
        bos = _bos(tokenizer, "bos")
        start = start if start[:1] == (bos,) else (bos, *start)
    first, last = _written(recipe, tokenizer)
    return () if first[: len(start)] == start else start, () if last[-len(end) :] == end else end


def _written(recipe: Recipe, tokenizer: StoredTokenizer) -> tuple[Few, Few]:
    """Return the control tokens with which texts begin and end by themselves: those that a chat template writes."""
    return ((), ()) if recipe.chat is None else template_edges(tokenizer)


def _named(field: str, wanted: str | int, tokenizer: StoredTokenizer) -> Few:
    if wanted == "none":
        return ()
    if wanted == "bos":
        return (_bos(tokenizer, field),)
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


def _required_eos(recipe: Recipe, tokenizer: StoredTokenizer) -> int:
    if tokenizer.named_eos_id is None:
        raise invalid(f"The preset {recipe.preset} needs a tokenizer with an EOS token.", "Choose another preset.")
    return tokenizer.named_eos_id


def _bos(tokenizer: StoredTokenizer, field: str) -> int:
    if tokenizer.bos_id is None:
        raise _no_bos(field)
    return tokenizer.bos_id


def _no_bos(field: str) -> Exception:
    return invalid(f"{field} asks for a BOS token, and this tokenizer has none.", "Use 'never', or 'none'.")


def _pad_id(tokenizer: StoredTokenizer) -> int:
    for ident in (tokenizer.pad_id, tokenizer.eos_id):
        if ident is not None:
            return ident
    raise invalid(
        "Sequences cannot be padded: this tokenizer has neither a PAD nor an EOS token.", "Choose no padding."
    )
