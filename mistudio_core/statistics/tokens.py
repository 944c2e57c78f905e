"""Statistics of a tokenization, counted while it runs: one accumulator for each shard, merged at the end.

Adding costs about 1.3 ns a token. Every figure is exact and none depends on the order or the split of the data. Padding
is never a token: whoever adds sequences leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mistudio_core.errors import StudioError
from mistudio_core.statistics.frequencies import TokenText
from mistudio_core.statistics.histograms import LOG_STARTS, log_index
from mistudio_core.statistics.token_counts import LOSSES, Integers, TokenCounts
from mistudio_core.statistics.token_results import live_result, token_result

_CHUNK: Final = 1 << 18  # np.bincount makes an int64 copy of what it counts: 2 MiB stay in the cache
_MEASURED: Final = 5  # the first five of TOTALS are known for each call of `add_documents`


class TokenStatistics(TokenCounts):
    """The accumulator. Not for several threads at once: each has its own, and they are merged."""

    def add_documents(
        self, tokens: Integers, text_bytes: Integers, *, characters: int = 0, words: int = 0, split: str = "train"
    ) -> None:
        """Count documents: the tokens of each before any cut and the bytes of its text, both int arrays of one length.

        `characters` and `words` are sums. Counting them costs as much as everything else here together, and the
        statistics of the dataset hold them already: they may be added at the end, with no documents.
        """
        columns = [np.ones(len(tokens), np.int64), tokens, text_bytes]
        self.document_tokens.add(tokens)
        self._totals(split)[:_MEASURED] += [*(int(column.sum(dtype=np.int64)) for column in columns), characters, words]
        places = log_index(text_bytes)
        for number, column in enumerate(columns):
            # The sums of one call stay far below 2**53, up to which floats are exact.
            self.by_length[:, number] += np.bincount(places, column, len(LOG_STARTS)).astype(np.int64)

    def add_tokens(self, ids: Integers) -> None:
        """Count ids in sequences: special tokens included, padding excluded.

        Any shape, and any integer type that fits int64.
        """
        flat = ids.reshape(-1)
        parts = max(1, len(flat) // max(_CHUNK, 4 * self.vocab_size))  # each costs a pass over the vocabulary
        for part in np.array_split(flat, parts):
            counts = np.bincount(part, minlength=self.vocab_size)
            if len(counts) > self.vocab_size:
                raise StudioError(
                    "internal",
                    f"The tokenizer produced the id {len(counts) - 1}, but its vocabulary has {self.vocab_size} ids.",
                )
            self.frequencies += counts

    def add_sequences(
        self, tokens: Integers, documents: Integers, *, width: int | Integers | None = None, split: str = "train"
    ) -> None:
        """Count sequences: tokens without padding, documents that each has a part of, and its length with padding.

        `width` is one number for all sequences or one for each; the context length when it is not given.
        """
        width = self.context_length if width is None else width
        if width is None:
            raise ValueError("sequences need a width where there is no context length")
        slots = width * len(tokens) if isinstance(width, int) else int(width.sum(dtype=np.int64))
        self.tokens_per_sequence.add(tokens)
        self.sequence_documents.add(documents)
        self._totals(split)[_MEASURED:] += [len(tokens), int(tokens.sum(dtype=np.int64)), slots]

    def add_own(self, tokens: int, repeated: int = 0) -> None:
        """Count the documents' own tokens in sequences, and how many of them occur there a second time."""
        self.own += (tokens, repeated)

    def add_lost(self, reason: str, tokens: int, documents: int = 0) -> None:
        """Count documents' own tokens (and complete documents) that are in no sequence; `reason` is one of `LOSSES`."""
        self.lost[LOSSES.index(reason)] += (tokens, documents)

    def add_control_tokens(self, counts: Mapping[int, int], documents: int) -> None:
        """Count control tokens in texts, by id, and the documents that have any."""
        for token_id, count in counts.items():
            self.control_counts[token_id] += count
        self.control_documents += documents

    def result(self, text: TokenText | None = None, positions: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the complete result as JSON values (docs/statistics.md); `text` gives the string of an id.

        `positions` is what `PositionCounts.result` gave, once sequences are stored.
        """
        return token_result(self, text, positions)

    def live(self, text: TokenText | None = None) -> dict[str, Any]:
        """Return the result so far in the same form, thinned to less than 64 KiB of JSON."""
        return live_result(self, text)
