"""What stands in a tokenization's folder beside its sequences: manifest, SAELens's note, and what `datasets` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from mistudio_core import __version__
from mistudio_core.file_names import ARROW_INFO, ARROW_STATE
from mistudio_core.files import write_json
from mistudio_core.records import as_json, now
from mistudio_core.tokenization.packing.cautions import cautions
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.packing.repeated import Repeats
from mistudio_core.tokenization.pipeline.sequence_sink import Packed
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import COLUMN, WrittenFile

FORMAT: Final = 2


def write_dataset_files(task: Task, files: Sequence[str], sequence_length: int, dataset_sha256: str) -> None:
    """Write `state.json` and `dataset_info.json`, by which `datasets.load_from_disk` opens the folder."""
    splits = list(task.plan.splits)
    write_json(
        task.folder / ARROW_STATE,
        {
            "_data_files": [{"filename": name} for name in files],
            "_fingerprint": dataset_sha256[:16],
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": splits[0] if len(splits) == 1 else None,
        },
        durable=True,
    )
    length = sequence_length if task.policy.fixed else -1
    features = {COLUMN: _list_feature(task.policy.dtype, length)}
    if task.recipe.padding_column == "length":
        features["length"] = {"dtype": "int32", "_type": "Value"}
    elif task.recipe.padding_column == "attention_mask":
        features["attention_mask"] = _list_feature("int8", length)
    write_json(task.folder / ARROW_INFO, {"features": features}, durable=True)


def _list_feature(dtype: str, length: int) -> dict[str, Any]:
    # "Sequence" is read by every version of `datasets` from 3 on; newer ones write "List".
    return {"feature": {"dtype": dtype, "_type": "Value"}, "length": length, "_type": "Sequence"}


def sae_lens(task: Task, dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SAELens writes beside sequences of its own; it reads `tokenizer_name`."""
    recipe, policy = task.recipe, task.policy
    columns = recipe.source_columns() if recipe.chat is None else (recipe.chat,)
    sequence = policy.begin_sequence or policy.document_start
    return {
        "sae_lens_version": None,
        "tokenizer_name": recipe.tokenizer,
        "original_dataset": dataset.get("repo_id"),
        "original_dataset_name": dataset.get("config"),
        "original_split": "+".join(task.plan.splits),
        "original_data_files": None,
        "original_column_name": columns[0] if len(columns) == 1 else None,
        "context_size": policy.sequence_length,
        "shuffled": recipe.shuffle_seed is not None,
        "seed": recipe.shuffle_seed,
        "begin_batch_token": policy.sequence_start[0] if policy.sequence_start else None,
        "begin_sequence_token": sequence[0] if sequence else None,
        "sequence_separator_token": policy.separator[0] if policy.separator else None,
        "disable_concat_sequences": task.preset.is_alone(recipe),
        "use_chat_formatting": recipe.chat is not None,
    }


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
