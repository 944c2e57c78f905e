"""The preset `sparsify`: sequences as sparsify makes them (`chunk_and_tokenize`).

EOS stands before each document of a batch, written as text before it is encoded; special tokens stand round each
sequence, and the last sequence of a batch is dropped, even if it is full.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mistudio_core.errors import invalid
from mistudio_core.tokenization.packing.peers import BatchPacker, BatchSeams
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.sequences import Sequences, joined_sequences
from mistudio_core.tokenization.packing.special_tokens import required_eos
from mistudio_core.tokenization.packing.stream import Documents, Packer, StreamCutter, surrounded
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_SNIPPET: Final = """\
import torch
from datasets import load_from_disk
from sparsify import SparseCoderConfig, TrainConfig, Trainer
from transformers import AutoModelForCausalLM

MODEL = {model}  # {why}
{sequences}
sequences = sequences.select_columns(["input_ids"]).with_format("torch")
device = "cuda" if torch.cuda.is_available() else "cpu"
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device)
config = TrainConfig(
    SparseCoderConfig(num_latents=4096),
    batch_size=16,
    layers=[0],
    log_to_wandb=False,
    run_name="first-layer",
)
Trainer(config, sequences, model).fit()
"""


class Sparsify(PackingPreset):
    """The rule of sparsify."""

    name = "sparsify"
    title = "sparsify"
    summary = "EOS before each document; the last sequence of a batch is dropped. As sparsify 1.3."
    position = 40
    fields = frozenset({"batch_rows", "emulate_num_proc"})
    peer_version = "1.3.3"
    batch_rows = 2048
    snippet = _SNIPPET
    package = "eai-sparsify"
    other_versions = "Earlier versions call `SparseCoderConfig` `SaeConfig`."
    encodes_between_separators = True
    separator_place = "before"

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put EOS before documents and special tokens round sequences, which the tokenizer's own limit may shorten."""
        eos = required_eos(recipe, tokenizer)
        if eos not in tokenizer.control.values():
            raise invalid(
                "The preset sparsify needs a tokenizer whose EOS is a control token.", "Choose another preset."
            )
        return replace(
            common,
            sequence_length=min(recipe.context_length, tokenizer.model_max_length or recipe.context_length),
            sequence_start=tokenizer.prefix,
            sequence_end=tokenizer.suffix,
            separator=(eos,),
        )

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
        """Return a packer of the batches that sparsify would make."""
        return SparsifyPacker(policy, BatchSeams.of(recipe, self.batch_rows, num_samples), limit)

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how batches are cut, and what becomes of their ends."""
        return f"{super().packing_in_words(recipe, policy)}, the last sequence of a batch dropped"

    def cautions(self, recipe: Recipe, policy: Policy) -> list[str]:
        """Say where the tokenizer's limit shortens sequences."""
        if policy.sequence_length == recipe.context_length:
            return []
        return [f"Sequences are cut to {policy.sequence_length:,} tokens, this tokenizer's limit, as sparsify does."]


class SparsifyPacker(BatchPacker):
    """Cuts the stream of a batch, and drops its last sequence with the rest."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch."""
        super().__init__(policy, seams, limit)
        self._cutter = StreamCutter(policy.content_length, policy.sequence_start, policy.sequence_end, hold_last=True)

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:  # noqa: ARG002 - one rule
        return self._cutter.add(*surrounded(documents.encoded, self._policy.separator, ()))

    def _end_batch(self) -> Sequences:
        self._cutter.take()
        return joined_sequences([])


PRESET: Final = Sparsify()
