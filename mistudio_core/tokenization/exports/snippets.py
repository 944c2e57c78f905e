"""Code to copy: how each trainer takes the sequences of a tokenization. Every one has been run as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import invalid

PROGRAMS: Final = {
    "saelens": "SAELens",
    "transformer_lens": "TransformerLens",
    "sparsify": "sparsify",
    "pytorch": "PyTorch",
}
"""For whom there is a snippet, with the name to show."""
STAND_IN: Final = "openai-community/gpt2"
"""The model in a snippet whose tokenizer belongs to no model on the Hub: any with as large a vocabulary would do."""

_SAELENS_BUFFER_TOKENS: Final = 16_384
"""SAELens refuses a buffer smaller than its batch of 4,096 tokens; its default of 20 is for long sequences."""

_SAELENS: Final = """\
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

_TRANSFORMER_LENS: Final = """\
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

_SPARSIFY: Final = """\
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

_PYTORCH: Final = """\
from datasets import load_from_disk
from torch.utils.data import DataLoader

{sequences}
sequences = sequences.with_format("torch")
for batch in DataLoader(sequences, batch_size=16, shuffle=True):
    input_ids = batch["input_ids"]  # int64, shape (16, {width})
    break
print(input_ids.shape, input_ids.dtype)
"""

_RAGGED_PYTORCH: Final = """\
from datasets import load_from_disk
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

{sequences}
sequences = sequences.with_format("torch")


def padded(batch):
    ids = [sequence["input_ids"] for sequence in batch]
    lengths = [len(sequence) for sequence in ids]
    return pad_sequence(ids, batch_first=True, padding_value={pad}), lengths


for input_ids, lengths in DataLoader(sequences, batch_size=16, shuffle=True, collate_fn=padded):
    break  # int64, shape (16, the longest of the batch); tokens beyond lengths[i] are padding
print(input_ids.shape, input_ids.dtype, lengths)
"""

_TEMPLATES: Final = {"saelens": _SAELENS, "transformer_lens": _TRANSFORMER_LENS, "sparsify": _SPARSIFY}


def snippet(program: str, folder: Path, manifest: Mapping[str, Any], *, even_sequences: bool = True) -> str:
    """Return the code with which `program` takes the sequences in `folder`, of which `manifest` tells.

    `even_sequences` is False where sequences are of several lengths, which only plain PyTorch takes: for the others
    that is `invalid_request`. Names and paths stand in the code as Python writes them.
    """
    if program not in PROGRAMS:
        raise invalid(f"{program[:40]!r} is not a program with a snippet.", f"Use one of: {', '.join(PROGRAMS)}.")
    if not even_sequences and program != "pytorch":
        raise invalid(
            f"{PROGRAMS[program]} takes sequences of one length, and these differ.",
            "Tokenize with sequences of one length: drop or pad the remainder.",
        )
    model, why = _model(manifest)
    policy = manifest["policy"]
    template = _TEMPLATES.get(program) or (_PYTORCH if even_sequences else _RAGGED_PYTORCH)
    return template.format(
        model=repr(model),
        lens_model=repr(model.removeprefix("openai-community/")),  # TransformerLens has these under their old names
        why=why,
        sequences=_sequences(folder, manifest),
        width=manifest["context_length"],
        bos=bool(policy["sequence_start"]),
        pad=policy["pad_id"] or 0,
        num_tokens=manifest["num_tokens"],
        buffer=max(20, -(-_SAELENS_BUFFER_TOKENS // int(manifest["context_length"]))),
    )


def _model(manifest: Mapping[str, Any]) -> tuple[str, str]:
    tokenizer = str(manifest["tokenizer"])
    if tokenizer == "sample":
        return STAND_IN, "the sample's tokenizer belongs to no model: this one only stands in"
    return tokenizer, "the model whose tokenizer made these sequences"


def _sequences(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return the lines that open the sequences: the first split alone, where several lie one after the other."""
    lines = [f"sequences = load_from_disk({str(folder)!r})"]
    filled = [
        (name, int(counts["num_sequences"])) for name, counts in manifest["splits"].items() if counts["num_sequences"]
    ]
    if len(filled) > 1:
        name, number = filled[0]
        lines.append(
            f"sequences = sequences.select(range({number}))  # the split {name!r}; without this line, all splits"
        )
    return "\n".join(lines)
