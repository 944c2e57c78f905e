"""One batch of samples on its way through a shard: read, encoded, filtered, counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError
from mistudio_core.statistics.measures import characters_and_words
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.control import NONE, ControlCounts
from mistudio_core.tokenization.engines.encoded import Encoded, Engine, ends_of
from mistudio_core.tokenization.engines.routed import NOTHING_ROUTED, RoutedBy, encode_documents
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.packing.stream import Documents
from mistudio_core.tokenization.pipeline.duplicates import repeated
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.token_columns import read_token_lists
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import USED, Refusal, SkipCodes, Texts, skip_code, surrounded_texts


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive samples of a split, encoded.

    For each of the n samples there are `lengths` (uint32, before any cut, also of filtered ones) and `skipped` (codes);
    for each document that goes into sequences `documents` and `sizes` (bytes, characters and words of its text; the
    last two are 0 where the task need not count them). `refusal` is the first conversation that the chat template
    refused.
    """

    documents: Documents
    sizes: Places
    lengths: npt.NDArray[np.uint32]
    skipped: SkipCodes
    control: ControlCounts
    routed: RoutedBy
    refusal: Refusal | None = None

    def first(self, count: int) -> Batch:
        """Return the batch with its first `count` documents only; the others are beyond a token budget."""
        if count == len(self.documents):
            return self
        skipped = self.skipped.copy()
        skipped[np.flatnonzero(skipped == USED)[count:]] = skip_code("token_budget")
        documents = self.documents.only(np.arange(len(self.documents)) < count)
        return replace(self, documents=documents, skipped=skipped, sizes=self.sizes[:count])

    def count(self, statistics: TokenStatistics, split: str) -> None:
        """Count the documents of this batch, which is of that split."""
        characters, words = self.sizes[:, 1:].sum(axis=0).tolist()
        statistics.add_documents(
            self.documents.encoded.lengths, self.sizes[:, 0], characters=characters, words=words, split=split
        )

    @property
    def filtered_tokens(self) -> int:
        """Tokens of the documents that were encoded and then left out by a filter."""
        left_out = (self.skipped != USED) & (self.skipped != skip_code("token_budget"))
        return int(self.lengths[left_out].sum(dtype=np.int64))


def make_batch(task: Task, shard: Shard, table: pa.Table, first: int, engine: Engine) -> Batch:
    """Encode a table of samples, the first of which has the number `first` in its split."""
    if task.has_token_lists:
        column = task.recipe.columns[0]
        encoded, skipped = read_token_lists(table, column, task.tokenizer.vocab_size, first)
        none = np.zeros((len(encoded), 3), np.int64)
        return _filtered(task, encoded, skipped, (none, NONE, NOTHING_ROUTED), first)
    texts = task.reader.read(table, first)
    if task.recipe.drop_duplicates:
        unwanted = repeated(task, shard, first, len(texts.skipped))[texts.skipped == USED]
        texts = texts.only(~unwanted, skip_code("duplicate"))
    encoded, texts, routed = _encoded(task, shard, texts, first, engine)
    control = task.control.count(texts.written, encoded)
    measured = _sizes(task, texts.kept), control, routed
    return replace(_filtered(task, encoded, texts.skipped, measured, first), refusal=texts.refusal)


def _sizes(task: Task, texts: pa.LargeStringArray) -> Places:
    sizes = np.zeros((len(texts), 3), np.int64)
    sizes[:, 0] = pc.binary_length(texts).to_numpy()
    if not task.takes_texts_unchanged:
        sizes[:, 1], sizes[:, 2] = characters_and_words(texts)
    return sizes


def encoded_alone(task: Task, split: str, table: pa.Table, first: int, engine: Engine) -> npt.NDArray[np.uint32]:
    """Return the ids of one sample, whatever the filters say; none where it has no text."""
    if task.has_token_lists:
        return read_token_lists(table, task.recipe.columns[0], task.tokenizer.vocab_size, first)[0].ids
    texts = task.reader.read(table, first)
    return _encoded(task, Shard(0, split, first, first + 1), texts, first, engine)[0].ids


