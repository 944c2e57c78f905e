"""Exports are read by the programs they are for, and hold the rows and the text of the tokenization."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.tokenization.exports import sequences as export_rows
from mistudio_core.tokenization.exports.copies import KINDS, export_folder, export_tokenization, exports_of
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from tests.support.exported import asked, job, texts, tokenization

LOADED = """
import hashlib, json, os, sys
os.environ |= {"HF_HOME": sys.argv[2], "HF_HUB_OFFLINE": "1"}
import datasets, numpy as np
datasets.disable_progress_bars()
found = datasets.load_dataset(sys.argv[1]) if sys.argv[3] == "load" else {"all": datasets.load_from_disk(sys.argv[1])}
told = {}
for split, rows in found.items():
    ids = np.array(rows.with_format("numpy")["input_ids"][:])
    digest = hashlib.sha256(ids.astype("<u4").tobytes()).hexdigest()
    told[split] = [list(ids.shape), digest, str(rows.features["input_ids"])]
print(json.dumps(told))
"""
LOADED_TEXT = """
import json, os, sys
os.environ |= {"HF_HOME": sys.argv[2], "HF_HUB_OFFLINE": "1"}
import datasets
datasets.disable_progress_bars()
print(json.dumps({split: rows["text"][:] for split, rows in datasets.load_dataset(sys.argv[1]).items()}))
"""
GROWTH = """
import sys
from pathlib import Path
import psutil
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.tokenization.exports.copies import export_tokenization
own = lambda: (m := psutil.Process().memory_info()).rss - m.shared
growth = 0
for kind in ("parquet", "bin"):
    early = []
    def look(done, total):
        global growth
        if done < total / 8:
            early.append(own())
        else:
            growth = max(growth, own() - max(early))
    export_tokenization(Source(*map(Path, sys.argv[1:4])), Path(sys.argv[4]) / kind, kind, look)
