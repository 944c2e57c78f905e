"""The manifest of a tokenization: what it was made of and by, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from mistudio_core import __version__
from mistudio_core.records import as_json, now
from mistudio_core.tokenization.packing.cautions import cautions
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.packing.repeated import Repeats
from mistudio_core.tokenization.pipeline.sequence_sink import Packed
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile

FORMAT: Final = 2


def manifest(
    task: Task,
    receipts: Sequence[Receipt],
    packed: Mapping[int, Packed],
    files: Sequence[tuple[str, WrittenFile]],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the manifest; `facts` are added: ids, versions, the dataset's own facts, the engine's."""
    return {
        "format": FORMAT,
        "mistudio_version": __version__,
        **facts,
        "tokenizer": task.recipe.tokenizer,
        "tokenizer_revision": task.tokenizer.revision,
        "tokenizer_facts": task.tokenizer.describe(),
        "vocab_size": task.tokenizer.vocab_size,
        "recipe": task.recipe.to_json(),
        "recipe_fingerprint": task.recipe.fingerprint(),
        "peer_version": task.preset.peer_version,
        "policy": task.policy.to_json(),
        "cautions": [
            *cautions(task.recipe, task.policy, task.tokenizer, Repeats.total(one.repeats for one in packed.values())),
            *_refused(receipts),
        ],
        "context_length": task.policy.sequence_length,
        "num_sequences": sum(written.num_sequences for _, written in files),
        "num_samples": sum(task.plan.splits.values()),
        "splits": {
            split: {
                "num_samples": count,
                "num_sequences": sum(written.num_sequences for name, written in files if name == split),
            }
            for split, count in task.plan.splits.items()
        },
        "shards": [{"split": split, **asdict(written)} for split, written in files],
        "plan": [_planned(receipt, task.plan.shards[receipt.index], packed.get(receipt.index)) for receipt in receipts],
        "size_bytes": sum(written.size_bytes for _, written in files),
        "ready_at": as_json(now()),
    }


def _refused(receipts: Sequence[Receipt]) -> list[str]:
    """Say how many conversations the chat template refused, which was the first, and why."""
    count = sum(receipt.skipped.get("refused", 0) for receipt in receipts)
    first = next((receipt for receipt in receipts if receipt.refusal is not None), None)
    if first is None or first.refusal is None:
        return []
    sample, reason = first.refusal
    return [
        f"The chat template refused {count:,} conversation{'s' * (count != 1)}, skipped and counted; the first is "
        f"sample {sample:,} of the split {first.split!r}: {reason}."
    ]


def _planned(receipt: Receipt, shard: Shard, packed: Packed | None) -> dict[str, Any]:
    """Return what a sequence's sources are found by: a shard's samples and sequences, and where a budget stopped it."""
    return {
        "split": shard.split,
        "first": shard.first,
        "last": shard.last,
        "engine": receipt.engine,
        "limit": None if packed is None else packed.limit,
        "num_sequences": 0 if packed is None else packed.written.num_sequences,
        "used_tokens": 0 if packed is None else packed.used_tokens,
    }
