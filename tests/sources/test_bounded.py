"""Files that hold any amount in a few bytes are read in bounded memory: with success, or refused by row or element."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources import json_array, line_guard
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.wider import WiderError

MB = 1 << 20
LINE = b"some words in a line that goes on until it ends\n"
ELEMENT = b'  {\n    "id": 1,\n    "text": "some words [of, {text"\n  },\n'


def read(path: Path, options: dict[str, Any] | None = None, learned: Any = None) -> list[dict[str, Any]]:
    module = {"csv": "csv", "json": "json"}[path.name.split(".")[1]]
    packing = "gz" if path.suffix == ".gz" else None
    reader = TableReader(module, options or {}, None, cache=path.parent / "cache", learned=learned)
    try:
        tables = list(reader.read(local(path, path.name, packing), path.name))
    except WiderError as error:
        return read(path, options, error.features.to_dict())
    return [row for table in tables for row in table.to_pylist()]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limits: an array is long that has more than a kilobyte, and an element that has more than 64."""
    monkeypatch.setattr(line_guard, "MAX_LINE_BYTES", 1 << 16)
    monkeypatch.setattr(json_array, "SHORT_BYTES", 1 << 10)


@pytest.fixture
def short_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limit of a row to a megabyte, of which pandas reads a quarter ahead."""
    monkeypatch.setattr(line_guard, "MAX_LINE_BYTES", MB)


@pytest.mark.usefixtures("short_rows")
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("rows", [[], ["x"] * 12_000, ["x", "y", "x" * 50_000] * 30], ids=["first", "many", "long"])
def test_a_quote_without_end_is_refused_by_its_row(tmp_path: Path, rows: list[str], ending: str) -> None:
    good = "id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(rows))
    content = (good + '1,"a row of ""quotes""\n').encode() + LINE * 30_000
    path = tmp_path / f"a.csv{ending}"
    path.write_bytes(zlib.compress(content, wbits=31) if ending else content)
    readers: list[dict[str, Any]] = [{}, {"quotechar": '"'}]  # the second is that of `datasets`
    for options in readers[: 1 if len(rows) > 1000 else 2]:
        with pytest.raises(StudioError, match=r"A row of a\.csv") as caught:
            read(path, options)
        assert caught.value.code == "too_large"
        assert "more than 1 MB" in caught.value.message
        assert f"row {len(rows):,} (from 0)" in caught.value.message
        assert options or f"line {len(rows) + 2:,}" in caught.value.message
        assert "never closed" in caught.value.hint


@pytest.mark.usefixtures("short_rows")
def test_long_rows_are_read_in_fewer_at_a_time(tmp_path: Path) -> None:
    """Short rows, long ones, and short ones again, which together are more than the limit."""
    texts = ["short"] * 10_050 + ["lines\nof text " * 4000] * 60 + ["", '"short"'] * 6000
    cells = [text.replace('"', '""') for text in texts]
    path = tmp_path / "a.csv"
    path.write_text("id,text\n" + "".join(f'{at},"{cell}"\n' for at, cell in enumerate(cells)))
    assert read(path, {"keep_default_na": False}) == [{"id": at, "text": text} for at, text in enumerate(texts)]


def test_many_cells_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a," * MB + b"z\n" + b"1," * MB + b"2\n")
    with pytest.raises(StudioError, match="more than 1,000 cells") as caught:
        read(path)
    assert caught.value.code == "too_large"


VALUES = ["", 'x"[]{},\\', "\\", '\\"', "é,\n", 1.5, -3, True, None, [1, [2, "],["]], {"b": '"', "c": [{}]}]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(40))
def test_an_array_in_lines_is_that_array(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr("mistudio_core.sources.converted_stream._BLOCK_BYTES", draw.choice([7, 64, 1 << 18]))
    column = draw.choice([VALUES[:5], [1, 2.5, None], [[], [1]], VALUES])
    samples = [{"id": at, "text": draw.choice(column)} for at in range(draw.choice([40, 200]))]
    if draw.random() < 0.3:
        samples += [{"id": 1, "text": draw.choice(column), "late": "a key of its own"}]
    path = tmp_path / "a.json"
    content = json.dumps(samples, indent=draw.choice([None, 0, 3]), ensure_ascii=draw.random() < 0.5)
    path.write_text(draw.choice(["", "\ufeff", " \n"]) + content + draw.choice(["", "\n \n"]))
    lines = read(path)
    monkeypatch.setattr(json_array, "SHORT_BYTES", MB)
    assert lines == read(path)
    assert len(lines) == len(samples)


@pytest.mark.usefixtures("small")
def test_an_array_of_texts_in_lines(tmp_path: Path) -> None:
    texts = ['x, "y"', "", "[z]", "line\nline", "é"] * 100
    path = tmp_path / "a.json"
    path.write_text(json.dumps(texts, indent=1))
    assert read(path) == [{"text": text} for text in texts]


GOOD = b'{"a": "x"}, ' * 200
REFUSED = {
    "no end": (b"[" + GOOD + b'{"a": "x"}', "no end"),
    "end within a text": (b"[" + GOOD + b'{"a": "', "no end"),
    "comma at the end": (b"[" + GOOD + b"]", "last comma"),
    "two commas": (b"[" + GOOD + b" , " + GOOD + b"1]", "two commas"),
    "comma first": (b"[ ," + GOOD + b'{"a": "x"}]', "two commas"),
    "more behind": (b"[" + GOOD + b'{"a": "x"}] x', "something follows"),
    "two arrays": (b"[" + GOOD + b'{"a": "x"}]\n[' + GOOD + b"1]", "something follows"),
    "a text of two lines": (b"[" + GOOD + b'{"a": "x\ny"}]', "line break"),
    "a word": (b"[" + GOOD + b'{"a": word}]', "row 200"),
    "a long element": (b"[" + GOOD + b'{"a": "' + b"x" * 70_000 + b'"}]', "element 200"),
    "a long list": (b"[" + GOOD + b'{"a": [' + b'"x",' * 20_000 + b'"x"]}]', "element 200"),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_array_is_refused_by_its_element(tmp_path: Path, case: str) -> None:
    content, words = REFUSED[case]
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=r"a\.json") as caught:
        read(path)
    assert caught.value.code == ("too_large" if "long" in case else "corrupt_data")
    assert words in caught.value.message


SIZE = 60 * MB
PEAK_MB = 300
"""Above that of the imports alone. Read in one piece, each file would take several times its 60 MB."""
HUGE: dict[str, Iterable[bytes]] = {
    "quote.csv.gz": chain([b'id,text\n1,"'], repeat(LINE * 10_000, SIZE // len(LINE) // 10_000)),
    "pretty.json.gz": chain([b"[\n"], repeat(ELEMENT * 10_000, SIZE // len(ELEMENT) // 10_000), [b"{}\n]\n"]),
    "element.json.gz": chain([b'[\n{"text": ['], repeat(b'\n "words",' * 10_000, SIZE // 110_000), [b'"x"]}\n]\n']),
    "text.json.gz": chain([b'[\n{"text": "'], repeat(b"words " * 10_000, SIZE // 60_000), [b'"}\n]\n']),
    "object.json.gz": chain([b'{\n"a": ['], repeat(b'\n "words",' * 10_000, SIZE // 110_000), [b'"x"]}\n']),
}
MEASURED = """
import sys
from pathlib import Path
from mistudio_core.sources import json_array, line_guard, places
from tests.sources.test_bounded import StudioError, peak_mb, read_count
import datasets, pandas
places._REPARSED_BYTES = 4 << 20
line_guard.MAX_LINE_BYTES, json_array.SHORT_BYTES = 4 << 20, 2 << 20
before = peak_mb()
for path in sys.argv[1:]:
    try:
        print(read_count(Path(path)))
    except StudioError as error:
        print(error.code)
print(peak_mb() - before)
"""


def peak_mb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def read_count(path: Path) -> int:
    reader = TableReader(path.name.split(".")[1], {}, None, cache=path.parent / "cache")
    return sum(table.num_rows for table in reader.read(local(path, path.name, "gz"), path.name))


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packing = zlib.compressobj(1, wbits=31)
    yield from map(packing.compress, pieces)
    yield packing.flush()


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_memory_is_flat(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in HUGE]
    for path in paths:
        path.write_bytes(b"".join(packed(HUGE[path.name])))
        assert path.stat().st_size < 2 * MB
    command = [sys.executable, "-c", MEASURED, *map(str, paths)]
    *outcomes, grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    rows = SIZE // len(ELEMENT) // 10_000 * 10_000 + 1
    assert outcomes == ["too_large", str(rows), "too_large", "too_large", "corrupt_data"]
    assert int(grown) < PEAK_MB
