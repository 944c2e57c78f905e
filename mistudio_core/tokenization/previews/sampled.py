"""A part of the data, read and partly encoded before a tokenization starts: how long documents are, what filters do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError
from mistudio_core.raw import RawSplit, RowGroup, column_types
from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.engines.encoding import encode_texts, too_large
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.pipeline.batches import token_filters
from mistudio_core.tokenization.pipeline.duplicates import text_hashes
from mistudio_core.tokenization.pipeline.token_columns import read_token_lists
from mistudio_core.tokenization.recipes.columns import is_token_type
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import SKIP_REASONS, USED, TextReader, skip_code
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts

_GROUPS: Final = 32
"""row groups that are read, spread over the data; one after the other, so that memory holds one."""
_ENCODED_BYTES: Final = 1 << 20
_LEAST_ENCODED: Final = 500
"""Documents that are encoded at least, as far as there are so many: shares of fewer would be rough."""
_MOST_ENCODED_BYTES: Final = 4 << 20
_BY_TOKENS: Final = ("junk", "max_tokens_per_document", "min_tokens")
"""The filters that look at tokens."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """What is known of the data: estimated tokens of each document that goes into sequences, and how often that is all.

    `left_out` is the share of all samples that each reason leaves out, None where only the pass can tell. A sample
    counts for the first reason that it meets. `rate` is bytes of text per second by the reference engine.
    """

    lengths: Places
    times: float
    num_samples: int
    text_bytes: int
    rate: float
    left_out: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Read:
    """What reading came to: sizes (bytes) and codes of all samples read, the texts that are to be encoded."""

    sizes: list[Places] = field(default_factory=list)
    skipped: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    """Hashes of texts, where copies are left out."""
    chosen: list[pa.LargeStringArray] = field(default_factory=list)
    kept: int = 0


def sample(
    recipe: Recipe, splits: Mapping[str, RawSplit], tokenizer: StoredTokenizer, copies: float | None = None
) -> Sampled:
    """Read a part of the data and encode a part of that; takes about a second.

    `copies` is the share of texts that have come before, where it is known. Raises `no_data`.
    """
    mine = [splits[name] for name in recipe.splits]
    every = [(split, group) for split in mine for group in split.row_groups]
    if not every:
        raise StudioError("no_data", "The chosen splits hold no samples.", "Choose another split.")
    drawn = [every[int(place)] for place in np.unique(np.linspace(0, len(every) - 1, _GROUPS).astype(int))]
    times = sum(group.num_bytes for _, group in every) / max(1, sum(group.num_bytes for _, group in drawn))
    num_samples = sum(split.num_samples for split in mine)
    schema = drawn[0][0].schema
    if len(recipe.columns) == 1 and schema is not None and is_token_type(column_types(schema)[recipe.columns[0]]):
        return _of_lists(recipe, drawn, tokenizer, times, num_samples)
    read = _read(recipe, drawn, tokenizer)
    unread = _unread_copies(read, copies) if recipe.drop_duplicates and len(drawn) < len(every) else 0.0
    return _reckoned(recipe, read, tokenizer, times=times, num_samples=num_samples, unread=unread)


def _of_lists(
    recipe: Recipe,
    drawn: Sequence[tuple[RawSplit, RowGroup]],
    tokenizer: StoredTokenizer,
    times: float,
    num_samples: int,
) -> Sampled:
    """Return the same of a column of ids, of which every list that was read is known."""
    junk = TokenTexts(tokenizer).junk() if recipe.max_junk_ratio is not None else None
    lengths, skipped, codes = [], [], []
    for split, group in drawn:
        table = split.read(group.first, group.first + group.num_rows, recipe.columns)
        lists, left_out = read_token_lists(table, recipe.columns[0], tokenizer.vocab_size, group.first)
        codes.append(token_filters(recipe, junk, lists))
        lengths.append(lists.lengths[codes[-1] == USED])
        skipped.append(left_out)
    found = _left_out(recipe, np.concatenate(skipped), np.concatenate(codes), 0.0)
    return Sampled(np.concatenate(lengths), times, num_samples, 0, 1.0, found)


def _read(recipe: Recipe, drawn: Sequence[tuple[RawSplit, RowGroup]], tokenizer: StoredTokenizer) -> _Read:
    """Read row groups one by one; every k-th text is kept, the others give their size alone."""
    reader, engine, read = TextReader(recipe, tokenizer), ReferenceEngine(tokenizer), _Read()
    sequences = sum(group.num_rows for _, group in drawn)
    wanted = max(_ENCODED_BYTES, _LEAST_ENCODED * sum(group.num_bytes for _, group in drawn) // max(1, sequences))
    step = max(1, sum(group.num_bytes for _, group in drawn) // min(wanted, _MOST_ENCODED_BYTES))
    for split, group in drawn:
        texts = reader.read(split.read(group.first, group.first + group.num_rows, reader.columns), group.first)
        if recipe.drop_duplicates:
            texts = texts.only(_unseen(texts.kept, read.seen), skip_code("duplicate"))
        if recipe.oversized == "skip":
            texts = texts.only(~too_large(engine, texts.kept), skip_code("too_large"))
        read.skipped.append(texts.skipped)
        read.sizes.append(pc.binary_length(texts.kept).to_numpy())
        read.chosen.append(texts.kept.take(pa.array(np.arange(-read.kept % step, len(texts.kept), step))))
        read.kept += len(texts.kept)
    return read


def _unseen(texts: pa.LargeStringArray, seen: set[int]) -> npt.NDArray[np.bool_]:
    """Return which texts have not come before, and take them in."""
    fresh = np.zeros(len(texts), np.bool_)
    for place, (high, low) in enumerate(text_hashes(texts).tolist()):
        found = high << 64 | low
        fresh[place] = found not in seen
        seen.add(found)
    return fresh


def _unread_copies(read: _Read, copies: float | None) -> float | None:
    """Return which share of the texts that seemed new are copies of texts that were not read; `copies` is of all."""
    counts = np.bincount(np.concatenate(read.skipped), minlength=len(SKIP_REASONS))
    new, repeated = int(counts[USED]), int(counts[skip_code("duplicate")])
    if copies is None or not new:
        return None if copies is None else 0.0
    return max(0.0, copies * (new + repeated) - repeated) / new


def _reckoned(
    recipe: Recipe, read: _Read, tokenizer: StoredTokenizer, *, times: float, num_samples: int, unread: float | None
) -> Sampled:
    """Encode what was chosen, and reckon from it to all that was read."""
    sizes, skipped = np.concatenate(read.sizes), np.concatenate(read.skipped)
    chosen = pa.concat_arrays(read.chosen)
    encoded_bytes = max(1, int(pc.sum(pc.binary_length(chosen)).as_py() or 0))
    engine = ReferenceEngine(tokenizer, control_as_text=recipe.control_tokens == "literal")
    start = time.perf_counter()
    encoded = encode_texts(engine, chosen).encoded
    rate = encoded_bytes / max(1e-6, time.perf_counter() - start)
    lengths = np.maximum(np.rint(sizes * len(encoded.ids) / encoded_bytes), sizes > 0).astype(np.int64)
    junk = TokenTexts(tokenizer).junk() if recipe.max_junk_ratio is not None else None
    codes = token_filters(recipe, junk, encoded)
    used = (lengths >= recipe.min_tokens) & (lengths <= (recipe.max_tokens_per_document or lengths.max(initial=0)))
    # Junk and copies cannot be told of documents that were not encoded: there are fewer of all kinds.
    rest = 1 - _share_of_tokens(encoded, codes == skip_code("junk"))
    rest *= 1 - (unread or 0.0)
    left_out = _left_out(recipe, skipped, codes, unread)
    text_bytes = int(sizes.sum() * times)
    return Sampled(lengths[used], times * rest, num_samples, text_bytes, rate, left_out)


def _share_of_tokens(encoded: Encoded, mask: npt.NDArray[np.bool_]) -> float:
    return float(encoded.lengths[mask].sum()) / max(1, len(encoded.ids))


def _left_out(
    recipe: Recipe, skipped: npt.NDArray[np.uint8], codes: npt.NDArray[np.uint8], unread: float | None
) -> dict[str, float | None]:
    """Return the share of samples for nulls and empties where there are any, and for each filter that is chosen."""
    share = np.bincount(skipped, minlength=len(SKIP_REASONS)) / max(1, len(skipped))
    left = float(share[USED])  # what the filters before have let through
    found: dict[str, float | None] = {
        reason: float(share[skip_code(reason)]) for reason in ("null", "empty") if share[skip_code(reason)]
    }
    if recipe.min_chars:
        found["min_chars"] = float(share[skip_code("min_chars")])
    if recipe.drop_duplicates:
        found["duplicate"] = None if unread is None else float(share[skip_code("duplicate")]) + unread * left
        left *= 1 - (unread or 0.0)
    if recipe.refused == "skip" and share[skip_code("refused")]:
        found["refused"] = float(share[skip_code("refused")])
    if recipe.oversized == "skip":
        found["too_large"] = float(share[skip_code("too_large")])
    chosen = {
        "junk": recipe.max_junk_ratio is not None,
        "max_tokens_per_document": recipe.max_tokens_per_document is not None,
        "min_tokens": recipe.min_tokens > 0,
    }
    by_tokens = np.bincount(codes, minlength=len(SKIP_REASONS)) / max(1, len(codes))
    return found | {reason: left * float(by_tokens[skip_code(reason)]) for reason in _BY_TOKENS if chosen[reason]}
