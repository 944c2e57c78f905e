"""How many tokens each sample gave in one tokenization: its `lengths` file, joined to the samples when read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZED
from mistudio_core.files import checked_id
from mistudio_core.manifest_files import tokenization_manifest
from mistudio_core.store.samples.reader import SampleReader

Number = TypeVar("Number", bound=np.generic)

_BATCH: Final = 1 << 20
_SCHEMA: Final = pa.schema([("row", pa.int64()), ("tokens", pa.uint32())])
_DOCUMENTS: Final = _SCHEMA.append(pa.field("is_document", pa.bool_()))


class TokenLengths:
    """The untruncated tokens of the samples of the splits that were tokenized; skipped samples have 0."""

    def __init__(self, reader: SampleReader, tokenization: str) -> None:
        """Map the file; raise `not_found` for no such tokenization, `corrupt_data` where the file is not its own."""
        folder = reader.folder / TOKENIZED / checked_id(tokenization, "tok")
        manifest = tokenization_manifest(folder)
        if manifest is None:
            raise StudioError(
                "not_found", f"This dataset has no tokenization {tokenization}.", "Choose another tokenization."
            )
        self._reader = reader
        self._tokenization = tokenization
        self._folder = folder
        self._counts = {split: int(of_split["num_samples"]) for split, of_split in manifest["splits"].items()}
        if any(split not in reader.splits or reader.splits[split].num_samples != count
               for split, count in self._counts.items()):  # fmt: skip
            raise self._damaged()
        self._lengths = self._mapped("lengths", np.uint32)
        self._recipe = manifest.get("recipe", {})
        self.control: tuple[str, ...] = tuple(manifest["tokenizer_facts"]["control"])

    def table(self, *, documents: bool = False) -> pa.RecordBatchReader:
        """Return `row, tokens` in batches, to be read once; with `documents` also `is_document`.

        A document is a sample that the statistics of the tokenization count: neither empty nor left out.
        """
        if not documents:
            return pa.RecordBatchReader.from_batches(_SCHEMA, self._batches())
        from mistudio_core.tokenization.texts.reader import USED, skip_code

        # A budget leaves out shuffled documents when all of them have been counted.
        shuffled = self._recipe.get("shuffle_seed") is not None and self._recipe.get("shuffle") == "documents"
        counted = (USED, skip_code("token_budget")) if shuffled else (USED,)
        skipped = self._mapped("skipped", np.uint8)
        return pa.RecordBatchReader.from_batches(_DOCUMENTS, self._batches(np.isin(skipped, counted)))

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

    def _batches(self, is_document: npt.NDArray[np.bool_] | None = None) -> Iterator[pa.RecordBatch]:
        start = 0
        for split, count in self._counts.items():
            first_row = self._reader.firsts[split]
            for first in range(0, count, _BATCH):
                part = slice(start + first, start + min(first + _BATCH, count))
                lengths = self._lengths[part]
                rows = np.arange(first_row + first, first_row + first + len(lengths), dtype=np.int64)
                columns = [pa.array(rows), pa.array(lengths)]
                if is_document is None:
                    yield pa.record_batch(columns, schema=_SCHEMA)
                else:
                    yield pa.record_batch([*columns, pa.array(is_document[part])], schema=_DOCUMENTS)
            start += count

    def _mapped(self, name: str, kind: type[Number]) -> npt.NDArray[Number]:
        """Map a file that has one number for each sample."""
        path, count = self._folder / name, sum(self._counts.values())
        if not path.is_file() or path.stat().st_size != np.dtype(kind).itemsize * count:
            raise self._damaged()
        return np.memmap(path, kind, mode="r") if count else np.empty(0, kind)

    def _damaged(self) -> StudioError:
        return StudioError(
            "corrupt_data",
            f"The token counts of {self._tokenization} are damaged.",
            "Delete the tokenization and tokenize again.",
        )
