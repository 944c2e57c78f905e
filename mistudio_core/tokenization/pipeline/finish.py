"""The merge: parts named and joined, statistics added up, the manifest written. What costs time was done in steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.checksums import file_entries, write_sealed
from mistudio_core.file_names import (
    ARROW_INFO,
    ARROW_STATE,
    SAE_LENS,
    STATISTICS,
    STATISTICS_ARRAYS,
    TOKENIZATION_MANIFEST,
)
from mistudio_core.files import sync_folder, write_bytes, write_json
from mistudio_core.statistics.positions import PositionCounts
from mistudio_core.statistics.stored import empty_positions, file_positions
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.pipeline.finished import Finished
from mistudio_core.tokenization.pipeline.gather import Gathered, gather_parts, longest, packed_widths
from mistudio_core.tokenization.pipeline.manifest import manifest
from mistudio_core.tokenization.pipeline.receipts import (
    read_receipt,
    read_side_file,
    write_receipt,
    write_side_file,
)
from mistudio_core.tokenization.pipeline.repack import left_out
from mistudio_core.tokenization.pipeline.sequence_sink import SEQUENCE_TOKENS, side_statistics
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.small_files import small_files
from mistudio_core.tokenization.pipeline.sums import RUN, joined_column, summed_statistics
from mistudio_core.tokenization.pipeline.tails import Tails
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile, data_name
from mistudio_core.tokenization.texts.reader import SKIP_REASONS, USED, skip_code

SIDECARS: Final = ("lengths", "skipped", "sequence_lengths", "marks", STATISTICS, STATISTICS_ARRAYS, ARROW_STATE,
                   ARROW_INFO, SAE_LENS)  # fmt: skip
"""Every file beside the sequences, all with their checksums in the manifest."""


@dataclass(frozen=True, slots=True)
class LastFile:
    """A file of sequences as it goes into the tokenization: its split, where it was made, and the name it gets."""

    split: str
    path: Path
    written: WrittenFile

    def place(self, folder: Path) -> Path:
        """Return where it is now: a merge that was interrupted has moved it."""
        return self.path if self.path.exists() else folder / self.written.file


def last_files(finished: Finished) -> list[LastFile]:
    """Return the files of the tokenization in order; empty ones are left out, unless there is no other."""
    task, found = finished.task, []
    if task.gathers_sequences:
        parts = [Gathered.read(task, index) for index in range(sum(gather_parts(task)))]
        found = [(part.split, task.work / part.written.file, part.written) for part in parts if part is not None]
    else:
        for place, split in enumerate(task.plan.splits):
            found += [(split, path, written) for path, written in finished.files(place)]
    kept = [one for one in found if one[2].num_sequences] or found[:1]
    return [
        LastFile(split, path, replace(written, file=data_name(number, len(kept))))
        for number, (split, path, written) in enumerate(kept)
    ]


def counts_positions(task: Task) -> bool:
    """Whether frequencies by position are counted: where all sequences have one length and no padding."""
    return task.policy.fixed and task.policy.pad_id is None


def positions_wanted(finished: Finished) -> PositionCounts:
    """Return empty counts by position for the ids that are counted, which the frequencies of all shards tell."""
    statistics = _statistics(finished, {}, finished.task.policy.sequence_length)
    return empty_positions(statistics, sum(file.written.num_sequences for file in last_files(finished)))


def counted_runs(files: Sequence[LastFile], wanted: PositionCounts) -> list[int]:
    """Return which runs of files hold a sequence that is counted."""
    pairs = enumerate(pairwise(first_sequences(files)))
    return sorted({place // RUN for place, (first, end) in pairs if _is_counted(first, end, wanted)})


def _is_counted(first: int, end: int, wanted: PositionCounts) -> bool:
    return -first % wanted.step < end - first


def count_positions(
    task: Task, files: Sequence[LastFile], firsts: Sequence[int], number: int, wanted: PositionCounts
) -> None:
    """Count the ids of a run of files by position; pure and idempotent. `firsts` are those of `first_sequences`."""
    receipt = task.part(number, "json", "positions")
    if read_receipt(receipt) is not None:
        return
    total = wanted.empty()
    for place in range(number * RUN, min(len(files), (number + 1) * RUN)):
        if _is_counted(firsts[place], firsts[place + 1], wanted):
            counts = file_positions(files[place].place(task.folder), firsts[place], wanted)
            total.counts += counts.counts
            total.sequences += counts.sequences
    file = write_side_file(task.part(number, "side", "positions"), {"counts": total.counts}, durable=False)
    write_receipt(receipt, {"sequences": total.sequences}, [file], durable=False)


def finish(
    finished: Finished, facts: Mapping[str, Any], measured: Mapping[str, tuple[int, int]], wanted: PositionCounts | None
) -> dict[str, Any]:
    """Make the tokenization whole in its folder and return its manifest, which is written last.

    All steps are done. `facts` go into the manifest as they are. `measured` are the characters and words of all texts
    of a split, where they are known; `wanted` is what was counted by position, if anything.
    """
    task = finished.task
    width = longest(finished)
    sequence_length = width or task.policy.sequence_length
    statistics = _statistics(finished, measured, width)
    files = last_files(finished)
    positions = None if wanted is None else _positions(task, files, wanted)
    for file in files:
        if file.path.exists():
            os.replace(file.path, task.folder / file.written.file)
    sync_folder(task.folder)
    _write_sidecars(finished)
    unpacked = _left_out(finished, statistics)
    statistics.context_length = sequence_length
    texts = task.token_texts
    result = statistics.result(texts.shown, None if positions is None else positions.result(texts.shown))
    _sweep(task.folder)
    write_json(task.folder / STATISTICS, result, durable=True)
    statistics.save(task.folder / STATISTICS_ARRAYS, durable=True)
    whole = manifest(
        task, finished.receipts, finished.packed, [(file.split, file.written) for file in files], facts
    ) | {
        "context_length": sequence_length,
        "num_tokens": result["tokens"],
        "lost": result["lost"],
        "sequence_tokens": result["sequence_tokens"],
        "padding": result["padding"],
        "num_documents": sum(receipt.documents for receipt in finished.receipts) - unpacked[0],
        "document_tokens": sum(receipt.document_tokens for receipt in finished.receipts) - unpacked[1],
        "skipped": _skipped(task),
        "marks": _marks(task, finished.receipts),
    }
    if task.recipe.shuffle_seed is not None:
        whole["shuffle_rule"] = task.recipe.shuffle_rule
    for name, document in small_files(task.recipe, task.policy, whole).items():
        write_json(task.folder / name, document, durable=True)
    whole["sidecars"] = file_entries(task.folder, SIDECARS)
    whole["size_bytes"] = sum(path.stat().st_size for path in task.folder.iterdir() if path.is_file())
    whole = write_sealed(task.folder / TOKENIZATION_MANIFEST, whole)
    shutil.rmtree(task.work, ignore_errors=True)
    sync_folder(task.folder)
    return whole


def _statistics(finished: Finished, measured: Mapping[str, tuple[int, int]], width: int | None) -> TokenStatistics:
    """Return the statistics of everything that was made."""
    task, nothing = finished.task, np.empty(0, np.int64)
    statistics = summed_statistics(finished)
    for split, (characters, words) in measured.items():
        if _uses_all_texts(finished, split):
            statistics.add_documents(nothing, nothing, characters=characters, words=words, split=split)
    if task.preset.joins_shards:
        for place in range(len(task.plan.splits)):
            tails = Tails.read(task, place)
            assert tails is not None
            statistics.merge(side_statistics(read_side_file(task.part(place, "side", "tails"))))
            statistics.add_lost("remainder", tails.dropped)
    if task.recipe.padding == "longest":
        for split, widths in packed_widths(finished):
            statistics.add_sequences(widths, np.minimum(widths, 1), width=width, split=split)
    loss = "truncation" if task.preset.is_alone(task.recipe) else "remainder"
    for shard in finished.packed.values():
        statistics.add_lost(loss, shard.lost_tokens)
        statistics.add_lost("token_limit", shard.cut_tokens)
    return statistics


def _uses_all_texts(finished: Finished, split: str) -> bool:
    """Tell whether every text of a split that is not empty went into sequences just as it stands in its column."""
    mine = [receipt for receipt in finished.receipts if receipt.split == split]
    return finished.task.takes_texts_unchanged and all(set(receipt.skipped) <= {"null", "empty"} for receipt in mine)


def _positions(task: Task, files: Sequence[LastFile], wanted: PositionCounts) -> PositionCounts:
    total = wanted.empty()
    for number in counted_runs(files, wanted):
        done = read_receipt(task.part(number, "json", "positions"))
        assert done is not None
        total.counts += read_side_file(task.part(number, "side", "positions"))["counts"]
        total.sequences += done["sequences"]
    total.sequences_seen = sum(file.written.num_sequences for file in files)
    return total


def first_sequences(files: Sequence[LastFile]) -> list[int]:
    """Return the number of the first sequence of each file, and how many there are."""
    return np.cumsum([0, *(file.written.num_sequences for file in files)]).tolist()


def _write_sidecars(finished: Finished) -> None:
    """Join what the shards know of each sample, in the order of the splits, and of each padded sequence."""
    task = finished.task
    for name in ("lengths", "skipped", *(["marks"] if task.preset.compares_ids else [])):
        _write_column(task.folder / name, joined_column(task, name))
    if task.policy.pad_id is not None:
        _write_column(task.folder / "sequence_lengths", _sequence_tokens(finished))


def _sequence_tokens(finished: Finished) -> Iterable[npt.NDArray[np.uint32]]:
    """Yield the tokens of all sequences in their last order."""
    task = finished.task
    if task.gathers_sequences:
        for index in range(sum(gather_parts(task))):
            yield read_side_file(task.part(index, "side", "gather"), SEQUENCE_TOKENS)[SEQUENCE_TOKENS]
        return
    packed = np.concatenate([np.empty(0, np.uint32), *joined_column(task, SEQUENCE_TOKENS)])
    for place, split in enumerate(task.plan.splits):
        shards = [finished.packed[s.index] for s in task.plan.of_split(split) if s.index in finished.packed]
        count = sum(shard.written.num_sequences for shard in shards)
        yield packed[:count]
        packed = packed[count:]
        if task.preset.joins_shards:
            yield read_side_file(task.part(place, "side", "tails"), SEQUENCE_TOKENS)[SEQUENCE_TOKENS]


def _left_out(finished: Finished, statistics: TokenStatistics) -> tuple[int, int]:
    """Mark the shuffled documents that a token budget left out, and return how many they are and their tokens."""
    task = finished.task
    if not task.shuffles_documents or task.recipe.token_budget is None:
        return 0, 0
    path = task.folder / "skipped"
    codes = np.fromfile(path, np.uint8)
    before = documents = tokens = 0
    for split, samples, lost in left_out(task, finished.packed):
        codes[before + samples] = skip_code("token_budget")
        before += task.plan.splits[split]
        documents, tokens = documents + len(samples), tokens + lost
    write_bytes(path, codes.tobytes(), durable=True)
    statistics.add_lost("token_limit", tokens, documents)
    return documents, tokens


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
        counts[receipt.split] += receipt.num_marks
    return counts


def _sweep(folder: Path) -> None:
    """Remove the drafts of files that a kill kept from getting their names."""
    for draft in folder.glob(".*"):
        if draft.is_file():
            draft.unlink()


def _write_column(target: Path, parts: Iterable[npt.NDArray[Any]]) -> None:
    with open(target, "wb") as joined:
        for part in parts:
            joined.write(part.tobytes())
        joined.flush()
        os.fsync(joined.fileno())
