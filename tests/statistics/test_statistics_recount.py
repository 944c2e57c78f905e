"""Every figure of a dataset's statistics.json, counted again in plain Python over a hostile little dataset."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import regex

from mistudio_core.statistics.dataset import dataset_statistics
from mistudio_core.statistics.distributions import PERCENTILES
from mistudio_core.unicode import UNICODE_VERSION
from tests.support.corpora import write_dataset
from tests.support.slow_statistics import percentile, summary

LABELS = ["no", "yes", "unused"]
TEXTS = [
    None, "", " \t", "a b", "a b", "a b", "é\u0301 語語", "\U00010d50\u0378", "x\u00a0y\u2003z", "\x00", "\u200b",
    "ß" * 40, "the end " * 30, None, "", "🙂🙂", "\ufeffa", "a\x1cb", "İı", "𝔸", "Ⅷ9",
]  # fmt: skip
COUNT = len(TEXTS)
FLOATS = [math.nan, None, math.inf, -math.inf, -0.0, 0.0, 5e-324, 1.5, -2.5, 1e300, 0.1, 0.1]
INTEGERS = [2**63 - 1, -(2**63), None, 0, 7, 7, 2**53 + 1]
DAYS = [-(2**31), 2**31 - 1, None, 0, 20_000]
MOMENTS = [-(2**62), 2**62, None, 0, 1, -1]


def cycled(values: Sequence[Any]) -> list[Any]:
    return [values[place % len(values)] for place in range(COUNT)]


VALUES: dict[str, list[Any]] = {
    "text": TEXTS,
    "moment": cycled(["2026-01-02", "2026-01-02T03:04:05Z", None, "1969-12-31T23:59:59.999999"]),
    "kind": cycled(["null", "nan", "", "a"]),
    "f": cycled(FLOATS),
    "i": cycled(INTEGERS),
    "flag": cycled([True, None, False, True]),
    "label": cycled([0, 1, -1, None, 7]),
    "day": cycled(DAYS),
    "when": cycled(MOMENTS),
    "tags": cycled([["a", None], [], None, ["b"] * 70]),
    "bytes": cycled([b"", b"\xff" * 9, None]),
    "object": cycled([{"a": 1}, None, {"a": None}]),
}
KINDS = {
    "text": pa.string(), "moment": pa.string(), "kind": pa.string(), "f": pa.float64(), "i": pa.int64(),
    "flag": pa.bool_(), "label": pa.int64(), "day": pa.int32(), "when": pa.int64(), "tags": pa.list_(pa.string()),
    "bytes": pa.binary(), "object": pa.struct([("a", pa.int64())]),
}  # fmt: skip


def table() -> pa.Table:
    arrays = {name: pa.array(values, KINDS[name]) for name, values in VALUES.items()}
    arrays["day"], arrays["when"] = arrays["day"].cast(pa.date32()), arrays["when"].cast(pa.timestamp("us", "UTC"))
    features = {"label": {"_type": "ClassLabel", "names": LABELS}}
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return pa.table(arrays).replace_schema_metadata(metadata)


def lengths(values: Sequence[int]) -> dict[str, Any]:
    width = next(
        step * 10**power for power in range(9) for step in (1, 2, 5) if step * 10**power * 50 >= max(values) + 1
    )
    linear = [
        {"first": first, "last": first + width - 1, "count": sum(first <= value < first + width for value in values)}
        for first in range(0, max(values) + 1, width)
    ]
    starts = sorted({*range(9), *(int(2 ** (Fraction(quarter, 4))) for quarter in range(12, 60))})
    bins = [(first, after - 1) for first, after in pairwise(starts)]
    kept = [pair for pair in bins if pair[1] >= min(values) and pair[0] <= max(values)]
    log = [
        {"first": first, "last": last, "count": sum(first <= value <= last for value in values)} for first, last in kept
    ]
    return summary(values, PERCENTILES, floats=False) | {"linear": linear, "log": log}


def whole_bins(values: Sequence[int]) -> list[dict[str, Any]]:
    least, greatest = min(values), max(values)
    width = -(-(greatest - least + 1) // 10)
    firsts = range(least, greatest + 1, width)
    return [
        {
            "first": first,
            "last": min(first + width - 1, greatest),
            "count": sum(first <= value < first + width for value in values),
        }
        for first in firsts
    ]


def moments(values: Sequence[int], unit: str, seconds: Fraction, end: str) -> dict[str, Any]:
    def text(value: Fraction | int | None) -> str:
        assert value is not None
        return str(np.datetime64(int(value // 1), unit)) + end

    facts = summary(values, PERCENTILES, floats=False)
    return {
        "count": len(values),
        "min": text(min(values)),
        "max": text(max(values)),
        "mean": text(Fraction(sum(values), len(values))),
        "std_seconds": facts["std"] * float(seconds),
        "median": text(percentile(values, 50)),
        "percentiles": {str(percent): text(percentile(values, percent)) for percent in PERCENTILES},
        "exact": True,
        "relative_error": 0.0,
        "histogram": [
            row | {"first": text(row["first"]), "last": text(row["last"])} for row in whole_bins(values)
        ],
    }  # fmt: skip


def text_column(splits: dict[str, list[str | None]], *, role: str, labels: bool) -> dict[str, Any]:
    texts = [text for part in splits.values() for text in part]
    present = [text for text in texts if text is not None]
    letters = regex.findall(r"\p{L}", "".join(present))
    unknown = sum(character == "\u0378" for character in "".join(present))
    scripts = Counter(next(name for name in SCRIPTS if regex.match(rf"\p{{Script={name}}}", sign)) for sign in letters)
    scripts["Other"] = unknown
    total = len(letters) + unknown
    counts = Counter(present)
    return {
        "kind": "text",
        "role": role,
        "nulls": texts.count(None),
        "empties": texts.count(""),
        "blanks": sum(text != "" and not text.split() for text in present),
        "characters": lengths([len(text) for text in present]),
        "bytes": lengths([len(text.encode()) for text in present]),
        "words": lengths([len(text.split()) for text in present]),
        "duplicates": {
            "distinct": len(counts),
            "copies": len(present) - len(counts),
            "share": (len(present) - len(counts)) / len(present),
            "texts_with_copies": sum(count > 1 for count in counts.values()),
            "largest_group": max(counts.values()),
            "exact": True,
            "standard_error": 0.0,
        },
        "scripts": {
            "unicode": UNICODE_VERSION,
            "letters": total,
            "scripts": [
                {"script": name, "letters": count, "share": count / total}
                for name, count in sorted(scripts.items(), key=lambda item: (-item[1], item[0]))
                if count
            ],
        },
        "values": [
            {"value": text, "count": count, "share": count / len(present)}
            for text, count in sorted(counts.items(), key=lambda item: (-item[1], item[0].encode()))
        ]
        if labels
        else None,
        "datetime": None,
        "splits": {name: sums(part) for name, part in sorted(splits.items())},
    }


SCRIPTS = ("Latin", "Han", "Garay", "Common")


def sums(texts: list[str | None]) -> dict[str, int]:
    present = [text for text in texts if text is not None]
    return {
        "samples": len(texts),
        "nulls": texts.count(None),
        "empties": texts.count(""),
        "characters": sum(map(len, present)),
        "bytes": sum(len(text.encode()) for text in present),
        "words": sum(len(text.split()) for text in present),
    }


def float_bins(values: list[float]) -> list[dict[str, Any]]:
    least, greatest = min(values), max(values)
    steps = [step / 10 for step in range(11)]
    edges = [min(max(least * (1 - step) + greatest * step, least), greatest) for step in steps]
    inner = edges[:-2]
    found = [
        {"first": first, "last": last, "count": sum(first <= value < last for value in values)}
        for first, last in zip(inner, edges[1:-1], strict=True)
    ]
    return [*found, {"first": edges[-2], "last": edges[-1], "count": sum(value >= edges[-2] for value in values)}]


def expected() -> dict[str, dict[str, Any]]:
    kept = {name: [value for value in values * 2 if value is not None] for name, values in VALUES.items()}
    nulls = {name: {"nulls": 2 * values.count(None)} for name, values in VALUES.items()}
    finite = [value for value in kept["f"] if math.isfinite(value)]
    micro = Fraction(1, 10**6)
    written = {"2026-01-02": 1767312000, "2026-01-02T03:04:05Z": 1767323045, "1969-12-31T23:59:59.999999": -micro}
    parsed = [int(Fraction(written[text]) / micro) for text in kept["moment"]]
    flags, labels = kept["flag"], kept["label"]
    texts = {name: {"train": VALUES[name], "test": VALUES[name]} for name in ("text", "moment", "kind")}
    integers = Counter(kept["i"])
    return {
        "text": text_column(texts["text"], role="string_text", labels=False),
        "moment": text_column(texts["moment"], role="datetime", labels=True)
        | {"datetime": moments(parsed, "us", micro, "")},
        "kind": text_column(texts["kind"], role="string_label", labels=True),
        "f": nulls["f"] | summary(finite, PERCENTILES, floats=True) | {
            "kind": "float", "nans": sum(map(math.isnan, kept["f"])), "infinities": kept["f"].count(math.inf),
            "negative_infinities": kept["f"].count(-math.inf), "histogram": float_bins(finite),
        },
        "i": nulls["i"] | summary(kept["i"], PERCENTILES, floats=False) | {
            "kind": "integer", "unit": None, "histogram": whole_bins(kept["i"]),
            "values": [{"value": value, "count": integers[value]} for value in sorted(integers)],
        },
        "flag": nulls["flag"] | {"kind": "boolean", "values": [
            {"value": name, "count": flags.count(value), "share": flags.count(value) / len(flags)}
            for name, value in (("true", True), ("false", False))
        ]},
        "label": nulls["label"] | {"kind": "class_label", "unlabelled": labels.count(-1), "values": [
            {"value": name, "count": labels.count(number), "share": labels.count(number) / len(labels)}
            for number, name in enumerate(LABELS)
        ], "out_of_range": labels.count(7)},
        "day": nulls["day"] | {"kind": "datetime"} | moments(kept["day"], "D", Fraction(86_400), ""),
        "when": nulls["when"] | {"kind": "datetime"} | moments(kept["when"], "us", micro, "Z"),
        "tags": nulls["tags"] | {"kind": "list", "lengths": lengths([len(item) for item in kept["tags"]])},
        "bytes": nulls["bytes"] | {"kind": "binary", "lengths": lengths([len(item) for item in kept["bytes"]])},
        "object": nulls["object"] | {"kind": "other"},
    }  # fmt: skip


def test_every_figure_is_a_plain_recount(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": table(), "test": table(), "none": table().slice(0, 0)})
    found = json.loads(json.dumps(dataset_statistics(tmp_path), allow_nan=False))
    columns = {column.pop("name"): column for column in found.pop("columns")}
    assert found == {
        "version": 1,
        "kind": "dataset",
        "samples": 2 * COUNT,
        "splits": {
            "none": {"samples": 0, "share": 0.0},
            "test": {"samples": COUNT, "share": 0.5},
            "train": {"samples": COUNT, "share": 0.5},
        },
    }
    wanted = expected()
    assert list(columns) == list(wanted)
    for name, column in columns.items():
        assert column.pop("type")
        if "splits" in column:
            assert column["splits"].pop("none") == sums([])
        for field in column.keys() | wanted[name].keys():
            assert column.get(field, "missing") == wanted[name].get(field, "missing"), (name, field)
