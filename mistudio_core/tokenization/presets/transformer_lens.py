"""The preset `transformer_lens`: sequences as TransformerLens makes them (`tokenize_and_concatenate`).

The documents of a batch are encoded without special tokens and joined with EOS between them; each sequence is BOS and
the next tokens. A batch too short for one sequence is padded, any other loses what fills none at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from mistudio_core.tokenization.packing.peers import BatchPacker, BatchSeams, one_sequence
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.sequences import Sequences, joined_sequences, padded_sequences
from mistudio_core.tokenization.packing.special_tokens import no_bos, required_eos
from mistudio_core.tokenization.packing.stream import Documents, Packer, StreamCutter, surrounded
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_SNIPPET: Final = """\
import torch
from datasets import load_from_disk
from torch.utils.data import DataLoader
from transformer_lens.evals import evaluate_on_dataset
from transformer_lens.model_bridge import TransformerBridge

MODEL = {model}  # {why}
{sequences}
# TransformerLens calls the column "tokens".
sequences = sequences.rename_column("input_ids", "tokens").with_format("torch", columns=["tokens"])
device = "cuda" if torch.cuda.is_available() else "cpu"
model = TransformerBridge.boot_transformers(MODEL, device=device)
loss = evaluate_on_dataset(model, DataLoader(sequences, batch_size=8), truncate=10, device=device)
print(f"loss: {{loss:.3f}}")
"""


class TransformerLens(PackingPreset):
    """The rule of TransformerLens."""

    name = "transformer_lens"
    title = "TransformerLens"
    summary = "BOS at each start, EOS between documents; the rest of a batch is dropped. As TransformerLens 4.3."
    position = 30
    fields = frozenset({"bos", "control_tokens", "batch_rows", "emulate_num_proc"})
    choices: Mapping[str, tuple[str, ...]] = MappingProxyType({"bos": ("auto", "never")})
    peer_version = "4.3.0"
    batch_rows = 1000
    snippet = _SNIPPET
    package = "transformer-lens"
    other_versions = "Before 3.0 the model was made by `HookedTransformer.from_pretrained`."

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put BOS before each sequence and EOS between documents."""
        eos = required_eos(recipe, tokenizer)
        if recipe.bos != "never" and tokenizer.named_bos_id is None:
            raise no_bos("bos")
        bos = () if recipe.bos == "never" or tokenizer.named_bos_id is None else (tokenizer.named_bos_id,)
        pad = eos if tokenizer.pad_id is None else tokenizer.pad_id
        return replace(common, sequence_start=bos, separator=(eos,), pad_id=pad, padding_side="right")

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
        """Return a packer of the batches that TransformerLens would make."""
        return TransformerLensPacker(policy, BatchSeams.of(recipe, self.batch_rows, num_samples), limit)

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how batches are cut, and what becomes of their ends."""
        return f"{super().packing_in_words(recipe, policy)}, the rest of a batch dropped"


class TransformerLensPacker(BatchPacker):
    """Cuts the stream of a batch; one too short for a sequence is padded."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch."""
        super().__init__(policy, seams, limit)
        self._cutter = StreamCutter(policy.content_length, policy.sequence_start)
        self._has_sequence = False

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:
        stream, begins, ends = surrounded(documents.encoded, self._policy.separator, ())
        if starts:
            skipped = len(self._policy.separator)
            stream, begins, ends = stream[skipped:], begins - skipped, ends - skipped
        sequences = self._cutter.add(stream, begins, ends)
        self._has_sequence = (self._has_sequence and not starts) or len(sequences) > 0
        return sequences

    def _end_batch(self) -> Sequences:
        left, begins, ends = self._cutter.take()
        if self._has_sequence:
            return joined_sequences([])
        assert self._policy.pad_id is not None
        start = np.array(self._policy.sequence_start, np.uint32)
        sequence = one_sequence(np.concatenate([start, left]), begins, ends)
        return padded_sequences(sequence, self._policy.sequence_length, self._policy.pad_id, "right")


PRESET: Final = TransformerLens()
