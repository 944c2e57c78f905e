"""Data that is tokenized already: a column of lists of ids, checked against the vocabulary."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError, invalid
from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.texts.reader import SkipCodes, skip_code


def read_token_lists(table: pa.Table, column: str, vocab_size: int, first: int) -> tuple[Encoded, SkipCodes]:
    """Return the ids of the samples that have any, and n codes that say which were skipped.

    `first` is the number of the first sample. Raises `invalid_request` naming the sample with an id that the
    tokenizer does not have.
    """
    lists = pa.concat_arrays([pa.array([], table.column(column).type), *table.column(column).chunks])
    nulls = lists.is_null().to_numpy(zero_copy_only=False)
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    skipped = np.zeros(len(lists), np.uint8)
    skipped[lengths == 0] = skip_code("empty")
    skipped[nulls] = skip_code("null")
    values = lists.flatten()
    offsets = ends_of(lengths)
    if values.null_count:
        place = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise StudioError(
            "corrupt_data", f"The column {column!r:.80} has a null among the ids of sample "
            f"{first + _owner(offsets, place):,}.", "Remove it, or choose a text column.",
        )  # fmt: skip
    ids = values.to_numpy(zero_copy_only=False)
    bad = np.flatnonzero((ids < 0) | (ids >= vocab_size))
    if len(bad):
        raise invalid(
            f"The column {column!r:.80} has the id {int(ids[bad[0]]):,} in sample "
            f"{first + _owner(offsets, int(bad[0])):,}, and the tokenizer has {vocab_size:,} ids.",
            "Choose the tokenizer that produced them.",
        )
    return Encoded(ids.astype(np.uint32), ends_of(lengths[skipped == 0])), skipped


def _owner(offsets: np.typing.NDArray[np.int64], place: int) -> int:
    return int(np.searchsorted(offsets, place, side="right")) - 1
