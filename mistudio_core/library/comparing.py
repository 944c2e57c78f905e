"""Statistics of tokenizations beyond the stored result: comparing several, and the ids that hardly occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library.previewing import Previewing
from mistudio_core.records import Tokenization

if TYPE_CHECKING:
    from mistudio_core.statistics.compare import Compared
    from mistudio_core.statistics.tokens import TokenStatistics
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

PARTING_SAMPLES: Final = 1000
"""Samples that are read for the first document in which two tokenizers part; it is nearly always among the first."""


def common_split(one: Tokenization, other: Tokenization) -> str | None:
    """Return the first split of whose texts both are made; None where they are not of the same column of texts."""
    columns = one.recipe["columns"]
    if one.dataset_id != other.dataset_id or len(columns) != 1 or columns != other.recipe["columns"]:
        return None
    return next((name for name in one.recipe["splits"] if name in other.recipe["splits"]), None)


class Comparing(Previewing):
    """The methods of `Library` that look across tokenizations."""

    def compare(self, tokenization_ids: Sequence[str]) -> dict[str, Any]:
        """Return two to four tokenizations side by side (docs/statistics.md), and `partings`.

        A parting is where two tokenizers first give different tokens for the same document: looked for in
        the first samples of the split that both have, None where they agree or have no data in common.
        """
        from mistudio_core.statistics.compare import compare

        records = [self.tokenization(one) for one in dict.fromkeys(tokenization_ids)]
        result = compare([self._compared(record) for record in records])
        pairs = [(one, other) for place, one in enumerate(records) for other in records[place + 1 :]]
        return result | {"partings": [self._parting(one, other) for one, other in pairs]}

    def rare_ids(self, tokenization_id: str, *, most: int = 0) -> list[dict[str, Any]]:
        """Return the ids that occur at most `most` times: `{id, token, count}`, the rarest first."""
        from mistudio_core.statistics.frequencies import rare_ids

        record = self.tokenization(tokenization_id)
        strings = self._strings(self._tokenizer_of(record))
        counts = self._counts(record).frequencies
        return [
            {"id": ident, "token": strings[ident], "count": int(counts[ident])}
            for ident in rare_ids(counts, most).tolist()
        ]

    def _compared(self, record: Tokenization) -> Compared:
        from mistudio_core.statistics.compare import Compared

        statistics = self.statistics(record.id)
        if statistics is None:
            raise StudioError("in_use", f"{record.id} is not ready.", "Wait for its job, or resume it.")
        return Compared(
            name=f"{record.tokenizer.rsplit('/', 1)[-1]} · {record.id}",
            result=statistics,
            size_bytes=record.size_bytes,
            frequencies=self._counts(record).frequencies,
            strings=self._strings(self._tokenizer_of(record)),
        )

    def _counts(self, record: Tokenization) -> TokenStatistics:
        from mistudio_core.statistics.tokens import TokenStatistics

        try:
            return TokenStatistics.load(self._tokenization_folder(record.id) / "statistics.npz")
        except FileNotFoundError:
            raise StudioError(
                "corrupt_data", f"The counts of {record.id} are missing.", "Delete it and tokenize again."
            ) from None

    def _parting(self, one: Tokenization, other: Tokenization) -> dict[str, Any] | None:
        from mistudio_core.statistics.compare import first_parting

        split = common_split(one, other)
        if split is None:
            return None
        pieces = [self._token_texts(record, split, record.recipe["columns"][0]) for record in (one, other)]
        found = first_parting(*pieces)
        if found is None:
            return None
        pair = {"one": one.id, "other": other.id}
        return pair | {"split": split, "index": found.document, "tokens": found.tokens}

    def _token_texts(self, record: Tokenization, split: str, column: str) -> Iterator[list[str]]:
        from mistudio_core.raw import open_splits

        tokenizer = self._tokenizer_of(record)
        encoder, strings = tokenizer.load(), self._strings(tokenizer)
        samples = open_splits(self._whole(record.dataset_id))[split]
        for table in samples.batches(0, PARTING_SAMPLES, [column]):
            for text in table.column(column):
                ids = encoder.encode(text.as_py() or "", add_special_tokens=False).ids
                yield [strings[ident] for ident in ids]

    def _tokenizer_of(self, record: Tokenization) -> StoredTokenizer:
        from mistudio_core.tokenization.tokenizer.stored import open_tokenizer

        manifest = read_json(self._tokenization_folder(record.id) / "manifest.json") or {}
        known = {tokenizer.sha256 for tokenizer in self.tokenizers()}
        digest = manifest.get("tokenizer_facts", {}).get("sha256")
        if digest not in known:
            raise StudioError("not_found", f"The tokenizer of {record.id} is gone.", "Tokenize once to load it again.")
        return open_tokenizer(self.home.tokenizers / digest)

    def _strings(self, tokenizer: StoredTokenizer) -> list[str]:
        from mistudio_core.tokenization.tokenizer.token_text import TokenTexts

        texts = TokenTexts(tokenizer)
        return [texts.shown(ident) for ident in range(tokenizer.vocab_size)]
