"""The sequences of a tokenization mapped into memory, numbered as `datasets.load_from_disk` numbers them."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.errors import invalid
from mistudio_core.file_names import TOKENIZATION_MANIFEST
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.output.stored_sequences import COLUMN, StoredSequences

Ids = npt.NDArray[Any]
"""uint16, uint32 or int32, as stored."""
Places = npt.NDArray[np.int64]

_OPEN_FOLDERS: Final = 8


class TokenSequences:
    """All sequences in blocks of some MB each.

    `ids[b]` are the ids of block b, and its sequence i is `ids[b][ends[b][i]:ends[b][i + 1]]`. `firsts[b]` is the
    number of the block's first sequence, with the number of all sequences at the end.
    """

    def __init__(self, folder: Path) -> None:
        """Map the files; raise `not_found` or `corrupt_data` as `StoredSequences` does."""
        stored = StoredSequences(folder)
        self.folder = folder
        self.manifest: dict[str, Any] = stored.manifest
        self.width = stored.width
        self.splits = stored.splits
        self.ids: list[Ids] = []
        self.ends: list[Places] = []
        self.firsts: list[int] = [0]
        for split in stored.splits:
            for batch in stored.batches(split):
                lists = batch.column(COLUMN)
                self.ids.append(lists.flatten().to_numpy(zero_copy_only=True))
                self.ends.append(_ends(lists))
                self.firsts.append(self.firsts[-1] + batch.num_rows)

    @property
    def num_sequences(self) -> int:
        """Sequences of all splits."""
        return self.firsts[-1]

    @property
    def num_ids(self) -> int:
        """Ids of all sequences."""
        return sum(len(ids) for ids in self.ids)

    @cached_property
    def num_tokens(self) -> npt.NDArray[np.uint32] | None:
        """Tokens of each sequence without padding; None where no sequence is padded."""
        path = self.folder / "sequence_lengths"
        if not path.is_file() or path.stat().st_size != 4 * self.num_sequences or not self.num_sequences:
            return None
        return np.memmap(path, np.uint32, mode="r")

    def token_spans(self, block: int) -> tuple[Places, Places]:
        """Return where in each sequence of a block its tokens begin and end; beyond, there is padding."""
        widths = np.diff(self.ends[block])
        if self.num_tokens is None:
            return np.zeros(len(widths), np.int64), widths
        held = self.num_tokens[self.firsts[block] : self.firsts[block + 1]].astype(np.int64)
        if self.manifest["policy"].get("padding_side") == "left":
            return widths - held, widths
        return np.zeros(len(widths), np.int64), held

    @cached_property
    def provenance(self) -> Provenance:
        """What knows the samples of each sequence."""
        return Provenance(self.folder)

    def sequence(self, number: int) -> Ids:
        """Return the ids of a sequence; raise `invalid_request` when there is no such sequence."""
        if not 0 <= number < self.num_sequences:
            raise invalid(f"sequence: {number:,} is not one of the {self.num_sequences:,} sequences.", "Count from 0.")
        block = bisect_right(self.firsts, number) - 1
        start, end = self.ends[block][number - self.firsts[block] :][:2].tolist()
        return self.ids[block][start:end]

    def place(self, number: int) -> tuple[str, int]:
        """Return the split of a sequence, and its number there."""
        for split, count in self.splits.items():
            if number < count:
                return split, number
            number -= count
        raise IndexError(number)


def open_token_sequences(folder: Path) -> TokenSequences:
    """Return the sequences of a complete tokenization; the last few stay mapped."""
    stamp = []
    for path in (folder / TOKENIZATION_MANIFEST, folder):  # the folder's own changes when a file comes or goes
        with contextlib.suppress(OSError):
            facts = path.stat()
            stamp += [facts.st_ino, facts.st_mtime_ns]
    return _opened(folder, tuple(stamp))


@lru_cache(maxsize=_OPEN_FOLDERS)
def _opened(folder: Path, stamp: tuple[int, ...]) -> TokenSequences:  # noqa: ARG001 - a new stamp means another tokenization
    return TokenSequences(folder)


def _ends(lists: pa.Array) -> Places:
    if pa.types.is_fixed_size_list(lists.type):
        return np.arange(len(lists) + 1, dtype=np.int64) * lists.type.list_size
    ends = lists.offsets.to_numpy().astype(np.int64)
    return ends - ends[0]
