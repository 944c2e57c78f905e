"""Datasets come from the Hub as they are there: every format, nested columns, splits, revisions, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import ImportOptions, Library
from mistudio_core.settings import Settings
from tests.hub import damaged, formats, repositories
from tests.hub.repositories import card
from tests.hub.repository import Repository
from tests.hub.rows import PACKINGS, jsonl, parquet, rows
from tests.hub.server import HubServer
from tests.support.fetching import downloaded, failed, finished


@pytest.fixture
def library(tmp_path: Path, hub: HubServer) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def packed_splits(ending: str) -> Repository:
    """Return a repository with one split per packing, each of other rows."""
    head, files = "configs:\n- config_name: default\n  data_files:\n", {}
    for seed, (packing, pack) in enumerate(PACKINGS.items()):
        split = packing.removeprefix(".") or "plain"
        path = f"{split}/a.{ending}{packing}"
        head += f"  - split: {split}\n    path: {path}\n"
        files[path] = pack(formats.ENCODERS[ending](rows(30 + seed, seed=seed)))
    return Repository(f"acme/packed-{ending}", {"README.md": card(head), **files})


@pytest.mark.parametrize("ending", formats.ENCODERS)
def test_every_format_however_packed(library: Library, hub: HubServer, ending: str) -> None:
    hub.add(packed_splits(ending))
    dataset, splits = downloaded(library, f"acme/packed-{ending}")
    assert list(dataset.splits) == ["plain", "gz", "bz2", "xz", "zst"]
    for seed, table in enumerate(splits[name] for name in dataset.splits):
        expected = rows(30 + seed, seed=seed)
        assert table["text"].to_pylist() == [row["text"] for row in expected]
        assert ending == "txt" or table["id"].to_pylist() == [row["id"] for row in expected]
    assert dataset.text_columns == ("text",)
    assert (dataset.source, dataset.access, dataset.config) == ("huggingface", "public", "default")


def test_shards_and_splits_in_their_order_at_the_pinned_commit(library: Library, hub: HubServer) -> None:
    repo = hub.add(repositories.two_configs())
    dataset, splits = downloaded(library, f"{hub.endpoint}/datasets/acme/two-configs")
    assert (dataset.revision, dataset.config, dataset.repo_id) == (repo.sha, "english", "acme/two-configs")
    assert splits["train"].to_pylist() == rows(100, seed=0) + rows(100, seed=1) + rows(100, seed=2)
    assert splits["test"].to_pylist() == rows(20, seed=9)
    chosen, splits = downloaded(library, "acme/two-configs", splits=["test"])
    assert list(chosen.splits) == ["test"]
    _, splits = downloaded(library, "acme/two-configs", config="numbered")
    assert splits["train"].to_pylist() == rows(50, seed=5)


def test_nested_columns_labels_bytes_and_hostile_text(library: Library, hub: HubServer) -> None:
    for repo in (formats.nested(), formats.class_label_by_card(), formats.hostile_unicode(), formats.csv_by_card()):
        hub.add(repo)
    nested, splits = downloaded(library, "acme/nested")
    assert nested.columns["turns"] == "list<struct<role: string, content: string>>"
    assert splits["train"]["raw"][5].as_py() == bytes([0, 255, 5])
    labelled, _ = downloaded(library, "acme/labelled-by-card")
    assert labelled.columns == {"text": "string", "label": "class_label"}
    _, splits = downloaded(library, "acme/hostile-unicode")
    assert splits["train"]["text"].to_pylist() == list(formats.HOSTILE_TEXTS)
    by_card, _ = downloaded(library, "acme/csv-by-card")
    assert list(by_card.columns) == ["text", "id"]


def test_empty_splits_stay_and_a_dataset_without_text_is_no_error(library: Library, hub: HubServer) -> None:
    hub.add(formats.empty_split())
    hub.add(formats.integers_only())
    dataset, _ = downloaded(library, "acme/empty-split")
    assert dataset.splits == {"train": 20, "test": 0}
    dataset, _ = downloaded(library, "acme/integers-only")
    assert (dataset.text_columns, dataset.num_samples) == ((), 40)


@pytest.mark.parametrize(("limit", "most_sent"), [(10, 0.35), (1500, 1.0), (99_999, 1.1)])
def test_max_samples_stops_early(library: Library, hub: HubServer, limit: int, most_sent: float) -> None:
    repo = hub.add(repositories.big())
    size = len(repo.files["data/train-00000-of-00003.parquet"].content)
    dataset, splits = downloaded(library, "acme/big", max_samples=limit)
    assert dataset.splits == {"train": min(limit, 6000)}
    assert splits["train"]["id"].to_pylist() == [n % 2000 for n in range(min(limit, 6000))]
    assert dataset.max_samples == limit
    files = 3 if limit > 6000 else 1
    looked = 3 * 65536  # footers, for the number of rows
    assert hub.bytes_sent("GET storage") <= most_sent * files * size + looked, str(hub.log)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "txt"])
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_max_samples_reads_text_only_as_far_as_needed(
    library: Library, hub: HubServer, ending: str, packing: str
) -> None:
    content = PACKINGS[packing](formats.ENCODERS[ending](rows(30_000)))
    hub.add(Repository("acme/long", {f"train.{ending}{packing}": content}))
    _, splits = downloaded(library, "acme/long", max_samples=50)
    assert splits["train"]["text"].to_pylist() == [row["text"] for row in rows(50)]
    assert hub.bytes_sent("GET storage") <= min(600_000, len(content))


def test_max_samples_is_per_split_and_spans_files(library: Library, hub: HubServer) -> None:
    hub.add(repositories.two_configs())
    dataset, splits = downloaded(library, "acme/two-configs", max_samples=130)
    assert dataset.splits == {"train": 130, "test": 20}
    assert splits["train"].to_pylist() == rows(100, seed=0) + rows(100, seed=1)[:30]


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (damaged.corrupt_page, "corrupt_data", "train-00001-of-00003.parquet cannot be read"),
        (damaged.mixed_columns, "corrupt_data", "'body', 'score'"),
        (damaged.truncated, "corrupt_data", "train.parquet cannot be read"),
        (damaged.malformed_json, "corrupt_data", "row 20"),
        (damaged.empty_json, "no_data", "has no samples"),
    ],
)
def test_damaged_data_is_named(library: Library, hub: HubServer, make: type[Repository], code: str, words: str) -> None:
    repo = hub.add(make())  # type: ignore[call-arg]
    dataset, job = failed(library, repo.id)
    assert job.error is not None
    assert (job.error.code, words in job.error.message) == (code, True)
    assert (dataset.status, dataset.error) == ("error", job.error)


ESCAPES = [
    "/etc/passwd",
    "../../secrets.csv",
    "https://example.com/a.csv",
    "hf://datasets/acme/plain/a.csv",
    "a::b.csv",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_card_that_points_elsewhere_is_refused_and_leaves_nothing(
    library: Library, hub: HubServer, path: str
) -> None:
    head = f"configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: ['{path}', 'a.csv']\n"
    hub.add(Repository("acme/escape", {"README.md": card(head), "a.csv": "text\nhello\n"}))
    dataset = library.download("acme/escape")
    job = finished(library, dataset)
    assert job.error is not None
    assert (job.error.code, "outside the repository" in job.error.message) == ("no_data", True)
    assert library.datasets() == []
    assert list(library.home.datasets.iterdir()) == []


def test_a_card_that_is_no_yaml_is_told(library: Library, hub: HubServer) -> None:
    hub.add(damaged.malformed_card())
    job = finished(library, library.download("acme/malformed-card"))
    assert job.error is not None
    assert (job.error.code, "card" in job.error.message) == ("corrupt_data", True)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"data/part-1-00000-of-00001.jsonl": jsonl(rows(2))}, "part-1"),
        ({"train.jsonl": jsonl(rows(2)), "test.csv": "text\nx\n"}, "same data file format"),
        ({"README.md": card("configs:\n- config_name: a\n  data_files: 5\n"), "a.jsonl": jsonl(rows(2))}, "data_files"),
    ],
)
def test_names_and_cards_that_are_not_understood_are_told(
    library: Library, hub: HubServer, files: dict[str, bytes | str], words: str
) -> None:
    hub.add(Repository("acme/odd", files))
    job = finished(library, library.download("acme/odd"))
    assert job.error is not None
    assert (job.error.code, words in job.error.message) == ("corrupt_data", True)
    assert library.datasets() == []


def test_other_kinds_of_data_are_refused(library: Library, hub: HubServer) -> None:
    hub.add(Repository("acme/books", {"README.md": card(), "train.xml": "<a/>", "b.xml": "<a/>", "x.txt": "hello\n"}))
    job = finished(library, library.download("acme/books"))
    assert job.error is not None
    assert (job.error.code, "'xml'" in job.error.message) == ("no_data", True)


def test_a_disk_too_small_is_found_before_data_moves(tmp_path: Path, hub: HubServer) -> None:
    hub.add(repositories.plain())
    library = Library.open(tmp_path / "small", settings=Settings(keep_free_mb=1 << 40))
    with pytest.raises(StudioError) as caught:
        finished(library, library.download("acme/plain"))
    assert caught.value.code == "disk_full"
    assert hub.log.count("train-00000") <= 2  # the footer that looking reads


def test_more_columns_than_can_be_kept(library: Library, hub: HubServer) -> None:
    wide = [{f"c{number}": number for number in range(1001)}]
    hub.add(Repository("acme/wide", {"a.parquet": parquet(wide)}))
    hub.add(Repository("acme/wide-json", {"a.jsonl": jsonl(wide)}))
    for repo_id in ("acme/wide", "acme/wide-json"):
        _, job = failed(library, repo_id)
        assert job.error is not None
        assert (job.error.code, "1,001 columns" in job.error.message) == ("too_large", True)


def test_texts_that_are_no_utf8_are_replaced_by_choice(library: Library, hub: HubServer) -> None:
    bad = pa.array([b"good", b"bad \xff tail"], pa.binary()).view(pa.string())
    hub.add(Repository("acme/odd-bytes", {"train.parquet": parquet(pa.table({"text": bad, "raw": [b"x", b"\xfe"]}))}))
    error = failed(library, "acme/odd-bytes")[1].error
    assert error is not None
    assert error.code == "corrupt_data"
    assert "train.parquet cannot be read: sample 1 " in error.message
    options = ImportOptions(text_columns=("raw",), invalid_utf8="replace")
    dataset, splits = downloaded(library, "acme/odd-bytes", options=options)
    assert splits["train"].to_pylist() == [{"text": "good", "raw": "x"}, {"text": "bad \ufffd tail", "raw": "\ufffd"}]
    assert library.replaced_texts(dataset.id) == {"text": 1, "raw": 1}
    with pytest.raises(StudioError, match="delimiter is no option of a download"):
        library.download("acme/odd-bytes", options=ImportOptions(delimiter=";"))


@pytest.mark.parametrize("limit", [None, 2])
def test_columns_that_widen_from_file_to_file(library: Library, hub: HubServer, limit: int | None) -> None:
    files = {f"train-{number}.jsonl": jsonl([{"text": "t", "a": value}]) for number, value in enumerate([None, "x"])}
    hub.add(Repository("acme/widens", files))
    _, splits = downloaded(library, "acme/widens", max_samples=limit)
    assert splits["train"]["a"].to_pylist() == [None, "x"]
