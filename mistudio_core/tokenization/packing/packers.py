"""The rule of packing that a recipe asks for."""

from __future__ import annotations

from mistudio_core.tokenization.packing.continuous import ContinuousPacker, Packer
from mistudio_core.tokenization.packing.peers import BatchSeams, SparsifyPacker, TransformerLensPacker
from mistudio_core.tokenization.packing.per_document import PerDocumentPacker
from mistudio_core.tokenization.packing.plan import emulated_parts
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.saelens import SaeLensPacker
from mistudio_core.tokenization.packing.saelens_alone import SaeLensAlonePacker
from mistudio_core.tokenization.recipes.checks import PEER_BATCH_ROWS
from mistudio_core.tokenization.recipes.recipe import Recipe

_PEERS = {"saelens": SaeLensPacker, "transformer_lens": TransformerLensPacker, "sparsify": SparsifyPacker}


def make_packer(recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
    """Return a new packer for one shard of a split of `num_samples`; it stops at `limit` used tokens."""
    if recipe.preset == "continuous":
        return ContinuousPacker(policy, limit)
    if recipe.preset == "per_document":
        windows = recipe.truncation == "window" or (recipe.truncation == "auto" and recipe.stride > 0)
        return PerDocumentPacker(policy, windows=windows, stride=recipe.stride, limit=limit)
    batch_rows = recipe.batch_rows or PEER_BATCH_ROWS[recipe.preset]
    if not recipe.concatenate:
        return SaeLensAlonePacker(policy, BatchSeams(num_samples or 1, [0, num_samples]), limit)
    seams = BatchSeams(batch_rows, emulated_parts(num_samples, recipe.emulate_num_proc))
    return _PEERS[recipe.preset](policy, seams, limit)
