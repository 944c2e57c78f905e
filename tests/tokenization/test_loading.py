"""Tokenizers from the Hub, folders and files: kept by content, pinned, known again, and refused with the reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from tests.golden import corpus
from tests.hub import models
from tests.hub.access import READ_TOKEN, STRANGER_TOKEN, UNKNOWN_TOKEN
from tests.hub.server import HubServer
from tests.support.tokenizer_families import FAMILIES, family


def test_hub_tokenizers_are_pinned_and_known_again(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(models.bpe())
    first = load_tokenizer(tmp_path, "acme/tiny-gpt")
    assert (first.name, first.revision) == ("acme/tiny-gpt", repo.sha)
    assert (first.vocab_size, first.model_max_length, first.prefix) == (models.VOCABULARY, models.CONTEXT, ())
    assert first.load().encode("The miller").ids == models_ids("The miller")
    hub.log.clear()
    assert load_tokenizer(tmp_path, "acme/tiny-gpt") == first
    assert not [item for item in hub.log.find() if "/resolve/" in item.target]


def models_ids(text: str) -> list[int]:
    from tokenizers import Tokenizer

    return list(Tokenizer.from_str(models.bpe_json()).encode(text).ids)


def test_what_a_tokenizer_adds_is_found_by_encoding(hub: HubServer, tmp_path: Path) -> None:
    hub.add(models.with_start())
    hub.add(models.wordpiece())
    start = load_tokenizer(tmp_path, "acme/tiny-start")
    assert (start.prefix, start.suffix, start.vocab_size) == ((models.VOCABULARY,), (), models.VOCABULARY + 1)
    bert = load_tokenizer(tmp_path, "acme/tiny-bert")
    assert (bert.prefix, bert.suffix) == ((2,), (3,))
    assert (bert.named_bos_id, bert.bos_id, bert.eos_id, bert.pad_id, bert.unk_id) == (None, 2, 3, 0, 1)


@pytest.mark.parametrize(
    ("name", "revision", "token", "code"),
    [
        ("acme/gated-gpt", None, None, "gated"),
        ("acme/gated-gpt", None, STRANGER_TOKEN, "gated"),
        ("acme/tiny-gpt", "no-such-branch", None, "revision_not_found"),
        ("acme/nothing-here", None, None, "tokenizer_not_found"),
        ("acme/weights-only", None, None, "tokenizer_not_found"),
        ("acme/tiny-gpt", None, UNKNOWN_TOKEN, "token_rejected"),
    ],
)
def test_hub_refusals_have_codes(
    hub: HubServer, tmp_path: Path, name: str, revision: str | None, token: str | None, code: str
) -> None:
    for make in (models.bpe, models.gated_bpe, models.without_tokenizer):
        hub.add(make())
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path, name, revision=revision, hf_token=token)
    assert caught.value.code == code
    assert caught.value.hint
    assert token is None or token not in caught.value.message + caught.value.hint


def test_gate_that_was_passed_opens(hub: HubServer, tmp_path: Path) -> None:
    hub.add(models.gated_bpe())
    assert load_tokenizer(tmp_path, "acme/gated-gpt", hf_token=READ_TOKEN).vocab_size == models.VOCABULARY


def test_code_of_a_repository_is_never_run(hub: HubServer, tmp_path: Path) -> None:
    hub.add(models.remote_code())
    with pytest.raises(StudioError, match="custom code") as caught:
        load_tokenizer(tmp_path, "acme/remote-code")
    assert caught.value.code == "tokenizer_unsupported"


def test_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    library = Library.open(tmp_path)
    job = library.wait(library.load_tokenizer("acme/tiny-gpt").id, timeout=300)
    assert (job.status, (job.error or pytest.fail("no error")).code) == ("failed", "hub_unreachable")


def test_folder_and_file_give_the_same_tokenizer(tmp_path: Path) -> None:
    folder = load_tokenizer(tmp_path / "kept", str(corpus.TOKENIZERS / "own"))
    file = load_tokenizer(tmp_path / "kept", str(corpus.TOKENIZERS / "own" / "tokenizer.json"))
    assert folder.sha256 == file.sha256
    assert folder.prefix == (0,)
    assert file.name.endswith("tokenizer.json")


def test_file_without_settings_still_loads(tmp_path: Path) -> None:
    shutil.copy(corpus.TOKENIZERS / "metaspace" / "tokenizer.json", tmp_path / "alone.json")
    loaded = load_tokenizer(tmp_path / "kept", str(tmp_path / "alone.json"))
    assert (loaded.named_bos_id, loaded.bos_id, loaded.prefix) == (None, 1, (1,))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: None, "tokenizer_not_found"),
        (lambda folder: folder.mkdir(), "tokenizer_not_found"),
        (lambda folder: _file(folder, "tokenizer.json", "{"), "tokenizer_unsupported"),
        (lambda folder: _file(folder, "tokenizer.json", '{"model": 3}'), "tokenizer_unsupported"),
        (lambda folder: _file(folder, "vocab.txt", "a\nb"), "tokenizer_unsupported"),
    ],
)
def test_bad_folders_are_refused(tmp_path: Path, make: Any, code: str) -> None:
    make(tmp_path / "given")
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path / "kept", str(tmp_path / "given"))
    assert caught.value.code == code


DEEP = {
    "array": "[" * 60_000 + "]" * 60_000,
    "objects": '{"model":' * 60_000 + "1" + "}" * 60_000,
    "within": '{"version": "1.0", "model": ' + "[" * 60_000 + "]" * 60_000 + "}",
    "open": "[" * 60_000,
}


@pytest.mark.parametrize("source", ["file", "transformers"])
@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_json_that_nests_too_deep_is_refused(tmp_path: Path, name: str, deep: str, source: str) -> None:
    shutil.copytree(corpus.TOKENIZERS / "own", tmp_path / "given")
    (tmp_path / "given" / name).write_text(DEEP[deep])
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path / "kept", str(tmp_path / "given"), source=source)
    assert caught.value.code == "tokenizer_unsupported"
    assert str(tmp_path / "kept") not in caught.value.message


def test_deep_config_of_the_model_does_not_end_a_load(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(models.bpe())
    repo.commit({"config.json": DEEP["array"]})
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path, "acme/tiny-gpt")
    assert caught.value.code == "tokenizer_unsupported"


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_job_with_a_deep_tokenizer_fails_with_its_code(tmp_path: Path, name: str) -> None:
    shutil.copytree(corpus.TOKENIZERS / "own", tmp_path / "given")
    (tmp_path / "given" / name).write_text(DEEP["array"])
    library = Library.open(tmp_path / "library")
    job = library.wait(library.load_tokenizer(str(tmp_path / "given")).id, timeout=120)
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "tokenizer_unsupported")


def _file(folder: Path, name: str, text: str) -> None:
    folder.mkdir()
    (folder / name).write_text(text)


@pytest.mark.parametrize("name", ["", "a b", "a/b/c", "-x", "../x"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path, name)
    assert caught.value.code in ("invalid_request", "tokenizer_not_found")


@pytest.mark.parametrize("name", FAMILIES)
def test_kept_tokenizer_opens_alone(tmp_path: Path, name: str) -> None:
    kept = family(tmp_path, name)
    opened = open_tokenizer(kept.folder)
    assert opened == kept
    assert opened.load().get_vocab_size(with_added_tokens=True) <= opened.vocab_size
    assert {path.name for path in kept.folder.iterdir()} == {"tokenizer.json", "tokenizer_config.json", "source.json"}


def test_damaged_tokenizer_says_so(tmp_path: Path) -> None:
    kept = family(tmp_path, "plain")
    (kept.folder / "tokenizer.json").write_text("{")
    with pytest.raises(StudioError) as caught:
        kept.load()
    assert caught.value.code == "corrupt_data"


def test_unknown_tokenizer_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        open_tokenizer(tmp_path / ("0" * 64))
    assert caught.value.code == "not_found"


def test_describes_itself_as_json(tmp_path: Path) -> None:
    described = family(tmp_path, "both").describe()
    assert json.loads(json.dumps(described)) == described
    assert (described["prefix"], described["suffix"], described["bos_id"]) == ([1], [2], 1)
