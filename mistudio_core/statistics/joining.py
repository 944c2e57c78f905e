"""Characters and words of a tokenization that did not count them, from the statistics of the text it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mistudio_core.statistics.token_results import TOTALS, fertility


def with_words(result: Mapping[str, Any], column: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a tokenization with the characters and words of each split, and what follows from them.

    `column` is the text column of the dataset's result. A split is joined only where the tokenization had all of its
    texts, by their number and their bytes; one that has its words is left as it is.
    """
    texts: Mapping[str, Any] = column["splits"]
    splits = {name: _joined(totals, texts.get(name)) for name, totals in result["splits"].items()}
    whole = {name: sum(totals[name] for totals in splits.values()) for name in TOTALS}
    if not all(totals["words"] or not totals["documents"] for totals in splits.values()):
        return dict(result) | {"splits": splits}
    return dict(result) | {"splits": splits, "fertility": fertility(whole)}


def lacks_words(result: Mapping[str, Any]) -> bool:
    """Tell whether the words of a split with documents are not known."""
    return any(totals["documents"] and not totals["words"] for totals in result.get("splits", {}).values())


def _joined(totals: Mapping[str, Any], texts: Mapping[str, int] | None) -> dict[str, Any]:
    if totals["words"] or texts is None:
        return dict(totals)
    documents = texts["samples"] - texts["nulls"] - texts["empties"]
    if (totals["documents"], totals["bytes"]) != (documents, texts["bytes"]):
        return dict(totals)
    joined = dict(totals) | {"characters": texts["characters"], "words": texts["words"]}
    return joined | {"fertility": fertility(joined)}
