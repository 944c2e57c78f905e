"""Text that is no UTF-8: found where samples come in, then refused by name or replaced and counted.

Arrow takes the bytes of a text column for granted, and everything behind the door decodes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError
from mistudio_core.raw import is_text
from mistudio_core.sources.arrow_types import is_list, items_of, with_items
from mistudio_core.sources.utf8_filter import Mark

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
Mask = npt.NDArray[np.bool_]
Found = list[tuple[str, Mask]]
"""Places within a column, each with the samples whose text there is no UTF-8."""
_BYTES: Final = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


class TextCheck:
    """Checks the texts of one file, table after table.

    `replaced` counts, by column, the samples in which bytes were replaced by U+FFFD.
    """

    def __init__(
        self, name: str, mark: Mark, *, replace: bool, line: Callable[[int], int | None] = lambda _: None
    ) -> None:
        """Take what errors call the file, and whether to replace bytes that are no UTF-8 instead of refusing them.

        `mark` stands for such bytes in a file of text, whose reader would not pass them on. `line` finds the line of a
        sample.
        """
        self.replaced: Counter[str] = Counter()
        self._name, self._mark, self._replace, self._line = name, mark, replace, line
        self._first = 0

    def checked(self, table: pa.Table) -> pa.Table:
        """Return the table with UTF-8 in every text; raises `corrupt_data` naming the column and the sample."""
        if self._mark.seen and self._mark.text in str(table.schema):
            raise unreadable(self._name)
        for at, field in enumerate(table.schema):
            if holds_text(field.type):
                column = table.column(at)
                mended = pa.chunked_array(self._chunks(column, field.name), field.type)
                table = table if mended is column else table.set_column(at, field, mended)
        self._first += table.num_rows
        return table

    def _chunks(self, column: pa.ChunkedArray, name: str) -> list[pa.Array]:
        first, chunks = self._first, []
        for chunk in column.chunks:
            try:
                chunk.validate(full=True)
                chunks.append(self._mended(chunk, name, first) if self._mark.seen else chunk)
            except pa.ArrowInvalid:
                chunks.append(self._mended(chunk, name, first))
            first += len(chunk)
        return chunks

    def _mended(self, chunk: pa.Array, name: str, first: int) -> pa.Array:
        mended, found = _mended(chunk, name, self._mark)
        found = [(path, mask) for path, mask in found if mask.any()]
        if not found:
            chunk.validate(full=True)  # then something else is wrong with it, or nothing at all
            return chunk
        path, mask = min(found, key=lambda place: int(place[1].argmax()))
        if not self._replace:
            sample = first + int(mask.argmax())
            raise not_utf8(self._name, path, sample, self._line(sample), halves=self._mark.halves)
        self.replaced[name] += int(np.logical_or.reduce([mask for _, mask in found]).sum())
        return mended


def not_utf8(name: str, path: str, sample: int, line: int | None = None, *, halves: bool = False) -> StudioError:
    """Return the error for a text of a file that is no UTF-8; `path` leads to it, `sample` counts from 0.

    With `halves` it may be half of a surrogate pair in JSON as well.
    """
    what = "half of a surrogate pair, or bytes" if halves else "bytes"
    place = "" if line is None else f" It is on line {line:,}."
    return StudioError(
        "corrupt_data",
        f"{name} cannot be read: sample {sample:,} (the first is 0) holds {what} in the column {path[:200]!r} that "
        f"{'is' if halves else 'are'} not text in UTF-8.{place}",
        "Save the text as UTF-8, or choose to have such bytes replaced by U+FFFD.",
    )


def unreadable(name: str) -> StudioError:
    """Return the error for a file of text that cannot be told apart into samples, as it is no UTF-8."""
    return StudioError(
        "corrupt_data",
        f"{name} cannot be read: it is not text in UTF-8.",
        "Save it as UTF-8, name its encoding, or unpack it first.",
    )


def holds_text(kind: pa.DataType) -> bool:
    """Tell whether a type has text in it, at any depth."""
    if isinstance(kind, pa.BaseExtensionType):
        return holds_text(kind.storage_type)
    if pa.types.is_struct(kind):
        return any(holds_text(field.type) for field in kind)
    return holds_text(kind.value_type) if is_list(kind) else is_text(kind)


def require_sound(batch: pa.RecordBatch) -> None:
    """Raise `pa.ArrowInvalid` for a batch whose offsets and indices point anywhere; its texts are not looked into."""
    for column in batch.columns:
        _as_bytes(column).validate(full=True)


def _mended(array: Any, path: str, mark: Mark) -> tuple[pa.Array, Found]:
    """Return the array with UTF-8 in every text, and where that was not so."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        storage, found = _mended(array.storage, path, mark)
        return pa.ExtensionArray.from_storage(kind, storage), found
    if is_text(kind):
        return _marked_texts(array, path, mark) if mark.seen else _mended_texts(array, path)
    if is_list(kind):
        items, inner = _mended(items_of(array), f"{path}[]", mark)
        parents = _parents(array)
        return with_items(array, items, kind), [
            (place, _of_parents(mask, parents, len(array))) for place, mask in inner
        ]
    if pa.types.is_struct(kind) and kind.num_fields:
        pairs = [
            _mended(child, f"{path}.{field.name}", mark) for child, field in zip(array.flatten(), kind, strict=True)
        ]
        children = [child for child, _ in pairs]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask), [
            one for _, more in pairs for one in more
        ]
    return array, []


