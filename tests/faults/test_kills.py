"""A few of the kills and power cuts of `python -m tests.faults.kills`, at moments that change with each run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.faults.kills.acts import prepare, write_texts
from tests.faults.kills.power import can_cut, cut_once
from tests.faults.kills.workers import Undisturbed, kill_in_a_row, undisturbed


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    write_texts(folder / "texts")
    prepare(folder / "template", folder / "texts")
    return folder


@pytest.fixture(scope="module")
def wanted(scratch: Path) -> Undisturbed:
    return undisturbed(scratch / "template", scratch, "tokenize", scratch / "texts", times=1)


def test_a_killed_tokenization_ends_with_equal_bytes(scratch: Path, wanted: Undisturbed, tmp_path: Path) -> None:
    home = shutil.copytree(scratch / "template", tmp_path / "home")
    seed = os.urandom(4).hex()
    kill_in_a_row(home, "tokenize", wanted, Random(seed), most=2)


def test_what_is_not_synced_when_the_power_fails_is_made_again(
    scratch: Path, wanted: Undisturbed, tmp_path: Path
) -> None:
    if not can_cut():
        pytest.skip("this machine makes no file system for us")
    seed = os.urandom(4).hex()
    cut_once(scratch / "template", tmp_path, "tokenize", wanted, Random(seed))
