"""What the options of an import give is what `datasets` gives for the same options; they are kept with the dataset."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library import ImportOptions, Library
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.local import plan_import
from mistudio_core.sources.tables import TableReader
from tests.support.fetching import finished, whole

CSV = "name;n;text\nAnn;1;None\nBob;NA;null\n;3;-\nDan;;n/a\n"
LINES = "one\ntwo\n\n\nthree \u00e9\n\nfour\nfive\n\n\n\nsix\n"
OBJECT = '{"about": [1], "data": [{"text": "a", "n": 1}, {"text": "b", "n": null}], "words": ["x", "y"]}'


def read(path: Path, cache: Path, **options: Any) -> list[dict[str, Any]]:
    """Read a file as an import does, without a worker."""
    plan = plan_import([path], None, ImportOptions(**options))
    reader = TableReader(plan.module, plan.options, None, cache=cache)
    (file,) = plan.files
    tables = reader.read(local(path, file.local_name, file.compression), file.label)
    return [row for table in tables for row in table.to_pylist()]


def reference(builder: str, path: Path, cache: Path, **options: Any) -> list[dict[str, Any]]:
    import datasets

    datasets.disable_progress_bars()
    loaded = datasets.load_dataset(builder, data_files=str(path), split="train", cache_dir=str(cache), **options)
    return list(loaded)


CASES = {
    "csv by itself": ("a.csv", "csv", CSV, {"delimiter": ";"}, {"sep": ";"}),
    "only these are null": (
        "a.csv", "csv", CSV, {"delimiter": ";", "null_values": ("NA", "")},
        {"sep": ";", "na_values": ["NA", ""], "keep_default_na": False},
    ),
    "nothing is null": (
        "a.csv", "csv", CSV, {"delimiter": ";", "null_values": ()},
        {"sep": ";", "na_values": [], "keep_default_na": False},
    ),
    "tsv with bars": ("a.tsv", "csv", CSV.replace(";", "|"), {"delimiter": "|"}, {"sep": "|"}),
    "tab by name": ("a.csv", "csv", CSV.replace(";", "\t"), {"delimiter": "tab"}, {"sep": "\t"}),
    "no header": ("a.csv", "csv", "1,a\n2,b\n", {"header": "none"}, {"header": None}),
    "header further down": ("a.csv", "csv", "made by x\nn,t\n2,b\n", {"header": "1"}, {"header": 1}),
    "csv in cp1252": ("a.csv", "csv", "t\ncaf\u00e9 \u20ac\n", {"encoding": "cp1252"}, {"encoding": "cp1252"}),
    "csv in utf-16": ("a.csv", "csv", "t\ncaf\u00e9 \U0001f600\n", {"encoding": "utf-16"}, {"encoding": "utf-16"}),
    "text in shift_jis": ("a.txt", "text", "\u65e5\u672c\n", {"encoding": "shift_jis"}, {"encoding": "shift_jis"}),
    "text with a mark": ("a.txt", "text", "a\nb", {"encoding": "utf-8-sig"}, {"encoding": "utf-8-sig"}),
    "json in latin-1": ("a.jsonl", "json", '{"t": "\u00e9"}\n', {"encoding": "latin-1"}, {"encoding": "latin-1"}),
    "json field": ("a.json", "json", OBJECT, {"field": "data"}, {"field": "data"}),
    "json field of texts": ("a.json", "json", OBJECT, {"field": "words"}, {"field": "words"}),
    "lines": ("a.txt", "text", LINES, {"sample_by": "line"}, {"sample_by": "line"}),
    "paragraphs": ("a.txt", "text", LINES, {"sample_by": "paragraph"}, {"sample_by": "paragraph"}),
    "paragraphs of Windows": (
        "a.txt", "text", LINES.replace("\n", "\r\n"), {"sample_by": "paragraph"}, {"sample_by": "paragraph"},
    ),
    "a document": ("a.txt", "text", LINES, {"sample_by": "document"}, {"sample_by": "document"}),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_options_give_what_datasets_gives(
    tmp_path: Path, case: tuple[str, str, str, dict[str, Any], dict[str, Any]], packed: bool
) -> None:
    name, builder, text, ours, theirs = case
    path = tmp_path / name
    path.write_bytes(text.encode(ours.get("encoding", "utf-8")))
    expected = reference(builder, path, tmp_path / "theirs", **theirs)
    assert expected
    if packed:
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress(text.encode(ours.get("encoding", "utf-8"))))
    assert read(path, tmp_path / "ours", **ours) == expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl"])
def test_a_byte_order_mark_tells_which_encoding_to_choose(tmp_path: Path, name: str, encoding: str) -> None:
    texts = [f"caf\u00e9 {number} \U0001f600" for number in range(30_000)]
    lines = [f'{{"text": "{text}"}}' for text in texts] if name == "a.jsonl" else texts
    content = "".join(f"{line}\n" for line in (["text"] if name == "a.csv" else []) + lines)
    mark = "" if encoding in ("utf-16", "utf-32") else "\ufeff"
    (tmp_path / name).write_bytes((mark + content).encode(encoding))
    with pytest.raises(StudioError) as caught:
        read(tmp_path / name, tmp_path / "ours")
    assert caught.value.code == "corrupt_data"
    assert f"Choose the encoding {encoding[:6]}, " in caught.value.hint
    rows_read = read(tmp_path / name, tmp_path / "ours", encoding=encoding[:6])
    assert [row["text"] for row in rows_read] == texts


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl"])
def test_what_an_encoding_cannot_decode_is_named_by_its_line(tmp_path: Path, name: str) -> None:
    good = b'{"t": "x"}\n' if name == "a.jsonl" else b"x\n"
    (tmp_path / name).write_bytes(good * 200_000 + b"\x81\n" + good * 10)
    with pytest.raises(StudioError) as caught:
        read(tmp_path / name, tmp_path / "ours", encoding="cp1252")
    assert caught.value.code == "corrupt_data"
    assert f"{name} is not cp1252 text: line 200,001" in caught.value.message


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("a.txt", {"delimiter": ";"}, "delimiter is not an option for txt files"),
        ("a.jsonl", {"null_values": ("x",)}, "null_values is not an option for jsonl"),
        ("a.csv", {"field": "data"}, "field is not an option for csv"),
        ("a.csv", {"sample_by": "document"}, "sample_by is not an option for csv"),
        ("a.csv", {"delimiter": ";;"}, "delimiter ';;'"),
        ("a.csv", {"delimiter": '"'}, "delimiter"),
        ("a.csv", {"delimiter": ""}, "delimiter"),
        ("a.csv", {"header": "first"}, "header 'first'"),
        ("a.csv", {"header": "-1"}, "header '-1'"),
        ("a.csv", {"header": True}, "header"),
        ("a.csv", {"encoding": "utf-99"}, "utf-99"),
        ("a.csv", {"encoding": "rot13"}, "rot13"),
        ("a.csv", {"encoding": "unicode_escape"}, "unicode_escape"),
        ("a.csv", {"encoding": "a\0b"}, "encoding"),
        ("a.json", {"field": ""}, "field"),
        ("a.txt", {"sample_by": "page"}, "page"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    tmp_path: Path, name: str, options: dict[str, Any], word: str
) -> None:
    (tmp_path / name).write_text("x\n")
    with pytest.raises(StudioError) as caught:
        plan_import([tmp_path / name], None, ImportOptions(**options))
    assert caught.value.code == "invalid_request"
    assert word in caught.value.message
    assert caught.value.hint


def test_options_are_kept_as_plain_json() -> None:
    chosen = ImportOptions(null_values=("a", ""), delimiter="tab", header="0", encoding="UTF8", sample_by="line")
    assert chosen.to_json() == {
        "null_values": ["a", ""], "delimiter": "\t", "header": 0, "encoding": "utf-8", "sample_by": "line",
    }  # fmt: skip
    assert ImportOptions.from_fields(chosen.to_json()) == chosen
    assert ImportOptions.from_fields(None).to_json() == {}
    with pytest.raises(StudioError, match="'colour' is not an import option"):
        ImportOptions.from_fields({"colour": "red"})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def test_a_retry_reads_as_was_asked_and_the_manifest_says_how(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('x;"unclosed\n')
    options = ImportOptions(delimiter=";", header="none", null_values=("?",))
    dataset = library.import_files([path], options=options)
    assert finished(library, dataset).status == "failed"
    path.write_text("x;?\n?;NA\n")
    library.retry(dataset.id)
    assert finished(library, dataset).status == "succeeded"
    ready, splits = whole(library, dataset.id)
    assert splits["train"].to_pylist() == [{"0": "x", "1": None}, {"0": None, "1": "NA"}]
    assert ready.path is not None
    assert read_json(ready.path / "dataset.json")["request"]["options"] == options.to_json()


def test_one_document_a_file(library: Library, tmp_path: Path) -> None:
    texts = ["first\n\nstill first", "second", "third\n"]
    paths = [tmp_path / f"{number}.txt" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    dataset = library.import_files(paths, options=ImportOptions(sample_by="document"))
    assert finished(library, dataset).status == "succeeded"
    assert whole(library, dataset.id)[1]["train"]["text"].to_pylist() == texts
