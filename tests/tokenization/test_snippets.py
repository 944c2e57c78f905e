"""Snippets are code that opens the rows, whatever their folder is called and whatever the recipe was."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.tokenization.exports.snippets import REMOTE, STAND_IN, programs, snippet
from mistudio_core.tokenization.exports.versions import version_note
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from mistudio_core.tokenization.recipes.registry import preset
from tests.support.exported import asked, texts, tokenization

SAELENS_BATCH = 4096
"""Tokens of a batch in SAELens 6.54; it refuses a smaller buffer."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> StoredSequences:
    home = Home(tmp_path_factory.mktemp('it\'s "a" {library}\n😀'))
    everything = texts(120)
    splits = {"train": pa.table({"text": everything[:100]}), "test": pa.table({"text": everything[100:]})}
    return StoredSequences(tokenization(home, splits)[0].tokenization)


def calls(code: str) -> dict[str, dict[str, Any]]:
    """Return the keyword arguments that are plain values, of every call in the code by the name of what is called."""
    found: dict[str, dict[str, Any]] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            plain = [word for word in node.keywords if word.arg and isinstance(word.value, ast.Constant)]
            found[name] = {str(word.arg): word.value.value for word in plain}  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("program", [name for name in programs() if name != REMOTE])
def test_the_part_that_opens_the_rows_runs(rows: StoredSequences, program: str) -> None:
    code = snippet(program, rows.folder, rows.manifest)
    steps = [
        line
        for line in code.splitlines()
        if line.startswith(("from datasets", "sequences = load", "sequences = sequences.select("))
    ]
    columns, number, length = json.loads(
        asked(
            "\n".join(
                [
                    *steps,
                    "import json",
                    "print(json.dumps([sequences.column_names, len(sequences), len(sequences[0]['input_ids'])]))",
                ]
            )
        )
    )
    assert (columns, number, length) == (["input_ids"], rows.splits["train"], 16)


@pytest.mark.parametrize("context_length", [1, 16, 1024, 65_536])
def test_saelens_gets_a_buffer_that_it_takes(rows: StoredSequences, context_length: int) -> None:
    code = snippet("saelens", rows.folder, rows.manifest | {"context_length": context_length, "num_tokens": 5_000_000})
    told = calls(code)["LanguageModelSAERunnerConfig"]
    assert told["context_size"] == context_length
    assert told["n_batches_in_buffer"] * context_length >= SAELENS_BATCH
    assert (told["training_tokens"], told["prepend_bos"]) == (5_000_000, False)
    started = snippet(
        "saelens", rows.folder, rows.manifest | {"policy": rows.manifest["policy"] | {"sequence_start": [0]}}
    )
    assert calls(started)["LanguageModelSAERunnerConfig"]["prepend_bos"] is True


@pytest.mark.parametrize(
    ("tokenizer", "model", "lens_model"),
    [
        ("openai-community/gpt2", "openai-community/gpt2", "gpt2"),
        ("EleutherAI/pythia-70m", "EleutherAI/pythia-70m", "EleutherAI/pythia-70m"),
        ("sample", STAND_IN, "gpt2"),
        ('/it\'s\n"here"', '/it\'s\n"here"', '/it\'s\n"here"'),
    ],
)
def test_the_model_is_the_tokenizers(rows: StoredSequences, tokenizer: str, model: str, lens_model: str) -> None:
    for program in ("saelens", "transformer_lens", "sparsify"):
        tree = ast.parse(snippet(program, rows.folder, rows.manifest | {"tokenizer": tokenizer}))
        named = [
            node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "MODEL"
        ]
        assert [ast.literal_eval(value) for value in named] == [lens_model if program == "saelens" else model]


def test_rows_of_several_lengths_are_for_pytorch_alone(rows: StoredSequences) -> None:
    code = snippet("pytorch", rows.folder, rows.manifest, even_sequences=False)
    assert calls(code)["pad_sequence"] == {"batch_first": True, "padding_value": 0}
    for program in ("saelens", "transformer_lens", "sparsify"):
        with pytest.raises(StudioError, match="one length") as caught:
            snippet(program, rows.folder, rows.manifest, even_sequences=False)
        assert caught.value.code == "invalid_request"


def test_an_unknown_program_is_refused(rows: StoredSequences) -> None:
    with pytest.raises(StudioError) as caught:
        snippet("jax", Path("/x"), rows.manifest)
    assert (caught.value.code, caught.value.hint) == ("invalid_request", f"Use one of: {', '.join(programs())}.")


def test_the_code_for_python_runs_as_it_stands(rows: StoredSequences) -> None:
    said = asked(snippet("python", rows.folder, rows.manifest))
    number = rows.splits["train"]
    assert said.split()[0] == str(number)
    assert f"({min(number, 1000)}, 16)" in said


def test_the_note_tells_what_differs_between_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = {"recipe": {"preset": "saelens"}, "peer_version": preset("saelens").peer_version}
    monkeypatch.setattr("importlib.metadata.version", lambda _: preset("saelens").peer_version)
    same = version_note("saelens", manifest, is_own_machine=True)
    assert same.startswith(f"Written for SAELens {preset('saelens').peer_version}. Before 6.0")
    monkeypatch.setattr("importlib.metadata.version", lambda _: "7.1.0")
    assert "SAELens 7.1.0 is installed here." in version_note("saelens", manifest, is_own_machine=True)
    assert "7.1.0" not in version_note("saelens", manifest, is_own_machine=False)
    older = version_note("saelens", manifest | {"peer_version": "6.1.0"}, is_own_machine=False)
    assert "those of SAELens 6.1.0" in older
    assert version_note("pytorch", manifest, is_own_machine=True) == ""
