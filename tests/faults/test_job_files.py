"""A damaged file of a job, of a record or of the catalog never stands in the way of anything else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mistudio_core.errors import UnusableData
from mistudio_core.file_names import DATASET_MANIFEST, USER_FILE
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.records import Dataset, ErrorInfo
from tests.support.damage import DAMAGES
from tests.support.staged import a_dataset, staged, stories

OF_KILLED = (protocol.REQUEST, protocol.PROGRESS, protocol.STARTED)
OF_ENDED = (protocol.REQUEST, protocol.RESULT, protocol.STARTED, protocol.LOG)
FULL = {"code": "disk_full", "message": "Full.", "hint": "Free some."}


@dataclass(frozen=True)
class Prepared:
    """A library that has, for each kind of damage, a dataset, a job that failed and one that was killed."""

    root: Path
    ready: Mapping[str, str]
    ended: Mapping[str, str]
    killed: Mapping[str, str]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    with staged(tmp_path_factory.mktemp("prepared") / "home") as library:
        ready = {damage: library.ready(f"original {damage}", {"train": stories(3)}) for damage in DAMAGES}
        ended = {damage: library.ended("download", a_dataset("failed"), FULL, log="worked") for damage in DAMAGES}
        killed = {}
        for damage in DAMAGES:
            dataset = a_dataset("killed")
            library.home.dataset_draft(dataset.id).mkdir()
            killed[damage] = library.running("download", dataset, protocol.Progress(seq=3, phase="downloading"))
        opened = library.open()
        for damage, dataset_id in ready.items():
            opened.rename(dataset_id, name=f"renamed {damage}", notes="noted")
        library.release()
        yield Prepared(opened.home.root, ready, ended, killed)


def copied(prepared: Prepared, home: Path, *, with_catalog: bool = True) -> Path:
    shutil.copytree(prepared.root, home)
    if not with_catalog:
        (home / "catalog.duckdb").unlink()
    return home


def everything_is_read(library: Library) -> list[Dataset]:
    datasets = library.datasets()
    assert [library.dataset(dataset.id) for dataset in datasets] == datasets
    jobs = library.jobs()
    assert [library.job(job.id) for job in jobs] == jobs
    assert all(dataset.error is not None for dataset in datasets if dataset.status == "error")
    assert library.tokenizations() == []
    library.storage()
    return datasets


def must_name(error: ErrorInfo | None, path: Path) -> None:
    assert error is not None, path
    assert (error.code, error.details) == ("corrupt_data", {"file": str(path)}), error


@pytest.mark.parametrize("with_catalog", [True, False], ids=["catalog", "no-catalog"])
@pytest.mark.parametrize("name", OF_KILLED)
def test_a_damaged_file_of_a_killed_job(prepared: Prepared, tmp_path: Path, name: str, with_catalog: bool) -> None:
    home = copied(prepared, tmp_path / "home", with_catalog=with_catalog)
    for damage, job_id in prepared.killed.items():
        DAMAGES[damage](home / "jobs" / job_id / name)
    library = Library.open(home)
    datasets = everything_is_read(library)
    assert len(library.datasets(status="ready")) == len(DAMAGES)
    assert len(datasets) == 3 * len(DAMAGES)  # of a lost request the folder of its dataset is known
    for job_id in prepared.killed.values():
        if name == protocol.REQUEST and not with_catalog:
            must_name(library.job(job_id).error, home / "jobs" / job_id / name)
        else:
            error = library.job(job_id).error
            assert error is not None
            assert error.code == "worker_died"
    for dataset in library.datasets(status="error")[:3]:
        library.delete(dataset.id)
    assert len(library.datasets()) == 3 * len(DAMAGES) - 3


@pytest.mark.parametrize("with_catalog", [True, False], ids=["catalog", "no-catalog"])
@pytest.mark.parametrize("name", OF_ENDED)
def test_a_damaged_file_of_a_job_that_ended(prepared: Prepared, tmp_path: Path, name: str, with_catalog: bool) -> None:
    home = copied(prepared, tmp_path / "home", with_catalog=with_catalog)
    for damage, job_id in prepared.ended.items():
        DAMAGES[damage](home / "jobs" / job_id / name)
    library = Library.open(home)
    everything_is_read(library)
    assert len(library.datasets(status="ready")) == len(DAMAGES)
    for damage, job_id in prepared.ended.items():
        job = library.job(job_id)
        if with_catalog or name in (protocol.STARTED, protocol.LOG):
            assert job.error == ErrorInfo(**FULL)
        elif name == protocol.RESULT and damage == "missing":
            assert job.error is not None
            assert job.error.code == "worker_died"
        else:
            must_name(job.error, home / "jobs" / job_id / name)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_catalog_is_made_again_and_kept_aside(prepared: Prepared, tmp_path: Path, damage: str) -> None:
    home = copied(prepared, tmp_path / "home")
    before = Library.open(home)
    told = [dataset.to_json() for dataset in everything_is_read(before)], len(before.jobs())
    DAMAGES[damage](home / "catalog.duckdb")
    (home / "catalog.generation").unlink()
    DAMAGES["folder"](home / "catalog.generation")
    for library in (before, Library.open(home)):  # one that was open, and one that is opened
        assert ([dataset.to_json() for dataset in everything_is_read(library)], len(library.jobs())) == told
    if damage != "flipped":  # in a block that is not read
        assert (home / "catalog.duckdb.damaged").exists() == (damage != "missing")
    try:
        before.rename(prepared.ready[damage], name="again")
    except UnusableData:  # of what only a write reads: the next act finds a catalog that was made again
        assert damage == "flipped"
        before.rename(prepared.ready[damage], name="again")
    assert "again" in {dataset.name for dataset in library.datasets()}


def test_datasets_with_damaged_manifests_stay_in_a_list_made_anew(prepared: Prepared, tmp_path: Path) -> None:
    home = copied(prepared, tmp_path / "home", with_catalog=False)
    for damage, dataset_id in prepared.ready.items():
        DAMAGES[damage](home / "datasets" / dataset_id / DATASET_MANIFEST)
    library = Library.open(home)
    everything_is_read(library)
    assert library.datasets(status="ready") == []
    for dataset_id in prepared.ready.values():
        must_name(library.dataset(dataset_id).error, home / "datasets" / dataset_id / DATASET_MANIFEST)
        library.delete(dataset_id)
        assert not (home / "datasets" / dataset_id).exists()


def test_datasets_with_damaged_manifests_are_listed_as_damaged(prepared: Prepared, tmp_path: Path) -> None:
    home = copied(prepared, tmp_path / "home")
    opened = Library.open(home)
    opened.datasets()  # so that it knows the manifests as they were
    for damage, dataset_id in prepared.ready.items():
        DAMAGES[damage](home / "datasets" / dataset_id / DATASET_MANIFEST)
    for library in (opened, Library.open(home)):
        everything_is_read(library)
        assert library.datasets(status="ready") == []
        for dataset_id in prepared.ready.values():
            manifest = home / "datasets" / dataset_id / DATASET_MANIFEST
            must_name(library.dataset(dataset_id).error, manifest)
            with pytest.raises(UnusableData):
                library.samples(dataset_id)
    for damage, dataset_id in prepared.ready.items():
        assert library.dataset(dataset_id).name == f"renamed {damage}"
        library.delete(dataset_id)


def test_datasets_with_damaged_names_have_those_that_they_came_with(prepared: Prepared, tmp_path: Path) -> None:
    home = copied(prepared, tmp_path / "home", with_catalog=False)
    for damage, dataset_id in prepared.ready.items():
        DAMAGES[damage](home / "datasets" / dataset_id / USER_FILE)
    library = Library.open(home)
    for damage, dataset_id in prepared.ready.items():
        assert library.dataset(dataset_id).name == f"original {damage}"
        assert library.rename(dataset_id, name="named again").name == "named again"


def test_what_a_power_cut_leaves_empty_of_a_killed_job_is_no_damage(prepared: Prepared, tmp_path: Path) -> None:
    """Those files are synced when a job ends; of one that had ended an empty one is damage."""
    home = copied(prepared, tmp_path / "home")
    library = Library.open(home)
    assert library.verify().problems == ()
    for job_id in prepared.killed.values():
        for name in (protocol.STARTED, protocol.PROGRESS, protocol.PROCESS):
            (home / "jobs" / job_id / name).write_bytes(b"")
    assert library.verify().problems == ()
    started = home / "jobs" / prepared.ended["missing"] / protocol.STARTED
    started.write_bytes(b"")
    assert [str(started) in problem for problem in library.verify().problems] == [True]
