"""Statistics in a sentence: what somebody wants to know before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mistudio_core.ui.widgets import formats

_LATER: Final = "…"


def of_tokens(result: Mapping[str, Any]) -> str:
    """Return what a tokenization's result says first, as Markdown; of a running one, what is known of it."""
    vocabulary, crossing = result["vocabulary"], result["sequences_crossing_documents"]
    never = vocabulary["never_seen"] / vocabulary["size"] if vocabulary["size"] else 0.0
    # What is known at the end only keeps its place until then, so that nothing below moves.
    known = not result["live"]
    sequences = formats.counted(result["sequences"], "sequence") if known else f"{_LATER} sequences"
    parts = [
        f"**{formats.counted(result['tokens'], 'token')}** in {sequences} "
        f"from {formats.counted(result['documents'], 'document')}",
        f"**{formats.percent(crossing['share']) if known else _LATER}** of sequences span documents",
        f"**{formats.percent(result['lost']['share']) if known else _LATER}** of tokens dropped",
        f"**{formats.percent(never)}** of the vocabulary {'never seen' if known else 'not seen yet'}",
    ]
    if result["padding"]["count"]:
        parts.insert(1, f"**{formats.percent(result['padding']['share'])}** padding")
    return " · ".join(parts)


def of_text(column: Mapping[str, Any]) -> str:
    """Return what the statistics of a text column say first, as Markdown."""
    characters, copies = column["characters"], column["duplicates"]
    parts = [
        f"**{formats.counted(characters['count'], 'text')}** with {formats.counted(characters['sum'], 'character')}",
        f"half of them up to **{formats.exact(characters['median'])}** characters" if characters["count"] else "",
        f"**{formats.percent(copies['share'])}** duplicates",
        f"**{formats.exact(column['empties'] + column['blanks'])}** empty",
        f"**{formats.exact(column['nulls'])}** missing",
    ]
    return " · ".join(part for part in parts if part)
