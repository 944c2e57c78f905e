"""Shuffles: a permutation without a table, the exchange between many files, and sequences of the first rule."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mistudio_core.checksums import write_sealed
from mistudio_core.file_names import TOKENIZATION_MANIFEST
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.packing.bijection import Bijection
from mistudio_core.tokenization.packing.document_order import document_order_1
from mistudio_core.tokenization.pipeline import exchange
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import Result, tokenized
from tests.support.tokenizer_families import family, text_of


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    random = Random(5)
    return [text for text in (text_of(random, int(random.random() * 60)) for _ in range(150)) if text]


@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, 255, 256, 257, 70_001])
def test_every_number_has_one_place_and_finds_back(count: int) -> None:
    permutation = Bijection(count, 7, 0)
    places = permutation.forward(np.arange(count))
    assert sorted(places.tolist()) == list(range(count))
    assert permutation.backward(places).tolist() == list(range(count))


def test_orders_of_few_things_are_equally_frequent() -> None:
    orders = Counter(tuple(Bijection(3, seed, 0).forward(np.arange(3)).tolist()) for seed in range(600))
    assert len(orders) == 6
    assert max(orders.values()) < 1.6 * min(orders.values())


def test_seeds_and_splits_shuffle_differently_and_neighbours_part() -> None:
    numbers = np.arange(1000)
    orders = [
        Bijection(1000, seed, stream).forward(numbers).astype(np.int64) for seed, stream in ((1, 0), (2, 0), (1, 1))
    ]
    assert all((one == other).sum() < 10 for one, other in ((orders[0], orders[1]), (orders[0], orders[2])))
    assert (np.abs(np.diff(orders[0])) == 1).sum() < 10
    assert abs(np.corrcoef(numbers, orders[0])[0, 1]) < 0.15


def test_the_place_of_one_number_among_a_billion_costs_no_table() -> None:
    permutation = Bijection(10**12, 3, 0)
    numbers = np.array([0, 1, 10**12 - 1])
    assert permutation.backward(permutation.forward(numbers)).tolist() == numbers.tolist()


@pytest.mark.parametrize("shuffle", ["documents", "sequences"])
def test_two_hops_give_the_same_bytes_as_one(
    tokenizer: StoredTokenizer, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shuffle: str
) -> None:
    fields: dict[str, Any] = {"context_length": 16, "shuffle_seed": 3, "shuffle": shuffle}
    one = tokenized(tmp_path / "one", texts, tokenizer, groups=(7,), shard_bytes=400, **fields)
    assert len(one.manifest["plan"]) > 9
    monkeypatch.setattr(exchange, "GROUP", 3)
    two = tokenized(tmp_path / "two", texts, tokenizer, groups=(7,), shard_bytes=400, threads=2, **fields)
    assert two.digests() == one.digests()


def _as_of_rule_1(result: Result, **recipe: Any) -> Provenance:
    path = result.folder / TOKENIZATION_MANIFEST
    manifest = json.loads(path.read_bytes())
    manifest.pop("shuffle_rule", None)
    manifest["recipe"] |= recipe
    write_sealed(path, manifest)
    return Provenance(result.folder)


def test_sequences_that_rule_1_shuffled_are_still_traced(
    tokenizer: StoredTokenizer, texts: list[str], tmp_path: Path
) -> None:
    plain = tokenized(tmp_path, texts, tokenizer, groups=(7,), shard_bytes=400, context_length=16)
    before = Provenance(plain.folder)
    sources = [before.sources(number) for number in range(plain.manifest["num_sequences"])]
    after = _as_of_rule_1(plain, shuffle_seed=9)
    order = document_order_1(after.recipe, 0, len(sources))
    assert [after.sources(number) for number in range(len(sources))] == [sources[place] for place in order]


def test_documents_that_rule_1_shuffled_are_still_traced(
    tokenizer: StoredTokenizer, texts: list[str], tmp_path: Path
) -> None:
    fields: dict[str, Any] = {"context_length": 16, "shuffle_seed": 9, "shuffle": "documents"}
    shuffled = tokenized(tmp_path / "shuffled", texts, tokenizer, shard_bytes=10**9, **fields)
    after = _as_of_rule_1(shuffled)
    order = document_order_1(after.recipe, 0, len(texts))
    in_order = [texts[place] for place in order]
    plain = Provenance(tokenized(tmp_path / "plain", in_order, tokenizer, shard_bytes=10**9, context_length=16).folder)
    for number in range(plain.manifest["num_sequences"]):
        found = [(source.sample, source.first, source.last, source.start) for source in after.sources(number)]
        wanted = [(int(order[s.sample]), s.first, s.last, s.start) for s in plain.sources(number)]
        assert found == wanted
