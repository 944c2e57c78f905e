"""Commands that show texts: every place where a search finds something in them, and how tokenizers cut one."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from mistudio_core.cli.commands import QUERY_FIELDS, opened
from mistudio_core.records import as_json

_ORDER_FIELDS: Final = ("sort", "descending")


def concordance(options: Namespace) -> Any:
    """Return where a search finds something, with what stands beside it: `{total, total_is_exact, rows, ...}`."""
    fields = {name: getattr(options, name) for name in QUERY_FIELDS if name not in _ORDER_FIELDS}
    found = as_json(opened(options).concordance(options.id, fields, sort=options.sort))
    return {"rows": found.pop("hits")} | found


def compare_text(options: Namespace) -> Any:
    """Put the tokens of one text by several tokenizers side by side: rows of the pieces that all of them cut out."""
    found = opened(options).compare_text(options.tokenizers, options.text)
    if getattr(options, "json", False):
        return found
    return [
        {"differs": piece.differs}
        | {
            name: "|".join(token.text for token in tokens[first:last])
            for name, tokens, (first, last) in zip(found.tokenizers, found.tokens, piece.tokens, strict=True)
        }
        for piece in found.pieces
    ]
