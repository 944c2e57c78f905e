"""Ready-made repositories: each function returns a new one, small and the same every time.

Formats are in `formats`, damaged and refused ones in `damaged`, models with tokenizers in `models`.
"""

from __future__ import annotations

import random
from functools import cache

from tests.hub.repository import Files, Repository
from tests.hub.rows import jsonl, parquet, rows, table

CARD = """---
license: cc0-1.0
{metadata}---
# A dataset for tests
"""


def card(metadata: str = "") -> str:
    """Return a README with a licence and more metadata (YAML, whole lines)."""
    return CARD.format(metadata=metadata)


TWO_CONFIGS = """configs:
- config_name: english
  default: true
  data_files:
  - split: train
    path: english/train-*.parquet
  - split: test
    path: english/test-*.parquet
- config_name: numbered
  data_files:
  - split: train
    path: numbered/train.jsonl
dataset_info:
- config_name: english
  features:
  - name: text
    dtype: string
  - name: id
    dtype: int64
  splits:
  - name: train
    num_bytes: 30000
    num_examples: 300
  - name: test
    num_bytes: 2000
    num_examples: 20
  download_size: 20000
  dataset_size: 32000
"""


def two_configs() -> Repository:
    """Return `acme/two-configs`: `english` (default; train in 3 shards of 100 rows, test of 20), `numbered` (50)."""
    shards = {
        f"english/train-{number:05}-of-00003.parquet": parquet(rows(100, seed=number), group_rows=40)
        for number in range(3)
    }
    files: Files = {
        "README.md": card(TWO_CONFIGS),
        **shards,
        "english/test-00000-of-00001.parquet": parquet(rows(20, seed=9)),
        "numbered/train.jsonl": jsonl(rows(50, seed=5)),
    }
    return Repository("acme/two-configs", files)


def plain() -> Repository:
    """Return `acme/plain`: one Parquet file, 200 rows with `text` and `id`, split train, no configs in the card."""
    return Repository("acme/plain", {"README.md": card(), "data/train-00000-of-00001.parquet": parquet(rows(200))})


@cache
def _big_shard(number: int, num_bytes: int) -> bytes:
    # Text that does not shrink, so that the file is as large as was asked for.
    hexadecimal = random.Random(number)
    size = 2000
    texts = [hexadecimal.randbytes(size // 2).hex() for _ in range(num_bytes // size)]
    data = table({"text": texts, "id": list(range(len(texts)))})
    return parquet(data, group_rows=500, compression="none")


def big(num_shards: int = 3, shard_bytes: int = 4_000_000) -> Repository:
    """Return `acme/big`: Parquet shards of about 4 MB each, 2,000 rows of 2,000 characters, uncompressed."""
    files: Files = {"README.md": card()}
    for number in range(num_shards):
        files[f"data/train-{number:05}-of-{num_shards:05}.parquet"] = _big_shard(number, shard_bytes)
    return Repository("acme/big", files)


def gated() -> Repository:
    """Return `acme/gated`: `researcher` has been let through its gate."""
    files: Files = {"README.md": card(), "train.jsonl": jsonl(rows(30)), "data.parquet": parquet(rows(10))}
    return Repository("acme/gated", files, gated="auto", members=("researcher",))


def private() -> Repository:
    """Return `researcher/private`: only `researcher` knows of it."""
    return Repository("researcher/private", {"README.md": card(), "train.parquet": parquet(rows(25))}, private=True)


def disabled() -> Repository:
    """Return `acme/disabled`: taken down by the Hub."""
    return Repository("acme/disabled", {"README.md": card(), "train.parquet": parquet(rows(5))}, disabled=True)


SEVERAL_CONFIGS = """configs:
- config_name: first
  data_files: first.jsonl
- config_name: second
  data_files: second.jsonl
"""


def several_configs() -> Repository:
    """Return `acme/several-configs`: `first` (8 rows) and `second` (9 rows), neither the default."""
    files: Files = {"first.jsonl": jsonl(rows(8, seed=1)), "second.jsonl": jsonl(rows(9, seed=2))}
    return Repository("acme/several-configs", {"README.md": card(SEVERAL_CONFIGS), **files})


def no_readme() -> Repository:
    """Return `acme/no-readme`: one data file and no card."""
    return Repository("acme/no-readme", {"train.jsonl": jsonl(rows(15))})


def branched() -> Repository:
    """Return `acme/branched`: 10 rows on `main` and `v1`'s tag, 25 on the branch `next`."""
    repo = Repository("acme/branched", {"README.md": card(), "train.jsonl": jsonl(rows(10))})
    repo.tag("v1")
    repo.branch("next")
    repo.commit({"train.jsonl": jsonl(rows(25))}, branch="next", title="More rows")
    return repo


MANY_FILES = """configs:
- config_name: default
  data_files: train.jsonl
"""


def many_files(count: int = 1005) -> Repository:
    """Return `acme/many-files`: more files than a page of the listing holds; the data is in train.jsonl alone."""
    notes = {f"notes/{number:05}.md": f"note {number}\n" for number in range(count)}
    return Repository("acme/many-files", {"README.md": card(MANY_FILES), **notes, "train.jsonl": jsonl(rows(10))})


def moved() -> Repository:
    """Return `acme/moved`, also known by its old ids `old-name` and `before/moved`, which redirect."""
    files: Files = {"README.md": card(), "train.jsonl": jsonl(rows(12))}
    return Repository("acme/moved", files, aliases=("old-name", "before/moved"))
