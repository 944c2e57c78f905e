"""Small datasets on disk, and texts in many scripts, for the tests of paging, filters and search."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from mistudio_core import raw_write
from mistudio_core.files import file_sha256
from mistudio_core.raw_write import PartWriter

WORDS = (
    "the", "The", "cat", "cats", "CAT", "2024", "42", "it", "what", "naïve", "naive", "café", "cafe\u0301", "Straße",
    "ПРИВЕТ", "привет", "мир", "λόγος", "ΛΌΓΟΣ", "سلام", "شكرا", "שלום", "हिन्दी", "नमस्ते", "한국어", "한국어를",
    "机器学习", "机器", "学习", "日本語", "テスト", "ภาษาไทย", "ไทย", "ລາວ", "ខ្មែរ", "မြန်မာ",
    "😀", "👩\u200d👩\u200d👧", "🇫🇷", "iPhone手机",
    "foo_bar", "e-mail", "don't", "x" * 60, "<b>", "\x00", "$5", "a.b", "…",
)  # fmt: skip
"""Digits, stop words, accents in both forms, cased and uncased scripts, scripts without spaces, emoji, marks."""

SEPARATORS = (" ", " ", " ", "  ", "\n", ", ", ". ", "")


def texts() -> st.SearchStrategy[str]:
    """Random texts of a few of the words above, so that a query taken from the words often hits."""
    piece = st.tuples(st.sampled_from(WORDS), st.sampled_from(SEPARATORS)).map("".join)
    return st.lists(piece, max_size=8).map("".join)


def write_dataset(folder: Path, splits: Mapping[str, pa.Table], *, group_rows: int = 7, part_groups: int = 3) -> Path:
    """Write `raw/<split>/` as a finished dataset has it, with small row groups and parts; return the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_write, "ROW_GROUP_ROWS", group_rows)
        patch.setattr(raw_write, "PART_ROW_GROUPS", part_groups)
        for name, table in splits.items():
            with PartWriter(folder / "raw" / name, "00000", table.schema) as writer:
                writer.write(table)
    return folder


def raw_entries(folder: Path) -> list[dict[str, Any]]:
    """Return what the manifest of a dataset says of its parts."""
    return [
        {
            "path": path.relative_to(folder).as_posix(), "split": path.parent.name,
            "num_rows": pq.read_metadata(path).num_rows, "size_bytes": path.stat().st_size, "text_bytes": 0,
            "sha256": file_sha256(path),
        }
        for path in sorted((folder / "raw").glob("*/*.parquet"))
    ]  # fmt: skip


def write_token_counts(
    folder: Path, tokenization: str, lengths: Mapping[str, Sequence[int]], control: Sequence[str] = ()
) -> None:
    """Write of a tokenization what the samples need: the token counts of some splits, and the control tokens."""
    target = folder / "tokenized" / tokenization
    target.mkdir(parents=True)
    counts = [count for split in lengths.values() for count in split]
    (target / "lengths").write_bytes(np.array(counts, np.uint32).tobytes())
    manifest = {
        "splits": {split: {"num_samples": len(counts)} for split, counts in lengths.items()},
        "tokenizer_facts": {"control": {token: number for number, token in enumerate(control)}},
    }
    (target / "manifest.json").write_text(json.dumps(manifest))
