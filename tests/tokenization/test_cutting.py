"""Long texts are cut where it changes no id, memory follows the piece, and what cannot be cut is refused or skipped."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.engines import cutting
from mistudio_core.tokenization.engines.cutting import cut_places
from mistudio_core.tokenization.engines.encoding import encode_texts
from mistudio_core.tokenization.engines.fast import FastEngine
from mistudio_core.tokenization.engines.offsets import Placer
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.seams import seams_of
from mistudio_core.tokenization.texts.reader import SKIP_REASONS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import tokenized
from tests.support.tokenizer_families import FAMILIES, FAST, family, text_of


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: family(root, name) for name in FAMILIES}


def _long(kind: str) -> str:
    random = Random(4)
    if kind == "words":
        return text_of(random, 4000)
    if kind == "lines":
        return "\n".join("123 456, 789." for _ in range(3000))
    if kind == "ideographs":
        return "".join("机器学习是人工智能的一个分支。日本語も書く。" for _ in range(900))
    if kind == "one word":
        return "".join(chr(97 + int(random.random() * 26)) for _ in range(30_000))
    return "a short beginning " + "x" * 25_000 + " and words after it that may be cut again " * 200


KINDS = ("words", "lines", "ideographs", "one word", "hard middle")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FAMILIES)
def test_cutting_changes_no_id(
    tokenizers: dict[str, StoredTokenizer], name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pa.array(["short", _long(kind), "", "and short"], pa.large_string())
    engine = ReferenceEngine(tokenizers[name])
    whole = encode_texts(engine, texts)
    monkeypatch.setattr(cutting, "PIECE_BYTES", 2048)
    monkeypatch.setattr("mistudio_core.tokenization.engines.encoding.PIECE_BYTES", 2048)
    pieces = encode_texts(engine, texts)
    assert np.array_equal(pieces.encoded.ids, whole.encoded.ids)
    assert np.array_equal(pieces.encoded.offsets, whole.encoded.offsets)
    if name in FAST:
        fast = encode_texts(FastEngine(tokenizers[name]), texts)
        assert np.array_equal(fast.encoded.ids, whole.encoded.ids)


@pytest.mark.parametrize("name", ["plain", "own", "unigram", "wordpiece"])
def test_words_are_cut_into_pieces(
    tokenizers: dict[str, StoredTokenizer], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "PIECE_BYTES", 2048)
    data = ("some water over the mountain and the river " * 1000).encode()
    places = cut_places(data, seams_of(tokenizers[name]))
    assert np.diff([0, *places, len(data)]).max() <= 2048
    assert places == sorted(set(places))


def test_places_are_the_last_seams_of_each_piece() -> None:
    data = "some wörds to cut ".encode() * 50_000
    assert cut_places(data, None) == []
    assert cut_places(data, re.compile("(?=ZZ)")) == []
    places = cut_places(data, re.compile("(?= to)"))
    sizes = np.diff([0, *places, len(data)])
    assert all(data[place:].startswith(b" to") for place in places)
    assert (sizes[:-1] > cutting.PIECE_BYTES - 20).all()
    assert sizes.max() <= cutting.PIECE_BYTES
    far = data + b"x" * 600_000 + data
    sizes = np.diff([0, *cut_places(far, re.compile("(?= to)")), len(far)])
    assert 600_000 < sizes.max() < 600_040


@pytest.mark.parametrize("name", ["prepended", "metaspace"])
def test_tokens_across_words_forbid_cutting(tokenizers: dict[str, StoredTokenizer], name: str) -> None:
    data = ("some water over the mountain " * 20_000).encode()
    assert cut_places(data, seams_of(tokenizers[name])) == []


def test_places_of_tokens_survive_cutting(
    tokenizers: dict[str, StoredTokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "mountain 机器 river 🙂 water " * 500
    whole = Placer(tokenizers["own"]).place(text)
    monkeypatch.setattr(cutting, "PIECE_BYTES", 1024)
    monkeypatch.setattr("mistudio_core.tokenization.engines.offsets.PIECE_BYTES", 1024)
    pieces = Placer(tokenizers["own"]).place(text)
    assert np.array_equal(whole.ids, pieces.ids)
    assert np.array_equal(whole.starts, pieces.starts)
    assert np.array_equal(whole.ends, pieces.ends)


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_too_large_is_named_or_skipped(tokenizers: dict[str, StoredTokenizer], tmp_path: Path, engine: str) -> None:
    texts = ["fine", "x" * 3_000_000, "fine too"]
    result = tokenized(tmp_path / "skip", texts, tokenizers["own"], context_length=4, oversized="skip", engine=engine)
    assert [SKIP_REASONS[code] for code in result.skipped()] == ["used", "too_large", "used"]
    assert result.manifest["skipped"] == {"too_large": 1}
    if engine == "reference":
        with pytest.raises(StudioError, match="Sample 1 of the split 'train'") as caught:
            tokenized(tmp_path / "fail", texts, tokenizers["own"], context_length=4, engine=engine)
        assert caught.value.code == "too_large"


PEAK = """
import sys, threading, psutil
from pathlib import Path
from tests.support.tokenized import run, task_of, texts_table, write_raw
from tests.support.tokenizer_families import family
folder, engine = Path(sys.argv[1]), sys.argv[2]
tokenizer = family(folder / "kept", "own")
size = int(float(sys.argv[3]) * 1e6)
text = "some water over the mountain and the river " * (size // 43)
splits = write_raw(folder, {"train": texts_table(["warm up", text])}, (1,))
task = task_of(folder / "out", splits, tokenizer, engine=engine)
process, peak, stop = psutil.Process(), [0], threading.Event()
def anonymous():
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:")) * 1024
def watch():
    while not stop.wait(0.02):
        peak[0] = max(peak[0], anonymous())
watcher = threading.Thread(target=watch)
watcher.start()
result = run(task, 2)
stop.set()
watcher.join()
print(peak[0], result.manifest["engine"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_memory_of_a_large_document(tmp_path: Path, engine: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path), engine, "20"], capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stderr
    peak = int(done.stdout.split()[0])
    assert peak <= 400e6 + 4 * 20e6, f"{peak / 1e6:.0f} MB"
