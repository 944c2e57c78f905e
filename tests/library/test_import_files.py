"""Files of this machine become datasets; whatever else is named is refused with the reason."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import file_sha256
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.local import check_paths, plan_import
from tests.hub import formats
from tests.hub.rows import PACKINGS, arrow_file, jsonl, parquet, rows
from tests.support.fetching import finished, kill, until, whole

ODD_NAME = "my da[t]a {1} *?#%é"
NOBODY = 65534


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def imported(library: Library, *paths: Path, **how: Any) -> tuple[Dataset, dict[str, pa.Table]]:
    dataset = library.import_files(paths, **how)
    job = finished(library, dataset)
    assert job.status == "succeeded", (job.error, library.log(job.id))
    return whole(library, dataset.id)


def refused(*paths: Path, file_format: str | None = None) -> StudioError:
    with pytest.raises(StudioError) as caught:
        check_paths(paths, file_format)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("ending", "packing"),
    [("parquet", ".xz"), ("arrow", ".zst"), ("jsonl", ".gz"), ("json", ""), ("csv", ".bz2"), ("tsv", ""), ("txt", "")],
)
def test_each_format_under_an_odd_name(library: Library, tmp_path: Path, ending: str, packing: str) -> None:
    path = tmp_path / f"{ODD_NAME}.{ending.upper()}{packing}"
    path.write_bytes(PACKINGS[packing](formats.ENCODERS[ending](rows(50))))
    path.chmod(stat.S_IRUSR)
    before = (file_sha256(path), path.stat().st_mtime_ns)
    dataset, splits = imported(library, path)
    assert splits["train"]["text"].to_pylist() == [row["text"] for row in rows(50)]
    assert (dataset.source, dataset.repo_id, dataset.splits) == ("local", None, {"train": 50})
    assert (file_sha256(path), path.stat().st_mtime_ns) == before


def test_several_files_make_one_split_in_the_order_given(library: Library, tmp_path: Path) -> None:
    for number, packing in enumerate(("", ".gz", ".zst")):
        (tmp_path / f"{number}.jsonl{packing}").write_bytes(PACKINGS[packing](jsonl(rows(1500, seed=number))))
    paths = [tmp_path / "2.jsonl.zst", tmp_path / "0.jsonl", tmp_path / "1.jsonl.gz"]
    _, splits = imported(library, *paths)
    assert splits["train"].to_pylist() == rows(1500, seed=2) + rows(1500, seed=0) + rows(1500, seed=1)


def test_a_format_may_be_named(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("one\ntwo\n")
    _, splits = imported(library, path, file_format="txt")
    assert splits["train"]["text"].to_pylist() == ["one", "two"]


def test_saved_datasets_keep_splits_and_labels(library: Library, tmp_path: Path) -> None:
    import datasets

    datasets.disable_progress_bars()
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    one = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, 1]}, features=features)
    several = datasets.DatasetDict({"train": one, "test": one.select([2]), "none": one.select([])})
    one.save_to_disk(tmp_path / "one")
    several.save_to_disk(tmp_path / "several")
    dataset, splits = imported(library, tmp_path / "one")
    assert (dataset.splits, dataset.columns["label"]) == ({"train": 3}, "class_label")
    dataset, splits = imported(library, tmp_path / "several")
    assert dataset.splits == {"train": 3, "test": 1, "none": 0}
    assert splits["test"].to_pylist() == [{"text": "c", "label": 1}]
    (tmp_path / "several" / "test" / "state.json").unlink()
    assert refused(tmp_path / "several").code == "corrupt_data"
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "state.json").write_text('{"_data_files": [{"filename": "../../library/x.arrow"}]}')
    assert refused(tmp_path / "one").code == "not_found"
    (tmp_path / "one" / "dataset_dict.json").write_text('{"splits": ["../several"]}')
    assert refused(tmp_path / "one").code == "invalid_request"


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("splits", [False, True])
def test_saved_texts_that_are_no_utf8_are_refused_or_replaced(
    library: Library, tmp_path: Path, splits: bool, nested: bool
) -> None:
    import datasets

    datasets.disable_progress_bars()
    bad = pa.array([b"good", b"bad \xff tail"], pa.binary()).view(pa.string())
    column = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), bad) if nested else bad
    saved = datasets.Dataset(pa.table({"id": [0, 1], "text": column}))
    fine = saved.select([0])
    made: Any = datasets.DatasetDict({"train": fine, "test": saved}) if splits else saved
    made.save_to_disk(tmp_path / "saved")
    job = finished(library, library.import_files([tmp_path / "saved"]))
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "corrupt_data")
    assert (
        f"sample 1 (the first is 0) holds bytes in the column '{'text[]' if nested else 'text'}'" in job.error.message
    )
    dataset, found = imported(library, tmp_path / "saved", options=ImportOptions(invalid_utf8="replace"))
    texts = ["good", "bad \ufffd tail"]
    expected = [[text] for text in texts] if nested else texts
    assert found["test" if splits else "train"]["text"].to_pylist() == expected
    assert library.replaced_texts(dataset.id) == {"text": 1}


def test_what_is_no_file_of_a_known_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "a.csv.zip").write_bytes(b"PK")
    assert "Unpack it" in refused(tmp_path / "a.csv.zip").hint
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "cut.parquet").write_bytes(parquet(rows(10))[:-10])
    assert refused().code == "invalid_request"
    assert refused(tmp_path / "none.csv").code == "not_found"
    assert "save_to_disk" in refused(tmp_path / "folder").message
    assert refused(tmp_path / "folder", tmp_path / "a.csv").code == "invalid_request"
    assert refused(tmp_path / "pipe.csv").code == "invalid_request"
    assert refused(tmp_path / "empty.csv").code == "no_data"
    assert refused(tmp_path / "a.pdf").code == "invalid_request"
    assert refused(tmp_path / "a.csv", file_format="pdf").code == "invalid_request"
    assert "csv, jsonl" in refused(tmp_path / "a.csv", tmp_path / "a.jsonl").message
    assert refused(tmp_path / "cut.parquet").code == "corrupt_data"
    assert refused(tmp_path / ("x" * 5000)).code == "invalid_request"
    assert [file.format for file in check_paths([tmp_path / "a.csv", tmp_path / "a.csv"])] == ["csv", "csv"]
    assert [file.split for file in plan_import([tmp_path / "a.csv"]).files] == ["train"]


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody else for a moment where the tests are run by root, who may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # what is refused is the file, not its folder
        path = Path(folder) / "secret.csv"
        path.write_text("a\n1\n")
        assert [file.path for file in check_paths([path])] == [path]
        path.chmod(0)
        with nobody():
            assert refused(path).code == "permission_denied"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a":\n', "corrupt_data"),
        ("a.csv.gz", PACKINGS[".gz"](b"a\n" + b"1\n" * 9999)[:-30], "corrupt_data"),
        ("a.arrow", arrow_file(rows(100))[:-500], "corrupt_data"),
        ("a.txt", b"\xff\xfe\x00nothing like text", "corrupt_data"),
        ("a.csv", b"only,a,header\n", "no_data"),
    ],
)
def test_damage_found_on_reading_is_told(
    library: Library, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    dataset = library.import_files([path])
    job = finished(library, dataset)
    assert job.error is not None
    assert job.error.code == code
    assert code == "no_data" or name in job.error.message
    assert str(tmp_path) not in job.error.message
    assert library.dataset(dataset.id).status == "error"


def test_a_killed_import_goes_on_at_the_file_and_progress_is_in_bytes(library: Library, tmp_path: Path) -> None:
    content = jsonl(rows(150_000))
    paths = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for path in paths:
        path.write_bytes(content)
    dataset = library.import_files(paths)
    receipts = library.home.dataset_draft(dataset.id) / "receipts"
    until(lambda: receipts.is_dir() and any(receipts.glob("*.json")))
    job = library.jobs(dataset.id)[0]
    assert (job.unit, job.total, job.phase) == ("bytes", 3 * len(content), "reading")
    kill(library, job)
    done = {path.name: path.stat().st_mtime_ns for path in receipts.parent.glob("raw/train/part-000000-*")}
    assert done
    library.retry(dataset.id)
    finished(library, dataset)
    whole_dataset, _ = whole(library, dataset.id)
    assert whole_dataset.num_samples == 450_000
    assert whole_dataset.path is not None
    kept = {path.name: path.stat().st_mtime_ns for path in whole_dataset.path.glob("raw/train/part-000000-*")}
    assert kept == done


def test_an_upload_goes_when_it_is_imported_or_deleted_and_stays_for_another_try(library: Library) -> None:
    uploads = [library.home.uploads / name / "a.jsonl" for name in ("up_good", "up_bad", "up_other")]
    for path, content in zip(uploads, (jsonl(rows(3)), b"{", b"{}"), strict=True):
        path.parent.mkdir()
        path.write_bytes(content)
    imported(library, uploads[0])
    assert not uploads[0].parent.exists()
    broken = library.import_files([uploads[1]])
    assert finished(library, broken).status == "failed"
    assert uploads[1].exists(), "a retry needs it"
    library.delete(broken.id)
    assert [path.parent.exists() for path in uploads] == [False, False, True]


def test_files_elsewhere_are_left_alone(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(jsonl(rows(3)))
    (library.home.uploads / "link").symlink_to(tmp_path, target_is_directory=True)
    for one in (path, library.home.uploads / "link" / "mine.jsonl"):
        dataset, _ = imported(library, one)
        library.delete(dataset.id)
    assert path.read_bytes() == jsonl(rows(3))