print(growth)
"""
HOSTILE = [
    "a\nb\r\nc",
    '"quoted", {braces} \\n', "\u2028\u2029\x00\x1f", "<script>alert(1)</script>", "=1+1", " ", "e\u0301 😀",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library")


def two_splits() -> dict[str, pa.Table]:
    everything = texts(300)
    return {"train": pa.table({"text": everything[:250]}), "test-set": pa.table({"text": everything[250:]})}


def digest_of(rows: StoredSequences, *splits: str) -> tuple[list[int], str]:
    import hashlib

    ids = np.concatenate([np.empty((0, rows.width or 0), np.uint32), *(i for s in splits for i in rows.ids(s))])
    return list(ids.shape), hashlib.sha256(np.ascontiguousarray(ids, "<u4").tobytes()).hexdigest()


def test_the_parquet_copy_and_the_folder_itself_load_with_datasets(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "FILE_BYTES", 9_000)
    monkeypatch.setattr(export_rows, "GROUP_BYTES", 3_200)
    source, _, _ = tokenization(home, two_splits())
    told: list[tuple[int, int]] = []
    done = export_tokenization(source, tmp_path / "copy", "parquet", lambda *how_far: told.append(how_far))
    rows = StoredSequences(source.tokenization)
    names = [file["name"] for file in done["files"]]
    assert "data/train-00000-of-00003.parquet" in names
    assert "data/test_set-00000-of-00001.parquet" in names
    assert done["num_sequences"] == rows.num_sequences == told[-1][0] == told[-1][1]
    groups = pq.ParquetFile(tmp_path / "copy" / "data" / "train-00000-of-00003.parquet").metadata
    assert max(groups.row_group(index).num_rows for index in range(groups.num_row_groups)) == 100
    loaded = json.loads(asked(LOADED, str(tmp_path / "copy"), str(tmp_path / "hf"), "load"))
    kind = "List(Value('uint16'), length=16)"
    assert loaded == {
        "train": [*digest_of(rows, "train"), kind],
        "test_set": [*digest_of(rows, "test-set"), kind],
    }
    unchanged = json.loads(asked(LOADED, str(source.tokenization), str(tmp_path / "hf"), "open"))
    assert unchanged == {"all": [*digest_of(rows, "train", "test-set"), kind]}


@pytest.mark.parametrize(
    "fields",
    [
        {"remainder": "keep"},
        {"preset": "per_document", "padding": "max_length", "padding_column": "attention_mask"},
        {"preset": "per_document", "padding": "longest", "padding_column": "length", "dtype": "int32"},
    ],
    ids=["ragged", "mask", "length"],
)
def test_every_shape_of_rows_is_copied_to_parquet(home: Home, tmp_path: Path, fields: dict[str, str]) -> None:
    source, _, _ = tokenization(home, {"train": pa.table({"text": texts(60)})}, tokenizer="own", **fields)
    export_tokenization(source, tmp_path / "copy", "parquet")
    copied = pq.read_table(tmp_path / "copy" / "data" / "train-00000-of-00001.parquet")
    rows = StoredSequences(source.tokenization)
    assert copied.schema.types == rows.schema.types
    assert copied.to_pylist() == [row for batch in rows.batches("train") for row in batch.to_pylist()]


def test_a_bin_is_what_a_memory_map_of_16_bit_numbers_reads(home: Home, tmp_path: Path) -> None:
    source, _, _ = tokenization(home, two_splits(), dtype="int32")
    export_tokenization(source, tmp_path / "copy", "bin")
    rows = StoredSequences(source.tokenization)
    mapped = np.memmap(tmp_path / "copy" / "train.bin", "<u2", mode="r").reshape(-1, 16)
    assert np.array_equal(mapped, np.concatenate(list(rows.ids("train"))))
    assert (tmp_path / "copy" / "test_set.bin").stat().st_size == rows.splits["test-set"] * 32


def test_a_bin_is_refused_for_a_large_vocabulary_and_for_ragged_rows(home: Home, tmp_path: Path) -> None:
    source, _, _ = tokenization(home, {"train": pa.table({"text": texts(20)})})
    path = source.tokenization / "manifest.json"
    manifest = json.loads(path.read_text())
    write_sealed(path, manifest | {"vocab_size": 65_536})
    export_tokenization(source, tmp_path / "copy", "bin")
    write_sealed(path, manifest | {"vocab_size": 65_537})
    with pytest.raises(StudioError, match="65,537 ids") as caught:
        export_tokenization(source, tmp_path / "copy", "bin")
    assert caught.value.code == "invalid_request"
    ragged, _, _ = tokenization(home, {"train": pa.table({"text": texts(20)})}, remainder="keep")
    with pytest.raises(StudioError, match="of different lengths"):
        export_tokenization(ragged, tmp_path / "other", "bin")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kind", ["text", "jsonl"])
def test_the_text_is_that_of_the_documents_that_were_used(
    home: Home, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "FILE_BYTES", 1_000)
    everything = [*HOSTILE, None, "", *texts(30), "too short"[:3]]
    table = pa.table({"title": [f"{place}." for place in range(len(everything))], "text": everything})
    source, _, _ = tokenization(home, {"train": table, "test": table.slice(0, 5)}, columns=["text"], min_tokens=3)
    done = export_tokenization(source, tmp_path / "copy", kind)
    skipped = np.fromfile(source.tokenization / "skipped", np.uint8)
    kept = [text for text, code in zip(everything + everything[:5], skipped, strict=True) if code == 0]
    loaded = json.loads(asked(LOADED_TEXT, str(tmp_path / "copy"), str(tmp_path / "hf")))
    assert loaded["train"] + loaded["test"] == kept
    assert done["num_samples"] == len(kept)
    assert 0 < len(loaded["train"]) < len(everything) - 1
    files = [file["name"] for file in done["files"] if file["name"].startswith("data/train")]
    assert files == ["data/train.jsonl"] if kind == "jsonl" else len(files) > 1


def test_the_text_is_as_the_recipe_makes_it_and_may_be_cut_short(home: Home, tmp_path: Path) -> None:
    table = pa.table({"question": ["one", "two", None, "four"], "answer": ["1", "", None, "4"]})
    source, _, _ = tokenization(home, {"train": table}, template="Q: {question}\nA: {answer}", context_length=4)
    export_tokenization(source, tmp_path / "copy", "text")
    copied = pq.read_table(tmp_path / "copy" / "data" / "train-00000-of-00001.parquet")
    assert copied["text"].to_pylist() == ["Q: one\nA: 1", "Q: two\nA: ", "Q: four\nA: 4"]
    export_tokenization(source, tmp_path / "copy", "text", max_samples=2)
    cut = pq.read_table(tmp_path / "copy" / "data" / "train-00000-of-00001.parquet")
    assert cut["text"].to_pylist() == ["Q: one\nA: 1", "Q: two\nA: "]


def test_the_text_of_a_chat_is_that_of_its_template(home: Home, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes."}]
    source, _, _ = tokenization(home, {"train": pa.table({"chat": [turns]})}, chat="chat", context_length=4)
    export_tokenization(source, tmp_path / "copy", "jsonl")
    line = json.loads((tmp_path / "copy" / "data" / "train.jsonl").read_text())
    assert "Hello?" in line["text"]
    assert "assistant" in line["text"]


def test_ids_have_no_text(home: Home, tmp_path: Path) -> None:
    table = pa.table({"ids": pa.array([[1, 2, 3, 4]] * 9, pa.list_(pa.int32()))})
    source, _, _ = tokenization(home, {"train": table}, columns=["ids"], context_length=4)
    with pytest.raises(StudioError, match="holds token ids") as caught:
        export_tokenization(source, tmp_path / "copy", "text")
    assert caught.value.code == "invalid_request"


def test_what_fails_leaves_the_older_export_as_it_was(home: Home, tmp_path: Path) -> None:
    source, _, _ = tokenization(home, {"train": pa.table({"text": texts(200)})})
    export_tokenization(source, tmp_path / "copy", "parquet")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "copy").rglob("*"))
    data = sorted(source.tokenization.glob("data-*.arrow"))[0]
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    with pytest.raises(StudioError, match=data.name) as caught:
        export_tokenization(source, tmp_path / "copy", "parquet")
    assert caught.value.code == "corrupt_data"
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "copy").rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy"]
    data.unlink()
    with pytest.raises(StudioError, match=data.name):
        export_tokenization(source, tmp_path / "copy", "bin")


def test_memory_holds_a_batch_whatever_the_size(home: Home, tmp_path: Path) -> None:
    source, _, _ = tokenization(home, {"train": pa.table({"text": texts(200)})})
    rows = StoredSequences(source.tokenization)
    (shard, *_), wanted = rows.manifest["shards"], 96 << 20
    batch = next(rows.batches("train"))
    copies = pa.concat_batches([batch] * (-(-(1 << 20) // batch.nbytes)))
    with pa.OSFile(str(source.tokenization / shard["file"]), "wb") as file, pa.ipc.new_stream(file, rows.schema) as out:
        number = -(-wanted // copies.nbytes)
        for _ in range(number):
            out.write_batch(copies)
    manifest = rows.manifest | {"splits": {"train": {"num_sequences": number * copies.num_rows, "num_samples": 200}}}
    size = (source.tokenization / shard["file"]).stat().st_size
    grown = shard | {"num_sequences": number * copies.num_rows, "size_bytes": size}
    write_sealed(source.tokenization / "manifest.json", manifest | {"shards": [grown, *rows.manifest["shards"][1:]]})
    places = [str(path) for path in (source.tokenization, source.dataset, source.tokenizers, tmp_path / "copy")]
    assert int(asked(GROWTH, *places)) < 16 << 20  # of 96 MiB


def test_names_from_outside_are_no_markup_in_the_readme(home: Home, tmp_path: Path) -> None:
    name = "x`</code>\n---\nconfigs: []\n# <img src=x>"
    source, _, _ = tokenization(home, {"train": pa.table({"text": texts(40)})}, name=name)
    export_tokenization(source, tmp_path / "copy", "parquet")
    readme = (tmp_path / "copy" / "README.md").read_text()
    assert "`x'</code> --- configs: [] # <img src=x>`" in readme
    assert readme.count("\n---\n") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_exports_into_the_library_and_nowhere_else(home: Home, kind: str) -> None:
    _, dataset_id, tokenization_id = tokenization(home, {"train": pa.table({"text": texts(80)})})
    result = job(home, "export", tokenization_id, {"dataset_id": dataset_id, "kind": kind})
    assert result.error is None
    (found,) = exports_of(home, tokenization_id)
    assert found["kind"] == kind
    assert Path(found["path"]) == home.exports / tokenization_id / kind
    assert {path.name for path in (home.exports / tokenization_id).iterdir()} == {kind, f"{kind}.checksums.json"}


def test_what_cannot_be_exported_is_refused(home: Home) -> None:
    source, dataset_id, tokenization_id = tokenization(home, {"train": pa.table({"text": texts(3)})})
    for arguments, code in [
        ({"kind": "pickle"}, "invalid_request"),
        ({"kind": "parquet", "max_samples": 3}, "invalid_request"),
        ({"kind": "text", "max_samples": 0}, "invalid_request"),
    ]:
        result = job(home, "export", tokenization_id, {"dataset_id": dataset_id} | arguments)
        assert result.error is not None
        assert result.error["code"] == code
    with pytest.raises(StudioError):
        export_folder(home, "../elsewhere", "parquet")
    empty, _, _ = tokenization(home, {"train": pa.table({"text": texts(3)})}, context_length=4096)
    with pytest.raises(StudioError, match="no sequences"):
        export_tokenization(empty, home.exports / "x", "parquet")
    shutil.rmtree(source.tokenization)
    with pytest.raises(StudioError) as caught:
        export_tokenization(Source.of(home, dataset_id, tokenization_id), home.exports / "x", "parquet")
    assert caught.value.code == "not_found"
