"""What the recipes' options do to rows: compared with `datasets` and `transformers`, or counted out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.packing.bijection import Bijection
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import Result, tokenized
from tests.support.tokenizer_families import FAMILIES, family, text_of


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: family(root, name) for name in FAMILIES}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    random = Random(21)
    return [text for text in (text_of(random, int(random.random() * 80)) for _ in range(120)) if text]


def _stream(tokenizer: StoredTokenizer, texts: list[str], end: int) -> list[int]:
    plain = tokenizer.load()
    return [ident for text in texts for ident in [*plain.encode(text, add_special_tokens=False).ids, end]]


def _made(tmp_path: Path, texts: list[str], tokenizer: StoredTokenizer, **fields: Any) -> Result:
    return tokenized(tmp_path, texts, tokenizer, groups=(7,), shard_bytes=10**9, **fields)


def test_continuous_is_the_stream_cut_into_rows(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path
) -> None:
    stream = _stream(tokenizers["own"], texts, 1)
    rows = _made(tmp_path, texts, tokenizers["own"], context_length=33).matrix()
    count = len(stream) // 32
    assert (rows[:, 0] == 0).all()
    assert rows[:, 1:].reshape(-1).tolist() == stream[: count * 32]
    assert len(rows) == count


@pytest.mark.parametrize("remainder", ["keep", "pad"])
def test_remainder_is_kept_or_padded(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, remainder: str
) -> None:
    stream = _stream(tokenizers["own"], texts, 1)
    padding = {"padding_column": "attention_mask", "padding_side": "left"} if remainder == "pad" else {}
    result = _made(
        tmp_path,
        texts,
        tokenizers["own"],
        context_length=33,
        remainder=remainder,
        **padding,
    )
    last = result.rows()[-1].tolist()
    rest = stream[len(stream) // 32 * 32 :]
    assert 0 < len(rest) < 32
    assert last == ([] if remainder == "keep" else [2] * (32 - len(rest))) + [0, *rest]
    assert result.manifest["num_tokens"] == len(stream) + len(result.rows())
    if remainder == "pad":
        from datasets import load_from_disk

        mask = load_from_disk(str(result.folder))[-1]["attention_mask"]
        assert mask == [0] * (32 - len(rest)) + [1] * (len(rest) + 1)


def test_less_than_a_row_is_lost_of_a_split_however_many_shards(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path
) -> None:
    result = tokenized(tmp_path, texts, tokenizers["own"], groups=(5,), shard_bytes=1, context_length=257)
    stream = len(_stream(tokenizers["own"], texts, 1))
    assert len(result.manifest["plan"]) > 20
    assert result.manifest["num_sequences"] == stream // 256
    held = result.manifest["sequence_tokens"]
    assert stream // 256 * 256 == held["documents"] + held["added"] - result.manifest["num_sequences"]
    assert result.manifest["lost"]["reasons"]["remainder"]["tokens"] == stream - len(texts) - held["documents"]


@pytest.mark.parametrize("remainder", ["keep", "pad"])
@pytest.mark.parametrize("shuffle", [{}, {"shuffle_seed": 1, "shuffle": "documents"}, {"shuffle_seed": 1}])
@pytest.mark.parametrize("budget", [1000, 1001, 1055, 33])
def test_budget_is_met_exactly(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, remainder: str, shuffle: dict[str, Any],
    budget: int,
) -> None:  # fmt: skip
    result = tokenized(
        tmp_path, texts, tokenizers["own"], groups=(5,), shard_bytes=500, threads=3, context_length=33,
        remainder=remainder, token_budget=budget, **shuffle,
    )  # fmt: skip
    assert result.manifest["num_tokens"] == budget if budget % 33 != 1 else budget - 1


def test_budget_ends_in_order_and_says_what_it_left(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path
) -> None:
    result = tokenized(
        tmp_path, texts, tokenizers["plain"], groups=(5,), shard_bytes=500, context_length=32, token_budget=640,
        bos="never",
    )  # fmt: skip
    stream = _stream(tokenizers["plain"], texts, 0)
    assert sorted(result.matrix().reshape(-1).tolist()) == sorted(stream[:640])
    used = int(np.count_nonzero(result.skipped() == 0))
    assert result.manifest["num_documents"] == used
    assert result.manifest["skipped"]["token_budget"] == len(texts) - used
    assert (
        len(_stream(tokenizers["plain"], texts[: used - 1], 0))
        < 640
        <= len(_stream(tokenizers["plain"], texts[:used], 0))
    )


@pytest.mark.parametrize("name", ["own", "both", "unigram", "wordpiece"])
@pytest.mark.parametrize("stride", [0, 5])
def test_windows_and_padding_equal_transformers(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, name: str, stride: int
) -> None:
    tokenizer = tokenizers[name]
    peer = tokenizer.load()
    pad = tokenizer.pad_id if tokenizer.pad_id is not None else tokenizer.eos_id
    assert pad is not None
    peer.enable_truncation(24, stride=stride)
    expected = []
    for text in texts:
        first = peer.encode(text)
        expected += [encoding.ids + [pad] * (24 - len(encoding.ids)) for encoding in [first, *first.overflowing]]
    result = _made(
        tmp_path,
        texts,
        tokenizer,
        preset="per_document",
        context_length=24,
        stride=stride,
        truncation="auto" if stride else "window",
        padding="max_length",
    )
    assert result.matrix().tolist() == expected


@pytest.mark.parametrize("side", ["left", "right"])
def test_longest_pads_to_the_longest_of_all(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, side: str
) -> None:
    tokenizer = tokenizers["own"]
    encoded = [tokenizer.load().encode(text).ids[:200] for text in texts]
    width = max(map(len, encoded))
    result = tokenized(
        tmp_path, texts, tokenizer, groups=(5,), shard_bytes=500, preset="per_document", context_length=200,
        padding="longest", padding_side=side, padding_column="length",
    )  # fmt: skip
    padded = [ids + [2] * (width - len(ids)) if side == "right" else [2] * (width - len(ids)) + ids for ids in encoded]
    assert result.matrix().tolist() == padded
    assert result.manifest["context_length"] == width
    assert result.manifest["padding"]["count"] == sum(width - len(ids) for ids in encoded)
    from datasets import load_from_disk

    assert load_from_disk(str(result.folder))["length"][:] == [len(ids) for ids in encoded]


def test_rows_are_shuffled_by_a_bijection(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path
) -> None:
    plain = tokenized(tmp_path / "a", texts, tokenizers["own"], groups=(5,), shard_bytes=500, context_length=16)
    shuffled = tokenized(
        tmp_path / "b", texts, tokenizers["own"], groups=(5,), shard_bytes=500, context_length=16, shuffle_seed=42
    )
    order = Bijection(len(plain.matrix()), 42, 0).backward(np.arange(len(plain.matrix())))
    assert sorted(order.tolist()) == list(range(len(order)))
    assert shuffled.matrix().tolist() == plain.matrix()[order].tolist()


def test_documents_are_shuffled_before_they_are_packed(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path
) -> None:
    result = tokenized(
        tmp_path, texts, tokenizers["plain"], groups=(5,), shard_bytes=10**9, context_length=16, shuffle_seed=7,
        shuffle="documents",
    )  # fmt: skip
    order = Bijection(len(texts), 7, 0).backward(np.arange(len(texts)))
    stream = _stream(tokenizers["plain"], [texts[place] for place in order], 0)
    assert result.matrix().reshape(-1).tolist() == stream[: len(stream) // 16 * 16]


@pytest.mark.parametrize(("dtype", "stored"), [("auto", "uint16"), ("int32", "int32")])
def test_stored_type(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, dtype: str, stored: str
) -> None:
    from datasets import List, Value, load_from_disk

    result = _made(tmp_path, texts, tokenizers["own"], context_length=16, dtype=dtype)
    opened = load_from_disk(str(result.folder))
    assert opened.features["input_ids"] == List(Value(stored), length=16)
    assert opened.num_rows == result.manifest["num_sequences"]
    assert opened.with_format("numpy")["input_ids"][:].tolist() == result.matrix().tolist()


def test_empty_result_opens(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    from datasets import load_from_disk

    result = tokenized(tmp_path, ["a"], tokenizers["own"], context_length=1000)
    assert load_from_disk(str(result.folder)).num_rows == 0
    assert result.manifest["lost"]["reasons"]["remainder"] == {"tokens": 1, "documents": 0}
    assert result.manifest["lost"]["share"] == 1


def test_files_beside_the_rows(tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path) -> None:
    result = _made(tmp_path, texts, tokenizers["own"], context_length=16, shuffle_seed=3)
    note = json.loads((result.folder / "sae_lens.json").read_bytes())
    assert (note["context_size"], note["shuffled"], note["seed"], note["begin_batch_token"]) == (16, True, 3, 0)
    assert note["tokenizer_name"] == "t"
    statistics = json.loads((result.folder / "statistics.json").read_bytes())
    assert statistics["tokens"] == result.manifest["num_tokens"] == result.manifest["num_sequences"] * 16
    assert statistics["top_tokens"][0]["count"] == np.bincount(result.matrix().reshape(-1)).max()


@pytest.mark.parametrize(
    ("name", "fields", "word"),
    [
        ("plain", {"separator": 100_000}, "ids of this tokenizer end"),
        ("wordpiece", {"preset": "transformer_lens"}, "EOS"),
        ("unigram", {"preset": "transformer_lens"}, "BOS"),
        ("unigram", {"bos": "row"}, "BOS"),
        ("unigram", {"separator": "bos"}, "BOS"),
        ("own", {"context_length": 1}, "context_length"),
        ("both", {"context_length": 6, "stride": 4, "preset": "per_document"}, "context_length"),
        ("plain", {"preset": "transformer_lens", "separator": "none"}, "separator"),
        ("plain", {"preset": "sparsify", "bos": "row"}, "bos"),
    ],
)
def test_recipes_the_tokenizer_cannot_follow(
    tokenizers: dict[str, StoredTokenizer], name: str, fields: dict[str, Any], word: str
) -> None:
    with pytest.raises(StudioError) as caught:
        resolve_policy(Recipe.from_fields({"tokenizer": "t"} | fields), tokenizers[name])
    assert caught.value.code == "invalid_request"
    assert word in caught.value.message


@pytest.mark.parametrize(
    ("name", "fields", "start", "separator"),
    [
        ("plain", {}, (), (0,)),
        ("own", {}, (0,), (1,)),
        ("own", {"bos": "never", "separator": "none"}, (), ()),
        ("plain", {"bos": "row", "separator": 7}, (0,), (7,)),
        ("unigram", {}, (), (1,)),
        ("wordpiece", {}, (2,), (3,)),
        ("both", {"add_special_tokens": True}, (), ()),
        ("metaspace", {"bos": "document"}, (), (2,)),
    ],
)
def test_defaults_follow_the_tokenizer(
    tokenizers: dict[str, StoredTokenizer], name: str, fields: dict[str, Any], start: Any, separator: Any
) -> None:
    policy = resolve_policy(Recipe.from_fields({"tokenizer": "t"} | fields), tokenizers[name])
    assert (policy.sequence_start, policy.separator) == (start, separator)


@pytest.mark.parametrize("preset", [one.name for one in presets()])
def test_never_more_is_lost_than_documents_hold(
    tokenizers: dict[str, StoredTokenizer], texts: list[str], tmp_path: Path, preset: str
) -> None:
    words = ["water"] * 1500
    result = tokenized(tmp_path, words, tokenizers["own"], preset=preset, context_length=512)
    manifest = result.manifest
    lost, held = manifest["lost"], manifest["sequence_tokens"]
    assert lost["document_tokens"] == manifest["document_tokens"] == int(result.lengths().sum())
    assert lost["tokens"] == lost["document_tokens"] - held["documents"]
    assert 0 <= lost["share"] <= 1
    assert sum(held.values()) == manifest["num_tokens"]


def test_separators_are_not_lost(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    result = tokenized(tmp_path, ["a"] * 127, tokenizers["own"], context_length=60, bos="never")
    # 254 tokens with separators give four rows of 60; 7 documents and their separators are left.
    assert result.manifest["num_sequences"] == 4
    assert result.manifest["lost"]["tokens"] == 7
    assert result.manifest["lost"]["share"] == 7 / 127
    assert result.manifest["sequence_tokens"] == {"documents": 120, "repeated": 0, "added": 120}
