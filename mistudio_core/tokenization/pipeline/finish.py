"""The last steps of a tokenization: tails packed, sequences gathered, parts joined, the manifest written."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from mistudio_core.checksums import file_entries, write_sealed
from mistudio_core.file_names import (
    ARROW_INFO,
    ARROW_STATE,
    SAE_LENS,
    STATISTICS,
    STATISTICS_ARRAYS,
    TOKENIZATION_MANIFEST,
)
from mistudio_core.files import folder_bytes, sync_folder, write_bytes, write_json
from mistudio_core.statistics.stored import stored_positions
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.packing.document_order import sequence_order
from mistudio_core.tokenization.pipeline.gather import StoredSequences, run_gather, split_stem
from mistudio_core.tokenization.pipeline.manifest import manifest, sae_lens, write_dataset_files
from mistudio_core.tokenization.pipeline.repack import REPACK_STATISTICS, left_out
from mistudio_core.tokenization.pipeline.sequence_sink import Packed, shard_file
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.tails import pack_tails
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile, data_name
from mistudio_core.tokenization.texts.reader import SKIP_REASONS, USED, skip_code

SIDECARS: Final = ("lengths", "skipped", "sequence_lengths", "marks", STATISTICS, STATISTICS_ARRAYS, ARROW_STATE,
                   ARROW_INFO, SAE_LENS)  # fmt: skip
"""Every file beside the sequences, all with their checksums in the manifest."""


@dataclass(slots=True)
class _Part:
    """A file of sequences of one split that is ready to be moved to its place."""

    split: str
    path: Path
    written: WrittenFile


def finish(
    task: Task,
    receipts: Sequence[Receipt],
    packed: Mapping[int, Packed],
    facts: Mapping[str, Any],
    measured: Mapping[str, tuple[int, int]],
    *,
    threads: int,
) -> dict[str, Any]:
    """Make the tokenization whole in its folder and return its manifest, which is written last.

    `receipts` are the shards that count, in order: a token budget may leave some out; `packed` says what became of
    each. `facts` go into the manifest as they are. `measured` are the characters and words of all texts of a split,
    where they are known.
    """
    statistics = _merged(task, receipts, packed)
    for split, (characters, words) in measured.items():
        if _uses_all_texts(task, receipts, split):
            nothing = np.empty(0, np.int64)
            statistics.add_documents(nothing, nothing, characters=characters, words=words, split=split)
    parts: list[_Part] = []
    for split in task.plan.splits:
        indexes = [receipt.index for receipt in receipts if receipt.split == split]
        parts += _split_parts(task, split, indexes, packed, statistics)
    sequence_length = task.policy.sequence_length
    if task.gathers_sequences:
        sequence_length, parts = _gathered(task, parts, statistics)
    parts = [part for part in parts if part.written.num_sequences] or parts[:1]
    _add_losses(task, packed, statistics)
    files = _moved(task, parts)
    _write_sidecars(task, receipts)
    unpacked = _left_out(task, packed, statistics)
    sequences_in = {task.folder / written.file: written.num_sequences for _, written in files}
    result = _statistics(task, statistics, sequences_in, sequence_length, threads)
    _sweep(task.folder)
    write_json(task.folder / STATISTICS, result, durable=True)
    statistics.save(task.folder / STATISTICS_ARRAYS, durable=True)
    whole = manifest(task, receipts, packed, files, facts) | {
        "context_length": sequence_length,
        "num_tokens": result["tokens"],
        "lost": result["lost"],
        "sequence_tokens": result["sequence_tokens"],
        "padding": result["padding"],
        "num_documents": sum(receipt.documents for receipt in receipts) - unpacked[0],
        "document_tokens": sum(receipt.document_tokens for receipt in receipts) - unpacked[1],
        "skipped": _skipped(task),
        "marks": _marks(task, receipts),
    }
    digest = "".join(written.sha256 for _, written in files)
    write_dataset_files(task, [written.file for _, written in files], sequence_length, _hashed(digest))
    write_json(task.folder / SAE_LENS, sae_lens(task, facts.get("dataset", {})), durable=True)
    whole["sidecars"] = file_entries(task.folder, SIDECARS)
    whole["size_bytes"] = folder_bytes(task.folder) - folder_bytes(task.work)
    whole = write_sealed(task.folder / TOKENIZATION_MANIFEST, whole)
    shutil.rmtree(task.work, ignore_errors=True)
    sync_folder(task.folder)
    return whole


def _add_losses(task: Task, packed: Mapping[int, Packed], statistics: TokenStatistics) -> None:
    loss = "truncation" if task.preset.is_alone(task.recipe) else "remainder"
    for shard in packed.values():
        statistics.add_lost(loss, shard.lost_tokens)
        statistics.add_lost("token_limit", shard.cut_tokens)


def _sweep(folder: Path) -> None:
    """Remove the drafts of files that a kill kept from getting their names."""
    for draft in folder.glob(".*"):
        if draft.is_file():
            draft.unlink()


def _merged(task: Task, receipts: Sequence[Receipt], packed: Mapping[int, Packed]) -> TokenStatistics:
    """Return the statistics of all shards; shuffled documents and the sequences made of them are counted apart."""
    statistics = task.statistics()
    for receipt in receipts:
        statistics.merge(TokenStatistics.load(task.part(receipt.index, "npz")))
        if task.shuffles_documents and receipt.index in packed:
            statistics.merge(TokenStatistics.load(task.part(receipt.index, REPACK_STATISTICS)))
    return statistics


def _uses_all_texts(task: Task, receipts: Sequence[Receipt], split: str) -> bool:
    """Tell whether every text of a split that is not empty went into sequences just as it stands in its column."""
    mine = [receipt for receipt in receipts if receipt.split == split]
    return task.takes_whole_texts and all(set(receipt.skipped) <= {"null", "empty"} for receipt in mine)


def _split_parts(
    task: Task, split: str, indexes: Sequence[int], packed: Mapping[int, Packed], statistics: TokenStatistics
) -> list[_Part]:
    """Return the files of a split in order, the tails last, and keep the tokens of each of its sequences."""
    indexes = [index for index in indexes if index in packed]
    parts = [_Part(split, shard_file(task, index), packed[index].written) for index in indexes]
    tokens = [task.part(index, "sequence_tokens") for index in indexes]
    if task.preset.joins_shards:
        tails = pack_tails(task, split, indexes)
        statistics.merge(tails.statistics)
        if tails.dropped:
            statistics.add_lost("remainder", tails.dropped)
        parts.append(_Part(split, tails.path, tails.written))
        tokens.append(tails.path.with_suffix(".sequence_tokens"))
    _joined(tokens, task.work / f"{split_stem(task, split)}.sequence_tokens")
    return parts


def _gathered(task: Task, parts: Sequence[_Part], statistics: TokenStatistics) -> tuple[int, list[_Part]]:
    """Write all sequences again in their final order and width; return the length of a sequence and the new files."""
    sources = {split: [part.path for part in parts if part.split == split] for split in task.plan.splits}
    width: int | None = None
    if task.recipe.padding == "longest":
        widths = {split: StoredSequences.open(paths).widths() for split, paths in sources.items()}
        width = max([1, *(int(found.max(initial=1)) for found in widths.values())])
        for split, found in widths.items():
            statistics.add_sequences(found, np.minimum(found, 1), width=width, split=split)
    gathered = []
    for split, paths in sources.items():
        count = max(1, len(task.plan.of_split(split)))
        for number in range(count):
            written = run_gather(task, (split, number, count), paths, width)
            gathered.append(_Part(split, task.work / written.file, written))
    return width or task.policy.sequence_length, gathered


def _moved(task: Task, parts: Sequence[_Part]) -> list[tuple[str, WrittenFile]]:
    """Give the files their last names; those that an interrupted run has moved stay where they are."""
    files = []
    for place, part in enumerate(parts):
        name = data_name(place, len(parts))
        if part.path.exists():
            os.replace(part.path, task.folder / name)
        files.append((part.split, replace(part.written, file=name)))
    sync_folder(task.folder)
    return files


def _write_sidecars(task: Task, receipts: Sequence[Receipt]) -> None:
    """Join what the shards know of each sample, in the order of the splits, and of each padded sequence."""
    done = {receipt.index for receipt in receipts}
    for suffix, unused in (("lengths", np.uint32(0)), ("skipped", np.uint8(skip_code("token_budget")))):
        for shard in task.plan.shards:
            if shard.index not in done:
                rest = np.full(shard.last - shard.first, unused, unused.dtype)
                write_bytes(task.part(shard.index, suffix), rest.tobytes())
        _joined([task.part(shard.index, suffix) for shard in task.plan.shards], task.folder / suffix)
    if task.preset.compares_ids:
        _joined([task.part(receipt.index, "marks") for receipt in receipts], task.folder / "marks")
    if task.policy.pad_id is not None:
        tokens = [_last_order(task, split) for split in task.plan.splits]
        write_bytes(task.folder / "sequence_lengths", np.concatenate(tokens).astype(np.uint32).tobytes())


def _left_out(task: Task, packed: Mapping[int, Packed], statistics: TokenStatistics) -> tuple[int, int]:
    """Mark the shuffled documents that a token budget left out, and return how many they are and their tokens."""
    if not task.shuffles_documents or task.recipe.token_budget is None:
        return 0, 0
    path = task.folder / "skipped"
    codes = np.fromfile(path, np.uint8)
    before = documents = tokens = 0
    for split, samples, lost in left_out(task, packed):
        codes[before + samples] = skip_code("token_budget")
        before += task.plan.splits[split]
        documents, tokens = documents + len(samples), tokens + lost
    write_bytes(path, codes.tobytes(), durable=True)
    statistics.add_lost("token_limit", tokens, documents)
    return documents, tokens


def _last_order(task: Task, split: str) -> np.typing.NDArray[np.uint32]:
    tokens = np.fromfile(task.work / f"{split_stem(task, split)}.sequence_tokens", np.uint32)
    return tokens[sequence_order(task.recipe, list(task.plan.splits).index(split), len(tokens))]


def _skipped(task: Task) -> dict[str, int]:
    """Return how many samples were left out, by reason."""
    counts = np.bincount(np.fromfile(task.folder / "skipped", np.uint8)).tolist()
    return {SKIP_REASONS[code]: count for code, count in enumerate(counts) if count and code != USED}


def _marks(task: Task, receipts: Sequence[Receipt]) -> dict[str, int] | None:
    """Return how many ids of its documents the rule of packing compares with, for each split."""
    if not task.preset.compares_ids:
        return None
    counts = dict.fromkeys(task.plan.splits, 0)
    for receipt in receipts:
        counts[receipt.split] += task.part(receipt.index, "marks").stat().st_size // 12
    return counts


def _statistics(
    task: Task, statistics: TokenStatistics, files: Mapping[Path, int], sequence_length: int, threads: int
) -> dict[str, Any]:
    statistics.context_length = sequence_length
    texts = task.token_texts
    plain = task.policy.fixed and task.policy.pad_id is None
    positions = stored_positions(files, statistics, texts.shown, threads=threads) if plain else None
    return statistics.result(texts.shown, positions)


def _joined(parts: Sequence[Path], target: Path) -> None:
    with open(target, "wb") as joined:
        for part in parts:
            with open(part, "rb") as source:
                shutil.copyfileobj(source, joined, 1 << 20)
        joined.flush()
        os.fsync(joined.fileno())


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
