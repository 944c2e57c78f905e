"""Plain files are read without `datasets`, and exactly as it reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Array2D, ClassLabel, Features, LargeList, List, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.sources import tables
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.plain_features import NotPlainError, PlainFeatures, features_of
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.wider import WiderError
from tests.hub.rows import PACKINGS

CHUNK = 64
"""Bytes parsed at a time here, so that a few rows are many chunks."""
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.text(st.sampled_from('ab é\u2028"\\,;\n\r\t😀'), max_size=12) | st.sampled_from(
    ["", "2024-05-06", "2024-05-06 07:08:09", "1", "1.5", "NA", "null", "true"]
)
CSV_OPTIONS: list[dict[str, Any]] = [
    {}, {"sep": ";"}, {"delimiter": ";"}, {"header": None}, {"na_values": ["1"]}, {"quotechar": "'"},
]  # fmt: skip
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | words
values = st.one_of(scalars, st.lists(words, max_size=3), st.lists(st.integers(0, 9), max_size=2))
nested = st.dictionaries(st.sampled_from("xy"), scalars, max_size=2)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows most of which have the same columns, each mostly of one kind."""
    kinds = [st.integers(0, 99), st.floats(-9, 9), words, st.booleans(), st.lists(words, max_size=2), values, nested]
    columns = {name: draw(st.sampled_from(kinds)) for name in draw(st.lists(st.sampled_from("abc"), unique=True))}
    whole = st.fixed_dictionaries({name: st.none() | kind for name, kind in columns.items()})
    odd = st.dictionaries(st.sampled_from("abcd"), values, max_size=3)
    return draw(st.lists(whole | whole | whole | whole | odd, min_size=1, max_size=12))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_chunk_bytes", lambda _limit: CHUNK)


def read(place: Path, module: str, contents: list[bytes], options: dict[str, Any] | None = None) -> Any:
    """Return what the files of one dataset are read as: schema and rows, or the error in words."""
    reader = TableReader(module, options or {}, None, cache=place / "cache")
    found: list[pa.Table] = []
    try:
        for number, content in enumerate(contents):
            path = place / f"{number}.x"
            path.write_bytes(content)
            found += list(reader.read(local(path, path.name), path.name))
    except WiderError as error:
        return "wider", error.message, error.features.to_dict()
    except StudioError as error:
        return error.code, error.message, error.hint
    if reader.schema is None:
        return None
    return reader.schema.to_string(show_schema_metadata=True), pa.concat_tables(
        [reader.schema.empty_table(), *found]
    ).to_pylist()


def same_both_ways(place: Path, module: str, contents: list[bytes], options: dict[str, Any] | None = None) -> Any:
    plain = read(place, module, contents, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "plain_reader", lambda *_, **__: None)
        assert repr(read(place, module, contents, options)) == repr(plain)
    return plain


@quick
@given(st.lists(rows(), min_size=1, max_size=2), st.booleans(), st.sampled_from(["", "\n", "null\n", "{", "[1]\n"]))
def test_json_lines_are_read_alike(place: Path, files: list[list[dict[str, Any]]], ascii_only: bool, end: str) -> None:
    lines = ["".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in file) for file in files]
    lines[-1] += end
    same_both_ways(place, "json", [text.encode() for text in lines])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + b'{"a": "x"}\n' * 20,
        b'{"a": 1}\n' * 20 + b'{"a": 1.5}\n' * 20,
        b'{"a": null}\n' * 20 + b'{"a": "x"}\n' * 20,
        b'{"a": "2024-01-02"}\n' * 20 + b'{"a": "soon"}\n' * 20,
        b'{"a": 1, "b": 2}\n' * 20 + b'{"b": 2, "a": 1}\n{"b": 3}\n' * 20,
        b'{"a": [1, 2]}\n' * 20 + b'{"a": []}\n' * 20,
        b'{"a": {"b": 1}}\n' * 20 + b'{"a": {"c": 1}}\n' * 20,
        b'{"a": "\xff"}\n' * 20,
        b'{"a": "\\ud83d"}\n' * 20,
        b'[{"a": 1}, {"a": 2}]',
        b'{\n"a": 1\n}\n{\n"a": 2\n}\n',
        b'{"a": 1}\nnull\n{"a": 2}\n' * 10,
        b'{"a": 1}\n' * 20 + b"{",
        PACKINGS[".gz"](b'{"a": 1}\n' * 20),
        b"",
    ],
)  # fmt: skip
def test_odd_json_is_read_alike(place: Path, content: bytes) -> None:
    same_both_ways(place, "json", [b'{"a": "x"}\n', content])
    same_both_ways(place, "json", [content])


