"""The small files by which other programs open the sequences: `datasets` reads two of them, SAELens one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mistudio_core.file_names import ARROW_INFO, ARROW_STATE, SAE_LENS
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.pipeline.writers import COLUMN
from mistudio_core.tokenization.recipes.recipe import Recipe


def small_files(recipe: Recipe, policy: Policy, manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the documents by the names of their files; of the manifest they tell again what it has.

    It needs `shards`, `splits`, `context_length` and `dataset`.
    """
    return {
        ARROW_STATE: _state(manifest),
        ARROW_INFO: {"features": _features(recipe, policy, int(manifest["context_length"]))},
        SAE_LENS: _sae_lens(recipe, policy, manifest),
    }


def _state(manifest: Mapping[str, Any]) -> dict[str, Any]:
    splits, digest = list(manifest["splits"]), "".join(shard["sha256"] for shard in manifest["shards"])
    return {
        "_data_files": [{"filename": shard["file"]} for shard in manifest["shards"]],
        "_fingerprint": hashlib.sha256(digest.encode()).hexdigest()[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": splits[0] if len(splits) == 1 else None,
    }


def _features(recipe: Recipe, policy: Policy, sequence_length: int) -> dict[str, Any]:
    length = sequence_length if policy.fixed else -1
    features = {COLUMN: _list_feature(policy.dtype, length)}
    if recipe.padding_column == "length":
        features["length"] = {"dtype": "int32", "_type": "Value"}
    elif recipe.padding_column == "attention_mask":
        features["attention_mask"] = _list_feature("int8", length)
    return features


def _list_feature(dtype: str, length: int) -> dict[str, Any]:
    # "Sequence" is read by every version of `datasets` from 3 on; newer ones write "List".
    return {"feature": {"dtype": dtype, "_type": "Value"}, "length": length, "_type": "Sequence"}


def _sae_lens(recipe: Recipe, policy: Policy, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SAELens writes beside sequences of its own; it reads `tokenizer_name`."""
    dataset = manifest.get("dataset", {})
    columns = recipe.source_columns() if recipe.chat is None else (recipe.chat,)
    sequence = policy.begin_sequence or policy.document_start
    return {
        "sae_lens_version": None,
        "tokenizer_name": recipe.tokenizer,
        "original_dataset": dataset.get("repo_id"),
        "original_dataset_name": dataset.get("config"),
        "original_split": "+".join(manifest["splits"]),
        "original_data_files": None,
        "original_column_name": columns[0] if len(columns) == 1 else None,
        "context_size": policy.sequence_length,
        "shuffled": recipe.shuffle_seed is not None,
        "seed": recipe.shuffle_seed,
        "begin_batch_token": policy.sequence_start[0] if policy.sequence_start else None,
        "begin_sequence_token": sequence[0] if sequence else None,
        "sequence_separator_token": policy.separator[0] if policy.separator else None,
        "disable_concat_sequences": packing_preset(recipe).is_alone(recipe),
        "use_chat_formatting": recipe.chat is not None,
    }
