"""Every format becomes tables of one schema; damage and misfits are told with the file and the columns."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.raw import class_labels, column_types
from mistudio_core.sources import line_guard
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.unpack import unpacked
from tests.hub import damaged, formats
from tests.hub.repository import Repository
from tests.hub.rows import PACKINGS, arrow_file, arrow_stream, jsonl, parquet, parquet_without_rows, rows, table

READERS = {"parquet": "parquet", "arrow": "arrow", "json": "json", "jsonl": "json", "csv": "csv", "txt": "text"}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., pa.Table]:
    """Read named contents one after the other with one reader, as the files of a dataset."""

    def reading(module: str, files: Mapping[str, bytes], options: Mapping[str, Any] | None = None) -> pa.Table:
        reader = TableReader(module, options or {}, None, cache=tmp_path / "cache")
        tables = []
        for name, content in files.items():
            path = tmp_path / name.rpartition("/")[2]
            path.write_bytes(content)
            packing = path.suffix if path.suffix in PACKINGS else ""
            tables += list(reader.read(local(path, path.name, packing[1:] or None), name))
        assert reader.schema is not None
        return pa.concat_tables([reader.schema.empty_table(), *tables])

    return reading


def data_of(repo: Repository) -> dict[str, bytes]:
    return {path: blob.content for path, blob in repo.files.items() if path != "README.md"}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "txt"])
def test_text_formats_however_packed(read: Callable[..., pa.Table], ending: str, packing: str) -> None:
    content = PACKINGS[packing](formats.ENCODERS[ending](rows(40)))
    got = read(READERS[ending], {f"a.{ending}{packing}": content}).to_pylist()
    assert got == ([{"text": row["text"]} for row in rows(40)] if ending == "txt" else rows(40))


@pytest.mark.parametrize("encode", [parquet, arrow_stream, arrow_file])
def test_parquet_and_both_forms_of_arrow(read: Callable[..., pa.Table], encode: Callable[[Any], bytes]) -> None:
    module = "parquet" if encode is parquet else "arrow"
    got = read(module, {"a.x": encode(rows(2500)), "b.x": encode(rows(3))})
    assert got.to_pylist() == rows(2500) + rows(3)
    assert b"huggingface" in got.schema.metadata


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst"])
def test_packed_files_of_several_pieces_are_read_whole_and_cut_ones_refused(
    read: Callable[..., pa.Table], packing: str
) -> None:
    pieces = [PACKINGS[packing](jsonl(rows(300, seed=seed))) for seed in (1, 2)]
    assert read("json", {f"a.jsonl{packing}": b"".join(pieces)}).num_rows == 600
    with pytest.raises(StudioError, match="cannot be read") as caught:
        read("json", {f"a.jsonl{packing}": pieces[0] + pieces[1][:-20]})
    assert caught.value.code == "corrupt_data"


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst"])
def test_packed_files_are_made_plain(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"a{packing}"
    path.write_bytes(PACKINGS[packing](parquet(rows(9))))
    assert unpacked(path, packing[1:], tmp_path / "plain", keep_free=0).read_bytes() == parquet(rows(9))
    path.write_bytes(b"this is not packed at all")
    with pytest.raises(StudioError, match="cannot be decompressed") as caught:
        unpacked(path, packing[1:], tmp_path / "other", keep_free=0)
    assert caught.value.code == "corrupt_data"
    path.write_bytes(PACKINGS[packing](bytes(100)))
    with pytest.raises(StudioError) as caught:
        unpacked(path, packing[1:], tmp_path / "other", keep_free=1 << 60)
    assert caught.value.code == "disk_full"
    assert not (tmp_path / "other").exists()


def test_cells_with_quotes_newlines_and_other_separators(read: Callable[..., pa.Table]) -> None:
    texts = read("csv", data_of(formats.quoted_csv()))["text"].to_pylist()
    assert [text for text in texts if text is not None] == [text for text in formats.AWKWARD_TEXTS if text != "NaN"]
    assert read("csv", data_of(formats.csv_by_card()), {"sep": ";"}).num_rows == 12


LARGE = (1 << 53) + 1
"""The first whole number that no float holds."""


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ([str(LARGE), "", "-1"], [LARGE, None, -1]),
        (["1"] * 20_000 + ["", str(LARGE)], [1] * 20_000 + [None, LARGE]),  # the first empty cell is found late
        (["18446744073709551615", "7"], [18446744073709551615, 7]),
        (["123456789012345678901234567890", "2"], ["123456789012345678901234567890", "2"]),
        (["True", "", "False"], [True, None, False]),
        (["1", "2.5", ""], [1.0, 2.5, None]),
        (["", ""], [None, None]),
        ([""] * 20_000 + ["0.5"], [None] * 20_000 + [0.5]),
        (["x", "", "7"], ["x", None, "7"]),
    ],
)
def test_cells_are_what_is_written(read: Callable[..., pa.Table], cells: list[str], values: list[object]) -> None:
    lines = "".join(f"t,{cell}\n" for cell in cells)
    assert read("csv", {"a.csv": f"text,n\n{lines}".encode()})["n"].to_pylist() == values


def test_nested_columns_bytes_labels_and_hostile_text(read: Callable[..., pa.Table]) -> None:
    nested = read("parquet", data_of(formats.nested()))
    assert column_types(nested.schema)["turns"] == "list<struct<role: string, content: string>>"
    assert nested["raw"][3].as_py() == bytes([0, 255, 3])
    assert nested["text"][4].as_py() is None
    labelled = read("parquet", data_of(formats.class_label()))
    assert class_labels(labelled.schema) == {"label": list(formats.LABELS)}
    hostile = read("json", data_of(formats.hostile_unicode()))
    assert hostile["text"].to_pylist() == list(formats.HOSTILE_TEXTS)
    assert read("parquet", data_of(formats.string_types()))["language"].to_pylist() == ["en", "de"] * 20


@pytest.mark.parametrize("empty_group", [False, True])
def test_files_without_rows_are_read_too(read: Callable[..., pa.Table], empty_group: bool) -> None:
    none = parquet_without_rows(table(rows(1)).schema, empty_group=empty_group)
    assert read("parquet", {"a.parquet": none, "b.parquet": parquet(rows(5))}).num_rows == 5
    assert read("parquet", {"a.parquet": none}).column_names == ["text", "id"]
    assert read("json", {"a.jsonl": b"", "b.jsonl": jsonl(rows(5))}).num_rows == 5
    assert read("csv", {"a.csv": b"", "b.csv": b"x\n1\n"}).num_rows == 1
    assert read("text", {"a.txt": b"", "b.txt": b"one\n"}).num_rows == 1


def test_later_files_are_made_to_fit_the_first(read: Callable[..., pa.Table]) -> None:
    got = read("json", {"a.jsonl": b'{"a": 1, "b": "x"}\n', "b.jsonl": b'{"b": "y"}\n', "c.jsonl": b'{"a": null}\n'})
    assert got.to_pylist() == [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": None, "b": None}]
    got = read("csv", {"a.csv": b"n,t\n1,x\n", "b.csv": b"n,t\n,y\n2,z\n"})
    assert got["n"].to_pylist() == [1, None, 2]
    got = read("json", {"a.jsonl": b'{"a": 1, "meta": {}}\n', "b.jsonl": b'{"a": 2, "meta": {}}\n'})
    assert got["a"].to_pylist() == [1, 2]
    empty = pa.table({"a": [1], "meta": pa.array([{}], pa.struct([]))})
    assert read("arrow", {"a.arrow": arrow_stream(empty), "b.arrow": arrow_stream(empty)})["meta"].null_count == 2


@pytest.mark.parametrize(
    ("module", "files", "words"),
    [
        ("parquet", data_of(damaged.mixed_columns()), ["-00001-of", "'body', 'score'", "lacks 'text', 'id'"]),
        ("parquet", data_of(damaged.mixed_types()), ["-00001-of", "'id' is list<int64> instead of int64"]),
        ("json", {"a.jsonl": b'{"a": 1}\n', "b.jsonl": b'{"a": "x"}\n'}, ["b.jsonl", "'a' is string instead of int64"]),
        ("json", {"a.jsonl": b'{"a": 1}\n', "b.jsonl": b'{"c": "x"}\n'}, ["b.jsonl", "it has 'c' and lacks 'a'"]),
        ("csv", {"a.csv": b"a\n1\n", "b.csv": b"a\nx\n"}, ["b.csv", "'a' is string instead of int64"]),
        ("parquet", data_of(damaged.corrupt_footer()), ["train.parquet cannot be read"]),
        ("parquet", data_of(damaged.truncated()), ["train.parquet cannot be read"]),
        ("parquet", data_of(damaged.corrupt_page()), ["train-00001-of-00003.parquet cannot be read"]),
        ("parquet", data_of(damaged.not_parquet()), ["train.parquet cannot be read"]),
        ("json", data_of(damaged.malformed_json()), ["train.jsonl cannot be read", "row 20"]),
        ("text", data_of(damaged.not_utf8()), ["train.txt cannot be read", "UTF-8"]),
        ("csv", {"a.csv": b'a,b\n"unclosed,1\n2,3\n'}, ["a.csv cannot be read"]),
        ("csv", {"a.csv": b"a,b\n1,2\n1,2,3,4,5\n"}, ["a.csv cannot be read"]),
        ("arrow", {"a.arrow": b"not arrow at all, no, really not"}, ["a.arrow cannot be read"]),
        ("arrow", {"a.arrow": arrow_stream(rows(500))[:-3000]}, ["a.arrow cannot be read"]),
        ("json", {"a.jsonl.gz": b"\x1f\x8b nonsense"}, ["a.jsonl.gz cannot be read"]),
        ("json", {"a.jsonl.xz": b"nonsense"}, ["a.jsonl.xz cannot be read"]),
        ("json", {"a.jsonl.zst": PACKINGS[".zst"](jsonl(rows(9)))[:40]}, ["a.jsonl.zst cannot be read"]),
    ],
)
def test_misfits_and_damage_are_named(
    read: Callable[..., pa.Table], module: str, files: dict[str, bytes], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(StudioError) as caught:
        read(module, files)
    assert caught.value.code == "corrupt_data"
    assert [word for word in words if word not in caught.value.message] == []
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    read: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch, packing: str
) -> None:
    monkeypatch.setattr(line_guard, "MAX_LINE_BYTES", 3 << 20)
    long, lines = b"a" * (5 << 20), b"some words\n" * 500_000
    pack = PACKINGS[packing]
    for module, ending, content in (("text", "txt", long), ("json", "jsonl", b'{"text": "' + long + b'"}\n')):
        with pytest.raises(StudioError, match="a line of more than 3 MB") as caught:
            read(module, {f"a.{ending}{packing}": pack(content)})
        assert caught.value.code == "too_large"
    assert read("text", {f"a.txt{packing}": pack(lines)}).num_rows == 500_000


def test_archives_are_looked_into(read: Callable[..., pa.Table], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr("one.jsonl", jsonl(rows(3)))
        archive.writestr("more/two.jsonl", jsonl(rows(4)))
    assert read("json", {"a.zip": (tmp_path / "made.zip").read_bytes()}).num_rows == 7


def test_tables_that_cannot_be_kept_are_refused(read: Callable[..., pa.Table]) -> None:
    wide = pa.table({f"c{number}": [1] for number in range(1001)})
    with pytest.raises(StudioError, match="1,001 columns") as caught:
        read("parquet", {"a.parquet": parquet(wide)})
    assert caught.value.code == "too_large"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["same", "same"])
    with pytest.raises(StudioError, match="two columns named 'same'"):
        read("parquet", {"a.parquet": parquet(twice)})
    odd = pa.table({"m": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with pytest.raises(StudioError, match="'m' has the type month_day_nano_interval"):
        read("arrow", {"a.arrow": arrow_file(odd)})
