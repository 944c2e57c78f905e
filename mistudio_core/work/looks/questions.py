"""The table of questions that a look worker answers; arguments and answers are JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mistudio_core.work.looks import hub_rows, loading, recipes, tokens

_QUESTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "keep_files": loading.store_files,
    "hub_rows": hub_rows.hub_rows,
    "preview": recipes.preview,
    "cut": recipes.cut,
    "source_text": recipes.source_text,
    "chat_date": recipes.chat_date,
    "cautions": recipes.recipe_cautions,
    "recipe_values": recipes.values,
    "forecast": recipes.forecast,
    "left_out": recipes.left_out,
    "encode": tokens.encode,
    "shown": tokens.shown,
    "joined": tokens.joined,
    "strings": tokens.strings,
    "parting": tokens.parting,
    "verified": tokens.verified,
}


def answer_to(question: str, arguments: Mapping[str, Any]) -> Any:
    """Return the answer to a question of the table."""
    return _QUESTIONS[question](arguments)
