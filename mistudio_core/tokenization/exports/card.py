"""The README of an export: what it holds, where it came from, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mistudio_core.tokenization.output.stored_sequences import StoredSequences

_READ = {
    "parquet": "from datasets import load_dataset\n\nsequences = load_dataset({path}, split={split})",
    "bin": ("from sparsify.data import MemmapDataset\n\nsequences = MemmapDataset({file}, ctx_len={width})"),
    "text": "from datasets import load_dataset\n\ntexts = load_dataset({path}, split={split})",
}
_READ["jsonl"] = _READ["text"]
_ENDING = {"parquet": "parquet", "text": "parquet", "jsonl": "jsonl"}


def card(kind: str, sequences: StoredSequences, splits: Mapping[str, int], known_as: str) -> str:
    """Return the README for an export that holds `splits`: name and number of sequences or documents each.

    Its head tells `datasets` and the Hub which file belongs to which split. Whatever came from outside stands in
    code, where it is no markup.
    """
    manifest = sequences.manifest
    stem = next(iter(splits))
    read = _READ[kind].format(
        path=repr(known_as), file=repr(f"{known_as}/{stem}.bin"), split=repr(stem), width=sequences.width
    )
    what = "document" if kind in ("text", "jsonl") else "sequence"
    lines = [
        _head(kind, splits),
        f"# {'Text' if what == 'document' else 'Token sequences'}: {_plain(manifest.get('dataset', {}).get('name'))}",
        "",
        *_facts(kind, manifest),
        "",
        f"| split | {what}s |\n| --- | ---: |",
        *(f"| `{name}` | {count:,} |" for name, count in splits.items()),
        "",
        f"```python\n{read}\n```",
        "",
    ]
    return "\n".join(lines)


def _head(kind: str, splits: Mapping[str, int]) -> str:
    if kind not in _ENDING:
        return ""
    pattern = "data/{}-*.parquet" if _ENDING[kind] == "parquet" else "data/{}.jsonl"
    files = "".join(f"  - split: {json.dumps(name)}\n    path: {json.dumps(pattern.format(name))}\n" for name in splits)
    return f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"


def _facts(kind: str, manifest: Mapping[str, Any]) -> list[str]:
    source = manifest.get("dataset", {})
    recipe = manifest["recipe"]
    facts = [("Dataset", source.get("repo_id") or source.get("name")), ("Dataset revision", source.get("revision"))]
    if kind in ("text", "jsonl"):
        chosen = recipe.get("template") or recipe.get("chat") or ", ".join(recipe.get("columns") or ())
        facts.append(("Text from", chosen))
    else:
        facts += [
            ("Tokenizer", manifest["tokenizer"]),
            ("Tokenizer revision", manifest.get("tokenizer_revision")),
            ("Vocabulary", f"{manifest['vocab_size']:,} ids"),
            ("Sequences", f"{recipe['preset']}, context length {manifest['context_length']:,}"),
        ]
    told = [f"- {name}: {_plain(value)}" for name, value in facts if value]
    if kind in ("parquet", "bin"):
        told.append("- The recipe and all versions are in `manifest.json`.")
    return told


def _plain(value: Any) -> str:
    """Return a text from outside as code on one line."""
    text = " ".join(str(value).replace("`", "'").split())
    return f"`{text[:200]}`"
