"""A token that a text already holds is not added again to conversations, and is counted where it would stand twice."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.tokenization.output.encoded_again import verify_sequences
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.packing.cautions import cautions, refusal_ahead
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.previews.edges import look_at_edges
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.tokenized import Result, run, task_of, texts_table, write_raw

TEMPLATES = {
    "begins": "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
    "ends": "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}",
    "both": "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}",
    "neither": "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
}
TALKS = [
    [{"role": "user", "content": f"question {number}"}, {"role": "assistant", "content": "an answer"}]
    for number in range(5)
]
ROUND = {"none": "$A", "bos": "<bos> $A", "both": "<bos> $A <eos>"}
"""What the tokenizer puts round a text."""


def _tokenizer(root: Path, around: str, template: str | None = None) -> StoredTokenizer:
    whole = json.loads((corpus.TOKENIZERS / "own" / "tokenizer.json").read_bytes())
    ids = {token["content"]: token["id"] for token in whole["added_tokens"]}
    whole["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"Sequence": {"id": "A", "type_id": 0}} if part == "$A" else {"SpecialToken": {"id": part, "type_id": 0}}
            for part in ROUND[around].split()
        ],
        "pair": [],
        "special_tokens": {
            part: {"id": part, "ids": [ids[part]], "tokens": [part]} for part in ROUND[around].split() if part != "$A"
        },
    }
    config = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "chat_template": template}
    return store_tokenizer(root, json.dumps(whole), config, name="round", revision=None)


def _chat(tmp_path: Path, tokenizer: StoredTokenizer, **fields: Any) -> Result:
    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    raw = write_raw(tmp_path, {"train": pa.table({"talk": pa.array(TALKS, kind)})}, (2,))
    return run(task_of(tmp_path / "out", raw, tokenizer, **fields))


def _expected(tokenizer: StoredTokenizer, template: str) -> list[list[int]]:
    """Return the ids of each conversation as `apply_chat_template` gives them: no special tokens but the written."""
    whole = tokenizer.load()
    begin = "<bos>" if template in ("begins", "both") else ""
    end = {"begins": "\n", "neither": "\n", "ends": "<eos>\n", "both": "<eos>"}[template]
    texts = [begin + "".join(f"{turn['role']}: {turn['content']}{end}" for turn in talk) for talk in TALKS]
    return [whole.encode(text, add_special_tokens=False).ids for text in texts]


@pytest.mark.parametrize("around", ROUND)
@pytest.mark.parametrize("template", TEMPLATES)
def test_conversations_begin_and_end_as_the_template_writes_them(tmp_path: Path, around: str, template: str) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", around, TEMPLATES[template])
    expected = _expected(tokenizer, template)
    alone = _chat(tmp_path / "alone", tokenizer, preset="per_document", context_length=100)
    assert [row.tolist() for row in alone.rows()] == expected
    eos = [] if template in ("ends", "both") else [tokenizer.control["<eos>"]]
    stream = [ident for ids in expected for ident in [*ids, *eos]]
    packed = _chat(tmp_path / "packed", tokenizer, context_length=16, remainder="keep")
    assert [ident for row in packed.rows() for ident in row.tolist()] == stream
    for result in (alone, packed):
        assert not any("twice" in sentence for sentence in result.manifest["cautions"])


@pytest.mark.parametrize("preset", ["continuous", "per_document"])
@pytest.mark.parametrize("asked", [{"bos": "document"}, {"add_special_tokens": True}])
@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_asked_for_stands_once(tmp_path: Path, preset: str, asked: dict[str, Any], template: str) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "both", TEMPLATES[template])
    result = _chat(tmp_path, tokenizer, preset=preset, context_length=40, **asked)
    bos, eos = tokenizer.control["<bos>"], tokenizer.control["<eos>"]
    for row in result.rows():
        ids = row.tolist()
        assert [bos, bos] not in [ids[place : place + 2] for place in range(len(ids))]
        assert [eos, eos] not in [ids[place : place + 2] for place in range(len(ids))]
    assert result.rows()[0][0] == bos
    sources = Provenance(result.folder).sources(0)
    assert (sources[0].sample, sources[0].first) == (0, 0)


def test_rows_of_conversations_are_verified(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "both", TEMPLATES["both"])
    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    raw = write_raw(tmp_path, {"train": pa.table({"talk": pa.array(TALKS, kind)})}, (2,))
    for preset in ("continuous", "per_document", "saelens", "transformer_lens", "sparsify"):
        result = run(task_of(tmp_path / preset, raw, tokenizer, preset=preset, context_length=20, batch_rows=None))
        assert verify_sequences(result.folder, raw, tokenizer) == (len(result.rows()), [])


@pytest.mark.parametrize("preset", ["transformer_lens", "sparsify"])
def test_presets_of_other_projects_add_what_those_add_with_a_caution(tmp_path: Path, preset: str) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "bos", TEMPLATES["begins"])
    result = _chat(tmp_path, tokenizer, preset=preset, context_length=20)
    said = [sentence for sentence in result.manifest["cautions"] if "twice" in sentence]
    assert said == [
        f"5 documents begin with <bos>, and the preset {preset} puts it there as well: "
        "it can stand twice in a sequence."
    ]
    recipe = Recipe.from_fields({"tokenizer": "t", "chat": "talk", "preset": preset, "context_length": 20})
    before = cautions(recipe, resolve_policy(recipe, tokenizer), tokenizer)
    assert [sentence for sentence in before if "twice" in sentence] == [
        "The chat template begins a conversation with <bos> itself, and "
        f"the preset {preset} puts it there as well: it can stand twice in a sequence."
    ]


def test_own_tokens_of_saelens_stand_once(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "bos", TEMPLATES["begins"])
    result = _chat(tmp_path, tokenizer, preset="saelens", context_length=20)
    assert not any("twice" in sentence for sentence in result.manifest["cautions"])


TEXTS = ["<bos>one", "two", "three<eos>", "<bos>four<eos>", "", None, "<pad>five", "six <bos> six"]


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"preset": "per_document"}, 2, 2),
        ({"preset": "per_document", "add_special_tokens": False}, 0, 0),
        ({"preset": "per_document", "bos": "never"}, 0, 2),
        ({"preset": "continuous"}, 2, 2),
        ({"preset": "continuous", "bos": "never"}, 0, 2),
        ({"preset": "continuous", "bos": "row"}, 2, 2),
        ({"preset": "continuous", "bos": "document", "separator": "none"}, 2, 0),
        ({"preset": "continuous", "control_tokens": "literal"}, 0, 0),
        ({"preset": "continuous", "shuffle_seed": 1, "shuffle": "documents"}, 2, 2),
        ({"preset": "saelens"}, 2, 2),
        ({"preset": "saelens", "add_special_tokens": False}, 0, 0),
    ],
)  # fmt: skip
def test_documents_are_counted_that_hold_what_the_recipe_adds(
    tmp_path: Path, fields: dict[str, Any], first: int, last: int
) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "both")
    raw = write_raw(tmp_path, {"train": texts_table(TEXTS)}, (3,))
    result = run(task_of(tmp_path / "out", raw, tokenizer, context_length=8, **fields))
    said = [sentence.split(",")[0] for sentence in result.manifest["cautions"] if "twice" in sentence]
    expected = [f"{first} documents begin with <bos>"] if first else []
    assert said == expected + ([f"{last} documents end with <eos>"] if last else [])


def test_documents_beyond_a_budget_are_not_counted(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "both")
    raw = write_raw(tmp_path, {"train": texts_table(["<bos>one"] * 50)}, (3,))
    result = run(task_of(tmp_path / "out", raw, tokenizer, context_length=4, token_budget=8))
    used = result.manifest["num_documents"]
    assert any(f"{used} documents begin with <bos>" in sentence for sentence in result.manifest["cautions"])


@pytest.mark.parametrize(("copies", "about"), [(3, ""), (400, "About ")])
def test_what_would_stand_twice_is_said_before_the_start(tmp_path: Path, copies: int, about: str) -> None:
    tokenizer = _tokenizer(tmp_path / "kept", "both")
    raw = write_raw(tmp_path, {"train": texts_table(["<bos>one", "two", "three<eos>", "four"] * copies)}, (100,))
    for fields in ({"preset": "per_document"}, {"preset": "continuous"}):
        recipe = Recipe.from_fields({"tokenizer": "t", "columns": ["text"], "splits": ["train"]} | fields)
        edges = look_at_edges(recipe, raw, tokenizer)
        said = cautions(recipe, resolve_policy(recipe, tokenizer), tokenizer, edges.repeats, about=not edges.exact)
        twice = [sentence.split(",")[0] for sentence in said if "twice" in sentence]
        assert twice == [f"{about}{copies} documents begin with <bos>", f"{about}{copies} documents end with <eos>"]


def test_a_refusal_is_foreseen(tmp_path: Path) -> None:
    template = "{% if messages[0].content == 'question 3' %}{{ raise_exception('not 3') }}{% endif %}{{ bos_token }}"
    tokenizer = _tokenizer(tmp_path / "kept", "bos", template)
    kind = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    raw = write_raw(tmp_path, {"train": pa.table({"talk": pa.array(TALKS, kind)})}, (2,))
    recipe = Recipe.from_fields({"tokenizer": "t", "chat": "talk", "splits": ["train"], "preset": "transformer_lens"})
    edges = look_at_edges(recipe, raw, tokenizer)
    assert edges.exact
    assert edges.repeats.first == {str(tokenizer.control["<bos>"]): 4}
    assert "sample 3 (not 3)" in refusal_ahead(recipe, edges.refusal)[0]
    assert refusal_ahead(dataclasses.replace(recipe, refused="skip"), edges.refusal) == []
