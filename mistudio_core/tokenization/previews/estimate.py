"""What a tokenization will cost, for all presets side by side, worked out from a part of the data before it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset, resolve_policy
from mistudio_core.tokenization.packing.sequences import Places, joined_sequences
from mistudio_core.tokenization.packing.stream import Documents
from mistudio_core.tokenization.previews.answers import Estimate
from mistudio_core.tokenization.previews.sampled import Sampled
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_MOST_TOKENS: Final = 8 << 20
"""Tokens that are packed once more for each preset: half a second."""
_FAST_FACTOR: Final = 25.0
"""How many times as fast as the reference the fast engine is where it can be used, end to end."""
_START_SECONDS: Final = 1.2
_BYTES_PER_ID: Final = 18
"""Statistics of each id of the vocabulary, in the two forms in which they are kept."""
_BYTES_PER_SAMPLE: Final = 5
"""Its length, and why it was left out."""


def estimate(recipe: Recipe, sampled: Callable[[Recipe], Sampled], tokenizer: StoredTokenizer) -> list[Estimate]:
    """Return an estimate for every preset under the other fields of a resolved recipe; takes about a second.

    Each is what the recipe with that preset gives, without the fields that the preset does not take. `sampled` returns
    the part of the data that a recipe is judged by; presets with the same documents share one.
    """
    parts: dict[str, Sampled] = {}
    found = []
    for one in presets():
        wanted = recipe.under(one.name)
        documents = repr(wanted.document_fields())
        if documents not in parts:
            parts[documents] = sampled(wanted)
        found.append(_of_preset(wanted, parts[documents], tokenizer))
    return found


def _of_preset(recipe: Recipe, sampled: Sampled, tokenizer: StoredTokenizer) -> Estimate:
    try:
        policy = resolve_policy(recipe, tokenizer)
    except StudioError as error:
        return Estimate(recipe.preset, problem=error.message)
    lengths = sampled.lengths[:: max(1, -(-int(sampled.lengths.sum()) // _MOST_TOKENS))]
    times = sampled.times * float(sampled.lengths.sum()) / max(1, int(lengths.sum()))
    return _packed(recipe, policy, lengths, times, sampled=sampled, tokenizer=tokenizer)


def _packed(
    recipe: Recipe, policy: Policy, lengths: Places, times: float, *, sampled: Sampled, tokenizer: StoredTokenizer
) -> Estimate:
    """Pack documents of these lengths, and reckon up to all of them."""
    packer = packing_preset(recipe).packer(recipe, policy, len(lengths))
    parts = []
    for chosen in np.array_split(np.arange(len(lengths)), max(1, int(lengths.sum()) >> 20)):
        ids = np.full(int(lengths[chosen].sum()), _free_id(policy), np.uint32)
        parts.append(packer.add(Documents(Encoded(ids, ends_of(lengths[chosen])), chosen)))
    sequences = joined_sequences([*parts, packer.finish()])
    count, tokens = len(sequences) * times, int(sequences.tokens.sum()) * times
    kept = int(sequences.own.sum()) - packer.repeated
    tail = packer.tail()
    if tail is not None:  # packed with the others: a part of a sequence per split is lost
        ids, begins, ends = tail
        kept += int((ends - begins).sum())
        more = len(ids) * times / policy.content_length
        count, tokens = count + more, tokens + more * policy.sequence_length
    part = 1.0 if recipe.token_budget is None else min(1.0, recipe.token_budget / max(1.0, tokens))
    count, tokens = count * part, tokens * part
    places = float(sequences.offsets[-1])
    if recipe.padding == "longest":
        places = float(len(sequences) * sequences.widths.max(initial=0))
    rate = sampled.rate * (_FAST_FACTOR if tokenizer.family == "BPE" and recipe.engine != "reference" else 1.0)
    itemsize = np.dtype(policy.dtype).itemsize
    size = (count * policy.sequence_length if policy.fixed else tokens) * itemsize
    return Estimate(
        preset=recipe.preset,
        sequences=round(count),
        tokens=round(tokens),
        seconds=_START_SECONDS + part * sampled.text_bytes / rate,
        bytes=round(size + _BYTES_PER_SAMPLE * sampled.num_samples + _BYTES_PER_ID * tokenizer.vocab_size),
        lost_share=1 - kept / max(1, int(lengths.sum())),
        padded_share=1 - float(sequences.tokens.sum()) / places if places else 0.0,
        crossing_share=float((sequences.documents > 1).mean()) if len(sequences) else 0.0,
    )


def _free_id(policy: Policy) -> int:
    """Return an id that no rule of packing compares with."""
    taken = {*policy.sequence_start, *policy.separator, *policy.begin_sequence}
    return next(ident for ident in range(len(taken) + 1) if ident not in taken)
