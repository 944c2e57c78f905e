"""The preset `transformer_lens`: sequences as TransformerLens makes them."""

from __future__ import annotations

from typing import Final

from mistudio_core.tokenization.recipes.registry import Preset


class TransformerLens(Preset):
    """The rule of TransformerLens."""

    name = "transformer_lens"
    title = "TransformerLens"
    summary = "Sequence for sequence what TransformerLens makes when it tokenizes."
    position = 30
    fields = frozenset({"bos", "control_tokens", "batch_rows", "emulate_num_proc"})
    peer_version = "4.3.0"
    batch_rows = 1000


PRESET: Final = TransformerLens()
