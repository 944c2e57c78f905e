"""Conversations whose messages have different keys: from any source, sequences are those of `apply_chat_template`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from tests.golden import corpus
from tests.hub.repositories import card
from tests.hub.repository import Repository
from tests.hub.rows import jsonl
from tests.hub.server import HubServer
from tests.support.chat_talks import TALKS

TEMPLATES = Path(__file__).parent / "chat_templates"
NAMED = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
MIXED = {
    "looks_like_json": [{"role": "user", "content": "12"}, {"role": "assistant", "content": "null", "name": '"q"'}],
    "numbers": [
        {"role": "user", "content": "true", "weight": 0.12345678901234567},
        {"role": "assistant", "content": ""},
    ],
}
MESSAGES: list[Any] = [talk["messages"] for talk in TALKS.values() if talk["tools"] is None is talk["documents"]]
MESSAGES += MIXED.values()
PEER = """
import json, sys
from transformers import PreTrainedTokenizerFast
asked = json.load(sys.stdin)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1], **asked["named"])
tokenizer.chat_template = asked["template"]
told = []
for talk in asked["talks"]:
    try:
        told.append(list(tokenizer.apply_chat_template(talk, tokenize=True)["input_ids"]))
    except Exception:
        told.append(None)
json.dump(told, sys.stdout)
"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def _told(template: str, talks: list[Any]) -> list[list[int] | None]:
    """Return the ids that `transformers` gives for each conversation, None where the template refuses it."""
    done = subprocess.run(
        [sys.executable, "-c", PEER, str(corpus.TOKENIZERS / "own" / "tokenizer.json")],
        input=json.dumps({"named": NAMED, "template": template, "talks": talks}),
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: list[list[int] | None] = json.loads(done.stdout)
    return told


def _tokenizer(folder: Path, template: str) -> str:
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((corpus.TOKENIZERS / "own" / "tokenizer.json").read_bytes())
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template} | NAMED
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(folder)


def _sequences(made: Tokenization) -> list[list[int]]:
    assert made.path is not None
    found = []
    for item in json.loads((made.path / "state.json").read_bytes())["_data_files"]:
        found += pa.ipc.open_stream(made.path / item["filename"]).read_all()["input_ids"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("qwen3_thinking", "file"),
        ("llama3_tools", "hub"),
        ("llama3_tools", "parquet"),
        ("qwen3_thinking", "hub parquet"),
    ],
)
def test_sequences_are_those_of_apply_chat_template(
    library: Library, hub: HubServer, tmp_path: Path, name: str, source: str
) -> None:
    rows = [{"id": number, "messages": talk} for number, talk in enumerate(MESSAGES)]
    talks, ending, content = MESSAGES, "jsonl", jsonl(rows)
    if source.endswith("parquet"):
        written = datasets.Dataset.from_list(rows, on_mixed_types="use_json")
        talks, ending, file = written["messages"][:], "parquet", io.BytesIO()
        assert "Json(" in str(written.features["messages"])
        written.to_parquet(file)
        content = file.getvalue()
    if source.startswith("hub"):
        hub.add(Repository("acme/talks", {"README.md": card(), f"train.{ending}": content}))
        dataset = library.download("acme/talks")
    else:
        path = tmp_path / f"talks.{ending}"
        path.write_bytes(content)
        dataset = library.import_files([path])
    job = library.wait(dataset.id, timeout=300)
    assert job.status == "succeeded", job.error
    template = (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")
    made = library.tokenize(
        dataset.id,
        {"tokenizer": _tokenizer(tmp_path / "asks", template), "chat": "auto", "preset": "per_document",
         "context_length": 4096, "refused": "skip", "chat_date": "2026-03-04"},
    )  # fmt: skip
    job = library.wait(made.id, timeout=300)
    assert job.status == "succeeded", job.error
    expected = [ids for ids in _told(template, talks) if ids]  # refused or empty ones are skipped
    assert len(expected) > 20
    assert _sequences(library.tokenization(made.id)) == expected
