"""Every bad value of a recipe is answered by an error that names the field; defaults are found by names and types."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.recipes.columns import chat_columns, is_chat_type, template_parts
from mistudio_core.tokenization.recipes.recipe import Recipe

BAD: list[tuple[str, dict[str, Any]]] = [
    ("tokenizer", {"tokenizer": ""}),
    ("tokenizer", {"tokenizer": 7}),
    ("tokenizer", {"tokenizer": "a\0b"}),
    ("tokenizer", {"tokenizer": None}),
    ("tokenizer_revision", {"tokenizer_revision": " "}),
    ("splits", {"splits": 3}),
    ("splits", {"splits": [""]}),
    ("splits", {"splits": ["a", "a"]}),
    ("columns", {"columns": [1]}),
    ("template", {"template": "no column"}),
    ("template", {"template": "{"}),
    ("template", {"template": "{}"}),
    ("template", {"template": "{a!r}"}),
    ("template", {"template": "{a:>9}"}),
    ("template", {"template": "{a}", "columns": ["a"]}),
    ("chat", {"chat": True}),
    ("preset", {"preset": "packed"}),
    ("context_length", {"context_length": 0}),
    ("context_length", {"context_length": -1}),
    ("context_length", {"context_length": 1_048_577}),
    ("context_length", {"context_length": "1024"}),
    ("context_length", {"context_length": 10.5}),
    ("context_length", {"context_length": True}),
    ("bos", {"bos": "yes"}),
    ("separator", {"separator": "cls"}),
    ("separator", {"separator": "eos", "preset": "saelens", "concatenate": False}),
    ("begin_batch_token", {"begin_batch_token": "eos"}),
    ("begin_batch_token", {"begin_batch_token": "pad", "preset": "saelens"}),
    ("begin_batch_token", {"begin_batch_token": None, "preset": "saelens"}),
    ("begin_batch_token", {"begin_batch_token": "eos", "bos": "never", "preset": "saelens"}),
    ("begin_sequence_token", {"begin_sequence_token": -3, "preset": "saelens"}),
    ("begin_sequence_token", {"begin_sequence_token": "bos", "preset": "sparsify"}),
    ("concatenate", {"concatenate": False}),
    ("concatenate", {"concatenate": "no", "preset": "saelens"}),
    ("separator", {"separator": -1}),
    ("separator", {"separator": "-1"}),
    ("separator", {"separator": 1 << 32}),
    ("separator", {"separator": True}),
    ("add_special_tokens", {"add_special_tokens": "yes"}),
    ("stride", {"stride": 4}),
    ("stride", {"stride": 64, "context_length": 64, "preset": "per_document"}),
    ("stride", {"stride": 4, "truncation": "truncate", "preset": "per_document"}),
    ("truncation", {"truncation": "longest_first", "preset": "per_document"}),
    ("truncation", {"truncation": "window"}),
    ("padding", {"padding": "max_length"}),
    ("padding", {"padding": True, "preset": "per_document"}),
    ("padding_side", {"padding_side": "top"}),
    ("padding_column", {"padding_column": "length"}),
    ("remainder", {"remainder": "keep", "preset": "saelens"}),
    ("remainder", {"remainder": "lose"}),
    ("control_tokens", {"control_tokens": "strip"}),
    ("control_tokens", {"control_tokens": "literal", "preset": "sparsify"}),
    ("control_tokens", {"control_tokens": "literal", "chat": "auto"}),
    ("min_tokens", {"min_tokens": -1}),
    ("max_tokens_per_document", {"max_tokens_per_document": 0}),
    ("min_chars", {"min_chars": "many"}),
    ("max_junk_ratio", {"max_junk_ratio": 1.1}),
    ("max_junk_ratio", {"max_junk_ratio": -0.1}),
    ("max_junk_ratio", {"max_junk_ratio": float("nan")}),
    ("drop_duplicates", {"drop_duplicates": 1}),
    ("token_budget", {"token_budget": 0}),
    ("shuffle_seed", {"shuffle_seed": -1}),
    ("shuffle", {"shuffle": "tokens"}),
    ("shuffle", {"shuffle": "documents", "shuffle_seed": 1, "preset": "saelens"}),
    ("batch_rows", {"batch_rows": 10}),
    ("emulate_num_proc", {"emulate_num_proc": 0, "preset": "saelens"}),
    ("dtype", {"dtype": "int8"}),
    ("engine", {"engine": "rust"}),
    ("oversized", {"oversized": "cut"}),
    ("colour", {"colour": "green"}),
]


@pytest.mark.parametrize(("field", "values"), BAD, ids=lambda item: json.dumps(item, default=str)[:60])
def test_bad_values_name_their_field(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(StudioError) as caught:
        Recipe.from_fields({"tokenizer": "t"} | values)
    assert caught.value.code == "invalid_request"
    assert field in caught.value.message
    assert caught.value.hint


def test_json_gives_the_recipe_back() -> None:
    recipe = Recipe.from_fields(
        {"tokenizer": "t", "splits": ["a", "b"], "columns": "c", "separator": "17", "min_tokens": 1}
    )
    assert Recipe.from_fields(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert (recipe.separator, recipe.min_tokens, recipe.columns) == (17, 1, ("c",))


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Recipe) if field.name != "engine"])
def test_fingerprint_tells_every_field_apart(field: str) -> None:
    recipe = Recipe.from_fields({"tokenizer": "t"})
    other = dataclasses.replace(recipe, **{field: "something else"})
    assert other.fingerprint() != recipe.fingerprint()


@pytest.mark.parametrize(
    ("kind", "is_chat"),
    [
        ("list<struct<role: string, content: string>>", True),
        ("list<struct<from: string, value: string, weight: double>>", True),
        ("list<struct<role: string, content: list<struct<type: string, text: string>>, name: string>>", True),
        ("list<struct<calls: list<struct<id: string, args: json>>, role: string, content: json>>", True),
        ("list<struct<inner: struct<role: string, content: string>>>", False),
        ("list<struct<role: string, content: int64>>", False),
        ("list<struct<role: string, value: string>>", False),
        ("struct<role: string, content: string>", False),
        ("list<string>", False),
    ],
)
def test_conversations_are_told_by_their_type(kind: str, is_chat: bool) -> None:
    assert is_chat_type(kind) is is_chat


def test_tools_and_documents_are_columns_that_can_hold_them() -> None:
    columns = {"messages": "list<struct<role: string, content: string>>", "tools": "string", "documents": "string"}
    recipe = Recipe.from_fields({"tokenizer": "t", "chat": "auto"})

    def resolved(recipe: Recipe, **more: str) -> Recipe:
        return recipe.resolved(splits={"train": 1}, columns=columns | more, text_columns=["tools", "documents"])

    chosen = resolved(recipe)
    assert (chosen.chat_tools, chosen.chat_documents) == ("tools", None), "a text called documents is likely prose"
    assert chosen.source_columns() == ("messages", "tools")
    assert resolved(recipe, documents="list<struct<text: string>>").chat_documents == "documents"
    assert resolved(dataclasses.replace(recipe, chat_tools="none")).source_columns() == ("messages",)
    with pytest.raises(StudioError, match="chat_tools names the column 'messages_id'"):
        resolved(dataclasses.replace(recipe, chat_tools="messages_id"), messages_id="int64")
    with pytest.raises(StudioError, match="refused does nothing without conversations"):
        resolved(Recipe.from_fields({"tokenizer": "t", "columns": "tools", "refused": "skip"}))


def test_fingerprint_is_the_same_whichever_engine() -> None:
    assert (
        Recipe.from_fields({"tokenizer": "t", "engine": "fast"}).fingerprint()
        == Recipe.from_fields({"tokenizer": "t"}).fingerprint()
    )


def _resolved(fields: dict[str, Any], columns: dict[str, str], splits: tuple[str, ...] = ("train",)) -> Recipe:
    texts = [name for name, kind in columns.items() if kind == "string"]
    sizes = dict.fromkeys(splits, 5)
    return Recipe.from_fields({"tokenizer": "t"} | fields).resolved(splits=sizes, columns=columns, text_columns=texts)


@pytest.mark.parametrize(
    ("fields", "columns", "expected"),
    [
        ({}, {"id": "int64", "text": "string", "title": "string"}, ("text",)),
        ({}, {"id": "int64", "body": "string"}, ("body",)),
        ({"columns": ["b", "a"]}, {"a": "string", "b": "string"}, ("b", "a")),
        ({"columns": ["ids"]}, {"ids": "list<int32>", "text": "string"}, ("ids",)),
        ({"template": "{a}-{b}"}, {"a": "string", "b": "int64"}, ()),
    ],
)
def test_columns_are_found(fields: dict[str, Any], columns: dict[str, str], expected: tuple[str, ...]) -> None:
    assert _resolved(fields, columns).columns == expected


@pytest.mark.parametrize(
    ("fields", "columns", "code", "word"),
    [
        ({}, {"id": "int64"}, "no_text_column", "id (int64)"),
        ({}, {"a": "string", "b": "string"}, "invalid_request", "a, b"),
        ({"columns": ["x"]}, {"a": "string"}, "invalid_request", "'x'"),
        ({"columns": ["n"]}, {"n": "int64", "a": "string"}, "no_text_column", "int64"),
        ({"columns": ["a", "ids"]}, {"a": "string", "ids": "list<int32>"}, "no_text_column", "list<int32>"),
        ({"template": "{a}{gone}"}, {"a": "string"}, "invalid_request", "'gone'"),
        ({"chat": "a"}, {"a": "string"}, "no_text_column", "not a conversation"),
        ({"chat": "auto"}, {"a": "string"}, "no_text_column", "No column holds"),
        ({"chat": "gone"}, {"a": "string"}, "invalid_request", "'gone'"),
    ],
)
def test_columns_that_do_not_fit(fields: dict[str, Any], columns: dict[str, str], code: str, word: str) -> None:
    with pytest.raises(StudioError) as caught:
        _resolved(fields, columns)
    assert caught.value.code == code
    assert word in caught.value.message + caught.value.hint


TURNS = "list<struct<content: string, role: string>>"


def test_conversations_are_told_by_type() -> None:
    columns = {"messages": "list<string>", "odd": TURNS, "other": "list<struct<from: string, value: string>>"}
    assert chat_columns(columns) == ["odd", "other"]
    assert not is_chat_type("list<struct<role: string, content: list<string>>>")
    assert _resolved({}, {"id": "int64", "talk": TURNS}).chat == "talk"
    assert _resolved({"chat": "auto"}, {"text": "string", "talk": TURNS}).chat == "talk"
    with pytest.raises(StudioError, match="several"):
        _resolved({"chat": "auto"}, columns)


@pytest.mark.parametrize(
    ("wanted", "splits", "expected"),
    [((), ("train", "test"), ("train",)), ((), ("only",), ("only",)), (["b", "a"], ("a", "b"), ("b", "a"))],
)
def test_splits_are_found(wanted: Any, splits: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert _resolved({"splits": wanted}, {"text": "string"}, splits).splits == expected


def test_splits_that_do_not_fit() -> None:
    with pytest.raises(StudioError, match="several splits") as caught:
        _resolved({}, {"text": "string"}, ("a", "b"))
    assert "a, b" in caught.value.hint
    with pytest.raises(StudioError) as caught:
        _resolved({"splits": ["c"]}, {"text": "string"}, ("a", "b"))
    assert caught.value.code == "split_not_found"


def test_template_reads_braces_and_odd_names() -> None:
    assert template_parts("{{x}} {a b}:{b.c}") == [("{", None), ("x}", None), (" ", "a b"), (":", "b.c")]
