"""How many tokens each sample gave in one tokenization: its `lengths` file, joined to the samples when read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.files import checked_id, read_json
from mistudio_core.store.sample_reader import SampleReader

_BATCH: Final = 1 << 20
_SCHEMA: Final = pa.schema([("row", pa.int64()), ("tokens", pa.uint32())])


class TokenLengths:
    """The untruncated tokens of the samples of the splits that were tokenized; skipped samples have 0."""

    def __init__(self, reader: SampleReader, tokenization: str) -> None:
        """Map the file; raise `not_found` for no such tokenization, `corrupt_data` where the file is not its own."""
        folder = reader.folder / "tokenized" / checked_id(tokenization, "tok")
        manifest = read_json(folder / "manifest.json")
        if manifest is None:
            raise StudioError("not_found", f"This dataset has no tokenization {tokenization}.", "Choose another one.")
        path = folder / "lengths"
        counts = {split: int(of_split["num_samples"]) for split, of_split in manifest["splits"].items()}
        if not _fits(path, counts, reader):
            raise StudioError(
                "corrupt_data",
                f"The token counts of {tokenization} are damaged.",
                "Delete the tokenization and make it again.",
            )
        self._reader = reader
        self._counts = counts
        self._lengths: npt.NDArray[np.uint32] = (
            np.memmap(path, np.uint32, mode="r") if sum(counts.values()) else np.empty(0, np.uint32)
        )
        self.control: tuple[str, ...] = tuple(manifest["tokenizer_facts"]["control"])

    def table(self) -> pa.RecordBatchReader:
        """Return `row, tokens` in batches, to be read once."""
        return pa.RecordBatchReader.from_batches(_SCHEMA, self._batches())

    def of_rows(self, rows: npt.NDArray[np.int64]) -> list[int | None]:
        """Return the tokens of some rows, None where the split was not tokenized."""
        found: list[int | None] = []
        for row in rows.tolist():
            split, index = self._reader.place(row)
            start = self._start(split)
            found.append(None if start is None else int(self._lengths[start + index]))
        return found

    def _start(self, split: str) -> int | None:
        start = 0
        for name, count in self._counts.items():
            if name == split:
                return start
            start += count
        return None

    def _batches(self) -> Iterator[pa.RecordBatch]:
        start = 0
        for split, count in self._counts.items():
            first_row = self._reader.firsts[split]
            for first in range(0, count, _BATCH):
                lengths = self._lengths[start + first : start + min(first + _BATCH, count)]
                rows = np.arange(first_row + first, first_row + first + len(lengths), dtype=np.int64)
                yield pa.record_batch([pa.array(rows), pa.array(lengths)], schema=_SCHEMA)
            start += count


def _fits(path: Path, counts: dict[str, int], reader: SampleReader) -> bool:
    if any(
        reader.splits[split].num_samples != count if split in reader.splits else True for split, count in counts.items()
    ):
        return False
    return path.is_file() and path.stat().st_size == 4 * sum(counts.values())
