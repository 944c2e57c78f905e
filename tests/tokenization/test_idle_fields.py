"""A field that would change nothing is refused by name, and no other: found by running recipes with and without it.

The sequences are compared, made with several tokenizers: a field does something where it changes them with one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.recipes.effects import idle
from mistudio_core.tokenization.recipes.fields import FIELDS
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import preset, presets
from mistudio_core.tokenization.scale.tokenizing import open_task
from tests.support.tokenized import run, write_raw
from tests.support.tokenizer_families import family, text_of

OTHER_VALUES: Mapping[str, tuple[Any, ...]] = {
    "context_length": (16,), "stride": (1, 3), "min_tokens": (9,), "max_tokens_per_document": (30,),
    "min_chars": (1, 9), "max_junk_ratio": (0.3, 1.0), "token_budget": (200,), "shuffle_seed": (0, 3),
    "batch_rows": (7,), "emulate_num_proc": (3,), "separator": (5,), "begin_batch_token": (5,),
    "begin_sequence_token": (5,), "drop_duplicates": (True,), "concatenate": (False,),
}  # fmt: skip
"""Values of fields beside their named choices."""
ELSEWHERE = frozenset(
    {"tokenizer", "tokenizer_revision", "splits", "columns", "template", "chat", "chat_date", "chat_tools",
     "chat_documents", "refused", "oversized", "preset", "engine", "tokenizer_source"}
)  # fmt: skip
"""Fields that choose the source, need one of their own, or tell no recipes apart: they have tests of their own."""
_PADDING = ("padding_side", "padding_column")
BESIDE: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    ({"add_special_tokens": True}, ("bos", "separator")),
    ({"add_special_tokens": False}, ("bos",)),
    ({"remainder": "pad"}, _PADDING),
    ({"remainder": "keep"}, _PADDING),
    ({"padding": "longest"}, _PADDING),
    ({"stride": 2}, ("truncation",)),
    ({"truncation": "window"}, ("stride",)),
    ({"shuffle_seed": 1}, ("shuffle",)),
    ({"shuffle_seed": 1, "token_budget": 100}, ("shuffle",)),
    ({"shuffle_seed": 1, "truncation": "window"}, ("shuffle",)),
    ({"shuffle_seed": 1, "min_tokens": 5}, ("shuffle",)),
    (
        {"concatenate": False},
        ("bos", "separator", "begin_batch_token", "begin_sequence_token", "batch_rows", "emulate_num_proc"),
    ),
    ({"concatenate": False, "begin_sequence_token": "eos"}, ("begin_batch_token",)),
)
"""Recipes in which some fields are tried once more, since what they do depends on the others."""
CONTRADICTIONS = frozenset({"padding_column", "control_tokens", "shuffle"})
"""Fields that would change something where they are refused: a column about padding that is not there, for example, or
another order by the same seed."""
SOURCES = {"text": {"columns": ("text",)}, "chat": {"chat": "talk"}}
TOKENIZERS = ("plain", "both", "wordpiece", "own")
TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}{{ eos_token }}"


class Runs:
    """Makes sequences, each recipe once, and returns a checksum of them."""

    def __init__(self, root: Path) -> None:
        self.tokenizers = {name: family(root / "kept", name) for name in TOKENIZERS}
        self.tokenizers["own"] = dataclasses.replace(self.tokenizers["own"], chat_template=TEMPLATE)
        random = Random(6)
        texts = [text_of(random, 1 + place % 25) for place in range(30)]
        texts += ["same words"] * 3 + [" ", "x", "!!!! ,,,, ....", "a<eos>b", "a</s>b", "a [SEP] b", "word " * 30]
        random.shuffle(texts)
        talks = pa.array([[{"role": "user", "content": text}] for text in texts])
        columns = {"text": pa.array(texts), "talk": talks}
        self.raw = write_raw(root, {"train": pa.table(columns)})
        self._folders = (root / "runs" / str(number) for number in itertools.count())
        self._known: dict[str, str | None] = {}

    def made(self, recipe: Recipe, tokenizer: str) -> str | None:
        """Return the checksum, None where the tokenizer cannot follow the recipe."""
        key = f"{tokenizer} {recipe.fingerprint()}"
        if key not in self._known:
            try:
                task = open_task(next(self._folders), self.raw, recipe, self.tokenizers[tokenizer])
                self._known[key] = _checksum(run(task).folder)
            except StudioError:
                self._known[key] = None
        return self._known[key]

    def differ(self, one: Recipe, other: Recipe) -> bool:
        """Tell whether two recipes give other sequences with some tokenizer that can follow both."""
        for name in TOKENIZERS:
            made = self.made(one, name), self.made(other, name)
            if None not in made and made[0] != made[1]:
                return True
        return False


def _checksum(folder: Path) -> str:
    """Return a checksum of all sequences with their columns and types, however they lie in files."""
    files = json.loads((folder / "state.json").read_bytes())["_data_files"]
    tables = [pa.ipc.open_stream(folder / file["filename"]).read_all() for file in files]
    schema = {str(table.schema.remove_metadata()) for table in tables}
    rows = [row for table in tables for row in table.to_pylist()]
    return hashlib.sha256(repr((sorted(schema), rows)).encode()).hexdigest()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


def tried() -> Iterator[tuple[str, Any]]:
    """Yield every field with every value that is tried."""
    for name, field in FIELDS.items():
        if name not in ELSEWHERE:
            # No tokenizer here has a SEP of its own.
            values = [*(choice for choice in field.choices if choice != "sep"), *OTHER_VALUES.get(name, ())]
            assert len(values) > 0, f"no value is tried of {name}"
            yield from ((name, value) for value in values if value != field.default)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", [one.name for one in presets()])
def test_a_field_is_refused_exactly_where_it_changes_nothing(name: str, source: str, runs: Runs) -> None:
    given = {"tokenizer": "t", "splits": ("train",), "context_length": 12, "preset": name, **SOURCES[source]}
    given["engine"] = "reference"  # without the check that the other engine is equal, of which other tests are
    wrong = []
    for beside, fields in (({}, tuple(FIELDS)), *BESIDE):
        try:
            without = Recipe.from_fields(given | beside)
        except StudioError:
            continue  # not with this preset
        for field, value in tried():
            if field not in fields:
                continue
            values = without.values() | {field: value}
            if FIELDS[field].by_preset and field not in preset(name).fields:
                assert idle(values, field) is not None
                continue
            changes = runs.differ(Recipe(**values), without)
            refused = idle(values, field)
            if changes == (refused is not None) and not (refused and field in CONTRADICTIONS):
                wrong.append((beside, field, value, "refused" if refused else "accepted"))
                print(name, source, wrong[-1], flush=True)
    assert wrong == []