def _encoded(task: Task, shard: Shard, texts: Texts, first: int, engine: Engine) -> tuple[Encoded, Texts, RoutedBy]:
    """Encode texts; those that are too large fail the job or are left out, as the recipe says."""
    eos = _joining_token(task)
    encoding, routed = encode_documents(engine, surrounded_texts(texts.kept, eos, eos), task.piece_limit())
    if not encoding.oversized.any():
        return _without_ends(task, encoding.encoded, eos), texts, routed
    if task.recipe.oversized == "fail":
        sample = first + int(np.flatnonzero(texts.skipped == USED)[encoding.oversized][0])
        raise StudioError(
            "too_large",
            f"Sample {sample:,} of the split {shard.split!r} has a text that is too large to encode in one piece "
            "and has no safe place to split it.",
            "Set oversized to 'skip' to skip such samples, or raise MISTUDIO_MAX_PIECE_MB.",
        )
    kept = ~encoding.oversized
    lengths = encoding.encoded.lengths[kept]
    encoded = Encoded(encoding.encoded.ids, ends_of(lengths))
    return _without_ends(task, encoded, eos), texts.only(kept, skip_code("too_large")), routed


def _joining_token(task: Task) -> str:
    """Return the separator's text where documents are encoded between two of them; else nothing."""
    if not task.preset.encodes_between_separators:
        return ""
    return next(text for text, ident in task.tokenizer.control.items() if ident == task.policy.separator[0])


def _without_ends(task: Task, encoded: Encoded, joining: str) -> Encoded:
    """Remove the joining token from both ends of each document, now that it has had its effect on their ids."""
    if not joining or not len(encoded):
        return encoded
    begins, ends = encoded.offsets[:-1], encoded.offsets[1:] - 1
    eos = task.policy.separator[0]
    if (begins >= ends).any() or (encoded.ids[begins] != eos).any() or (encoded.ids[ends] != eos).any():
        raise StudioError(
            "tokenizer_unsupported",
            "This tokenizer does not keep its EOS token apart from the text beside it.",
            f"Choose another preset than {task.recipe.preset}.",
        )
    own = np.ones(len(encoded.ids), np.bool_)
    own[begins] = own[ends] = False
    return Encoded(encoded.ids[own], encoded.offsets - 2 * np.arange(len(encoded.offsets)))


def token_filters(recipe: Recipe, junk: npt.NDArray[np.bool_] | None, encoded: Encoded) -> SkipCodes:
    """Return for each document the code of the filter that leaves it out by its tokens, else `USED`.

    `junk` tells for each id whether it counts as junk; needed where the recipe filters by it.
    """
    codes = np.zeros(len(encoded), np.uint8)
    lengths = encoded.lengths
    if junk is not None and recipe.max_junk_ratio is not None:
        junk_before = np.concatenate([[0], np.cumsum(junk[encoded.ids])])
        codes[np.diff(junk_before[encoded.offsets]) > recipe.max_junk_ratio * lengths] = skip_code("junk")
    if recipe.max_tokens_per_document is not None:
        codes[lengths > recipe.max_tokens_per_document] = skip_code("max_tokens_per_document")
    if recipe.min_tokens:
        codes[lengths < recipe.min_tokens] = skip_code("min_tokens")
    return codes


def _filtered(
    task: Task, encoded: Encoded, skipped: SkipCodes, measured: tuple[Places, ControlCounts, RoutedBy], first: int
) -> Batch:
    """Leave out documents by their tokens, and put everything together."""
    sizes, control, routed = measured
    lengths = encoded.lengths
    codes = token_filters(task.recipe, task.junk, encoded)
    samples = np.flatnonzero(skipped == USED)
    all_lengths = np.zeros(len(skipped), np.uint32)
    all_lengths[samples] = lengths
    used = codes == USED
    if not used.all():
        skipped = skipped.copy()
        skipped[samples] = codes
    documents = Documents(encoded, samples + first).only(used)
    return Batch(documents, sizes[used], all_lengths, skipped, control, routed)
