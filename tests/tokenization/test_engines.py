"""The fast engine gives the reference's ids or is not used: checked, watched, and replaced when it is wrong or gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.engines import fast_kinds
from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.engines.encoding import encode_texts
from mistudio_core.tokenization.engines.fast import FastEngine, FastEngineError
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.engines.identity import first_difference
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.pipeline import engine_choice
from mistudio_core.tokenization.scale.tokenizing import tokenize
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.support.tokenized import run, task_of, texts_table, tokenized, write_raw
from tests.support.tokenizer_families import FAMILIES, FAST, family, text_of


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: family(root, name) for name in FAMILIES}


def _texts(count: int = 200, seed: int = 3) -> list[str]:
    random = Random(seed)
    return [text_of(random, int(random.random() * 60)) for _ in range(count)]


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("name", FAST)
def test_engines_agree_on_hard_strings_or_say_so(
    tokenizers: dict[str, StoredTokenizer], name: str, as_text: bool, tmp_path: Path
) -> None:
    tokenizer = tokenizers[name]
    reference = ReferenceEngine(tokenizer, control_as_text=as_text)
    texts = pa.array(hard_strings(tokenizer) + _texts(), pa.large_string())
    difference = first_difference(FastEngine(tokenizer, control_as_text=as_text), reference, texts)
    result = tokenized(
        tmp_path, _texts(), tokenizer, context_length=16, control_tokens="literal" if as_text else "parse"
    )  # fmt: skip
    assert result.manifest["engine"] == ("fast" if difference is None else "reference")
    if difference is not None:
        assert difference in result.manifest["engines"]["reason"]


@pytest.mark.parametrize("name", ["plain", "own"])
def test_byte_level_is_fast(tokenizers: dict[str, StoredTokenizer], name: str, tmp_path: Path) -> None:
    texts = [text for text in _texts() if text]
    result = tokenized(tmp_path, texts, tokenizers[name], context_length=16)
    engines = result.manifest["engines"]
    assert (result.manifest["engine"], engines["reason"]) == ("fast", None)
    assert engines["checked_texts"] == len(texts) + len(hard_strings(tokenizers[name]))


@pytest.mark.parametrize(("name", "package"), [("unigram", ReferenceEngine.version), ("wordpiece", "nanotoken")])
def test_other_families_have_fast_engines_of_their_own(
    tokenizers: dict[str, StoredTokenizer], name: str, package: str, tmp_path: Path
) -> None:
    results = [
        tokenized(tmp_path / engine, _texts(400), tokenizers[name], context_length=16, engine=engine)
        for engine in ("reference", "auto")
    ]
    assert [result.manifest["engine"] for result in results] == ["reference", "fast"]
    assert results[1].manifest["engines"]["fast"].startswith(package)
    assert results[0].digests() == results[1].digests()


def test_a_model_that_no_fast_engine_knows_is_for_the_reference(tmp_path: Path) -> None:
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "kitchen": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = store_tokenizer(tmp_path / "kept", words.to_str(), {}, name="words", revision=None)
    result = tokenized(tmp_path / "auto", ["a kitchen"] * 20, tokenizer, context_length=8)
    assert result.manifest["engine"] == "reference"
    assert "does not support this tokenizer" in result.manifest["engines"]["reason"]
    with pytest.raises(StudioError) as caught:
        tokenized(tmp_path / "fast", ["a kitchen"] * 20, tokenizer, context_length=8, engine="fast")
    assert caught.value.code == "tokenizer_unsupported"


def test_either_engine_gives_the_same_files(tokenizers: dict[str, StoredTokenizer], tmp_path: Path) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(_texts(500))}, (40,))
    results = [
        run(task_of(tmp_path / engine, splits, tokenizers["own"], context_length=16, engine=engine, shard_bytes=3000))
        for engine in ("reference", "fast")
    ]
    assert [result.manifest["engine"] for result in results] == ["reference", "fast"]
    assert results[0].digests() == results[1].digests()


class _WrongEngine(FastEngine):
    """A fast engine that gets every text wrong in which a certain word stands."""

    word = "kitchen"

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        encoded = super().encode(texts)
        ids = encoded.ids.copy()
        for place, text in enumerate(texts.to_pylist()):
            if self.word in text:
                ids[encoded.offsets[place]] += 1
        return Encoded(ids, encoded.offsets)


@pytest.fixture
def wrong_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_WrongEngine]]:
    monkeypatch.setattr(fast_kinds, "_BPE", replace(fast_kinds._BPE, make=_WrongEngine))
    yield _WrongEngine
    _WrongEngine.word = "kitchen"


def test_difference_in_this_dataset_stops_the_fast_engine(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, wrong_engine: type[_WrongEngine]
) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(_texts(400))}, (40,))
    right = run(
        task_of(tmp_path / "right", splits, tokenizers["own"], context_length=16, engine="reference", shard_bytes=3000)
    )
    result = run(task_of(tmp_path / "auto", splits, tokenizers["own"], context_length=16, shard_bytes=3000), threads=3)
    assert result.manifest["engine"] == "reference"
    assert "kitchen" in result.manifest["engines"]["reason"] or "token" in result.manifest["engines"]["reason"]
    assert result.digests() == right.digests()
    with pytest.raises(StudioError, match="gives wrong ids"):
        run(task_of(tmp_path / "fast", splits, tokenizers["own"], context_length=17, engine="fast"))


def test_difference_that_the_check_missed_is_found_by_the_running_sample(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, wrong_engine: type[_WrongEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("mistudio_core.tokenization.engines.identity._SAMPLE_EVERY", 20)
    wrong_engine.word = "zyzzyva"  # stands only where no document is drawn for the check
    texts = ["plain words only " * 3] * 6000
    texts[4000:5000] = ["zyzzyva and words " * 3] * 1000
    splits = write_raw(tmp_path, {"train": texts_table(texts)}, (200,))
    monkeypatch.setattr("mistudio_core.tokenization.engines.identity._PLACES", 2)
    right = run(task_of(tmp_path / "right", splits, tokenizers["own"], engine="reference", shard_bytes=60_000))
    result = run(task_of(tmp_path / "auto", splits, tokenizers["own"], shard_bytes=60_000), threads=2)
    assert result.manifest["engine"] == "reference"
    assert "zyzzyva" in result.manifest["engines"]["reason"]
    assert result.digests() == right.digests()


def test_verdict_is_kept_for_the_same_data(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(_texts())})

    def engine_of(name: str, data: str) -> str:
        task = task_of(tmp_path / name, splits, tokenizers["own"], context_length=16)
        done = tokenize(task, {}, threads=1, report=lambda _phase, _tally: None, data_key=[data])
        return str(done["engine"])

    assert engine_of("one", "this data") == "fast"

    def never(*_: object) -> None:
        raise AssertionError("checked again")

    monkeypatch.setattr(engine_choice, "check_identity", never)
    assert engine_of("two", "this data") == "fast"
    with pytest.raises(AssertionError, match="checked again"):
        engine_of("three", "other data")


def test_shard_that_crashed_the_fast_engine_is_made_by_the_reference(
    tokenizers: dict[str, StoredTokenizer], tmp_path: Path
) -> None:
    splits = write_raw(tmp_path, {"train": texts_table(_texts(400))}, (40,))
    whole = run(task_of(tmp_path / "whole", splits, tokenizers["own"], context_length=16, shard_bytes=3000))
    task = task_of(tmp_path / "crashed", splits, tokenizers["own"], context_length=16, shard_bytes=3000)
    task.part(2, "attempt").touch()
    result = run(task)
    assert [shard["engine"] for shard in result.manifest["plan"]][1:4] == ["fast", "reference", "fast"]
    assert result.manifest["engine"] == "fast+reference"
    assert result.digests() == whole.digests()


WITHOUT = """
import sys
sys.modules["gigatoken"] = None
from pathlib import Path
from tests.support.tokenized import stored, tokenized
from tests.golden import corpus
tokenizer = stored(Path(sys.argv[1]) / "kept", corpus.TOKENIZERS / "own")
result = tokenized(Path(sys.argv[1]) / "out", ["one text", "and another"] * 50, tokenizer, context_length=8)
print(result.manifest["engine"], result.manifest["engines"]["reason"], sep="|")
"""


def test_everything_works_where_the_fast_engine_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "reference|the package gigatoken cannot be imported (ModuleNotFoundError)"


def test_fast_engine_refuses_what_it_does_not_know(tokenizers: dict[str, StoredTokenizer]) -> None:
    with pytest.raises(FastEngineError, match="does not support"):
        FastEngine(tokenizers["unigram"])


@pytest.mark.parametrize("name", FAST)
def test_fresh_object_after_much_text_changes_nothing(
    tokenizers: dict[str, StoredTokenizer], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pa.array(_texts(), pa.large_string())
    whole = FastEngine(tokenizers[name]).encode(texts)
    monkeypatch.setattr("mistudio_core.tokenization.engines.fast.RENEW_BYTES", 100)
    engine = FastEngine(tokenizers[name])
    parts = [engine.encode(texts.slice(first, 10)) for first in range(0, len(texts), 10)]
    assert np.array_equal(np.concatenate([part.ids for part in parts]), whole.ids)


@pytest.mark.parametrize("name", FAMILIES)
def test_batches_of_any_size_give_the_same_ids(
    tokenizers: dict[str, StoredTokenizer], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pa.array(["", *_texts(), ""], pa.large_string()).slice(1)
    engine = ReferenceEngine(tokenizers[name])
    whole = encode_texts(engine, texts).encoded
    monkeypatch.setattr(engine, "batch_bytes", 50, raising=False)
    parts = encode_texts(engine, texts).encoded
    assert np.array_equal(whole.ids, parts.ids)
    assert np.array_equal(whole.offsets, parts.offsets)
    assert len(encode_texts(engine, texts.slice(0, 0)).encoded) == 0
