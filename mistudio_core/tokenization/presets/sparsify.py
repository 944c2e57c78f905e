"""The preset `sparsify`: sequences as sparsify makes them."""

from __future__ import annotations

from typing import Final

from mistudio_core.tokenization.recipes.registry import Preset


class Sparsify(Preset):
    """The rule of sparsify."""

    name = "sparsify"
    title = "sparsify"
    summary = "Sequence for sequence what sparsify makes when it tokenizes."
    position = 40
    fields = frozenset({"batch_rows", "emulate_num_proc"})
    peer_version = "1.3.3"
    batch_rows = 2048


PRESET: Final = Sparsify()