@quick
@given(st.lists(st.text(st.sampled_from("ab é\x0b\x0c\x1c\u2028\ufeff\n\r"), max_size=300), min_size=1, max_size=2))
def test_lines_of_text_are_read_alike(place: Path, contents: list[str]) -> None:
    read_as = same_both_ways(place, "text", [content.encode() for content in contents])
    if read_as is not None:
        lines = [line for text in contents for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        assert [row["text"] for row in read_as[1] if row["text"]] == [line for line in lines if line]


@quick
@given(st.lists(st.lists(words | st.integers() | st.none(), min_size=2, max_size=2), min_size=1, max_size=9), st.data())
def test_csv_is_read_alike(place: Path, cells: list[list[Any]], data: st.DataObject) -> None:
    options: dict[str, Any] = data.draw(st.sampled_from(CSV_OPTIONS))
    sign = str(options.get("sep") or options.get("delimiter") or ",")
    lines = [["one", "two"], *cells]
    text = "\n".join(sign.join("" if cell is None else json.dumps(str(cell)) for cell in line) for line in lines)
    same_both_ways(place, "csv", [text.encode()], options)


def test_archives_are_left_to_datasets(place: Path) -> None:
    for module, content in (("text", b"one\ntwo\n"), ("csv", b"a,b\n1,2\n")):
        assert same_both_ways(place, module, [PACKINGS[".gz"](content)]) is not None


FEATURES = [
    Features({"text": Value("string"), "n": Value("int64"), "kind": ClassLabel(names=["a", "b"])}),
    Features({"many": List(LargeList(Value("float32"))), "when": Value("timestamp[us]"), "raw": Value("binary")}),
    Features({"deep": {"id": Value("null"), "items": List({"x": Value("uint8")})}, "id": Value("large_string")}),
]


@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_plain_features_are_those_of_datasets(features: Features) -> None:
    plain = PlainFeatures(features.to_dict())
    for schema in (features.arrow_schema, features.arrow_schema.remove_metadata()):
        told, known = Features.from_arrow_schema(schema), PlainFeatures.from_arrow_schema(schema)
        assert (known.to_dict(), json.dumps(known.to_dict())) == (told.to_dict(), json.dumps(told.to_dict()))
        assert known.arrow_schema.equals(told.arrow_schema, check_metadata=True)
    assert plain.arrow_schema.equals(features.arrow_schema, check_metadata=True)


@pytest.mark.parametrize(
    "features",
    [
        Features({"a": Array2D((2, 2), "int32")}),
        Features({"a": Value("timestamp[s, tz=UTC]")}),
        Features({"a": List(Value("int8"), length=3)}),
    ],
    ids=str,
)
def test_other_features_are_left_to_datasets(features: Features) -> None:
    with pytest.raises(NotPlainError):
        PlainFeatures.from_arrow_schema(features.arrow_schema)
    assert features_of(features.arrow_schema) == features


def test_plain_files_need_no_datasets(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "one", "n": 1, "tags": ["x"]}\n' * 3)
    (tmp_path / "a.csv").write_text("text,n\none,1\n")
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    code = """
import sys
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader
folder = Path(sys.argv[1])
hub = b'{"info": {"features": {"text": {"dtype": "string", "_type": "Value"}}}}'
pq.write_table(pa.table({"text": ["one"]}).replace_schema_metadata({"huggingface": hub}), folder / "a.parquet")
for module, name in {"json": "a.jsonl", "csv": "a.csv", "text": "a.txt", "parquet": "a.parquet"}.items():
    reader = TableReader(module, {}, None, cache=folder)
    print(sum(table.num_rows for table in reader.read(local(folder / name, name), name)))
print({"datasets", "huggingface_hub", "transformers"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == ["3", "1", "2", "1", "set()"]
