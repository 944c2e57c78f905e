"""A deletion that can be undone: for a minute, by whoever deleted, and only as long as the disk has room."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog
from tests.support.staged import StagedLibrary, staged, stories


@pytest.fixture
def library(tmp_path: Path) -> Iterator[StagedLibrary]:
    with staged(tmp_path / "home") as made:
        yield made


def test_what_was_deleted_comes_back_equal(library: StagedLibrary) -> None:
    dataset_id, other = (library.ready(name, {"train": stories(3)}) for name in ("goner", "stays"))
    opened = library.open()
    before = opened.datasets()
    gone = opened.delete(dataset_id, undoable=True)
    assert (gone.deleted, gone.freed_bytes) == ((dataset_id,), 0)
    assert [dataset.id for dataset in Library.open(library.home.root).datasets()] == [other], "opening keeps the trash"
    assert gone.undo is not None
    opened.restore(gone.undo)
    assert opened.datasets() == before
    assert opened.samples(dataset_id).rows[0].text == "Story number 0."
    assert list(library.home.trash.iterdir()) == []
    with pytest.raises(StudioError, match="no longer be undone"):
        opened.restore(gone.undo)


def test_after_a_minute_the_trash_is_emptied(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(3)})
    opened = library.open()
    undo = opened.delete(dataset_id, undoable=True).undo
    assert undo is not None
    note = library.home.trash / undo / "undo.json"
    note.write_text(json.dumps(json.loads(note.read_bytes()) | {"until": 0}))
    with pytest.raises(StudioError) as caught:
        opened.restore(undo)
    assert caught.value.code == "not_found"
    Library.open(library.home.root)
    assert list(library.home.trash.iterdir()) == []


def test_a_full_disk_is_freed_at_once(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(3)})
    library.open()
    settings = replace(Settings.from_environment({}), keep_free_mb=1 << 40)
    gone = Library.open(library.home.root, settings=settings).delete(dataset_id, undoable=True)
    assert gone.undo is None
    assert gone.freed_bytes > 0
    assert list(library.home.trash.iterdir()) == []


def test_a_disk_that_is_full_after_all_is_freed_too(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(3)})
    opened = library.open()
    with patch("mistudio_core.library.undo.write_json", side_effect=OSError(28, "No space left on device")):
        gone = opened.delete(dataset_id, undoable=True)
    assert (gone.undo, list(library.home.trash.iterdir())) == (None, [])
    assert opened.datasets() == []


def test_only_who_deleted_can_undo(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(3)}, owner="ada")
    library.open()
    settings = replace(Settings.from_environment({}), shared=True)
    hers, his = (Library.open(library.home.root, actor=name, settings=settings) for name in ("ada", "ben"))
    undo = hers.delete(dataset_id, undoable=True).undo
    assert undo is not None
    for wrong in ("../datasets", "kept-none", "goner"):
        with pytest.raises(StudioError) as caught:
            his.restore(wrong)
        assert caught.value.code == "not_found"
    with pytest.raises(StudioError) as caught:
        his.restore(undo)
    assert caught.value.code == "permission_denied"
    hers.restore(undo)
    assert [dataset.id for dataset in his.datasets()] == [dataset_id]


def test_a_deletion_that_fails_has_moved_nothing(library: StagedLibrary) -> None:
    dataset_id = library.ready("stays", {"train": stories(3)})
    opened = library.open()
    failing = patch.object(Catalog, "_move_generation", side_effect=OSError(errno.EIO, "input/output error"))
    with failing, pytest.raises(StudioError, match="cannot be written"):
        opened.delete(dataset_id, undoable=True)
    assert opened.samples(dataset_id).rows[0].text == "Story number 0."
    assert Library.open(library.home.root).datasets()[0].status == "ready"
    assert list(library.home.trash.iterdir()) == []
