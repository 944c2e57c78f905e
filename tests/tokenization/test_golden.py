"""Rows of the three presets are those of the projects they reproduce, id for id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden import corpus
from tests.golden.cases import CASES, Case
from tests.golden.make_peer_rows import RESULTS, summary
from tests.support.tokenized import stored, tokenized

GOLDEN = json.loads(RESULTS.read_text())


@pytest.mark.parametrize("name", sorted(GOLDEN["documents"]))
def test_documents_are_those_the_peers_were_asked_about(name: str) -> None:
    assert corpus.digest(corpus.documents(name)) == GOLDEN["documents"][name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_equal_the_peers(case: Case, tmp_path: Path) -> None:
    tokenizer = stored(tmp_path / "tokenizers", corpus.TOKENIZERS / case.tokenizer)
    # Without concatenation the number of processes changes nothing, and the recipe refuses to be told it.
    batches = {"emulate_num_proc": case.num_proc} if case.recipe.get("concatenate", True) else {}
    result = tokenized(
        tmp_path / "data", corpus.documents(case.documents), tokenizer, threads=2, groups=(97, 1000, 3),
        shard_bytes=40_000, preset=case.peer, context_length=case.context,
        **batches, **case.recipe,
    )  # fmt: skip
    assert summary(result.matrix()) == GOLDEN["cases"][case.name]
