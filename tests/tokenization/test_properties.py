"""For any documents and recipe no token is lost beyond what the manifest says, invented or moved; all are traced."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistudio_core.raw import open_splits
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.output import provenance as made_provenance
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.recipes.effects import effective
from mistudio_core.tokenization.recipes.fields import DEFAULTS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import Result, run, task_of, texts_table, tokenized, write_raw
from tests.support.tokenizer_families import FAMILIES, family, text_of

import pyarrow as pa  # isort: skip


_made: dict[str, StoredTokenizer] = {}


@pytest.fixture(scope="module", autouse=True)
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    _made.update({name: family(root, name) for name in FAMILIES})
    return _made


@st.composite
def corpora(draw: st.DrawFn) -> list[str | None]:
    random = Random(draw(st.integers(0, 2**32)))
    size = draw(st.integers(1, 60))
    longest = draw(st.sampled_from([2, 20, 150]))
    texts: list[str | None] = [text_of(random, int(random.random() * longest)) for _ in range(size)]
    for place in draw(st.lists(st.integers(0, size - 1), max_size=3)):
        texts[place] = draw(
            st.sampled_from([None, "", " ", "<s>", "<|endoftext|>", "</s> x", "same text", "same text"])
        )
    return texts


_CONTINUOUS = st.fixed_dictionaries(
    {"preset": st.just("continuous"), "remainder": st.sampled_from(["drop", "keep", "pad"])},
    optional={
        "bos": st.sampled_from(["auto", "never"]),
        "separator": st.sampled_from(["auto", "none", 5]),
        "add_special_tokens": st.booleans(),
        "shuffle": st.sampled_from(["sequences", "documents"]),
    },
)
_PER_DOCUMENT = st.fixed_dictionaries(
    {"preset": st.just("per_document")},
    optional={
        "stride": st.integers(0, 3),
        "padding": st.sampled_from(["longest", "max_length"]),
        "separator": st.sampled_from([5]),
        "bos": st.sampled_from(["auto", "never"]),
    },
)
_PEERS = st.fixed_dictionaries(
    {"preset": st.sampled_from(["saelens", "transformer_lens", "sparsify"]), "batch_rows": st.integers(1, 30)},
    optional={"emulate_num_proc": st.integers(1, 4)},
)
_SAELENS = st.fixed_dictionaries(
    {"preset": st.just("saelens")},
    optional={
        "concatenate": st.just(False),
        "begin_batch_token": st.sampled_from(["none", 4, 5]),
        "begin_sequence_token": st.sampled_from(["none", 5, 6]),
    },
)
_FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "min_tokens": st.integers(1, 8),
        "min_chars": st.integers(1, 8),
        "max_tokens_per_document": st.integers(5, 300),
        "drop_duplicates": st.booleans(),
        "max_junk_ratio": st.sampled_from([0.2, 0.5]),
        "token_budget": st.integers(1, 2000),
        "shuffle_seed": st.integers(0, 9),
        "padding_side": st.sampled_from(["left", "right"]),
        "dtype": st.sampled_from(["auto", "int32"]),
    },
)


def _fitting(fields: dict[str, Any], name: str, tokenizer: StoredTokenizer) -> dict[str, Any]:
    """Leave out what the recipe or the tokenizer does not allow together."""
    if fields["preset"] in ("transformer_lens", "sparsify") and (tokenizer.named_bos_id is None or name == "unigram"):
        fields["preset"] = "saelens"
    values = effective({**DEFAULTS, "tokenizer": "t", "columns": ("text",), **fields})
    return {field: value for field, value in fields.items() if values[field] == value}


@settings(max_examples=40, report_multiple_bugs=False, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=corpora(),
    name=st.sampled_from(FAMILIES),
    context=st.integers(6, 40),
    packing=st.one_of(_CONTINUOUS, _CONTINUOUS, _PER_DOCUMENT, _PEERS, _SAELENS),
    filters=_FILTERS,
    shard_bytes=st.sampled_from([200, 1500, 10**6]),
    groups=st.lists(st.integers(1, 20), min_size=1, max_size=3),
)
def test_every_token_is_accounted_for(
    texts: Sequence[str | None], name: str, context: int,
    packing: dict[str, Any], filters: dict[str, Any], shard_bytes: int, groups: list[int],
) -> None:  # fmt: skip
    tokenizer = _made[name]
    fields = _fitting({**packing, **filters, "context_length": context, "engine": "reference"}, name, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        one = tokenized(Path(folder), texts, tokenizer, groups=groups, shard_bytes=shard_bytes, **fields)
        _check_tokens(one, texts, tokenizer)
        splits = open_splits(Path(folder))
        three = run(task_of(Path(folder) / "again", splits, tokenizer, shard_bytes=shard_bytes, **fields), threads=3)
        assert one.digests() == three.digests()
        assert (one.lengths() == three.lengths()).all()


def _check_tokens(result: Result, texts: Sequence[str | None], tokenizer: StoredTokenizer) -> None:
    """Compare every row with the documents that it is said to come from."""
    provenance = Provenance(result.folder)
    manifest, policy = result.manifest, provenance.policy
    own = _own_ids(provenance, texts, tokenizer)
    skipped, lengths, rows = result.skipped(), result.lengths(), result.rows()
    for sample, ids in enumerate(own):
        assert lengths[sample] in ((0,) if skipped[sample] in (1, 2, 3, 7) else (0, len(ids)))
    inserted = {
        *policy.sequence_start,
        *policy.sequence_end,
        *policy.document_start,
        *policy.document_end,
        *policy.separator,
    }
    inserted |= {*policy.begin_sequence, policy.pad_id}
    covered = [np.zeros(len(ids), np.int64) for ids in own]
    order = []
    found = [provenance.sources(number) for number in range(len(rows))]
    for sources, row in zip(found, rows, strict=True):
        loose = np.ones(len(row), np.bool_)
        for source in sources:
            assert skipped[source.sample] == 0
            assert row[source.start : source.end].tolist() == own[source.sample][source.first : source.last]
            assert loose[source.start : source.end].all()
            loose[source.start : source.end] = False
            covered[source.sample][source.first : source.last] += 1
            order.append((source.sample, source.first))
        assert set(row[loose].tolist()) <= inserted
    _check_any_order(result, found)
    _check_accounts(result, covered)
    if not provenance.recipe.stride:
        assert all(places.max(initial=0) <= 1 for places in covered)
    if manifest["recipe"]["shuffle_seed"] is None and manifest["recipe"]["preset"] != "continuous":
        assert order == sorted(order)
    budget = manifest["recipe"]["token_budget"]
    assert budget is None or manifest["num_tokens"] <= budget


def _check_accounts(result: Result, covered: Sequence[npt.NDArray[np.int64]]) -> None:
    """Compare what is said to be lost with the tokens of documents that rows are found to hold."""
    manifest = result.manifest
    held = sum(int((places > 0).sum()) for places in covered)
    own = sum(int(places.sum()) for places in covered)
    documents = int(result.lengths().sum())
    lost = manifest["lost"]
    tokens = {name: reason["tokens"] for name, reason in lost["reasons"].items()}
    assert all(count >= 0 for count in tokens.values())
    assert lost["document_tokens"] == held + sum(tokens.values())
    assert lost["tokens"] == sum(tokens.values())
    assert lost["share"] == (lost["tokens"] / lost["document_tokens"] if lost["document_tokens"] else None)
    if manifest["recipe"]["token_budget"] is None:
        assert lost["document_tokens"] == documents
        assert tokens["token_limit"] == 0
    added = manifest["num_tokens"] - own
    assert manifest["sequence_tokens"] == {"documents": held, "repeated": own - held, "added": added}


def _check_any_order(result: Result, found: Sequence[tuple[Source, ...]]) -> None:
    """Ask for some rows from the last to the first, while hardly any shard stays known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_provenance, "_KEPT_DOCUMENTS", 3)
        provenance = Provenance(result.folder)
        for number in range(len(found) - 1, -1, -max(1, len(found) // 8)):
            assert provenance.sources(number) == found[number]


def _own_ids(provenance: Provenance, texts: Sequence[str | None], tokenizer: StoredTokenizer) -> list[list[int]]:
    eos = next((text for text, ident in tokenizer.control.items() if (ident,) == provenance.policy.separator), "")
    around = eos if provenance.recipe.preset == "sparsify" else ""
    array = pa.array([f"{around}{text or ''}{around}" for text in texts], pa.large_string())
    encoded = ReferenceEngine(tokenizer).encode(array)
    ends = encoded.offsets
    cut = 1 if around else 0
    return [encoded.ids[ends[place] + cut : ends[place + 1] - cut].tolist() for place in range(len(texts))]


def test_splits_stand_one_after_the_other(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    random = Random(1)
    texts = {name: [text_of(random, 30) for _ in range(20)] for name in ("train", "test", "odd")}
    splits = write_raw(tmp_path, {name: texts_table(found) for name, found in texts.items()}, (7,))
    task = task_of(
        tmp_path / "out", splits, tokenizers["own"], splits=["test", "train"], context_length=16, shard_bytes=600
    )
    result = run(task, threads=2)
    provenance = Provenance(result.folder)
    for number in range(result.manifest["num_sequences"]):
        split = "test" if number < result.manifest["splits"]["test"]["num_sequences"] else "train"
        assert {source.split for source in provenance.sources(number)} == {split}
    assert result.manifest["num_samples"] == 40
