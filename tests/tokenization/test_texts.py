"""Where texts come from and which are left out: templates, columns, filters, duplicates, control tokens, ids."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.texts.reader import SKIP_REASONS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts
from tests.support.tokenized import Result, run, task_of, tokenized, write_raw
from tests.support.tokenizer_families import FAMILIES, family, text_of


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: family(root, name) for name in FAMILIES}


def _of_table(tmp_path: Path, table: pa.Table, tokenizer: StoredTokenizer, **fields: Any) -> Result:
    splits = write_raw(tmp_path, {"train": table}, (4,))
    return run(task_of(tmp_path / "out", splits, tokenizer, preset="per_document", context_length=500, **fields))


def _texts(result: Result, tokenizer: StoredTokenizer) -> list[str]:
    return [tokenizer.load().decode(row.tolist()) for row in result.rows()]


def _reasons(result: Result) -> list[str]:
    return [SKIP_REASONS[code] for code in result.skipped()]


def test_template_joins_columns(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    table = pa.table({"a": ["x", None, "", "z"], "n": [1, 2, None, None], "b": ["{b}", "y", None, ""]})
    result = _of_table(tmp_path, table, tokenizers["plain"], template="{{{a}}} -> {b}\n\n{n}!")
    assert _texts(result, tokenizers["plain"]) == ["{x} -> {b}\n\n1!", "{} -> y\n\n2!", "{z} -> \n\n!"]
    assert _reasons(result) == ["used", "used", "null", "used"]


def test_several_columns_are_joined_by_a_blank_line(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    table = pa.table({"a": ["x", "only"], "b": ["y", None]})
    result = _of_table(tmp_path, table, tokenizers["plain"], columns=["b", "a"])
    assert _texts(result, tokenizers["plain"]) == ["y\n\nx", "\n\nonly"]


def test_template_of_something_that_is_no_text(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    table = pa.table({"a": ["x"], "list": [[1, 2]]})
    with pytest.raises(StudioError, match="'list'") as caught:
        _of_table(tmp_path, table, tokenizers["plain"], template="{a} {list}")
    assert caught.value.code == "no_text_column"


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_every_layout_of_text(tokenizers: dict[str, StoredTokenizer], tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"text": pa.array(["one", None, "", "two 🙂"], pa.string())}).cast(pa.schema([("text", kind)]))
    result = _of_table(tmp_path, table, tokenizers["plain"])
    assert _texts(result, tokenizers["plain"]) == ["one", "two 🙂"]
    assert _reasons(result) == ["used", "null", "empty", "used"]


def test_filters_leave_out_what_they_say(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    texts = ["a", "ab", "some more words of it", "....!!!!,,,,", "机器学习 日本語 한국어", "word " * 90, "ab"]
    result = tokenized(
        tmp_path, texts, tokenizers["plain"], context_length=4, min_chars=2, min_tokens=3, max_tokens_per_document=150,
        max_junk_ratio=0.5, drop_duplicates=True,
    )  # fmt: skip
    expected = ["min_chars", "min_tokens", "used", "junk", "used", "max_tokens_per_document", "duplicate"]
    assert _reasons(result) == expected
    assert result.manifest["skipped"] == dict(Counter(reason for reason in expected if reason != "used"))
    lengths = result.lengths()
    assert lengths[5] > 150
    lost = result.manifest["lost"]["reasons"]["filtered"]
    assert lost == {"tokens": int(lengths[[1, 3, 5]].sum()), "documents": 5}


def test_junk_mask_respects_every_script(tokenizers: dict[str, StoredTokenizer]) -> None:
    for name in FAMILIES:
        texts = TokenTexts(tokenizers[name])
        junk = texts.junk()
        assert not junk[list(tokenizers[name].control.values())].any()
        for ident in range(tokenizers[name].vocab_size):
            shown = texts.shown(ident)
            assert "\ufffd" not in shown
            if junk[ident]:
                assert not any(character.isalnum() for character in shown)
        for text in ("机器学习", "привет", "नमस्ते", "한국어", "ภาษาไทย", "שלום", "abc 123"):
            ids = tokenizers[name].load().encode(text, add_special_tokens=False).ids
            assert junk[ids].mean() <= 0.5, (name, text)


@pytest.mark.parametrize("name", ["plain", "own", "metaspace", "both", "prepended"])
def test_bytes_of_tokens_make_the_text(tokenizers: dict[str, StoredTokenizer], name: str) -> None:
    random = Random(5)
    texts = TokenTexts(tokenizers[name])
    for _ in range(50):
        text = text_of(random, 20).replace("<", "")
        ids = tokenizers[name].load().encode(text, add_special_tokens=False).ids
        made = b"".join(texts.bytes_of(ident) for ident in ids).decode()
        assert made in (text, " " + text)


def test_duplicates_are_found_across_shards_and_splits(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    random = Random(3)
    texts = [f"text number {int(random.random() * 40)}" for _ in range(200)]
    table = pa.table({"text": texts})
    splits = write_raw(tmp_path, {"train": table.slice(0, 120), "test": table.slice(120)}, (9,))
    task = task_of(
        tmp_path / "out", splits, tokenizers["own"], splits=["train", "test"], drop_duplicates=True, shard_bytes=200,
        context_length=8,
    )  # fmt: skip
    result = run(task, threads=3)
    seen: set[str] = set()
    expected = ["duplicate" if text in seen or seen.add(text) else "used" for text in texts]  # type: ignore[func-returns-value]
    assert _reasons(result) == expected


CONTROL = ["plain text", "<|endoftext|>", "a<|endoftext|>b<|endoftext|>", "almost <|endoftext|", ">"]


def test_control_tokens_are_counted_and_may_be_plain_text(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path
) -> None:
    counted = []
    for way in ("parse", "literal"):
        result = tokenized(
            tmp_path / way, CONTROL, tokenizers["plain"], context_length=4, control_tokens=way, remainder="keep"
        )
        statistics = json.loads((result.folder / "statistics.json").read_bytes())
        counted.append(statistics["control_tokens_in_text"])
        own = Counter(np.concatenate(result.rows()).tolist())[0]
        assert own == (5 + 3 if way == "parse" else 5)
        assert (result.lengths()[1] == 1) == (way == "parse")
    assert counted[0] == counted[1]
    assert (counted[0]["documents"], counted[0]["count"]) == (2, 3)


def test_unknown_characters_are_no_control_tokens(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    result = tokenized(tmp_path, ["the 🙃🙃 ♞", "[MASK] this"], tokenizers["wordpiece"], context_length=4)
    statistics = json.loads((result.folder / "statistics.json").read_bytes())
    assert statistics["control_tokens_in_text"]["count"] == 1


def test_lists_of_ids_are_rows(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    lists = [[5, 6, 7], None, [], [8] * 20]
    for kind in (pa.list_(pa.int64()), pa.large_list(pa.uint16())):
        table = pa.table({"ids": pa.array(lists, kind), "text": ["a"] * 4})
        result = _of_table(
            tmp_path / str(kind.value_type), table, tokenizers["own"], columns=["ids"], add_special_tokens=False
        )
        assert [row.tolist() for row in result.rows()] == [[5, 6, 7], [8] * 20]
        assert _reasons(result) == ["used", "null", "empty", "used"]
        assert result.manifest["engines"]["reason"] == "the data is already tokenized"
        assert result.lengths().tolist() == [3, 0, 0, 20]


@pytest.mark.parametrize(
    ("lists", "word"),
    [([[1], [2, 519]], "sample 1"), ([[1], [], [-3]], "sample 2"), ([[1, None]], "a null among the ids of sample 0")],
)
def test_lists_of_ids_are_checked(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, lists: list[Any], word: str
) -> None:
    table = pa.table({"ids": pa.array(lists, pa.list_(pa.int32()))})
    with pytest.raises(StudioError, match=word):
        _of_table(tmp_path, table, tokenizers["own"], columns=["ids"])


def test_rows_decode_to_the_text(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    random = Random(8)
    texts = [text_of(random, 50).replace("<|endoftext|>", "") for _ in range(30)]
    result = tokenized(tmp_path, texts, tokenizers["plain"], context_length=32, separator="none", remainder="keep")
    decoded = tokenizers["plain"].load().decode(np.concatenate(result.rows()).tolist())
    assert decoded == "".join(texts)
