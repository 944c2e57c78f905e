"""Token sequences read back from the folder of a tokenization, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.arrow_stream import END
from mistudio_core.errors import StudioError
from mistudio_core.manifest_files import must_hold_its_files, tokenization_manifest

COLUMN: Final = "input_ids"


class StoredSequences:
    """The sequences of a whole tokenization, split by split, in their order; the files are mapped, not loaded.

    `manifest` is that of the tokenization, `splits` the sequences of each split, `schema` that of every batch and
    `width` the tokens of a sequence, None where sequences are of several lengths.
    """

    def __init__(self, folder: Path) -> None:
        """Open the tokenization in `folder`; raise `not_found` if it is not whole, `corrupt_data` if it is damaged."""
        manifest = tokenization_manifest(folder)
        if manifest is None:
            raise StudioError("not_found", "This tokenization is incomplete or was deleted.", "Tokenize again.")
        self.folder = folder
        self.manifest: dict[str, Any] = manifest
        self.splits: dict[str, int] = {name: counts["num_sequences"] for name, counts in manifest["splits"].items()}
        self._files: list[tuple[str, str, int]] = [
            (shard["split"], shard["file"], shard["num_sequences"]) for shard in manifest["shards"]
        ]
        must_hold_its_files(folder, manifest)
        if not self._files:
            raise StudioError(
                "no_data", "This tokenization has no sequences.", "Tokenize with a shorter context length."
            )
        with self._opened(self._files[0][1]) as stream:
            self.schema: pa.Schema = stream.schema
        kind = self.schema.field(COLUMN).type
        self.width: int | None = kind.list_size if pa.types.is_fixed_size_list(kind) else None

    @property
    def num_sequences(self) -> int:
        """Sequences of all splits."""
        return sum(self.splits.values())

    def batches(self, split: str) -> Iterator[pa.RecordBatch]:
        """Yield the sequences of a split in order; raise `corrupt_data` naming a file that is missing or damaged."""
        for name, file, num_sequences in self._files:
            if name != split:
                continue
            found = 0
            with self._opened(file) as stream:
                for batch in self._read(file, stream):
                    found += batch.num_rows
                    yield batch
            if found != num_sequences:
                raise _damaged(self.folder / file)

    def messages(self, split: str) -> Iterator[tuple[memoryview, pa.RecordBatch]]:
        """Yield the batches of a split as they lie in the files, each with its bytes: a message of an Arrow stream."""
        for name, file, num_sequences in self._files:
            if name != split:
                continue
            found = 0
            for message, batch in self._read(file, _messages(self.folder / file, self.schema)):
                found += batch.num_rows
                yield message, batch
            if found != num_sequences:
                raise _damaged(self.folder / file)

    def message_bytes(self, split: str) -> int:
        """Return the length of all messages of a split: what its files hold between their schema and their end."""
        return sum(_message_bytes(self.folder / file) for name, file, _ in self._files if name == split)

    def ids(self, split: str) -> Iterator[npt.NDArray[Any]]:
        """Yield the ids of a split as arrays of shape (n, width), in the stored type; `width` must be known."""
        assert self.width is not None, "sequences of different lengths cannot be one array"
        for batch in self.batches(split):
            flat = batch.column(COLUMN).flatten().to_numpy(zero_copy_only=True)
            yield np.reshape(flat, (batch.num_rows, self.width))

    def _opened(self, file: str) -> Any:
        try:
            return pa.ipc.open_stream(pa.memory_map(str(self.folder / file)))
        except (OSError, pa.ArrowException):
            raise _damaged(self.folder / file) from None

    def _read(self, file: str, stream: Any) -> Iterator[Any]:
        try:
            yield from stream
        except (OSError, pa.ArrowException):
            raise _damaged(self.folder / file) from None


def _messages(path: Path, schema: pa.Schema) -> Iterator[tuple[memoryview, pa.RecordBatch]]:
    """Yield the messages of an Arrow stream behind its schema; the bytes are those of the mapped file."""
    mapped = pa.memory_map(str(path))
    whole = memoryview(mapped.read_buffer())
    mapped.seek(0)
    reader = pa.ipc.MessageReader.open_stream(mapped)
    reader.read_next_message()  # the schema
    start = mapped.tell()
    for message in reader:
        end = mapped.tell()
        yield whole[start:end], pa.ipc.read_record_batch(message, schema)
        start = end


def _message_bytes(path: Path) -> int:
    with pa.memory_map(str(path)) as mapped:
        pa.ipc.MessageReader.open_stream(mapped).read_next_message()  # the schema
        return int(mapped.size() - mapped.tell()) - len(END)


def _damaged(path: Path) -> StudioError:
    return StudioError(
        "corrupt_data",
        f"The file {path.name} of this tokenization is missing or damaged.",
        "Verify the tokenization to list all problems, then delete it and tokenize again.",
        {"file": str(path)},
    )