def _mended_texts(array: pa.Array, path: str) -> tuple[pa.Array, Found]:
    mask = np.zeros(len(array), np.bool_)
    texts: list[str | None] = []
    for at, value in enumerate(array.view(_BYTES[array.type]).to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            mask[at] = True
            texts.append(value.decode(errors="replace"))
    return pa.array(texts, array.type), [(path, mask)]


def _marked_texts(array: pa.Array, path: str, mark: Mark) -> tuple[pa.Array, Found]:
    found = pc.fill_null(pc.match_substring(array, mark.text), fill_value=False)
    mended = pc.replace_substring(array, mark.text, REPLACEMENT)
    return mended, [(path, found.to_numpy(zero_copy_only=False))]


def _parents(array: Any) -> npt.NDArray[np.int64]:
    """Return the place of the list that each item belongs to."""
    if pa.types.is_fixed_size_list(array.type):
        return np.repeat(np.arange(len(array)), array.type.list_size)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(array)), lengths)


def _of_parents(mask: Mask, parents: npt.NDArray[np.int64], count: int) -> Mask:
    found = np.zeros(count, np.bool_)
    found[parents[mask]] = True
    return found


def _as_bytes(array: Any) -> pa.Array:
    """Return the same buffers with bytes in place of texts, without following any offset."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _as_bytes(array.storage)
    if is_text(kind):
        return array.view(_BYTES[kind])
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(array.indices, _as_bytes(array.dictionary))
    if pa.types.is_run_end_encoded(kind):
        return pa.RunEndEncodedArray.from_arrays(array.run_ends, _as_bytes(array.values))
    if pa.types.is_struct(kind):
        children = [_as_bytes(array.field(at)) for at in range(kind.num_fields)]
        fields = [pa.field(field.name, child.type) for field, child in zip(kind, children, strict=True)]
        return pa.Array.from_buffers(pa.struct(fields), len(array), array.buffers()[:1], children=children)
    makers: tuple[tuple[Any, Any, int], ...] = (
        (pa.types.is_list, pa.list_, 2), (pa.types.is_large_list, pa.large_list, 2),
        (pa.types.is_list_view, pa.list_view, 3), (pa.types.is_large_list_view, pa.large_list_view, 3),
        (pa.types.is_fixed_size_list, lambda inner: pa.list_(inner, kind.list_size), 1),
    )  # fmt: skip
    for test, maker, count in makers:
        if test(kind):
            values = _as_bytes(array.values)
            buffers = array.buffers()[:count]
            return pa.Array.from_buffers(maker(values.type), len(array), buffers, children=[values])
    return array
