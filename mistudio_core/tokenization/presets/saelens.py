"""The preset `saelens`: sequences as SAELens makes them, concatenated or one a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mistudio_core.tokenization.packing.peers import BatchSeams
from mistudio_core.tokenization.packing.policy import Few, Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.saelens import SaeLensPacker
from mistudio_core.tokenization.packing.saelens_alone import SaeLensAlonePacker
from mistudio_core.tokenization.packing.special_tokens import named_token, no_bos
from mistudio_core.tokenization.packing.stream import Packer
from mistudio_core.tokenization.recipes.columns import holds_conversations
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_SNIPPET: Final = """\
from datasets import load_from_disk
from sae_lens import (
    LanguageModelSAERunnerConfig,
    LanguageModelSAETrainingRunner,
    LoggingConfig,
    StandardTrainingSAEConfig,
)
from transformers import AutoConfig

MODEL = {lens_model}  # {why}
{sequences}
config = LanguageModelSAERunnerConfig(
    model_name=MODEL,
    hook_name="blocks.0.hook_resid_post",
    sae=StandardTrainingSAEConfig(
        d_in=AutoConfig.from_pretrained(MODEL).hidden_size,
        d_sae=4096,
    ),
    is_dataset_tokenized=True,
    streaming=False,
    context_size={width},
    prepend_bos={bos},
    training_tokens={num_tokens},
    n_batches_in_buffer={buffer},  # times context_size, the buffer must hold more than a batch of 4,096 tokens
    logger=LoggingConfig(log_to_wandb=False),
)
# The sequences go in as an object: SAELens would look for a path of tokenized data on the Hub.
sae = LanguageModelSAETrainingRunner(config, override_dataset=sequences).run()
"""


class SaeLens(PackingPreset):
    """The rule of SAELens: a token is put in only where the next one is another."""

    name = "saelens"
    title = "SAELens"
    summary = "BOS at each start and between documents; the rest of a batch is dropped. As SAELens 6.54."
    position = 20
    fields = frozenset(
        {"bos", "separator", "begin_batch_token", "begin_sequence_token", "add_special_tokens", "control_tokens",
         "concatenate", "batch_rows", "emulate_num_proc"}
    )  # fmt: skip
    peer_version = "6.54.12"
    batch_rows = 1000
    snippet = _SNIPPET
    package = "sae-lens"
    other_versions = (
        "Before 6.0 the options of `sae=` and `logger=` stood beside the others, and the runner "
        "was `SAETrainingRunner`."
    )
    compares_ids = True

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put BOS before each sequence and between documents, as SAELens does unless told otherwise."""
        own = recipe.chat is None if recipe.add_special_tokens is None else recipe.add_special_tokens
        bos = () if tokenizer.named_bos_id is None else (tokenizer.named_bos_id,)
        if recipe.bos in ("row", "document") and not bos:
            raise no_bos("bos")

        def chosen(field: str, unless: Few) -> Few:
            wanted = getattr(recipe, field)
            return unless if wanted == "auto" else named_token(field, wanted, tokenizer)

        sequence_start = chosen("begin_batch_token", () if recipe.bos == "never" else bos)
        begin_sequence = chosen("begin_sequence_token", bos if recipe.bos == "document" else ())
        separator = chosen("separator", bos)
        if not recipe.concatenate:  # one token begins a document, which is a sequence of its own
            sequence_start, begin_sequence, separator = begin_sequence or sequence_start, (), ()
        return replace(
            common,
            sequence_start=sequence_start,
            begin_sequence=begin_sequence,
            document_start=tokenizer.prefix if own else (),
            document_end=tokenizer.suffix if own else (),
            separator=separator,
        )

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
        """Return a packer that drops what fills no sequence of a batch, or of a document where those stand alone."""
        if not recipe.concatenate:
            return SaeLensAlonePacker(policy, BatchSeams(num_samples or 1, [0, num_samples]), limit)
        return SaeLensPacker(policy, BatchSeams.of(recipe, self.batch_rows, num_samples), limit)

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how documents are joined, or that they are not."""
        if self.is_alone(recipe):
            return f"one a document that fills {policy.sequence_length:,}"
        return f"{super().packing_in_words(recipe, policy)}, the rest of a batch dropped"

    def is_alone(self, recipe: Recipe) -> bool:
        """Tell whether documents are not concatenated."""
        return not recipe.concatenate

    def implied(self, values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Return what SAELens does by default: one BOS before each sequence and each document within it."""
        chat, own = holds_conversations(values), values["add_special_tokens"]
        if own is None:
            own = chat is False
        bos_between = values["separator"] in ("auto", "bos")
        bos_first = bos_between and values["begin_batch_token"] in ("auto", "bos")
        return super().implied(values) | {
            "bos": ("row", "document") if bos_between or not values["concatenate"] else ("row",),
            # A tokenizer with a BOS that only encoding shows begins each document with it.
            "separator": ("bos",) if own and values["begin_sequence_token"] in ("auto", "none") else (),
            "begin_batch_token": ("bos",) if own and not values["concatenate"] else (),
            "begin_sequence_token": ("none", "bos") if own and bos_first else ("none",),
            "add_special_tokens": () if chat is None else (not chat,),
        }


PRESET: Final = SaeLens()
