"""The last steps of a tokenization: tails packed into rows, parts joined, the manifest written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from mistudio_core.files import folder_bytes, sync_folder, write_json
from mistudio_core.records import as_json, now
from mistudio_core.tokenization.counting import TokenCounts
from mistudio_core.tokenization.packing import ContinuousPacker
from mistudio_core.tokenization.shards import Receipt, Task, receipt_path
from mistudio_core.tokenization.writers import RowWriter, WrittenFile, data_name, write_dataset_files

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_COPY_BYTES: Final = 1 << 20


def pack_tails(task: Task, counts: TokenCounts) -> list[tuple[str, WrittenFile]]:
    """Pack the tails of each split's shards in their order; what is left fills no row and is dropped."""
    written = []
    for place, split in enumerate(task.plan.splits):
        packer = ContinuousPacker(task.policy)
        path = task.folder / data_name(len(task.plan.shards) + place, task.num_files)
        with RowWriter(path, task.policy.context_length, task.policy.dtype) as writer:
            for shard in task.plan.of_split(split):
                rows = packer.add_stream(np.fromfile(task.work / f"{shard.index:05d}.tail", np.uint32))
                writer.write(rows)
                counts.add_tokens(rows)
            written.append((split, writer.finish()))
    return written


def finish(task: Task, details: Mapping[str, Any]) -> dict[str, Any]:
    """Join what the shards left, write every file beside the rows, and the manifest last; return the manifest.

    `details` is added to the manifest: ids, versions, the dataset's own facts.
    """
    receipts = [_receipt(task, shard.index) for shard in task.plan.shards]
    counts = TokenCounts(task.tokenizer.vocab_size)
    for shard in task.plan.shards:
        counts.merge(TokenCounts.load(task.work / f"{shard.index:05d}.npz"))
    tails = pack_tails(task, counts)
    files = [(receipt.split, receipt.written) for receipt in receipts] + tails
    files = _in_split_order(task, files)
    _join(task, "lengths")
    _join(task, "skipped")
    fingerprint = task.recipe.fingerprint()
    width = task.policy.context_length
    split = next(iter(task.plan.splits)) if len(task.plan.splits) == 1 else None
    write_dataset_files(
        task.folder,
        [written.file for _, written in files],
        width=width,
        dtype=task.policy.dtype,
        split=split,
        fingerprint=fingerprint,
    )
    write_json(task.folder / "statistics.json", {"version": 0} | counts.live(), durable=True)
    manifest = _manifest(task, receipts, files, details)
    write_json(task.folder / "sae_lens.json", sae_lens(task, details), durable=True)
    write_json(task.folder / MANIFEST, manifest, durable=True)
    shutil.rmtree(task.work, ignore_errors=True)
    sync_folder(task.folder)
    return manifest


def sae_lens(task: Task, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SAELens writes beside rows of its own; it reads `tokenizer_name`."""
    recipe, policy = task.recipe, task.policy
    first = policy.row_start[0] if policy.row_start else None
    return {
        "sae_lens_version": None,
        "tokenizer_name": recipe.tokenizer,
        "original_dataset": details.get("dataset", {}).get("repo_id"),
        "original_dataset_name": details.get("dataset", {}).get("config"),
        "original_split": "+".join(task.plan.splits),
        "original_data_files": None,
        "original_column_name": recipe.columns[0] if len(recipe.columns) == 1 else None,
        "context_size": policy.context_length,
        "shuffled": recipe.shuffle_seed is not None,
        "seed": recipe.shuffle_seed,
        "begin_batch_token": first,
        "begin_sequence_token": policy.document_start[0] if policy.document_start else None,
        "sequence_separator_token": policy.document_end[-1] if policy.document_end else None,
        "disable_concat_sequences": recipe.preset == "per_document",
        "use_chat_formatting": recipe.chat is not None,
    }


def _manifest(
    task: Task, receipts: Sequence[Receipt], files: Sequence[tuple[str, WrittenFile]], details: Mapping[str, Any]
) -> dict[str, Any]:
    num_rows = sum(file.num_rows for _, file in files)
    stream = sum(receipt.stream_tokens for receipt in receipts)
    skipped: dict[str, int] = {}
    for receipt in receipts:
        for reason, count in receipt.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    return {
        "format": FORMAT,
        **details,
        "tokenizer": task.recipe.tokenizer,
        "tokenizer_revision": task.tokenizer.revision,
        "tokenizer_facts": task.tokenizer.describe(),
        "vocab_size": task.tokenizer.vocab_size,
        "recipe": task.recipe.to_json(),
        "fingerprint": task.recipe.fingerprint(),
        "policy": task.policy.to_json(),
        "context_length": task.policy.context_length,
        "engine": "+".join(sorted({receipt.engine for receipt in receipts})) or "reference",
        "num_rows": num_rows,
        "num_tokens": num_rows * task.policy.context_length,
        "num_documents": sum(receipt.documents for receipt in receipts),
        "num_samples": sum(receipt.num_samples for receipt in receipts),
        "document_tokens": sum(receipt.document_tokens for receipt in receipts),
        "stream_tokens": stream,
        "dropped_tokens": stream - num_rows * task.policy.row_room,
        "skipped": skipped,
        "splits": {
            split: {
                "num_samples": task.plan.splits[split],
                "num_rows": sum(file.num_rows for name, file in files if name == split),
            }
            for split in task.plan.splits
        },
        "shards": [{"split": split, **asdict(file)} for split, file in files],
        "plan": task.plan.to_json(),
        "size_bytes": folder_bytes(task.folder) - folder_bytes(task.work),
        "ready_at": as_json(now()),
    }


def _receipt(task: Task, index: int) -> Receipt:
    receipt = Receipt.read(receipt_path(task, index))
    assert receipt is not None, f"shard {index} is not whole"
    return receipt


def _in_split_order(task: Task, files: Sequence[tuple[str, WrittenFile]]) -> list[tuple[str, WrittenFile]]:
    order = list(task.plan.splits)
    return sorted(files, key=lambda item: order.index(item[0]))  # stable: a split's tails follow its shards


def _join(task: Task, suffix: str) -> None:
    """Put the parts of all shards together in one file named after what they hold."""
    draft = task.work / f"all.{suffix}"
    with open(draft, "wb") as joined:
        for shard in task.plan.shards:
            with open(task.work / f"{shard.index:05d}.{suffix}", "rb") as part:
                shutil.copyfileobj(part, joined, _COPY_BYTES)
    draft.replace(task.folder / suffix)
