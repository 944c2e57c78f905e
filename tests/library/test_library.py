"""The library as a scripter uses it: real workers make, fail, are killed and cancelled; files stay the truth."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.records import Job

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"tokenizer": "sample", "context_length": 64}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with a ready example dataset and one tokenization; tests copy it."""
    home = tmp_path_factory.mktemp("prepared") / "library"
    made = Library.open(home)
    dataset = made.make_example(300)
    assert made.wait(dataset.id, timeout=300).status == "succeeded", made.log(made.jobs()[0].id)
    job = made.wait(made.tokenize(dataset.id, SMALL).id, timeout=300)
    assert job.status == "succeeded", made.log(job.id)
    return home


@pytest.fixture
def filled(prepared: Path, tmp_path: Path) -> Library:
    shutil.copytree(prepared, tmp_path / "copy")
    return Library.open(tmp_path / "copy")


def process_of(library: Library, job: Job) -> psutil.Process:
    deadline = time.monotonic() + 20
    while (found := read_json(library.home.job(job.id) / protocol.PROCESS)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return psutil.Process(found["pid"])


def code_of(error: pytest.ExceptionInfo[StudioError]) -> str:
    return error.value.code


def test_the_sample_becomes_token_rows(filled: Library) -> None:
    (dataset,) = filled.datasets()
    assert (dataset.status, dataset.source, dataset.num_samples) == ("ready", "sample", 300)
    assert sum(dataset.splits.values()) == 300
    page = filled.samples(dataset.id, split="train", offset=3, limit=5)
    assert [sample.index for sample in page.rows] == [3, 4, 5, 6, 7]
    assert (page.total, page.total_is_exact) == (dataset.splits["train"], True)
    (tokenization,) = filled.tokenizations(dataset.id)
    assert tokenization.status == "ready"
    assert tokenization.vocab_size == 4096
    assert tokenization.num_sequences == tokenization.num_tokens // 64 > 0
    statistics = filled.statistics(tokenization.id)
    assert statistics is not None


def test_a_manifest_tells_which_data_it_is_of(filled: Library) -> None:
    (dataset,) = filled.datasets()
    files = json.loads((dataset.path / "dataset.json").read_text())["files"]
    (tokenization,) = filled.tokenizations(dataset.id)
    of = filled.manifest(tokenization.id)["dataset"]
    checksums = "".join(file["sha256"] for file in files)
    assert (of["id"], of["files_sha256"]) == (dataset.id, hashlib.sha256(checksums.encode()).hexdigest())


def test_the_rows_open_with_the_datasets_library(filled: Library) -> None:
    (tokenization,) = filled.tokenizations()
    code = "import sys, datasets; d = datasets.load_from_disk(sys.argv[1]); print(len(d), len(d[0]['input_ids']))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tokenization.path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == [str(tokenization.num_sequences), "64"]


def test_listings_filter_search_and_sort(filled: Library) -> None:
    (dataset,) = filled.datasets()
    assert filled.datasets(search="STORIES", status="ready", source="sample", sort="name") == [dataset]
    assert filled.datasets(search="no such") == filled.datasets(status="error") == filled.datasets(source="local") == []
    for wrong in ({"sort": "colour"}, {"status": "done"}, {"source": "moon"}):
        with pytest.raises(StudioError) as caught:
            filled.datasets(**wrong)  # type: ignore[arg-type]
        assert code_of(caught) == "invalid_request"


def test_an_equal_request_is_a_duplicate_that_names_the_first(filled: Library) -> None:
    (dataset,), (tokenization,) = filled.datasets(), filled.tokenizations()
    with pytest.raises(StudioError, match=dataset.id) as caught:
        filled.make_example(300)
    assert code_of(caught) == "duplicate"
    with pytest.raises(StudioError, match=tokenization.id) as caught:
        filled.tokenize(dataset.id, {**SMALL, "engine": "reference"})
    assert code_of(caught) == "duplicate"
    assert len(filled.datasets()) == len(filled.tokenizations()) == 1


def test_two_recipes_stand_side_by_side_and_deleting_one_leaves_the_other(filled: Library) -> None:
    (dataset,), (first,) = filled.datasets(), filled.tokenizations()
    second = filled.tokenize(dataset.id, {**SMALL, "context_length": 32})
    assert filled.wait(second.id, timeout=300).status == "succeeded"
    with pytest.raises(StudioError, match=second.id) as caught:
        filled.delete(dataset.id)
    assert code_of(caught) == "in_use"
    deleted = filled.delete(first.id)
    assert deleted.deleted == (first.id,)
    assert deleted.freed_bytes > 0
    assert [item.id for item in filled.tokenizations()] == [second.id]
    deleted = filled.delete(dataset.id, cascade=True)
    assert set(deleted.deleted) == {dataset.id, second.id}
    assert filled.datasets() == filled.tokenizations() == []
    assert list(filled.home.datasets.iterdir()) == list(filled.home.trash.iterdir()) == []


def test_a_lost_catalog_comes_back_equal(filled: Library) -> None:
    (dataset,) = filled.datasets()
    filled.rename(dataset.id, name="My  stories\n", notes="Read on Sunday.")
    before = (filled.datasets(), filled.tokenizations(), filled.jobs())
    assert before[0][0].name == "My stories"
    filled.home.catalog.unlink()
    again = Library.open(filled.home.root)
    assert (again.datasets(), again.tokenizations(), again.jobs()) == before
    rebuilt = again.rebuild()
    assert (rebuilt.datasets, rebuilt.tokenizations) == (1, 1)
    assert (again.datasets(), again.tokenizations(), again.jobs()) == before


def test_verify_names_the_file_that_is_damaged_or_gone(filled: Library) -> None:
    (dataset,) = filled.datasets()
    assert filled.verify().problems == ()
    assert dataset.path is not None
    part = next((dataset.path / "raw" / "train").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    (problem,) = filled.verify(dataset.id).problems
    assert str(part) in problem
    part.unlink()
    (problem,) = filled.verify().problems
    assert "missing" in problem


def test_ids_that_lead_elsewhere_are_not_found(filled: Library) -> None:
    for wrong in ("ds_../../etc", "tok_x", "", "ds_" + "a" * 12, "job_" + "b" * 12, "../x"):
        for act in (filled.dataset, filled.tokenization, filled.job, filled.delete, filled.statistics, filled.retry):
            with pytest.raises(StudioError) as caught:
                act(wrong)
            assert code_of(caught) == "not_found"


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError) as caught:
        Library.open(tmp_path / "file" / "library")
    assert code_of(caught) == "invalid_request"
    with pytest.raises(StudioError, match="question mark") as caught:
        Library.open(tmp_path / "what?" / "library")
    assert code_of(caught) == "invalid_request"
