"""Copies of a tokenization for other programs: one folder each, which appears when it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import CARD, RAW, SAE_LENS, TOKENIZATION_MANIFEST
from mistudio_core.files import Home, checked_id, folder_bytes, sync_file, sync_folder, walk_files, write_bytes
from mistudio_core.records import Record
from mistudio_core.tokenization.exports.card import card
from mistudio_core.tokenization.exports.sequences import write_bin, write_parquet
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.tokenization.exports.text import check_texts, write_texts
from mistudio_core.tokenization.output.stored_sequences import StoredSequences

KINDS: Final = {
    "parquet": "Token sequences as Parquet files, which load_dataset and the Hub read",
    "bin": "Token sequences as 16-bit numbers, which sparsify maps into memory",
    "text": "The text that was tokenized, as Parquet",
    "jsonl": "The text that was tokenized, as JSON lines",
}
"""The kinds of export, with a line about each."""


@dataclass(frozen=True, slots=True)
class Export(Record):
    """A copy of a tokenization; `made_at` is in seconds since 1970."""

    kind: str
    path: Path
    size_bytes: int
    made_at: float


Progress = Callable[[int, int], None]
"""Told how many sequences (or samples) are done, and of how many."""


def _say_nothing(_done: int, _total: int) -> None:
    """Tell nobody."""


def export_folder(home: Home, tokenization_id: str, kind: str) -> Path:
    """Return where an export of a tokenization lies: `exports/<id>/<kind>`; the newest one of each kind is kept."""
    return home.exports / checked_id(tokenization_id, "tok") / kind


def exports_of(home: Home, tokenization_id: str) -> tuple[Export, ...]:
    """Return the exports of a tokenization that are complete."""
    found = []
    for kind in KINDS:
        folder = export_folder(home, tokenization_id, kind)
        if folder.is_dir():
            made_at = folder.stat().st_mtime
            found.append(Export(kind, folder, folder_bytes(folder), made_at))
    return tuple(found)


def check_export(source: Source, kind: str, max_samples: int | None = None) -> int:
    """Return about how many bytes an export will take; raise `invalid_request` or `no_data` for one that cannot be."""
    if kind not in KINDS:
        raise invalid(f"{kind[:40]!r} is not a kind of export.", f"Use one of: {', '.join(KINDS)}.")
    if max_samples is not None and (kind not in ("text", "jsonl") or isinstance(max_samples, bool) or max_samples < 1):
        raise invalid("max samples is for text exports only, 1 or more.", "Leave it out to export everything.")
    sequences = StoredSequences(source.tokenization)
    if kind in ("text", "jsonl"):
        check_texts(sequences, source.dataset)
        return folder_bytes(source.dataset / RAW)
    if not sequences.num_sequences:
        raise StudioError("no_data", "This tokenization has no sequences.", "Tokenize with a shorter context length.")
    if kind == "bin":
        _check_bin(sequences)
    return folder_bytes(source.tokenization)


def export_tokenization(
    source: Source,
    target: Path,
    kind: str,
    progress: Progress = _say_nothing,
    *,
    max_samples: int | None = None,
    known_as: str = "path/of/this/folder",
) -> dict[str, Any]:
    """Write an export of a tokenization as the folder `target`, replacing an older one.

    Memory holds one batch, whatever the size. Until it is whole, and after a failure, `target` is as it was.
    `max_samples` cuts the text after so many samples of each split; `known_as` is the name by which the README loads
    it. Returns `kind`, `path`, `num_sequences` or
    `num_samples`, `size_bytes` and `files` (names and bytes). Raises as `check_export`, and `corrupt_data` naming a
    damaged file.
    """
    check_export(source, kind, max_samples)
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        sequences = StoredSequences(source.tokenization)
        splits = _write(source, sequences, draft, kind, max_samples=max_samples, tell=progress)
        write_bytes(draft / CARD, card(kind, sequences, splits, known_as).encode())
        _publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sizes = {str(path.relative_to(target)): path.stat().st_size for path in sorted(walk_files(target))}
    return {
        "kind": kind,
        "path": str(target),
        "num_samples" if kind in ("text", "jsonl") else "num_sequences": sum(splits.values()),
        "size_bytes": sum(sizes.values()),
        "files": [{"name": name, "size_bytes": size} for name, size in sizes.items()],
    }


def _write(
    source: Source, sequences: StoredSequences, draft: Path, kind: str, *, max_samples: int | None, tell: Progress
) -> Mapping[str, int]:
    if kind in ("text", "jsonl"):
        return write_texts(sequences, source, draft, kind, max_samples=max_samples, tell=tell)
    shutil.copyfile(source.tokenization / TOKENIZATION_MANIFEST, draft / TOKENIZATION_MANIFEST)
    if kind == "bin":
        return write_bin(sequences, draft, tell)
    shutil.copyfile(source.tokenization / SAE_LENS, draft / SAE_LENS)
    return write_parquet(sequences, draft, tell)


def _check_bin(sequences: StoredSequences) -> None:
    vocabulary = int(sequences.manifest["vocab_size"])
    if vocabulary > 1 << 16:
        raise invalid(
            f"A .bin file of sparsify holds 16-bit numbers, and this tokenizer has {vocabulary:,} ids.",
            "Use the tokenization's own folder or the Parquet copy: sparsify reads both.",
        )
    if sequences.width is None:
        raise invalid(
            "A .bin file of sparsify cannot store sequences of different lengths.",
            "Tokenize with sequences of one length: drop or pad the remainder.",
        )


def _publish(draft: Path, target: Path) -> None:
    for path in walk_files(draft):
        sync_file(path)
    for folder in (*(path for path in draft.iterdir() if path.is_dir()), draft):
        sync_folder(folder)
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.rename(target, old)
    os.rename(draft, target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)
