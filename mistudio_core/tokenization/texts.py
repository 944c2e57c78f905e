"""From raw columns to the texts that are encoded: one Arrow array, and why a sample is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.tokenization.recipe import DEFAULT_JOINT, Recipe, template_parts

USED: Final = 0
SKIP_REASONS: Final = (
    "used", "null", "empty", "min_chars", "min_tokens", "max_tokens_per_document", "junk", "duplicate", "too_large",
    "token_budget",
)  # fmt: skip
"""Why a sample gives no tokens; its place in this list is the code that is stored."""

SkipCodes = npt.NDArray[np.uint8]


def skip_code(reason: str) -> int:
    """Return the stored code of a reason."""
    return SKIP_REASONS.index(reason)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of n samples: `skipped` has n codes, `kept` the texts of those with the code `USED`, in order."""

    kept: pa.LargeStringArray
    skipped: SkipCodes


def read_texts(table: pa.Table, recipe: Recipe) -> Texts:
    """Return the texts of raw samples under the recipe; nulls, empty and too short texts are left out."""
    texts = _texts(table, recipe)
    skipped = np.zeros(len(texts), np.uint8)
    skipped[_sizes(texts) == 0] = skip_code("empty")
    skipped[texts.is_null().to_numpy(zero_copy_only=False)] = skip_code("null")
    if recipe.min_chars:
        characters = pc.fill_null(pc.utf8_length(texts), 0).to_numpy()
        skipped[(characters < recipe.min_chars) & (skipped == USED)] = skip_code("min_chars")
    if skipped.any():
        texts = texts.filter(pa.array(skipped == USED))
    return Texts(texts, skipped)


def _texts(table: pa.Table, recipe: Recipe) -> pa.LargeStringArray:
    if recipe.template is None and len(recipe.columns) == 1:
        return _column(table, recipe.columns[0])
    if recipe.template is not None:
        parts = template_parts(recipe.template)
    else:
        parts = [(DEFAULT_JOINT if place else "", name) for place, name in enumerate(recipe.columns)]
    pieces: list[pa.Scalar | pa.Array] = []
    columns = []
    for literal, name in parts:
        pieces.append(pa.scalar(literal, pa.large_string()))
        if name is not None:
            columns.append(_column(table, name))
            pieces.append(columns[-1])
    joined = pc.binary_join_element_wise(
        *pieces, pa.scalar("", pa.large_string()), null_handling="replace", null_replacement=""
    )
    has_text = np.zeros(len(joined), np.bool_)
    for column in columns:  # a template round nothing is no text
        has_text |= _sizes(column) > 0
    return pc.if_else(pa.array(has_text), joined, pa.scalar(None, pa.large_string()))


def _column(table: pa.Table, name: str) -> pa.LargeStringArray:
    column = table.column(name).combine_chunks()
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array if pa.types.is_large_string(array.type) else array.cast(pa.large_string())


def _sizes(texts: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Return the bytes of each text, 0 for a null."""
    return pc.fill_null(pc.binary_length(texts), 0).to_numpy()
