"""Raw samples come back from disk exactly, in small row groups, whole or not at all."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistudio_core import raw_write
from mistudio_core.errors import StudioError
from mistudio_core.files import file_sha256
from mistudio_core.raw import RawSplit, class_labels, column_types, open_splits, text_columns
from mistudio_core.raw_write import PartWriter
from mistudio_core.sources.failures import hub_failure

SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("a.b", pa.int64()),
        ("a", pa.float64()),
        ("tags", pa.list_(pa.string())),
        ("raw", pa.binary()),
    ]
)


def rows(count: int, size: int = 20) -> pa.Table:
    numbers = range(count)
    return pa.table(
        {
            "text": [f"{n} é\x00" + "x" * (n * 7 % size) if n % 11 else None for n in numbers],
            "a.b": list(numbers),
            "a": [n / 3 for n in numbers],
            "tags": [[str(n)] * (n % 3) for n in numbers],
            "raw": [bytes([n % 256]) for n in numbers],
        },
        SCHEMA,
    )


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(0, 90), group_rows=st.integers(1, 30), group_bytes=st.integers(50, 3000))
def test_any_batches_come_back_in_order_within_the_limits(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, count: int, group_rows: int, group_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    table = rows(count)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=6)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw_write, "ROW_GROUP_ROWS", group_rows)
        patch.setattr(raw_write, "ROW_GROUP_BYTES", group_bytes)
        patch.setattr(raw_write, "ROW_GROUP_COLUMN_BYTES", 0)
        patch.setattr(raw_write, "PART_ROW_GROUPS", 3)
        with PartWriter(folder, "00000", SCHEMA) as writer:
            for first, last in pairwise([0, *cuts, count]):
                writer.write(table.slice(first, last - first))
    split = RawSplit(folder)
    assert split.num_samples == count == sum(part.num_rows for part in writer.parts)
    assert [part.name for part in split.parts] == [part.name for part in writer.parts]
    first, last = sorted([data.draw(st.integers(0, count + 3)), data.draw(st.integers(0, count + 3))])
    assert split.read(first, last).equals(table.slice(first, last - first))
    assert split.read(first, last, ["a", "text"]).equals(table.slice(first, last - first).select(["a", "text"]))
    for group in split.row_groups:
        assert group.num_rows <= group_rows
        assert group.num_rows == 1 or table.slice(group.first, group.num_rows).nbytes <= group_bytes + 8 * 5
    assert all(pq.read_metadata(part).num_row_groups <= 3 for part in split.parts)


def test_parts_are_described_and_text_has_no_dictionary_and_no_statistics(tmp_path: Path) -> None:
    table = rows(2500)
    with PartWriter(tmp_path, "00007", SCHEMA) as writer:
        writer.write(table)
    (part,) = writer.parts
    path = tmp_path / part.name
    assert part.name == "part-00007-00000.parquet"
    assert (part.size_bytes, part.sha256) == (path.stat().st_size, file_sha256(path))
    assert part.text_bytes == sum(len(text.encode()) for text in table["text"].to_pylist() if text is not None)
    group = pq.read_metadata(path).row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert "RLE_DICTIONARY" not in columns["text"].encodings
    assert columns["text"].statistics is None
    assert columns["a.b"].statistics.max == 999


def test_a_wide_table_has_small_footers(tmp_path: Path) -> None:
    wide = pa.table({f"c{number}": range(5000) for number in range(500)})
    with PartWriter(tmp_path, "0", wide.schema) as writer:
        for _ in range(9):
            writer.write(wide)
    footers = [pq.read_metadata(tmp_path / part.name) for part in writer.parts]
    assert [footer.num_row_groups for footer in footers] == [40, 5]
    assert not footers[0].row_group(0).column(0).is_stats_set
    assert max(footer.serialized_size for footer in footers) < 4_000_000
    assert RawSplit(tmp_path).num_samples == 45_000


def test_a_huge_sample_stands_alone(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "x" * 9_000_000, "b" * 300_000, "c" * 300_000, "d"]})
    with PartWriter(tmp_path, "0", table.schema) as writer:
        writer.write(table)
    split = RawSplit(tmp_path)
    assert [group.num_rows for group in split.row_groups] == [1, 1, 1, 2]
    assert split.read(0, 5).equals(table)


def test_no_rows_keep_the_schema_and_a_folder_without_parts_is_an_empty_split(tmp_path: Path) -> None:
    with PartWriter(tmp_path / "raw" / "none", "0", SCHEMA):
        pass
    (tmp_path / "raw" / "bare").mkdir()
    splits = open_splits(tmp_path)
    assert {name: split.num_samples for name, split in splits.items()} == {"bare": 0, "none": 0}
    assert splits["none"].read(0, 10, ["a"]).schema == pa.schema([("a", pa.float64())])
    assert splits["bare"].read(0, 10).num_rows == 0
    assert open_splits(tmp_path / "elsewhere") == {}


def test_a_failed_writer_leaves_nothing_and_a_new_one_starts_over(tmp_path: Path) -> None:
    def fail() -> None:
        with PartWriter(tmp_path, "00000", SCHEMA) as writer:
            writer.write(rows(1500))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".part-00000-00003.parquet").write_bytes(b"killed here")
    for count in (1200, 3):
        with PartWriter(tmp_path, "00000", SCHEMA) as writer:
            writer.write(rows(count))
        assert RawSplit(tmp_path).num_samples == count
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000-00000.parquet"]


def test_a_full_disk_is_told_as_that(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")

    def fill() -> None:
        with PartWriter(tmp_path, "0", SCHEMA) as writer:
            (tmp_path / ".part-0-00000.parquet").symlink_to("/dev/full")
            writer.write(rows(5000, 3000))

    with pytest.raises(OSError, match="No space left") as caught:
        fill()
    assert hub_failure(caught.value, "x", hf_token_given=False).code == "disk_full"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"PAR1 not a parquet file PAR1"])
def test_a_damaged_part_is_named(tmp_path: Path, damage: bytes) -> None:
    with PartWriter(tmp_path / "train", "00000", SCHEMA) as writer:
        writer.write(rows(10))
    (tmp_path / "train" / writer.parts[0].name).write_bytes(damage)
    with pytest.raises(StudioError, match=r"train/part-00000-00000\.parquet") as caught:
        RawSplit(tmp_path / "train")
    assert caught.value.code == "corrupt_data"


def test_a_page_damaged_later_is_named_when_it_is_read(tmp_path: Path) -> None:
    with PartWriter(tmp_path, "00000", SCHEMA) as writer:
        writer.write(rows(900, 400))
    path = tmp_path / writer.parts[0].name
    split = RawSplit(tmp_path)
    data = bytearray(path.read_bytes())
    data[10:200] = bytes(190)
    path.write_bytes(data)
    with pytest.raises(StudioError, match=r"part-00000-00000\.parquet is damaged"):
        split.read(0, 5)
    path.unlink()
    with pytest.raises(StudioError, match=r"part-00000-00000\.parquet is missing"):
        split.read(0, 5)


def test_types_are_readable_and_labels_come_from_the_metadata() -> None:
    features = {
        "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
        "marks": {"feature": {"names": ["x"], "_type": "ClassLabel"}, "_type": "List"},
        "old": [{"names": ["x"], "_type": "ClassLabel"}],
        "pic": {"_type": "Image"},
        "deep": {"kind": {"names": ["y"], "_type": "ClassLabel"}},
    }
    fields = [
        ("text", pa.large_string()),
        ("view", pa.string_view()),
        ("label", pa.int64()),
        ("marks", pa.list_(pa.int64())),
        ("old", pa.list_(pa.int64())),
        ("pic", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("deep", pa.struct([("kind", pa.int64()), ("words", pa.list_(pa.string()))])),
        ("code", pa.dictionary(pa.int32(), pa.string())),
        ("x", pa.float64()),
        ("when", pa.timestamp("us")),
        ("vec", pa.list_(pa.float32(), 3)),
    ]
    schema = pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})
    assert column_types(schema) == {
        "text": "string",
        "view": "string",
        "label": "class_label",
        "marks": "list<class_label>",
        "old": "list<class_label>",
        "pic": "image",
        "deep": "struct<kind: class_label, words: list<string>>",
        "code": "string",
        "x": "float64",
        "when": "timestamp[us]",
        "vec": "list<float32>",
    }
    assert text_columns(schema) == ("text", "view")
    assert class_labels(schema) == {"label": ["neg", "pos"]}


@pytest.mark.parametrize("stored", [b"", b"[]", b"{}", b'{"info": 3}', b'{"info": {"features": [1]}}', b"\xff"])
def test_odd_metadata_is_ignored(stored: bytes) -> None:
    schema = pa.schema([("label", pa.int64())], {b"huggingface": stored})
    assert column_types(schema) == {"label": "int64"}
    assert class_labels(schema) == {}
