"""The JSON result of token statistics, complete or live: one form, so that the page does not jump when a job ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.statistics.distributions import IntegerDistribution
from mistudio_core.statistics.frequencies import Ranking, TokenText
from mistudio_core.statistics.histograms import LOG_LASTS, LOG_STARTS, linear_bins, log_bins
from mistudio_core.statistics.token_counts import LOSSES, TOTALS, TokenCounts

VERSION: Final = 2
TOP_TOKENS: Final = 100
CURVE_POINTS: Final = 150
LIVE_TOP_TOKENS: Final = 30
LIVE_CURVE_POINTS: Final = 60
LIVE_BYTES: Final = 60_000  # the whole progress file has 64 KiB
LIVE_SPLITS: Final = 30


def token_result(
    statistics: TokenCounts, text: TokenText | None = None, positions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the complete result of a finished tokenization."""
    return _result(statistics, Ranking(statistics.frequencies, text), TOP_TOKENS, CURVE_POINTS) | {
        "positions": positions
    }


def live_result(statistics: TokenCounts, text: TokenText | None = None) -> dict[str, Any]:
    """Return what has been counted so far in less than `LIVE_BYTES` bytes of JSON; what has no room is left out."""
    ranking = Ranking(statistics.frequencies, text)
    result = _result(statistics, ranking, LIVE_TOP_TOKENS, LIVE_CURVE_POINTS) | {"live": True, "positions": None}
    result["splits"] = dict(list(result["splits"].items())[:LIVE_SPLITS])
    for key, empty in (("special_tokens", []), ("by_length", []), ("splits", {}), ("top_tokens", []), ("curve", [])):
        if len(json.dumps(result)) <= LIVE_BYTES:
            break
        result[key] = empty
    return result


def _result(statistics: TokenCounts, ranking: Ranking, top: int, points: int) -> dict[str, Any]:
    totals = dict(zip(TOTALS, _sum(statistics.splits), strict=True))
    sequences, slots, held = totals["sequences"], totals["sequence_slots"], totals["tokens_in_sequences"]
    crossing = _more_than(statistics.sequence_documents, 1)
    return {
        "version": VERSION,
        "kind": "tokenization",
        "live": False,
        "documents": totals["documents"],
        "tokens": ranking.tokens,
        "sequences": sequences,
        "context_length": statistics.context_length,
        "utilisation": _ratio(held, slots),
        "padding": {"count": slots - held, "share": _ratio(slots - held, slots)},
        "vocabulary": ranking.vocabulary(),
        "document_tokens": lengths_result(statistics.document_tokens),
        "tokens_per_sequence": statistics.tokens_per_sequence.summary(),
        "documents_per_sequence": statistics.sequence_documents.summary(),
        "sequences_crossing_documents": {"count": crossing, "share": _ratio(crossing, sequences)},
        "fertility": fertility(totals),
        "splits": {name: _split(values.tolist()) for name, values in sorted(statistics.splits.items())},
        "by_length": _by_length(statistics.by_length),
        "sequence_tokens": _sequence_tokens(statistics, ranking.tokens),
        "lost": _lost(statistics.lost, totals["tokens"]),
        "special_tokens": ranking.sequences(statistics.special_ids),
        "control_tokens_in_text": _control(statistics, ranking),
        "top_tokens": ranking.top(top),
        "curve": ranking.curve(points),
        "coverage": ranking.coverage(),
    }


def lengths_result(lengths: IntegerDistribution) -> dict[str, Any]:
    """Return the summary of lengths with both of their histograms."""
    return lengths.summary() | {"linear": linear_bins(lengths), "log": log_bins(lengths)}


def fertility(totals: Mapping[str, int]) -> dict[str, float | None]:
    """Return tokens (as the tokenizer gave them, before any cut) for each character, byte and word, and the inverse."""
    tokens = totals["tokens"]
    return {
        "tokens_per_character": _ratio(tokens, totals["characters"]),
        "tokens_per_byte": _ratio(tokens, totals["bytes"]),
        "tokens_per_word": _ratio(tokens, totals["words"]),
        "characters_per_token": _ratio(totals["characters"], tokens),
        "bytes_per_token": _ratio(totals["bytes"], tokens),
    }


def _split(values: list[int]) -> dict[str, Any]:
    totals = dict(zip(TOTALS, values, strict=True))
    return totals | {"fertility": fertility(totals)}


def _by_length(table: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    filled = np.flatnonzero(table[:, 0])
    return [
        {"first": int(LOG_STARTS[place]), "last": int(LOG_LASTS[place])}
        | dict(zip(TOTALS, table[place].tolist(), strict=False))
        for place in filled.tolist()
    ]


def _sequence_tokens(statistics: TokenCounts, tokens: int) -> dict[str, int]:
    """Return what the tokens in sequences are: documents' own, those that overlapping sequences repeat, and added."""
    own, repeated = statistics.own.tolist()
    return {"documents": own - repeated, "repeated": repeated, "added": tokens - own}


def _lost(table: npt.NDArray[np.int64], packed: int) -> dict[str, Any]:
    """Return what was lost of all tokens of documents: of the `packed` ones, and of those that a filter left out."""
    lost = int(table[:, 0].sum())
    tokens = packed + int(table[LOSSES.index("filtered"), 0])
    return {
        "tokens": lost,
        "document_tokens": tokens,
        "share": _ratio(lost, tokens),
        "reasons": {
            reason: {"tokens": sequence[0], "documents": sequence[1]}
            for reason, sequence in zip(LOSSES, table.tolist(), strict=True)
        },
    }


def _control(statistics: TokenCounts, ranking: Ranking) -> dict[str, Any]:
    written = Ranking(statistics.control_counts, ranking.text)
    return {
        "documents": statistics.control_documents,
        "count": written.tokens,
        "tokens": [
            {key: value for key, value in sequence.items() if key != "share"} for sequence in written.top(TOP_TOKENS)
        ],
    }


def _sum(splits: Mapping[str, npt.NDArray[np.integer]]) -> list[int]:
    return [sum(int(values[place]) for values in splits.values()) for place in range(len(TOTALS))]


def _more_than(distribution: IntegerDistribution, limit: int) -> int:
    values, counts = distribution.support()
    return int(counts[values > limit].sum())


def _ratio(part: int, total: int) -> float | None:
    return part / total if total else None
