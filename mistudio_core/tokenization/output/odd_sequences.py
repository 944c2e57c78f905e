"""Sequences that a deep check looks at first: of documents with rare characters, marks, controls or added tokens."""

from __future__ import annotations

from typing import Final

import numpy as np

from mistudio_core.tokenization.engines.odd_texts import OddCodePoints, OddStrings, OddTexts
from mistudio_core.tokenization.engines.unicode_gap import normalizable
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import USED

_PLACES: Final = 16
"""row groups of each split in which odd documents are looked for."""
_OF_A_KIND: Final = 2
"""Documents of each kind that are taken from a place."""
_MOST_TOKENS: Final = 500
_CONTROLS: Final = ((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x202A, 0x202E))
_RARE_SCRIPTS: Final = ((0x0530, 0x08FF), (0x0980, 0x10FF), (0x1200, 0x1DFF), (0xA000, 0xABFF), (0x10000, 0x1F2FF))
"""Blocks other than those of Latin, Greek, Cyrillic, Devanagari, East Asia and pictures."""


def odd_sequences(task: Task, provenance: Provenance) -> list[int]:
    """Return the numbers of sequences in which odd documents begin; none where sequences or documents are shuffled."""
    if task.recipe.shuffle_seed is not None or task.has_token_lists:
        return []
    sequences, first = set(), 0
    for split, facts in provenance.manifest["splits"].items():
        sequences |= {
            _sequence_of(provenance, sample, first, facts["num_sequences"]) for sample in _odd_samples(task, split)
        }
        first += facts["num_sequences"]
    sequences.discard(-1)
    return sorted(sequences)


def _odd_samples(task: Task, split: str) -> set[int]:
    tokens = list(task.tokenizer.load().get_added_tokens_decoder().values())[:_MOST_TOKENS]
    odd = OddTexts(
        [
            OddStrings("added tokens", tuple(token.content for token in tokens if token.content)),
            OddCodePoints("controls", _CONTROLS),
            OddCodePoints("marks", normalizable()),
            OddCodePoints("rare scripts", _RARE_SCRIPTS),
        ]
    )
    data = task.splits[split]
    places = np.unique(np.linspace(0, max(0, len(data.row_groups) - 1), _PLACES).astype(int)).tolist()
    found: set[int] = set()
    for group in [data.row_groups[place] for place in places if data.row_groups]:
        table = data.read(group.first, group.first + group.num_rows, task.recipe.source_columns())
        texts = task.reader.read(table, group.first)
        samples = np.flatnonzero(texts.skipped == USED) + group.first
        for mask in odd.find(texts.kept).values():
            found.update(samples[mask][:_OF_A_KIND].tolist())
    return found


def _sequence_of(provenance: Provenance, sample: int, first: int, count: int) -> int:
    """Return the sequence in which a sample's tokens begin, or -1; a split keeps the order of its samples."""
    low, high = first, first + count
    while low < high:
        middle = (low + high) // 2
        sources = provenance.sources(middle)
        if not sources:
            return -1
        if sources[-1].sample < sample:
            low = middle + 1
        else:
            high = middle
    return low if low < first + count else -1
