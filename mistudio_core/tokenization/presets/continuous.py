"""The preset `continuous`: documents joined and cut into full sequences."""

from __future__ import annotations

from typing import Final

from mistudio_core.tokenization.recipes.registry import Preset


class Continuous(Preset):
    """All documents of a split in one stream, cut every so many tokens."""

    name = "continuous"
    title = "Continuous"
    summary = "Documents joined and cut into full sequences; nothing but the last part of a sequence is lost."
    position = 10
    fields = frozenset(
        {"bos", "separator", "add_special_tokens", "control_tokens", "remainder", "padding_side", "padding_column",
         "shuffle"}
    )  # fmt: skip


PRESET: Final = Continuous()
