"""Downloads beside `load_dataset` and `save_to_disk` from the same loopback Hub, alternating in one run.

    python benchmarks/downloads.py [--megabytes 32] [--files 1,40,200] [--latency 0,20,100] [--rate 0,20] [--rounds 2]

The Hub of the tests runs in a process of its own. `--latency` is milliseconds before each answer, `--rate` the MB/s
that all connections share (0: as fast as it goes). Ours is a whole command up to *ready*. Each way is a fresh process
with an empty cache; the processor's time of all its processes stands beside the wall time, and the requests that ours
sent before the first byte of a file, and in all.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import ctypes
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

from benchmarks.imports import PR_SET_CHILD_SUBREAPER, Used, used_by

REPO = "acme/speed"
DATASETS = """
import sys
from datasets import load_dataset
load_dataset(sys.argv[1], split="train", cache_dir=sys.argv[2]).save_to_disk(sys.argv[3])
"""


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        _serve(*map(int, sys.argv[2:]))
        return
    arguments = _arguments()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    numbers = [list(map(int, text.split(","))) for text in (arguments.files, arguments.latency, arguments.rate)]
    for files, latency, rate in product(*numbers):
        with _hub(arguments.megabytes, files, latency, rate) as (endpoint, ask):
            _compare(endpoint, ask, arguments.rounds, f"{files} files, {latency} ms, {rate or 'any'} MB/s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    for name, default in (("files", "1,40,200"), ("latency", "0,20,100"), ("rate", "0,20")):
        parser.add_argument(f"--{name}", default=default)
    return parser.parse_args()


def _compare(endpoint: str, ask: Callable[[str], str], rounds: int, title: str) -> None:
    pairs: list[dict[str, Used]] = []
    requests = ""
    for number in range(rounds):
        pair: dict[str, Used] = {}
        for name in ("ours", "datasets") if number % 2 else ("datasets", "ours"):
            with tempfile.TemporaryDirectory() as place:
                ask("clear")
                pair[name] = used_by(_command(name, Path(place)), _variables(endpoint, Path(place)))
                requests = ask("count") if name == "ours" else requests
        pairs.append(pair)
    walls = statistics.median(pair["ours"].wall / pair["datasets"].wall for pair in pairs)
    processors = statistics.median(pair["ours"].processor / pair["datasets"].processor for pair in pairs)
    ours, peer = (min(pair[name].wall for pair in pairs) for name in ("ours", "datasets"))
    print(
        f"{title:28s} ours {ours:6.2f} s, datasets {peer:6.2f} s: {walls:5.2f} x wall, {processors:5.2f} x processor;"
        f" requests {requests}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def _command(name: str, place: Path) -> list[str]:
    if name == "datasets":
        return [sys.executable, "-c", DATASETS, REPO, str(place / "cache"), str(place / "saved")]
    return [sys.executable, "-m", "mistudio_core", "--home", str(place / "home"), "download", REPO, "--json"]


def _variables(endpoint: str, place: Path) -> dict[str, str]:
    return {
        "HF_ENDPOINT": endpoint, "HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1",
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    }  # fmt: skip


@contextmanager
def _hub(*settings: int) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Serve the repository in another process; gives its address and a function to ask it for numbers."""
    command = [sys.executable, __file__, "serve", *map(str, settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        listened, told = server.stdout, server.stdin

        def ask(word: str) -> str:
            told.write(word + "\n")
            told.flush()
            return listened.readline().strip()

        yield listened.readline().strip(), ask
        told.close()


def _serve(megabytes: int, files: int, latency: int, rate: int) -> None:
    from tests.hub.faults import Bandwidth, Latency
    from tests.hub.repository import Repository
    from tests.hub.server import HubServer

    with HubServer(Repository(REPO, _contents(megabytes * 1_000_000, files))) as hub:
        if latency:
            hub.faults.add("", Latency(latency / 1000))
        if rate:
            hub.faults.add("GET", Bandwidth(rate * 1e6, shared=True))
        print(hub.endpoint, flush=True)
        for word in sys.stdin:
            if word.strip() == "clear":
                hub.log.clear()
            asked = [exchange.path for exchange in hub.log.find()]
            first = next((at for at, path in enumerate(asked) if "train-" in path), len(asked))
            print(f"{first} before the first file, {len(asked)} in all", flush=True)


def _contents(size: int, files: int) -> dict[str, bytes | str]:
    from benchmarks.imports import write

    with tempfile.TemporaryDirectory() as place:
        found: dict[str, bytes | str] = {}
        whole = Path(place) / "data.jsonl"
        write(whole, size)
        lines = whole.read_bytes().splitlines(keepends=True)
        for number in range(files):
            share = lines[number * len(lines) // files : (number + 1) * len(lines) // files]
            found[f"train-{number:05}-of-{files:05}.jsonl"] = b"".join(share)
    return found


if __name__ == "__main__":
    main()
