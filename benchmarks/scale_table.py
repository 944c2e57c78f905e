"""The tables of docs/scale.md: engines beside each other, and sizes up to 1 PB computed from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- measured by benchmarks/scale.py -->", "<!-- end -->"
SHARD: Final = 64 << 20
TASK: Final = 32
SIZES: Final = {"100 GB": 10**11, "1 TB": 10**12, "1 PB": 10**15}


@dataclass(frozen=True)
class Constants:
    """What was measured: rates in bytes a second, shares of the bytes of text, bytes a shard."""

    encode_rate: float
    read: float
    written: float
    side: float
    hash_rate: float
    merge_ms: float
    manifest: float
    tables: float
    shards: int


def engines_table(seconds: Mapping[str, Sequence[float]], base: str) -> str:
    """Return the engines with their seconds, and the median of the ratios formed within each round."""
    lines = ["| engine | seconds | to the first |", "|---|---|---|"]
    for name, taken in seconds.items():
        ratios = [one / first for one, first in zip(taken, seconds[base], strict=True)]
        lines.append(f"| {name} | {', '.join(f'{one:.1f}' for one in taken)} | {median(ratios):.2f} × |")
    return "\n".join(lines)


def sizes_table(known: Constants) -> str:
    """Return what texts of several sizes come to, and the constants below."""
    rows: dict[str, list[str]] = {}

    def add(name: str, value: str) -> None:
        rows.setdefault(name, []).append(value)

    for size in SIZES.values():
        shards = -(-size // SHARD)
        seconds = size / known.encode_rate
        add("shards of 64 MiB", f"{shards:,}")
        add("tasks of 32 shards", f"{-(-shards // TASK):,}")
        add("hours of one core to encode", f"{seconds / 3600:,.1f}")
        add("time on 64 cores", _time(seconds / 64))
        add("time on 1,024 cores", _time(seconds / 1024))
        add("read, as zstd Parquet", _bytes(size * known.read))
        add("written", _bytes(size * known.written))
        add("side files and receipts until the merge", _bytes(shards * known.side))
        add("tables of the plan", _bytes(shards * known.tables))
        add("manifest.json", _bytes(shards * known.manifest))
        add("merge: receipts, one core", _time(shards * known.merge_ms / 1000))
        add("merge: checksums, one core", _time(size * known.written / known.hash_rate))
    lines = [f"| text | {' | '.join(SIZES)} |", f"|---|{'---|' * len(SIZES)}"]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]
    told = (
        f"Constants: {known.encode_rate / 1e6:.1f} MB of text a second and core, {known.read:.2f} bytes read and "
        f"{known.written:.2f} written for each of text, {known.side / 1e3:,.0f} kB of side files a shard, checksums at "
        f"{known.hash_rate / 1e6:,.0f} MB/s; with {known.shards:,} shards {known.merge_ms:.1f} ms a shard to merge"
        f", {known.manifest:.0f} bytes a shard in the manifest, "
        f"{known.tables:.0f} in the plan."
    )
    return "\n".join([*lines, "", told])


def write_tables(tables: Sequence[str]) -> None:
    """Put the tables between the marks of the page."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    PAGE.write_text(before + "\n\n".join([BEGIN, *tables, END]) + rest.split(END)[1], "utf-8")


def _time(seconds: float) -> str:
    for name, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {name}"
    return f"{seconds:,.0f} s"


def _bytes(count: float) -> str:
    for name, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {name}"
    return f"{count:.0f} B"
