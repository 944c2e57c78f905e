"""The preset `per_document`: each document in sequences of its own."""

from __future__ import annotations

from typing import Final

from mistudio_core.tokenization.recipes.registry import Preset


class PerDocument(Preset):
    """One sequence for each document, cut short, or several windows that may overlap."""

    name = "per_document"
    title = "Per document"
    summary = "Each document in sequences of its own: truncated, in windows, or padded."
    position = 50
    fields = frozenset(
        {"bos", "separator", "add_special_tokens", "control_tokens", "stride", "truncation", "padding", "padding_side",
         "padding_column", "shuffle"}
    )  # fmt: skip


PRESET: Final = PerDocument()
