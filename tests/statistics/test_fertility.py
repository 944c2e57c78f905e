"""Tokens per character, byte and word of every tokenization, against plain Python over the texts it was made of."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.statistics.measures import characters_and_words

WORDS = ["river", "снег", "山", "a\u2003b", "the", "naïve", "x" * 30, "\n", "<|endoftext|>"]
Record = Mapping[str, Any]


def records() -> list[Record]:
    chance = random.Random(2)

    def text() -> str | None:
        return chance.choice([None, ""]) if chance.random() < 0.1 else " ".join(chance.choices(WORDS, k=9))

    return [{"text": text(), "title": f"title {number % 7}"} for number in range(400)]


def joined(record: Record) -> str:
    return f"{record['title']}:\n{record['text'] or ''}"


RECIPES: dict[str, tuple[dict[str, Any], Callable[[Record], str | None]]] = {
    "as it stands": ({}, lambda record: record["text"]),
    "another column": ({"columns": ["title"]}, lambda record: record["title"]),
    "filtered": ({"min_chars": 60}, lambda record: record["text"] if len(record["text"] or "") >= 60 else None),
    "a filter that leaves nothing out": ({"min_chars": 2}, lambda record: record["text"]),
    "budget": ({"token_budget": 2000}, lambda record: record["text"]),
    "no copies": ({"drop_duplicates": True, "columns": ["title"]}, lambda record: record["title"]),
    "shuffled": ({"shuffle_seed": 3, "shuffle": "documents"}, lambda record: record["text"]),
    "padded": ({"preset": "per_document", "padding": "max_length"}, lambda record: record["text"]),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("fertility")
    pq.write_table(pa.Table.from_pylist(list(records())), folder / "texts.parquet", row_group_size=40)
    library = Library.open(folder / "home")
    assert library.wait(library.import_files([str(folder / "texts.parquet")]).id, timeout=60).status == "succeeded"
    return library


def made(library: Library, recipe: Mapping[str, Any]) -> Tokenization:
    fields = {"tokenizer": "sample", "context_length": 16, "columns": ["text"], **recipe}
    tokenization = library.tokenize(library.datasets()[0].id, fields)
    assert library.wait(tokenization.id, timeout=300).status == "succeeded"
    return library.tokenization(tokenization.id)


def expected(texts: list[str], tokens: int) -> dict[str, float]:
    characters, size = sum(map(len, texts)), sum(len(text.encode()) for text in texts)
    return {
        "tokens_per_character": tokens / characters,
        "tokens_per_byte": tokens / size,
        "tokens_per_word": tokens / sum(len(text.split()) for text in texts),
        "characters_per_token": characters / tokens,
        "bytes_per_token": size / tokens,
    }


@pytest.mark.parametrize("name", RECIPES)
def test_fertility_is_that_of_the_documents(library: Library, name: str) -> None:
    recipe, text_of = RECIPES[name]
    result = library.statistics(made(library, recipe).id) or {}
    texts = [text for record in records() if (text := text_of(record))]
    if name == "budget":
        texts = texts[: result["documents"]]
    if name == "no copies":
        texts = list(dict.fromkeys(texts))
    assert result["documents"] == len(texts) > 0
    tokens = result["splits"]["train"]["tokens"]
    assert result["fertility"] == expected(texts, tokens)
    assert result["splits"]["train"]["fertility"] == expected(texts, tokens)


def test_fertility_of_a_template_is_that_of_what_the_tokenizer_was_given(library: Library) -> None:
    result = library.statistics(made(library, {"columns": [], "template": "{title}:\n{text}"}).id) or {}
    totals = result["splits"]["train"]
    texts = [joined(record) for record in records()]
    if result["documents"] != len(texts):  # samples without a text are left out
        texts = [joined(record) for record in records() if record["text"] is not None]
    assert (totals["bytes"], totals["documents"]) == (sum(len(text.encode()) for text in texts), len(texts))
    assert totals["words"] == sum(len(text.split()) for text in texts)
    assert totals["characters"] == sum(map(len, texts))


def test_characters_and_words_of_slices() -> None:
    texts = pa.array([" a b", "", "日本 語\u3000x", "one"], pa.large_string())
    for first in range(4):
        characters, words = characters_and_words(texts.slice(first))
        assert characters.tolist() == [len(text) for text in texts.slice(first).to_pylist()]
        assert words.tolist() == [len(text.split()) for text in texts.slice(first).to_pylist()]
