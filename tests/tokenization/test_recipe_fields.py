"""One table holds all that is said of a field: class, checks, command line, documentation and estimate follow it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.cli.parser import make_parser
from mistudio_core.errors import StudioError
from mistudio_core.tokenization.previews.answers import Estimate
from mistudio_core.tokenization.previews.estimate import estimate
from mistudio_core.tokenization.previews.sampled import Sampled, sample
from mistudio_core.tokenization.recipes.described import default_in_words, with_table
from mistudio_core.tokenization.recipes.effects import effective
from mistudio_core.tokenization.recipes.fields import DEFAULTS, FIELDS, REQUIRED
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.texts.reader import SKIP_REASONS
from tests.support.tokenized import write_raw
from tests.support.tokenizer_families import family

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "tokenization.md"
NAMES = [one.name for one in presets()]
KINDS = {
    "text": str, "choice": str, "day": str, "number": int, "share": float, "switch": bool, "token": str | int,
    "names": tuple[str, ...],
}  # fmt: skip
FINGERPRINTS: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {"chat": "c", "stride": 3, "preset": "per_document"},
        "090698cceeedbc99dcdd4ec0ab84e20a63e7ca18a9c50fa145c6bb2517ca9fd2",
    ),
    ({}, "26ea53fbd3774479d9d7e006355afbe9260179094eecc8d8646b43520fbe805a"),
    ({"engine": "fast"}, "26ea53fbd3774479d9d7e006355afbe9260179094eecc8d8646b43520fbe805a"),
    ({"splits": ["a", "b"], "columns": ["text"]}, "a645024ce9b785adb78e7b99d5674f2bd33cb3b91415dd84d9ad9da753c92d4d"),
    ({"template": "{a} {b}"}, "3b59e757aa7ff416bc910620d61ee5b00f519002dec1ddc4325a5827de79b2b1"),
    (
        {"chat": "auto", "chat_date": "2001-02-03", "refused": "skip"},
        "cff2f79baac26e90e80fd3c411b1ae08b5f6c20af08701a814f82d5c0a4d2356",
    ),
    ({"chat": "messages", "chat_tools": "none"}, "a9a7128864fdd39e4b0a7283cb3a05273e90381ebb2d891153fc0f2b22dd3238"),
    (
        {"context_length": 64, "bos": "never", "separator": "none"},
        "162e9e7ef9a2e62582806ca481c58a0c77b91f808fbe3a002af57cf0a601ceef",
    ),
    (
        {"remainder": "pad", "padding_side": "left", "padding_column": "length"},
        "dd935a4f28926a57caa1155724b95a3e02a7537b3fdb1d2547911d3602c52d73",
    ),
    (
        {
            "preset": "saelens",
            "begin_batch_token": "none",
            "begin_sequence_token": "bos",
            "separator": 17,
            "batch_rows": 128,
            "emulate_num_proc": 3,
        },
        "905e69323dd1543559ac2c3c7e50dc6a3358cf35d91c30133bf9b134a05929a6",
    ),
    ({"preset": "saelens", "concatenate": False}, "8f6e4045c8b75efba52b56382c5154e2a61dcfedcf0b797d6d72bb97b2474c1f"),
    (
        {"preset": "transformer_lens", "bos": "never", "control_tokens": "literal"},
        "3586222aa13f3159fbd6a1626c543542b3f39e1646cce82f8638fdb6482c07a2",
    ),
    (
        {"preset": "sparsify", "token_budget": 1000, "shuffle_seed": 7},
        "f0437ed24173c485720308df5576aaa4e92ee9c9339c432b14f465c77d869aa0",
    ),
    (
        {"preset": "per_document", "stride": 4, "padding": "max_length", "add_special_tokens": False},
        "6425f237229191e7db11ab9ccbb9777357632456e9f550624e2162cf07501c23",
    ),
    (
        {"preset": "per_document", "truncation": "window", "padding": "longest"},
        "0f30db85095f138caf1f3b555d7144dee229e57020fdcae50d0a2879bb1f028c",
    ),
    (
        {
            "min_tokens": 3,
            "max_tokens_per_document": 500,
            "min_chars": 9,
            "max_junk_ratio": 0.5,
            "drop_duplicates": True,
            "oversized": "skip",
        },
        "8ea9425f0e17d76cd5553a3dee32a36fe4ebc65c3a28ef7a75a5d3aae9dc1cf7",
    ),
    (
        {"shuffle_seed": 1, "shuffle": "documents", "dtype": "int32"},
        "3509cd20fe777c4cb9b74ec66b8b87b186481d5ef6bbb8ebbf9dc06126311ae2",
    ),
    ({"tokenizer_revision": "abc"}, "d2753d031a35a4bdc9c150baf1862e4681578f3cddfa7dce95703bbdc6a5008e"),
)
"""The fingerprints of recipes as the first versions gave them."""


def test_the_class_has_the_fields_of_the_table_in_their_order() -> None:
    hints = typing.get_type_hints(Recipe)
    assert [one.name for one in dataclasses.fields(Recipe)] == list(FIELDS)
    for one in dataclasses.fields(Recipe):
        field = FIELDS[one.name]
        missing = one.default is dataclasses.MISSING
        assert missing == (field.default is REQUIRED)
        assert missing or one.default == field.default
        assert hints[one.name] == (KINDS[field.kind] | None if field.nullable else KINDS[field.kind])


def test_the_table_is_sound() -> None:
    for field in FIELDS.values():
        assert field.help.endswith("."), field.name
        assert (field.bounds is not None) == (field.kind == "number"), field.name
        assert field.filters is None or field.filters in SKIP_REASONS, field.name
        assert field.by_preset == any(field.name in one.fields for one in presets()), field.name
        if field.default in (None, ()):
            assert field.unset, f"{field.name} does not say what its default comes to"
    for one in presets():
        assert one.fields <= set(FIELDS), one.name
        assert all(set(values) <= set(FIELDS[name].choices) for name, values in one.choices.items())


@pytest.mark.parametrize(("fields", "expected"), FINGERPRINTS, ids=lambda item: json.dumps(item)[:50])
def test_recipes_keep_their_fingerprints(fields: dict[str, Any], expected: str) -> None:
    assert Recipe.from_fields({"tokenizer": "t"} | fields).fingerprint() == expected


@pytest.mark.parametrize("command", ["tokenize", "preview", "estimate"])
def test_help_has_choices_default_and_a_sentence_for_each_field(command: str, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        make_parser().parse_args([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    for name, field in FIELDS.items():
        option = shown.partition(f" --{name.replace('_', '-').removesuffix('s')}")[2]
        assert option, name
        said = shown.partition(" ".join(field.help.split()).replace("- ", "-"))[2]
        assert said, name
        said = said[: said.index("Default: ") + 200]
        assert all(str(choice) in said for choice in field.choices if field.kind in ("choice", "token")), name
        assert f"Default: {default_in_words(field)}." in said, name


def test_the_table_of_the_documentation_is_current() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert with_table(text) == text, "run `make docs`"


@pytest.mark.parametrize("harm", [{"context_length": "12"}, {"colour": 1}, {"padding_side": "left"}, {"bos": "eos"}])
def test_an_error_in_a_recipe_file_names_the_field(harm: dict[str, Any]) -> None:
    with pytest.raises(StudioError, match=next(iter(harm))):
        Recipe.from_fields({"tokenizer": "t"} | harm)


def test_a_stored_recipe_is_read_though_a_field_does_nothing() -> None:
    fields = Recipe.from_fields({"tokenizer": "t"}).to_json() | {"padding_side": "left", "shuffle": "documents"}
    with pytest.raises(StudioError, match="padding_side"):
        Recipe.from_fields(fields)
    assert Recipe.from_stored(fields).to_json() == fields


TYPED: tuple[dict[str, Any], ...] = (
    {},
    {"bos": "never", "separator": "none"},
    {"add_special_tokens": True, "separator": "none", "control_tokens": "literal"},
    {"batch_rows": 40, "remainder": "keep", "padding": "longest", "padding_side": "left", "dtype": "int32"},
    {"begin_batch_token": "eos", "concatenate": False, "stride": 3, "token_budget": 1500, "min_tokens": 9},
)
"""What a form may hold: each preset takes what does something there."""


@pytest.mark.parametrize("typed", TYPED, ids=str)
def test_an_estimate_under_one_preset_is_the_other_ones_own(tmp_path: Path, typed: dict[str, Any]) -> None:
    texts = [f"the river {place} and the mountain<eos> " * (1 + place % 9) for place in range(300)]
    splits = write_raw(tmp_path, {"train": pa.table({"text": pa.array(texts)})})
    tokenizer = family(tmp_path / "kept", "own")
    common = {"tokenizer": "t", "splits": ("train",), "columns": ("text",), "context_length": 16}

    def part(recipe: Recipe) -> Sampled:
        return dataclasses.replace(sample(recipe, splits, tokenizer), rate=1e6)  # the clock is no part of this

    def table(recipe: Recipe) -> dict[str, Estimate]:
        return {one.preset: one for one in estimate(recipe, part, tokenizer)}

    recipes = {name: Recipe(**effective({**DEFAULTS, **common, **typed, "preset": name})) for name in NAMES}
    tables = {name: table(recipe) for name, recipe in recipes.items()}
    for drawn, other in itertools.permutations(NAMES, 2):
        moved = Recipe.from_fields(recipes[drawn].under(other).to_json())
        own = tables[other] if moved == recipes[other] else table(moved)
        assert tables[drawn][other] == own[other], f"{other} under {drawn}"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"tokenizer": "sample", "tokenizer_revision": "main"}, "tokenizer_revision"),
        ({"tokenizer": "./folder", "tokenizer_revision": "main"}, "tokenizer_revision"),
        ({"tokenizer": "sample", "tokenizer_source": "file"}, "tokenizer_source"),
        ({"tokenizer": "some/model", "tokenizer_source": "transformers"}, "tokenizer_source"),
        ({"columns": ["text"], "refused": "skip"}, "refused"),
        ({"template": "{text}", "chat_date": "2001-02-03"}, "chat_date"),
        ({"columns": ["text"], "chat_tools": "tools"}, "chat_tools"),
        ({"columns": ["text"], "chat_documents": "none"}, "chat_documents"),
    ],
    ids=str,
)
def test_fields_about_another_source_are_refused(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(StudioError, match=name):
        Recipe.from_fields({"tokenizer": "some/model"} | fields)


TURNS = "list<struct<role: string, content: string>>"


@pytest.mark.parametrize(
    ("fields", "columns", "name"),
    [
        *(({"columns": ["ids"], **one}, {"ids": "list<int32>", "text": "string"}, next(iter(one))) for one in (
            {"control_tokens": "literal"}, {"min_chars": 9}, {"drop_duplicates": True}, {"oversized": "skip"},
        )),
        ({"refused": "skip"}, {"text": "string"}, "refused"),
        ({"chat_tools": "none"}, {"talk": TURNS}, "chat_tools"),
        ({"control_tokens": "literal"}, {"talk": TURNS}, "control_tokens"),
        ({"bos": "never"}, {"talk": TURNS}, "bos"),
        ({"separator": "eos"}, {"text": "string"}, "separator"),
    ],
    ids=str,
)  # fmt: skip
def test_fields_that_do_nothing_with_the_columns_of_the_dataset_are_refused(
    fields: dict[str, Any], columns: dict[str, str], name: str
) -> None:
    recipe = Recipe.from_fields({"tokenizer": "some/model"} | fields)
    texts = [column for column, kind in columns.items() if kind == "string"]
    with pytest.raises(StudioError, match=name):
        recipe.resolved(splits={"train": 9}, columns=columns, text_columns=texts)
