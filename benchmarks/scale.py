"""One plan by each engine beside the same in this process, and what a plan of up to 1 PB would cost, for docs/scale.md.

    python benchmarks/scale.py [--megabytes 100] [--rounds 2] [--shards 4000] [--scratch FOLDER] [--write]

Every engine gets two workers of one core and a fresh plan of the same data, and must make the same files. Engines that
are not installed are left out. `--write` puts the tables into docs/scale.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from functools import partial
from itertools import count
from typing import Any

import pyarrow as pa
from distributed import Client, LocalCluster

from benchmarks.scale_growth import growth
from benchmarks.scale_table import Constants, engines_table, sizes_table, write_tables
from benchmarks.ten_gigabytes import documents
from mistudio_core.example.dataset import sample_tokenizer
from mistudio_core.files import Home, folder_bytes
from mistudio_core.raw_write import PartWriter
from mistudio_core.tokenization.scale.places import RayExecutor, run_on
from mistudio_core.tokenization.scale.planfile import MADE, Planned, write_plan
from mistudio_core.tokenization.scale.run import merge_plan, run
from mistudio_core.tokenization.scale.worker import work
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from tests.scale.slurm_cluster import is_installed, slurm_cluster
from tests.support.planned import recipe_of, same_files, seal_dataset

WORKERS = 2
HERE = "in this process, 2 threads"
Engine = tuple[str, Callable[[Planned], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shards", type=int, default=4000, help="of the plan that is merged without encoding")
    parser.add_argument("--scratch", help="where everything goes; the system's temporary folder without it")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-", dir=arguments.scratch) as scratch:
        bench = Bench(Path(scratch), arguments.megabytes)
        seconds = bench.compared(arguments.rounds)
        (Path(scratch) / "growth").mkdir()
        constants = bench.constants(growth(Path(scratch) / "growth", arguments.shards))
    facts = f"{bench.text_bytes / 1e6:,.0f} MB of text, {os.cpu_count()} cores, {date.today()}"
    tables = [facts, engines_table(seconds, HERE), sizes_table(constants)]
    print("\n\n".join(tables))
    if arguments.write:
        write_tables(tables)


class Bench:
    """The data, and plans of it."""

    def __init__(self, scratch: Path, megabytes: int) -> None:
        self._scratch, self._numbers = scratch, count()
        self._dataset = scratch / "dataset"
        self.text_bytes, rows, schema = 0, 0, pa.schema([("text", pa.string())])
        with PartWriter(self._dataset / "raw" / "train", "0", schema) as writer:
            for batch in documents():
                writer.write(pa.table({"text": batch}, schema))
                self.text_bytes, rows = self.text_bytes + sum(len(text.encode()) for text in batch), rows + len(batch)
                if self.text_bytes >= megabytes * 1e6:
                    break
        seal_dataset(self._dataset, {"train": rows})
        self._tokenizer = open_tokenizer(sample_tokenizer(Home(scratch / "home")), name="sample")
        self._made: Path | None = None

    def plan(self) -> Planned:
        """Write one more plan of the same data."""
        folder = self._scratch / f"plan-{next(self._numbers)}"
        recipe = recipe_of(self._dataset, context_length=1024)
        facts = {"tokenization_id": "tok_abcdefghijkm", "created_at": "2026-01-02T03:04:05.000Z"}
        return write_plan(folder, self._dataset, recipe, self._tokenizer, **facts)

    def compared(self, rounds: int) -> dict[str, list[float]]:
        """Return the seconds that each engine took in each round; its files are compared with the first ones."""
        seconds: dict[str, list[float]] = {}
        for _ in range(rounds):
            with ExitStack() as stack:
                for name, act in engines(stack):
                    plan = self.plan()
                    began = time.monotonic()
                    act(plan)
                    seconds.setdefault(name, []).append(time.monotonic() - began)
                    print(f"{name}: {seconds[name][-1]:.1f} s", flush=True)
                    self._made = self._made or plan.task.folder
                    assert same_files(self._made, plan.task.folder) == [], name
        return seconds

    def constants(self, grown: dict[str, float]) -> Constants:
        """Measure what the table of sizes is computed from."""
        plan = self.plan()
        began = time.process_time()
        assert work(plan.folder, stage="encode") == 0
        encode = time.process_time() - began
        work_bytes = folder_bytes(plan.task.work)
        merge_plan(plan.folder)
        made = plan.folder / MADE
        output = sum(path.stat().st_size for path in made.glob("*.arrow"))
        block = bytes(64 << 20)
        began = time.monotonic()
        hashlib.sha256(block).digest()
        hashed = len(block) / (time.monotonic() - began)
        return Constants(
            encode_rate=self.text_bytes / encode,
            read=folder_bytes(self._dataset / "raw") / self.text_bytes,
            written=output / self.text_bytes,
            side=(work_bytes - output) / len(plan.task.plan.shards),
            hash_rate=hashed,
            merge_ms=grown["merge ms a shard"],
            manifest=grown["manifest B a shard"],
            tables=grown["tables of the plan B a shard"],
            shards=int(grown["shards"]),
        )


def engines(stack: ExitStack) -> Iterator[Engine]:
    """Yield the engines that are here, in order; what they start ends with `stack`."""
    yield HERE, lambda plan: run(plan.folder, threads=WORKERS)
    yield "two processes of the command `shard`", _ranks
    client: list[Client] = []

    def dask(plan: Planned) -> None:
        if not client:
            options = {"n_workers": WORKERS, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
            client.append(stack.enter_context(Client(stack.enter_context(LocalCluster(**options)))))
        run(plan.folder, client[0].get_executor())

    yield "Dask, with its start", dask
    yield "Dask, warm", dask
    try:
        import ray
    except ImportError:
        pass
    else:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        stack.callback(ray.shutdown)
        yield "Ray, with its start", partial(_ray, ray)
        yield "Ray, warm", partial(_ray, ray)
    if is_installed():
        cluster = stack.enter_context(slurm_cluster())
        os.environ["SLURM_CONF"] = str(cluster.configuration)
        yield "Slurm, two nodes", lambda plan: run_on(plan.folder, "slurm")


def _ray(ray: Any, plan: Planned) -> None:
    if not ray.is_initialized():
        ray.init(num_cpus=WORKERS, include_dashboard=False, _node_ip_address="127.0.0.1")
    run(plan.folder, RayExecutor("local"))


def _ranks(plan: Planned) -> None:
    command = [sys.executable, "-m", "mistudio_core", "shard", str(plan.folder), "--world", str(WORKERS), "--rank"]
    processes = [subprocess.Popen([*command, str(rank)], stdout=subprocess.DEVNULL) for rank in range(WORKERS)]
    for process in processes:
        process.wait()
    work(plan.folder)  # the last stages: both ended at one that the other had not finished
    merge_plan(plan.folder)


if __name__ == "__main__":
    main()
