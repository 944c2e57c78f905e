"""Repositories that cannot be read, wholly or in part; each function returns a new one."""

from __future__ import annotations

from tests.hub.repositories import card
from tests.hub.repository import Files, Repository
from tests.hub.rows import jsonl, parquet, rows

SCRIPT = '''"""A loading script of the kind that is no longer run."""
raise SystemExit("a loading script was run")
'''


def script_only() -> Repository:
    """Return `acme/script-only`: a loading script and no data."""
    return Repository("acme/script-only", {"README.md": card(), "script-only.py": SCRIPT})


def no_data() -> Repository:
    """Return `acme/no-data`: a card and nothing else."""
    return Repository("acme/no-data", {"README.md": card()})


NO_MATCH = """configs:
- config_name: default
  data_files: nowhere/*.parquet
"""


def no_match() -> Repository:
    """Return `acme/no-match`: a card whose pattern matches no file, though there is one elsewhere."""
    return Repository("acme/no-match", {"README.md": card(NO_MATCH), "data/train.parquet": parquet(rows(5))})


def corrupt_footer() -> Repository:
    """Return `acme/corrupt-footer`: a Parquet file whose metadata is garbage between the right magic words."""
    whole = parquet(rows(50))
    footer = int.from_bytes(whole[-8:-4], "little")
    files: Files = {"README.md": card(), "train.parquet": whole[: -footer - 8] + b"\xff" * footer + whole[-8:]}
    return Repository("acme/corrupt-footer", files)


def truncated() -> Repository:
    """Return `acme/truncated`: the first half of a Parquet file."""
    whole = parquet(rows(50))
    return Repository("acme/truncated", {"README.md": card(), "train.parquet": whole[: len(whole) // 2]})


def corrupt_page() -> Repository:
    """Return `acme/corrupt-page`: two good Parquet shards and one with a page that does not decompress."""
    shards = [parquet(rows(200, seed=number)) for number in range(3)]
    shards[1] = shards[1][:200] + bytes(255 - byte for byte in shards[1][200:1200]) + shards[1][1200:]
    files: Files = {f"data/train-{number:05}-of-00003.parquet": shard for number, shard in enumerate(shards)}
    return Repository("acme/corrupt-page", {"README.md": card(), **files})


def not_parquet() -> Repository:
    """Return `acme/not-parquet`: a web page under the name of a Parquet file."""
    page = "<!doctype html><title>Sign in</title><p>Please sign in to this network.</p>" * 20
    return Repository("acme/not-parquet", {"README.md": card(), "train.parquet": page})


def malformed_json() -> Repository:
    """Return `acme/malformed-json`: twenty good lines, one cut short, five good ones."""
    content = jsonl(rows(20)) + b'{"text": "never ends, "id": 20\n' + jsonl(rows(5))
    return Repository("acme/malformed-json", {"README.md": card(), "train.jsonl": content})


def empty_json() -> Repository:
    """Return `acme/empty-json`: a .jsonl of no bytes, which `datasets` answers with a bare StopIteration."""
    return Repository("acme/empty-json", {"README.md": card(), "train.jsonl": b""})


def not_utf8() -> Repository:
    """Return `acme/not-utf8`: a text file in Latin-1."""
    return Repository("acme/not-utf8", {"README.md": card(), "train.txt": "déjà vu\n".encode("latin-1") * 10})


def mixed_columns() -> Repository:
    """Return `acme/mixed-columns`: the second shard has other columns than the first."""
    files: Files = {
        "data/train-00000-of-00002.parquet": parquet(rows(10)),
        "data/train-00001-of-00002.parquet": parquet([{"body": "words", "score": 1.5}] * 10),
    }
    return Repository("acme/mixed-columns", {"README.md": card(), **files})


def mixed_types() -> Repository:
    """Return `acme/mixed-types`: `id` is a whole number in the first shard and a list in the second."""
    files: Files = {
        "data/train-00000-of-00002.parquet": parquet(rows(10)),
        "data/train-00001-of-00002.parquet": parquet([{"text": "words", "id": [1, 2]}] * 10),
    }
    return Repository("acme/mixed-types", {"README.md": card(), **files})


def malformed_card() -> Repository:
    """Return `acme/malformed-card`: a README whose metadata is no YAML; the data is good."""
    files: Files = {
        "README.md": "---\nlicense: [unclosed\nconfigs: {\n---\n# Oops\n",
        "train.parquet": parquet(rows(10)),
    }
    return Repository("acme/malformed-card", files)
