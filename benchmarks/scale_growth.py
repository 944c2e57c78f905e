"""What a plan of many shards costs besides encoding: status, start of a worker, merge; seconds and memory.

    python benchmarks/scale_growth.py [--shards 100000] [--scratch FOLDER]

The samples of all shards are alike. The first shard is encoded, and the others get its files as links and receipts of
their own: what the merge reads and checks is all there, and nothing had to be encoded for it.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.checksums import SEAL
from mistudio_core.example.dataset import sample_tokenizer
from mistudio_core.files import Home, read_json
from mistudio_core.tokenization.pipeline.receipts import FileSum, write_receipt
from mistudio_core.tokenization.scale.planfile import Planned, open_plan, write_plan
from mistudio_core.tokenization.scale.run import merge_plan
from mistudio_core.tokenization.scale.status import status
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from tests.support.planned import recipe_of, seal_dataset

SAMPLES = 10
"""Samples of a shard."""
GROUPS = 2000
"""Shards in a file of samples, each a row group of it."""
LINKS = 50_000
"""Names of one file: file systems allow 65,000."""
TEXT = "Once upon a time there was a small fox that lived beside a river."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=100_000)
    parser.add_argument("--scratch", help="where the plan goes; the system's temporary folder without it")
    parser.add_argument("--merge", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.merge:
        print(json.dumps(_timed_merge(arguments.merge)))
        return
    with tempfile.TemporaryDirectory(prefix="growth-", dir=arguments.scratch) as scratch:
        for name, value in growth(Path(scratch), arguments.shards).items():
            print(f"{name:32} {value:12,.2f}")


def growth(scratch: Path, shards: int) -> dict[str, float]:
    """Make a plan of so many shards in a folder and return what it costs, by name and unit."""
    began = time.monotonic()
    plan = _plan(scratch, shards)
    planned = time.monotonic()
    assert len(plan.task.plan.shards) == shards
    _stand_in(plan)
    found = {"shards": float(shards), "plan s": planned - began, "stand-in for encoding s": time.monotonic() - planned}
    began = time.monotonic()
    told = status(plan.folder)
    found["status s"] = time.monotonic() - began
    began, cpu = time.monotonic(), time.process_time()
    open_plan(plan.folder)
    found |= {"open s": time.monotonic() - began, "open s of processor": time.process_time() - cpu}
    assert (told["stage"], told["done"]) == ("encode", shards)
    began = time.monotonic()
    _call("-m", "mistudio_core", "shard", str(plan.folder), "--stage", "encode", "--rank", "0", "--world", str(shards))
    found["worker that finds its shard done s"] = time.monotonic() - began
    merged = json.loads(_call(__file__, "--merge", str(plan.folder)))
    found |= {"merge s": merged["seconds"], "merge ms a shard": merged["seconds"] * 1000 / shards}
    found |= {"merge ms of processor a shard": merged["cpu"] * 1000 / shards}
    found |= {"merge peak MB": merged["peak_bytes"] / 1e6, "manifest B a shard": merged["manifest_bytes"] / shards}
    tables = sum((plan.folder / f"{name}.parquet").stat().st_size for name in ("files", "groups", "shards"))
    return found | {"tables of the plan B a shard": tables / shards}


def _plan(scratch: Path, shards: int) -> Planned:
    raw = scratch / "dataset" / "raw" / "train"
    raw.mkdir(parents=True)
    for number, first in enumerate(range(0, shards, GROUPS)):
        count = min(GROUPS, shards - first) * SAMPLES
        table = pa.table({"text": [TEXT] * count})
        pq.write_table(table, raw / f"part-{number:05d}.parquet", row_group_size=SAMPLES, compression="zstd")
    seal_dataset(scratch / "dataset", {"train": shards * SAMPLES})
    tokenizer = open_tokenizer(sample_tokenizer(Home(scratch / "home")), name="sample")
    return write_plan(
        scratch / "plan", scratch / "dataset", recipe_of(scratch / "dataset", context_length=16), tokenizer,
        tokenization_id="tok_abcdefghijkm", created_at="2026-01-02T03:04:05.000Z", shard_bytes=1,
    )  # fmt: skip


def _stand_in(plan: Planned) -> None:
    """Encode the first shard and give its result to all others."""
    steps = plan.steps()
    steps.begin("encode")
    steps.run("encode", 0)
    task = plan.task
    first: dict[str, Any] = read_json(task.part(0, "json"))  # type: ignore[assignment]
    files, packed = first.pop("files"), first.pop("packed")
    del first[SEAL]
    for shard in task.plan.shards[1:]:
        named = []
        for file in files:
            suffix = file["file"].rpartition(".")[2]
            target = task.part(shard.index, suffix)
            if shard.index % LINKS == 0:
                shutil.copyfile(task.work / file["file"], target)
            else:
                os.link(task.part(shard.index // LINKS * LINKS, suffix), target)
            named.append(FileSum(**file | {"file": target.name}))
        written = packed["written"] | {"file": task.part(shard.index, "arrow").name}
        content = first | {"index": shard.index, "packed": packed | {"written": written}}
        write_receipt(task.part(shard.index, "json"), content, named, durable=False)


def _timed_merge(folder: Path) -> dict[str, float]:
    open_plan(folder)
    began, cpu = time.monotonic(), time.process_time()
    merge_plan(folder)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    told = Path("/proc/self/status").read_text()  # what `getrusage` says begins with the memory of who started this
    peak = next(int(line.split()[1]) << 10 for line in told.splitlines() if line.startswith("VmHWM"))
    manifest = folder / "tokenization" / "manifest.json"
    return {"seconds": seconds, "cpu": cpu, "peak_bytes": peak, "manifest_bytes": manifest.stat().st_size}


def _call(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


if __name__ == "__main__":
    main()
