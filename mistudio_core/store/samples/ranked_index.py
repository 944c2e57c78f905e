"""The word index for ranked search: built by a job, moved in when complete, used only if it matches."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import tantivy

from mistudio_core.checksums import file_entries, read_sealed, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import read_json, sync_folder, walk_files, write_json
from mistudio_core.manifest_files import must_be_there
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.word_rules import (
    RULES_VERSION,
    char_analyzer,
    normalized,
    split_scripts,
    word_analyzer,
)
from mistudio_core.unicode import UNICODE_VERSION

FOLDER: Final = "search"
META: Final = "meta.json"
CHECKSUMS: Final = "checksums.json"
FORMAT: Final = 1
MAX_COLUMNS: Final = 8
"""Text columns that are indexed, the main one first; a wide table has its other ones searched by scan."""

_HEAP_BYTES: Final = 64_000_000
_PENDING_BYTES: Final = 64 << 20
"""The writer takes documents faster than it indexes them; a commit empties its queue, which knows no bound in bytes."""
_WORDS, _CHARS = "words", "chars"
_OPEN_INDEXES: Final = 8

Progress = Callable[[int, int], None]
"""Told the number of samples done, and of all."""


def build_ranked_index(dataset_folder: Path, progress: Progress | None = None) -> None:
    """Write `search/` of a dataset folder: one thread, a heap of 64 MB, about 20 MB of text per second.

    A killed build leaves the old index, or none; the next one removes what it left.
    """
    reader = SampleReader(dataset_folder)
    target = dataset_folder / FOLDER
    for leftover in dataset_folder.glob(f".{FOLDER}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = target.with_name(f".{FOLDER}.{os.urandom(4).hex()}")
    try:
        (draft / "index").mkdir(parents=True)
        columns = indexed_columns(reader)
        _write(reader, columns, draft / "index", progress)
        write_json(draft / META, _meta(reader, columns), durable=True)
        names = [path.relative_to(draft).as_posix() for path in walk_files(draft) if path.suffix != ".lock"]
        write_sealed(draft / CHECKSUMS, {"checked": file_entries(draft, sorted(names))})
        if target.exists():
            os.rename(target, draft / "old")
        os.rename(draft, target)
        shutil.rmtree(target / "old", ignore_errors=True)
        sync_folder(dataset_folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def indexed_columns(reader: SampleReader) -> list[str]:
    """Return the text columns that the index covers, the main one first."""
    others = [name for name in reader.text_columns if name != reader.default_column]
    return ([] if reader.default_column is None else [reader.default_column, *others])[:MAX_COLUMNS]


def open_ranked_index(reader: SampleReader) -> tantivy.Index:
    """Return the index, ready to be searched; raise `index_missing`, `index_stale` or `index_damaged`."""
    path = reader.folder / FOLDER / META
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        raise _unusable("index_missing", "missing") from None
    try:
        meta = read_json(path)
    except StudioError:
        raise _unusable("index_damaged", "damaged") from None
    if meta != _meta(reader, indexed_columns(reader)):
        raise _unusable("index_stale", "out of date")
    try:
        checks = read_sealed(path.with_name(CHECKSUMS), lambda value: list(value["checked"]))
        must_be_there(path.parent, checks or ())
    except StudioError:
        raise _unusable("index_damaged", "damaged") from None
    return _opened(path.parent / "index", stamp)


def discard_ranked_index(dataset_folder: Path) -> None:
    """Take a damaged index out of the way, so that the next job builds it; one that cannot be moved stays."""
    old = dataset_folder / f".{FOLDER}.{os.urandom(4).hex()}"
    with contextlib.suppress(OSError):
        os.rename(dataset_folder / FOLDER, old)
        shutil.rmtree(old, ignore_errors=True)


def field_names(column_number: int) -> tuple[str, str, str]:
    """Return the names of the fields of a text column: its words, its characters, its length."""
    return f"words_{column_number}", f"chars_{column_number}", f"length_{column_number}"


def _meta(reader: SampleReader, columns: list[str]) -> dict[str, Any]:
    """Return all that the index depends on, as JSON has it."""
    return {
        "format": FORMAT,
        "rules": RULES_VERSION,
        "tantivy": version("tantivy"),
        "unicode": UNICODE_VERSION,
        "columns": columns,
        "num_samples": reader.num_samples,
        "parts": [list(place) for place in reader.places()],
    }


def _write(reader: SampleReader, columns: list[str], folder: Path, progress: Progress | None) -> None:
    index = tantivy.Index(_schema(len(columns)), str(folder), reuse=False)
    _register(index)
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    done = pending = 0
    for name, split in reader.splits.items():
        row = reader.firsts[name]
        for table in split.batches(0, split.num_samples, columns):
            texts = [table.column(column).to_pylist() for column in columns]
            for values in zip(*texts, strict=True) if columns else [()] * table.num_rows:
                writer.add_document(_document(row, values))
                row += 1
            pending += table.nbytes
            done += table.num_rows
            if pending >= _PENDING_BYTES:
                writer.commit()
                pending = 0
            if progress is not None:
                progress(done, reader.num_samples)
    writer.commit()
    writer.wait_merging_threads()


def _document(row: int, texts: tuple[str | None, ...]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("row", row)
    for number, text in enumerate(texts):
        if text is None:
            continue
        words, chars, length = field_names(number)
        document.add_integer(length, len(text))
        pieces, runs = split_scripts(normalized(text))
        for piece in pieces:
            document.add_text(words, piece)
        for run in runs:
            document.add_text(chars, run)
    return document


def _schema(columns: int) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_integer_field("row", fast=True)
    for number in range(columns):
        words, chars, length = field_names(number)
        builder.add_text_field(words, tokenizer_name=_WORDS).add_text_field(chars, tokenizer_name=_CHARS)
        builder.add_integer_field(length, fast=True)
    return builder.build()


def _register(index: tantivy.Index) -> None:
    """Name the analyzers, which an index does not keep."""
    index.register_tokenizer(_WORDS, word_analyzer())
    index.register_tokenizer(_CHARS, char_analyzer())


@lru_cache(maxsize=_OPEN_INDEXES)
def _opened(folder: Path, stamp: int) -> tantivy.Index:  # noqa: ARG001 - a new stamp means another index
    try:
        index = tantivy.Index.open(str(folder))
    except (ValueError, OSError):
        raise _unusable("index_damaged", "damaged") from None
    _register(index)
    index.config_reader("manual")
    return index


def _unusable(code: str, why: str) -> StudioError:
    return StudioError(code, f"The word index is {why}.", "It can be rebuilt from the samples.")
