"""What the counts of token ids say: top and rare tokens, rank-frequency, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Frequencies = npt.NDArray[np.int64]
TokenText = Callable[[int], str]

RARE_COUNTS: Final = (1, 10, 100)
COVERAGE_SHARES: Final = (0.5, 0.75, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
_TEXT_CHARACTERS: Final = 64  # of a token's string in a result: some vocabularies hold whole lines


class Ranking:
    """The seen ids of a vocabulary, the most frequent first, equal ones by id. frequencies: int64[vocab_size]."""

    def __init__(self, frequencies: Frequencies, text: TokenText | None = None) -> None:
        """Sort once; `text` gives the string of an id where strings are wanted."""
        self.frequencies = frequencies
        self.text = text
        seen = np.flatnonzero(frequencies)
        self.ids = seen[np.argsort(-frequencies[seen], kind="stable")]
        self.counts = frequencies[self.ids]
        self.totals = np.cumsum(self.counts)
        self.tokens = int(self.totals[-1]) if len(seen) else 0

    def sequence(self, token_id: int) -> dict[str, Any]:
        """Return id, count, share of all tokens, and the string where strings are known."""
        count = int(self.frequencies[token_id])
        share = count / self.tokens if self.tokens else 0.0
        return token_sequence(token_id, self.text) | {"count": count, "share": share}

    def sequences(self, ids: Iterable[int]) -> list[dict[str, Any]]:
        """Return one sequence for each id."""
        return [self.sequence(token_id) for token_id in ids]

    def top(self, most: int) -> list[dict[str, Any]]:
        """Return the most frequent ids."""
        return self.sequences(self.ids[:most].tolist())

    def vocabulary(self) -> dict[str, Any]:
        """Return how much of the vocabulary was seen, how many ids never were, and how many rarely."""
        size = len(self.frequencies)
        rare = [{"at_most": limit, "ids": int(np.count_nonzero(self.counts <= limit))} for limit in RARE_COUNTS]
        return {
            "size": size,
            "distinct": len(self.ids),
            "share": len(self.ids) / size if size else 0.0,
            "never_seen": size - len(self.ids),
            "rarely_seen": rare,
        }

    def curve(self, points: int) -> list[dict[str, Any]]:
        """Return rank, count and the share covered up to it, at `points` ranks or less, spaced by their logarithm."""
        if not len(self.ids):
            return []
        spaced = np.geomspace(1, len(self.ids), points).round().astype(np.int64)
        return [
            {"rank": rank, "count": int(self.counts[rank - 1]), "covered": int(self.totals[rank - 1]) / self.tokens}
            for rank in np.unique(spaced).tolist()
        ]

    def coverage(self) -> list[dict[str, Any]]:
        """Return how many of the most frequent ids make up each share of the tokens."""
        if not len(self.ids):
            return []
        needed = [-(-self.tokens * round(share * 1000) // 1000) for share in COVERAGE_SHARES]
        ranks = np.searchsorted(self.totals, needed) + 1
        return [{"share": share, "ids": int(rank)} for share, rank in zip(COVERAGE_SHARES, ranks, strict=True)]


def token_sequence(token_id: int, text: TokenText | None) -> dict[str, Any]:
    """Return an id, with its string where strings are known."""
    return {"id": token_id} if text is None else {"id": token_id, "token": text(token_id)[:_TEXT_CHARACTERS]}


def rare_ids(frequencies: Frequencies, at_most: int = 0, at_least: int = 0) -> npt.NDArray[np.int64]:
    """Return the ids seen at least and at most so often, the rarest first; the defaults give those never seen."""
    ids = np.flatnonzero((frequencies >= at_least) & (frequencies <= at_most))
    return ids[np.argsort(frequencies[ids], kind="stable")]
