"""Receipts: what a merge finds damaged is made again, and hashes of 128 bits find the samples that came before."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mistudio_core.raw import RawSplit, open_splits
from mistudio_core.tokenization.pipeline import duplicates
from mistudio_core.tokenization.pipeline.receipts import read_receipt, receipt_problem, write_data, write_receipt
from mistudio_core.tokenization.scale import tokenizing
from mistudio_core.tokenization.scale.merge import merge
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import run, task_of, texts_table, write_raw
from tests.support.tokenizer_families import family, text_of

RECIPES: list[dict[str, Any]] = [
    {"context_length": 32, "drop_duplicates": True},
    {"context_length": 24, "shuffle_seed": 5, "shuffle": "documents", "token_budget": 4000},
    {"context_length": 24, "preset": "per_document", "padding": "longest", "stride": 4},
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RawSplit]:
    random = Random(11)
    texts = [text_of(random, int(random.random() * 60)) for _ in range(200)]
    texts[100:120] = texts[20:40]
    folder = tmp_path_factory.mktemp("raw")
    write_raw(folder, {"train": texts_table(texts)}, (20,))
    return open_splits(folder)


@pytest.mark.parametrize("fields", RECIPES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_a_flipped_byte_in_any_part_is_made_again(
    raw: dict[str, RawSplit], tokenizer: StoredTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, fields: dict[str, Any],
) -> None:  # fmt: skip
    whole = run(task_of(tmp_path / "whole", raw, tokenizer, shard_bytes=4000, **fields))
    task = task_of(tmp_path / "damaged", raw, tokenizer, shard_bytes=4000, **fields)
    flipped: list[str] = []

    def damaged(*args: Any, **named: Any) -> Any:
        for stage in {path.name.split("-")[0] for path in task.work.glob("*.json") if path.name != "task.json"}:
            for suffix in ("json", "side", "arrow", "items", "hashes", "samples"):
                for path in sorted(task.work.glob(f"{stage}-*.{suffix}"))[:1]:
                    data = bytearray(path.read_bytes())
                    if data:
                        data[len(data) // 2] ^= 1
                        path.write_bytes(data)
                        flipped.append(path.name)
        return merge(*args, **named)

    monkeypatch.setattr(tokenizing, "merge", damaged)
    result = run(task)
    assert len(flipped) > 5
    assert "is made again" in caplog.text
    assert {stage for stage in ("encode", "sums") if f"{stage} 0 is made again" in caplog.text} == {"encode", "sums"}
    names = {path.name for path in whole.folder.iterdir()} - {"manifest.json"}
    assert {path.name for path in result.folder.iterdir()} - {"manifest.json"} == names
    for name in names:
        assert (result.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_a_receipt_tells_of_every_change_in_its_files(tmp_path: Path) -> None:
    path = tmp_path / "encode-00000.json"
    write_receipt(path, {"documents": 3}, [write_data(tmp_path / "encode-00000.side", b"some bytes")])
    assert receipt_problem(path, {}) is None
    (tmp_path / "encode-00000.side").write_bytes(b"some bytez")
    assert "does not match its checksum" in str(receipt_problem(path, {}))
    (tmp_path / "moved").write_bytes(b"some bytes")
    (tmp_path / "encode-00000.side").unlink()
    assert "missing" in str(receipt_problem(path, {}))
    assert receipt_problem(path, {"encode-00000.side": tmp_path / "moved"}) is None
    data = bytearray(path.read_bytes())
    data[data.index(b"3")] = ord("4")
    path.write_bytes(data)
    assert read_receipt(path) is None


def test_hashes_that_share_their_first_half_are_told_apart() -> None:
    random = np.random.default_rng(3)
    hashes = random.integers(0, 6, (400, 2)).astype(np.uint64)  # few values: many first halves alike
    seen: set[tuple[int, int]] = set()
    expected = []
    for high, low in hashes.tolist():
        expected.append((high, low) in seen)
        seen.add((high, low))
    assert duplicates.repeats(hashes).tolist() == expected


def test_many_buckets_find_the_same_duplicates(
    raw: dict[str, RawSplit], tokenizer: StoredTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: dict[str, Any] = {"context_length": 32, "drop_duplicates": True}
    one = run(task_of(tmp_path / "one", raw, tokenizer, shard_bytes=4000, **fields))
    assert one.manifest["skipped"]["duplicate"] >= 20
    monkeypatch.setattr(duplicates, "_BUCKET_SAMPLES", 30)
    many = run(task_of(tmp_path / "many", raw, tokenizer, shard_bytes=4000, **fields), 2)
    assert many.digests() == one.digests()
    assert (many.folder / "skipped").read_bytes() == (one.folder / "skipped").read_bytes()
