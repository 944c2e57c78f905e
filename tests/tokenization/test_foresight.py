"""What is said before a tokenization starts: what filters leave out, and what may not be meant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mistudio_core.tokenization.packing.cautions import cautions
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.previews.estimate import estimate
from mistudio_core.tokenization.previews.sampled import sample
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import run, task_of, texts_table, write_raw
from tests.support.tokenizer_families import family, text_of


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


def _recipe(**fields: Any) -> Recipe:
    return Recipe.from_fields({"tokenizer": "t", "columns": ["text"], "splits": ["train"]} | fields)


def _texts(count: int) -> list[str | None]:
    random = Random(4)
    kinds = [
        lambda: "tiny",
        lambda: text_of(random, int(random.random() * 100) + 5),
        lambda: None,
        lambda: "!!!! .... ,,,, ---- " * 2,
        lambda: "the same words of the river and the mountain",
        lambda: "",
        lambda: text_of(random, 300),
    ]
    return [kinds[place % len(kinds)]() for place in range(count)]


@pytest.mark.parametrize("groups", [(300,), (40,)], ids=["all read", "a part read"])
@pytest.mark.parametrize(
    "fields",
    [
        {"min_chars": 6, "max_junk_ratio": 0.5},
        {"min_tokens": 12, "max_tokens_per_document": 250},
        {"drop_duplicates": True, "min_tokens": 5},
        {},
    ],
    ids=str,
)
def test_filters_leave_out_what_was_foreseen(
    tokenizer: StoredTokenizer, tmp_path: Path, fields: dict[str, Any], groups: tuple[int]
) -> None:
    texts = _texts(2800)
    splits = write_raw(tmp_path, {"train": texts_table(texts)}, groups)
    present = [text for text in texts if text]
    foreseen = sample(_recipe(**fields), splits, tokenizer, 1 - len(set(present)) / len(present)).left_out
    skipped = run(task_of(tmp_path / "out", splits, tokenizer, **fields)).manifest["skipped"]
    assert set(foreseen) == set(skipped)
    for reason, count in skipped.items():
        assert foreseen[reason] == pytest.approx(count / len(texts), abs=0.03), reason


def test_copies_are_unknown_where_nobody_has_counted_them(tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(["a b", "c d"] * 100)}, (4,))
    assert sample(_recipe(drop_duplicates=True), splits, tokenizer).left_out == {"duplicate": None}


def test_texts_too_large_are_foreseen(tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(["ж" * (3 << 20), "words", "others", "more"])})
    assert sample(_recipe(oversized="skip"), splits, tokenizer).left_out == {"too_large": 0.25}


def test_the_estimate_heeds_filters_and_a_budget(tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(_texts(2800))}, (100,))
    fields: dict[str, Any] = {"min_tokens": 12, "max_junk_ratio": 0.5, "context_length": 32, "drop_duplicates": True}
    for extra in ({}, {"token_budget": 20_000}):
        recipe = _recipe(**fields, **extra)
        for found in estimate(recipe, lambda wanted: sample(wanted, splits, tokenizer), tokenizer):
            folder = tmp_path / f"{found.preset}-{len(extra)}"
            manifest = run(task_of(folder, splits, tokenizer, preset=found.preset, **fields, **extra)).manifest
            assert found.tokens == pytest.approx(manifest["num_tokens"], rel=0.1), found.preset
            assert found.sequences == pytest.approx(manifest["num_sequences"], rel=0.1), found.preset


def test_cautions_tell_what_may_not_be_meant(tokenizer: StoredTokenizer) -> None:
    def told(limit: int | None = 512, **fields: Any) -> list[str]:
        recipe = _recipe(**fields)
        limited = dataclasses.replace(tokenizer, model_max_length=limit)
        return cautions(recipe, resolve_policy(recipe, limited), limited)

    assert told(context_length=512) == []
    assert told(context_length=4096, limit=None) == []
    assert "512 tokens" in told(context_length=513)[0]
    assert "cut to 512 tokens" in told(context_length=513, preset="sparsify")[0]
    assert "several lengths" in told(context_length=64, preset="per_document")[-1]
    assert told(context_length=64, preset="per_document", padding="max_length") == []
    bare = dataclasses.replace(tokenizer, named_eos_id=None, suffix=())
    recipe = _recipe()
    assert "follow each other" in cautions(recipe, resolve_policy(recipe, bare), bare)[0]


def test_cautions_stand_in_the_manifest(tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(["some words"] * 9)})
    manifest = run(task_of(tmp_path / "out", splits, tokenizer, preset="per_document")).manifest
    assert any("several lengths" in sentence for sentence in manifest["cautions"])
