"""The preset `saelens`: sequences as SAELens makes them."""

from __future__ import annotations

from typing import Final

from mistudio_core.tokenization.recipes.registry import Preset


class SaeLens(Preset):
    """The rule of SAELens, with or without concatenation."""

    name = "saelens"
    title = "SAELens"
    summary = "Sequence for sequence what SAELens makes when it tokenizes."
    position = 20
    fields = frozenset(
        {"bos", "separator", "begin_batch_token", "begin_sequence_token", "add_special_tokens", "control_tokens",
         "concatenate", "batch_rows", "emulate_num_proc"}
    )  # fmt: skip
    peer_version = "6.54.12"
    batch_rows = 1000


PRESET: Final = SaeLens()
