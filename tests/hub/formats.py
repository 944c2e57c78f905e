"""Repositories in every format and shape of column that `datasets` reads; each function returns a new one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from tests.hub.repositories import card
from tests.hub.repository import Files, Repository
from tests.hub.rows import (
    PACKINGS,
    Row,
    arrow_file,
    arrow_stream,
    json_array,
    jsonl,
    lines,
    parquet,
    parquet_without_rows,
    rows,
    sentences,
    separated,
    table,
)

TRAIN_ROWS = 60
TEST_ROWS = 10

ENCODERS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "parquet": parquet,
    "arrow": arrow_stream,
    "json": json_array,
    "jsonl": jsonl,
    "csv": separated,
    "tsv": lambda data: separated(data, "\t"),
    "txt": lines,
}
"""The formats by the ending of their files; `txt` keeps the texts only."""
TEXT_ENDINGS = ("json", "jsonl", "csv", "tsv", "txt")
"""The formats that may be packed; `datasets` reads Parquet and Arrow plain only."""


def of_format(ending: str, packing: str = "") -> Repository:
    """Return `acme/<ending>[-<packing>]`: a train file of 60 rows and a test file of 10, packed if asked (".gz").

    The rows are `rows(60, seed=1)` and `rows(10, seed=2)`.
    """
    encode, pack = ENCODERS[ending], PACKINGS[packing]
    name = f"acme/{ending}{packing.replace('.', '-')}"
    files: Files = {
        "README.md": card(),
        f"train.{ending}{packing}": pack(encode(rows(TRAIN_ROWS, seed=1))),
        f"test.{ending}{packing}": pack(encode(rows(TEST_ROWS, seed=2))),
    }
    return Repository(name, files)


def every_format() -> list[Repository]:
    """Return a repository for each format, and for each way to pack those of text."""
    packed = [(ending, packing) for ending in TEXT_ENDINGS for packing in PACKINGS if packing]
    return [of_format(ending) for ending in ENCODERS] + [of_format(ending, packing) for ending, packing in packed]


def arrow_with_footer() -> Repository:
    """Return `acme/arrow-file`: Arrow IPC with a footer, where `of_format("arrow")` has the stream form."""
    return Repository("acme/arrow-file", {"README.md": card(), "train.arrow": arrow_file(rows(TRAIN_ROWS, seed=1))})


AWKWARD_TEXTS = (
    'She said "no", twice.',
    "two\nlines, one cell",
    "three\r\nlines\n\nand an empty one",
    "  spaces around  ",
    "commas, semicolons; and\ttabs",
    "''",
    '"quoted"',
    "NaN",
    "3.14",
    "- a list?",
)


def quoted_csv() -> Repository:
    """Return `acme/quoted-csv`: cells with quotes, commas, newlines and words that look like numbers."""
    data = [{"id": number, "text": text} for number, text in enumerate(AWKWARD_TEXTS)]
    return Repository("acme/quoted-csv", {"README.md": card(), "train.csv": separated(data)})


SEMICOLONS = """configs:
- config_name: default
  sep: ;
  data_files:
  - split: train
    path: values.csv
"""


def csv_by_card() -> Repository:
    """Return `acme/csv-by-card`: the card says that semicolons separate the cells."""
    return Repository("acme/csv-by-card", {"README.md": card(SEMICOLONS), "values.csv": separated(rows(12), ";")})


LABELS = ("neutral", "glad", "sad")
LABEL_FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": list(LABELS), "_type": "ClassLabel"},
}


def nested() -> Repository:
    """Return `acme/nested`: 24 rows with structs, lists, lists of structs, bytes, nulls, times and a ClassLabel."""
    data = [
        {
            "text": None if number % 5 == 4 else text,
            "label": number % 3,
            "meta": {"language": "en", "score": number / 10, "source": None if number % 2 else "a book"},
            "tags": [f"tag{n}" for n in range(number % 4)],
            "turns": [{"role": "user", "content": text}, {"role": "assistant", "content": text.upper()}],
            "raw": bytes([0, 255, number]),
            "seen": datetime(2024, 1, 1 + number, tzinfo=UTC),
            "keep": number % 2 == 0,
            "nothing": None,
        }
        for number, text in enumerate(sentences(24, seed=3))
    ]
    made = table(data)
    made = made.set_column(made.schema.get_field_index("nothing"), "nothing", pa.nulls(24, pa.string()))
    return Repository("acme/nested", {"README.md": card(), "train.parquet": parquet(made)})


def class_label() -> Repository:
    """Return `acme/labelled`: a `label` column whose names stand in the Parquet metadata, as `datasets` writes it."""
    made = table([{"text": text, "label": number % 3} for number, text in enumerate(sentences(30, seed=4))])
    metadata = {"huggingface": json.dumps({"info": {"features": LABEL_FEATURES}})}
    files: Files = {"README.md": card(), "train.parquet": parquet(made.replace_schema_metadata(metadata))}
    return Repository("acme/labelled", files)


CARD_LABELS = """dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': neutral
          '1': glad
          '2': sad
