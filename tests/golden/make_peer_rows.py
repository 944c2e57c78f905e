"""Ask SAELens, TransformerLens and sparsify for the rows of every golden case, and keep what they say as hashes.

Run it from the root of the project where the named ones are installed, when a new version is to be followed; what is
known of the others stays. (The newest SAELens and the newest TransformerLens cannot be installed together.)

    python -m tests.golden.make_peer_rows saelens sparsify
    python -m tests.golden.make_peer_rows transformer_lens
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.golden import corpus
from tests.golden.cases import CASES, Case

RESULTS = Path(__file__).with_name("peer_rows.json")
PACKAGES = {"saelens": "sae-lens", "transformer_lens": "transformer-lens", "sparsify": "eai-sparsify"}
BESIDE = ("datasets", "transformers", "tokenizers", "torch")


def main() -> None:
    """Make the rows of the cases of the named peers; with `--tokenizers` train the tokenizers anew first."""
    if "--tokenizers" in sys.argv[1:]:
        corpus.train_tokenizers()
    import datasets

    datasets.disable_progress_bars()
    asked = [name for name in PACKAGES if name in sys.argv[1:]]
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"versions": {}, "cases": {}}
    versions, cases = known["versions"], known["cases"]
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        for peer in asked:
            versions[peer] = {package: version(package) for package in (PACKAGES[peer], *BESIDE)}
            cases |= {case.name: _asked(case, Path(folder)) for case in CASES if case.peer == peer}
    texts = {name: corpus.digest(corpus.documents(name)) for name in sorted({case.documents for case in CASES})}
    head = json.dumps({"versions": versions, "documents": texts}, indent=1).removesuffix("\n}")
    wanted = [case.name for case in CASES if case.name in cases]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cases[name])}" for name in wanted)
    RESULTS.write_text(f'{head},\n "cases": {{\n{lines}\n }}\n}}\n')


def summary(rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return what is kept of rows of ids, shape (n, width): their SHA-256 as little-endian uint32, shape and ends."""
    plain = np.ascontiguousarray(rows, "<u4")
    return {
        "sha256": hashlib.sha256(plain.tobytes()).hexdigest(),
        "shape": list(plain.shape),
        "first": plain[0, :12].tolist() if len(plain) else [],
        "last": plain[-1, -12:].tolist() if len(plain) else [],
    }


def _asked(case: Case, folder: Path) -> dict[str, Any]:
    from datasets import Dataset
    from transformers import AutoTokenizer

    texts = corpus.documents(case.documents)
    path = folder / f"{case.documents}.parquet"
    if not path.exists():
        Dataset.from_dict({"text": texts}).to_parquet(path)
    dataset = Dataset.from_parquet(str(path), cache_dir=str(folder / "cache"))
    tokenizer = AutoTokenizer.from_pretrained(str(corpus.TOKENIZERS / case.tokenizer))
    rows = PEERS[case.peer](case, dataset, tokenizer)
    found = summary(rows)
    sys.stdout.write(f"{case.name}: {found['shape']}\n")
    return found


def _saelens(case: Case, dataset: Any, tokenizer: Any) -> np.ndarray[Any, Any]:
    from sae_lens import PretokenizeRunnerConfig
    from sae_lens.pretokenize_runner import pretokenize_dataset

    tokenizer.model_max_length = sys.maxsize  # as its runner does
    config = PretokenizeRunnerConfig(
        context_size=case.context, num_proc=case.num_proc, **({"shuffle": False} | dict(case.options))
    )
    return np.stack(pretokenize_dataset(dataset, tokenizer, config).with_format("numpy")["input_ids"][:])


def _transformer_lens(case: Case, dataset: Any, tokenizer: Any) -> np.ndarray[Any, Any]:
    from transformer_lens.utilities.tokenize_utils import tokenize_and_concatenate

    rows = tokenize_and_concatenate(dataset, tokenizer, max_length=case.context, num_proc=case.num_proc, **case.options)
    return np.stack(rows.with_format("numpy")["tokens"][:])


def _sparsify(case: Case, dataset: Any, tokenizer: Any) -> np.ndarray[Any, Any]:
    from sparsify.data import chunk_and_tokenize

    rows = chunk_and_tokenize(
        dataset, tokenizer, max_seq_len=case.context, num_proc=case.num_proc, load_from_cache_file=False, **case.options
    )
    return np.stack(rows.with_format("numpy")["input_ids"][:])


PEERS: dict[str, Callable[[Case, Any, Any], np.ndarray[Any, Any]]] = {
    "saelens": _saelens,
    "transformer_lens": _transformer_lens,
    "sparsify": _sparsify,
}

if __name__ == "__main__":
    main()
