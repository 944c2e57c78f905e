"""Golden texts and ids: templates of the shapes that model families use, rendered by us and by `transformers`."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.chat import ChatTemplate
from mistudio_core.tokenization.texts.conversations import RefusedError
from mistudio_core.tokenization.texts.reader import TextReader
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.chat_talks import TALKS, Talk

TEMPLATES = {
    path.stem: path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "chat_templates").glob("*.jinja")
}
NAMED = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
CONTROL = [
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<|end|>",
]
DAY = date(2026, 3, 4)

PEER = """
import datetime, json, sys
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

class Day(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 4)

chat_template_utils.datetime = Day
asked = json.load(sys.stdin)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1], **asked["named"])
told = {}
for name, template in asked["templates"].items():
    tokenizer.chat_template = template
    for talk_name, talk in asked["talks"].items():
        values = talk["messages"], talk["tools"], talk["documents"]
        try:
            text = tokenizer.apply_chat_template(*values, tokenize=False)
            ids = tokenizer.apply_chat_template(*values, tokenize=True)["input_ids"]
        except Exception as error:
            text, ids = None, str(error)
        told[f"{name}/{talk_name}"] = [text, ids]
json.dump(told, sys.stdout)
"""

Told = Mapping[str, tuple[str | None, Any]]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    """Return a tokenizer that puts a BOS before every text and knows some tokens of turns."""
    made = Tokenizer.from_file(str(corpus.TOKENIZERS / "own" / "tokenizer.json"))
    made.add_special_tokens(CONTROL)
    return store_tokenizer(tmp_path_factory.mktemp("kept"), made.to_str(), NAMED, name="turns", revision=None)


@pytest.fixture(scope="module")
def told(tokenizer: StoredTokenizer) -> Told:
    """Return what `apply_chat_template` makes of each conversation with each template: text and ids, or refuses."""
    done = subprocess.run(
        [sys.executable, "-c", PEER, str(tokenizer.json_path)],
        input=json.dumps({"named": NAMED, "templates": TEMPLATES, "talks": TALKS}),
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout)
    return found


def _rendered(template: ChatTemplate, talk: Talk) -> str | None:
    try:
        return template.render(talk["messages"], talk["tools"], talk["documents"])
    except RefusedError:
        return None


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_texts_and_ids_are_those_of_transformers(name: str, told: Told, tokenizer: StoredTokenizer) -> None:
    template = ChatTemplate(TEMPLATES[name], NAMED, DAY)
    encoder = tokenizer.load()
    for talk_name, talk in TALKS.items():
        text, ids = told[f"{name}/{talk_name}"]
        assert _rendered(template, talk) == text, (talk_name, ids)
        assert text is None or encoder.encode(text, add_special_tokens=False).ids == ids


def test_the_table_tells_templates_apart(told: Told) -> None:
    assert len(TEMPLATES) >= 20
    for name in TEMPLATES:
        texts = [told[f"{name}/{talk}"][0] for talk in TALKS]
        assert len({text for text in texts if text is not None}) >= 4, name


@pytest.mark.parametrize("as_json", [False, True])
def test_columns_of_a_dataset_give_the_same_texts(as_json: bool, told: Told, tokenizer: StoredTokenizer) -> None:
    """Arrow fills the keys that a message lacks with nulls; tools and whole conversations may be JSON in a text."""
    names = ["two_turns", "system", "no_content", "reasoning", "long", "tools"]
    talks = [TALKS[name] for name in names]
    messages: Any = [talk["messages"] for talk in talks]
    tools = [None if talk["tools"] is None else json.dumps(talk["tools"]) for talk in talks]
    columns: dict[str, Any] = {"messages": pa.array(messages), "tools": pa.array(tools, pa.string())}
    if as_json:
        columns["messages"] = pa.array([[json.dumps(turn) for turn in talk] for talk in messages])
    fields = {"tokenizer": "t", "chat": "messages", "chat_tools": "tools", "chat_date": str(DAY), "refused": "skip"}
    for name, template in TEMPLATES.items():
        reader = TextReader(Recipe.from_fields(fields), _with(tokenizer, template))
        texts = reader.read(pa.table(columns))
        expected = [told[f"{name}/{talk}"][0] for talk in names]
        assert texts.kept.to_pylist() == [text for text in expected if text is not None], name
        assert (texts.refusal is not None) == (None in expected)


def _with(tokenizer: StoredTokenizer, template: str) -> StoredTokenizer:
    return dataclasses.replace(tokenizer, chat_template=template)