"""


def class_label_by_card() -> Repository:
    """Return `acme/labelled-by-card`: jsonl with whole numbers that the card calls a ClassLabel."""
    data = [{"text": text, "label": number % 3} for number, text in enumerate(sentences(30, seed=4))]
    return Repository("acme/labelled-by-card", {"README.md": card(CARD_LABELS), "train.jsonl": jsonl(data)})


def empty_split(*, empty_group: bool = False) -> Repository:
    """Return `acme/empty-split`: 20 rows in train, none in test: no row group, or one with no rows."""
    schema = table(rows(1)).schema
    files: Files = {
        "README.md": card(),
        "train.parquet": parquet(rows(20)),
        "test.parquet": parquet_without_rows(schema, empty_group=empty_group),
    }
    return Repository("acme/empty-split", files)


HOSTILE_TEXTS = (
    "nul \x00 inside",
    "bell \x07 and escape \x1b[31mred\x1b[0m",
    "right \u202eto left\u202c and back",
    "zero\u200bwidth\u200djoiner\ufeff",
    "line\u2028and paragraph\u2029separators, next\x85line",
    "family 👨‍👩‍👧‍👦 and flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "combining Z\u0351\u036b\u0343a\u0328\u0301lgo",
    "東京は今日も雨だ。",
    "السلام عليكم ورحمة الله",
    "ไม่มีช่องว่างระหว่างคำ",
    "<script>alert(1)</script> [link](javascript:alert(1)) $\\LaTeX$",
    "'; DROP TABLE samples; --",
    "=HYPERLINK(1)",
    "   ",
    "",
)
HOSTILE_COLUMN = 'naïve "quoted"; column'
HOSTILE_PATHS = """configs:
- config_name: default
  data_files:
  - split: train
    path: "données/été 50% #1.jsonl"
"""


def hostile_unicode() -> Repository:
    """Return `acme/hostile-unicode`: texts, a column and a file name that break careless code."""
    data = [{"text": text, HOSTILE_COLUMN: text[::-1]} for text in HOSTILE_TEXTS]
    return Repository(
        "acme/hostile-unicode", {"README.md": card(HOSTILE_PATHS), "données/été 50% #1.jsonl": jsonl(data)}
    )


def many_shards(count: int = 40) -> Repository:
    """Return `acme/many-shards`: 40 Parquet files of 5 rows each."""
    files: Files = {"README.md": card()}
    for number in range(count):
        files[f"data/train-{number:05}-of-{count:05}.parquet"] = parquet(rows(5, seed=number))
    return Repository("acme/many-shards", files)


def integers_only() -> Repository:
    """Return `acme/integers-only`: no text column at all."""
    data = [{"x": number, "y": number * number} for number in range(40)]
    return Repository("acme/integers-only", {"README.md": card(), "train.parquet": parquet(data)})


def other_names() -> Repository:
    """Return `acme/other-names`: texts under `title` and `body`, none under `text`."""
    data = [{"title": text[:12], "body": text, "score": number} for number, text in enumerate(sentences(40, seed=6))]
    return Repository("acme/other-names", {"README.md": card(), "train.parquet": parquet(data)})


def string_types() -> Repository:
    """Return `acme/string-types`: `text` as large_string and `language` as a dictionary of strings."""
    texts = sentences(40, seed=7)
    made = pa.table(
        {
            "text": pa.array(texts, pa.large_string()),
            "language": pa.array(["en", "de"] * 20).dictionary_encode(),
        }
    )
    return Repository("acme/string-types", {"README.md": card(), "train.parquet": parquet(made)})
