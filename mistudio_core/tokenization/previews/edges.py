"""The first and last tokens of some documents, looked at before a tokenization starts: what would stand twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.raw import RawSplit, column_types
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.packing.repeated import RepeatCounter, Repeats, added_ids
from mistudio_core.tokenization.pipeline.token_columns import read_token_lists
from mistudio_core.tokenization.recipes.columns import is_token_type
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import Refusal, TextReader
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_GROUPS: Final = 8
_SAMPLES: Final = 64
"""Samples of each row group that are looked at: some hundreds in all, which take a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Documents that would hold a token twice, estimated unless `exact`, and the first refused conversation."""

    repeats: Repeats
    exact: bool
    refusal: Refusal | None


def look_at_edges(recipe: Recipe, splits: Mapping[str, RawSplit], tokenizer: StoredTokenizer) -> Edges:
    """Look at a few hundred samples of a resolved recipe; nothing is encoded, so control tokens are found as texts."""
    before, after = added_ids(recipe, resolve_policy(recipe, tokenizer), tokenizer)
    mine = [splits[name] for name in recipe.splits]
    every = [(split, group) for split in mine for group in split.row_groups]
    chosen = np.unique(np.linspace(0, len(every) - 1, _GROUPS).astype(int)).tolist() if every else []
    reader = TextReader(dataclasses.replace(recipe, refused="skip") if recipe.chat is not None else recipe, tokenizer)
    texts_of = {ident: text for text, ident in tokenizer.control.items()}
    counter, found, refusal, seen = RepeatCounter(before, after), [], None, 0
    for split, group in (every[place] for place in chosen):
        table = split.read(group.first, group.first + min(group.num_rows, _SAMPLES), reader.columns)
        seen += table.num_rows
        if len(recipe.columns) == 1 and is_token_type(column_types(table.schema)[recipe.columns[0]]):
            lists = read_token_lists(table, recipe.columns[0], tokenizer.vocab_size, group.first)[0]
            counter.add(lists, len(lists))
            continue
        texts = reader.read(table, group.first)
        refusal = refusal or texts.refusal
        if recipe.control_tokens == "parse":
            found.append(Repeats(
                {str(ident): _count(pc.starts_with(texts.kept, texts_of[ident])) for ident in sorted(before)},
                {str(ident): _count(pc.ends_with(texts.kept, texts_of[ident])) for ident in sorted(after)},
            ))  # fmt: skip
    times = sum(split.num_samples for split in mine) / max(1, seen)
    total = Repeats.total([*found, counter.result()])
    counts = [
        {ident: round(count * times) for ident, count in side.items() if count} for side in (total.first, total.last)
    ]
    return Edges(Repeats(*counts), times == 1, refusal)


def _count(mask: pa.BooleanArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
