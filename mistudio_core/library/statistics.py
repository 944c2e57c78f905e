"""Statistics: those stored with datasets and tokenizations, comparing tokenizations, and rare ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import in_use
from mistudio_core.library.answers import Comparison, Parting, RareId
from mistudio_core.library.context import Context
from mistudio_core.library.looks import OF_DATA, AskedVocabulary, ask_about_both
from mistudio_core.library.records_view import View, look
from mistudio_core.library.stored_statistics import stored_counts, stored_manifest, stored_statistics
from mistudio_core.library.stored_tokenizers import tokenizer_of
from mistudio_core.records import JsonDocument, Tokenization

if TYPE_CHECKING:
    from mistudio_core.statistics.compare import Compared
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

COMPARED_SAMPLES: Final = 1000
"""Samples that are read for the first document in which two tokenizers part; it is nearly always among the first."""


def common_split(one: Tokenization, other: Tokenization) -> str | None:
    """Return the first split of whose texts both are made; None where they are not of the same column of texts."""
    columns = one.recipe.columns
    if one.dataset_id != other.dataset_id or len(columns) != 1 or columns != other.recipe.columns:
        return None
    return next((name for name in one.recipe.splits if name in other.recipe.splits), None)


class Statistics:
    """The statistics of a library."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, subject_id: str) -> JsonDocument | None:
        """Return the stored statistics of a dataset or a tokenization (docs/statistics.md); None until it is ready."""
        view = look(self._context)
        return stored_statistics(view.record(subject_id))

    def compare(self, tokenization_ids: Sequence[str]) -> Comparison:
        """Return two to four tokenizations side by side.

        A parting is where two tokenizers first give different tokens for the same document: looked for in the first
        samples of the split that both have.
        """
        from mistudio_core.statistics.compare import compare

        view = look(self._context)
        records = [view.ready_tokenization(one) for one in dict.fromkeys(tokenization_ids)]
        tokenizers = {record.id: self._tokenizer(record) for record in records}
        found = compare([_compared(record, AskedVocabulary(tokenizers[record.id]).strings()) for record in records])
        partings = tuple(_parting(view, pair, tokenizers) for pair in combinations(records, 2))
        return Comparison(
            version=found["version"],
            kind=found["kind"],
            tokenizations=tuple(found["tokenizations"]),
            fertility_by_split=tuple(found["fertility_by_split"]),
            fertility_by_length=tuple(found["fertility_by_length"]),
            lengths=tuple(found["lengths"]),
            overlap=tuple(found["overlap"]),
            partings=partings,
        )

    def rare_ids(self, tokenization_id: str, *, most: int = 0) -> tuple[RareId, ...]:
        """Return the ids that occur at most `most` times, the rarest first."""
        from mistudio_core.statistics.frequencies import rare_ids

        record = look(self._context).ready_tokenization(tokenization_id)
        counts = stored_counts(record).frequencies
        rare = rare_ids(counts, most).tolist()
        texts = AskedVocabulary(self._tokenizer(record)).shown(rare)
        return tuple(RareId(ident, text, int(counts[ident])) for ident, text in zip(rare, texts, strict=True))

    def _tokenizer(self, record: Tokenization) -> StoredTokenizer:
        return tokenizer_of(self._context, record.id, stored_manifest(record))


def _compared(record: Tokenization, strings: list[str]) -> Compared:
    from mistudio_core.statistics.compare import Compared

    statistics = stored_statistics(record)
    if statistics is None:
        raise in_use(f"{record.id} is not ready.", "Wait for its job, or resume it.", record.id)
    return Compared(
        name=f"{record.tokenizer.rsplit('/', 1)[-1]} · {record.id}",
        result=statistics,
        size_bytes=record.size_bytes,
        frequencies=stored_counts(record).frequencies,
        strings=strings,
    )


def _parting(
    view: View, pair: tuple[Tokenization, Tokenization], tokenizers: Mapping[str, StoredTokenizer]
) -> Parting | None:
    one, other = pair
    split = common_split(one, other)
    both = [tokenizers[record.id] for record in pair]
    columns = [record.recipe.columns[0] for record in pair]
    if split is None or (both[0].folder == both[1].folder and columns[0] == columns[1]):
        return None  # one tokenizer gives one text the same tokens: nothing has to be encoded
    found = ask_about_both(
        both, "parting", OF_DATA,
        dataset=str(view.ready_dataset(one.dataset_id).path), split=split,
        columns=columns, samples=COMPARED_SAMPLES,
    )  # fmt: skip
    return None if found is None else Parting(one.id, other.id, split, *found)
