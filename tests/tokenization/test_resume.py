"""Killed at any moment and started again, a tokenization ends as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from mistudio_core.raw import open_splits
from mistudio_core.tokenization.pipeline.task import WORK
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from tests.support.tokenized import Result, run, task_of, texts_table, write_raw
from tests.support.tokenizer_families import family, text_of

RECIPES: list[dict[str, Any]] = [
    {"context_length": 32, "engine": "reference"},
    {"context_length": 32, "shuffle_seed": 5, "drop_duplicates": True},
    {"context_length": 24, "shuffle_seed": 5, "shuffle": "documents", "token_budget": 20_000, "remainder": "pad"},
    {"context_length": 40, "preset": "per_document", "padding": "longest", "stride": 4},
    {"context_length": 32, "preset": "saelens", "batch_rows": 40, "token_budget": 30_000},
]
KILLS = 12
"""For each recipe, so sixty in all."""


def _work(raw: Path, tokenizer: Path, out: Path, fields: dict[str, Any], threads: int) -> None:
    run(task_of(out, open_splits(raw), open_tokenizer(tokenizer), shard_bytes=4000, **fields), threads)


@pytest.fixture(scope="module")
def forks() -> Iterator[Any]:
    """Processes forked from one that has everything imported and nothing started, since imports take a second.

    A child runs the main module of its parent again, which may be a page that another test has drawn here.
    """
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["mistudio_core.tokenization.scale.tokenizing", "tests.tokenization.test_resume", "gigatoken"]
    )
    yield context
    sys.modules["__main__"] = main


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    random = Random(11)
    texts = [text_of(random, int(random.random() * 60)) for _ in range(500)]
    texts[100:140] = texts[300:340]
    write_raw(folder, {"train": texts_table(texts)}, (40,))
    return folder


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


@pytest.mark.parametrize("fields", RECIPES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_killed_and_resumed_equals_undisturbed(
    forks: Any, raw: Path, tokenizer: StoredTokenizer, tmp_path: Path, fields: dict[str, Any]
) -> None:
    started = time.monotonic()
    whole = run(task_of(tmp_path / "whole", open_splits(raw), tokenizer, shard_bytes=4000, **fields), 2)
    seconds = time.monotonic() - started
    random, kills = Random(1), 0
    while kills < KILLS:
        out, tries = tmp_path / f"killed-{kills}", 0
        while True:
            process = forks.Process(target=_work, args=(raw, tokenizer.folder, out, fields, 1 + kills % 3))
            process.start()
            tries += 1
            # Each try may last longer than the one before, so that a slow machine comes to an end as well.
            process.join(None if tries > KILLS else random.random() * seconds * tries / 2)
            if process.exitcode is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
        assert process.exitcode == 0
        _same(whole, out)


def _same(whole: Result, out: Path) -> None:
    """Compare every file but for the times and the engines in the manifest."""
    names = {path.name for path in whole.folder.iterdir()}
    assert {path.name for path in out.iterdir()} == names
    assert WORK not in names
    for name in names - {"manifest.json"}:
        assert (out / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_whole_tokenization_is_left_alone(raw: Path, tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    first = run(task_of(tmp_path, open_splits(raw), tokenizer, **RECIPES[0]))
    again = run(task_of(tmp_path, open_splits(raw), tokenizer, **RECIPES[0]))
    assert again.manifest == first.manifest


def test_parts_of_another_recipe_are_not_used(raw: Path, tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    splits = open_splits(raw)
    wanted = run(task_of(tmp_path / "right", splits, tokenizer, shard_bytes=4000, context_length=32))
    task = task_of(tmp_path / "mixed", splits, tokenizer, shard_bytes=4000, context_length=48)
    (task.work / "00000.json").write_text("not even JSON")
    mixed = run(task_of(tmp_path / "mixed", splits, tokenizer, shard_bytes=4000, context_length=32))
    assert mixed.digests() == wanted.digests()


def test_failure_of_one_shard_ends_the_job_and_keeps_the_others(
    raw: Path, tokenizer: StoredTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = open_splits(raw)
    whole = run(task_of(tmp_path / "whole", splits, tokenizer, shard_bytes=4000, context_length=32))
    part = splits["train"].parts[0]
    data = part.read_bytes()
    task = task_of(tmp_path / "broken", splits, tokenizer, shard_bytes=4000, context_length=32, engine="reference")
    damaged = bytearray(data)
    damaged[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    part.write_bytes(damaged)
    try:
        with pytest.raises(Exception, match="damaged"):
            run(task, 2)
    finally:
        part.write_bytes(data)
    assert list(task.work.glob("*.json"))
    resumed = run(
        task_of(
            tmp_path / "broken", open_splits(raw), tokenizer, shard_bytes=4000, context_length=32, engine="reference"
        )
    )
    assert resumed.digests() == whole.digests()
