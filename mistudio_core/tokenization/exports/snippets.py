"""Code to copy: how each trainer takes the sequences of a tokenization. Every one has been run as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipes.registry import preset, presets

_PYTORCH_NAME, _PYTHON_NAME = "pytorch", "python"
REMOTE: Final = "remote"
STAND_IN: Final = "openai-community/gpt2"
"""The model in a snippet whose tokenizer belongs to no model on the Hub: any with as large a vocabulary would do."""

_SAELENS_BUFFER_TOKENS: Final = 16_384
"""SAELens refuses a buffer smaller than its batch of 4,096 tokens; its default of 20 is for long sequences."""

_NUMPY: Final = """\
import numpy as np
from datasets import load_from_disk

{sequences}
for batch in sequences.with_format("numpy").iter(batch_size=1000):
    input_ids = np.stack(batch["input_ids"])  # shape (1000, {width}); fewer in the last batch
    break
print(len(sequences), input_ids.shape, input_ids.dtype)
"""

_RAGGED_NUMPY: Final = """\
from datasets import load_from_disk

{sequences}
for batch in sequences.with_format("numpy").iter(batch_size=1000):
    input_ids = list(batch["input_ids"])  # 1000 arrays, each as long as its sequence
    break
print(len(sequences), input_ids[0].shape, input_ids[0].dtype)
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

_REMOTE: Final = """\
import os
import shutil
import urllib.request

from datasets import Dataset

# The app must run with MISTUDIO_API=1; there, `mistudio api-key` makes the key.
APP = "http://localhost:8501"  # replace by the address of the app
headers = {{
    "Authorization": "Bearer " + os.environ["MISTUDIO_API_KEY"],
    "Accept": "application/vnd.apache.arrow.stream",
}}
request = urllib.request.Request(APP + {path!r}, headers=headers)
with urllib.request.urlopen(request) as answer, open({file!r}, "wb") as file:
    shutil.copyfileobj(answer, file)
# Mapped into memory, as `load_from_disk` does on the machine of the app: the code for a trainer goes on from here.
sequences = Dataset.from_file({file!r})
print(sequences)
"""


def programs() -> dict[str, str]:
    """Return for whom there is a snippet, with the name to show.

    These are the projects that presets reproduce, PyTorch, Python, and any of them on another machine.
    """
    projects = {one.name: one.title for one in presets() if one.snippet is not None}
    return projects | {_PYTORCH_NAME: "PyTorch", _PYTHON_NAME: "Python", REMOTE: "Another machine"}


def snippet(program: str, folder: Path, manifest: Mapping[str, Any], *, even_sequences: bool = True) -> str:
    """Return the code with which `program` takes the sequences in `folder`, of which `manifest` tells.

    `even_sequences` is False where sequences are of several lengths, which only plain PyTorch and Python take: for the
    others that is `invalid_request`. Names and paths stand in the code as Python writes them.
    """
    known = programs()
    if program not in known:
        raise invalid(f"{program[:40]!r} is not a program with a snippet.", f"Use one of: {', '.join(known)}.")
    if program == REMOTE:
        return _remote(folder.name, manifest)
    plain = {_PYTORCH_NAME: (_PYTORCH, _RAGGED_PYTORCH), _PYTHON_NAME: (_NUMPY, _RAGGED_NUMPY)}
    if not even_sequences and program not in plain:
        raise invalid(
            f"{known[program]} takes sequences of one length, and these differ.",
            "Tokenize with sequences of one length: drop or pad the remainder.",
        )
    model, why = _model(manifest)
    policy = manifest["policy"]
    template = plain[program][not even_sequences] if program in plain else preset(program).snippet or _PYTORCH
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
        return STAND_IN, "the example tokenizer belongs to no model: replace this placeholder"
    return tokenizer, "the model of this tokenizer"


def _remote(tokenization_id: str, manifest: Mapping[str, Any]) -> str:
    filled = _filled(manifest)
    split = f"?split={quote(filled[0][0])}" if len(filled) > 1 else ""
    path = f"/api/v1/tokenizations/{tokenization_id}/sequences{split}"
    return _REMOTE.format(path=path, file=f"{tokenization_id}.arrow")


def _filled(manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the splits that have sequences, in their order, with the number of those."""
    counted = ((name, int(counts["num_sequences"])) for name, counts in manifest["splits"].items())
    return [(name, number) for name, number in counted if number]


def _sequences(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return the lines that open the sequences: the first split alone, where several lie one after the other."""
    lines = [f"sequences = load_from_disk({str(folder)!r})"]
    filled = _filled(manifest)
    if len(filled) > 1:
        name, number = filled[0]
        lines.append(
            f"sequences = sequences.select(range({number}))  # the split {name!r}; without this line, all splits"
        )
    return "\n".join(lines)
