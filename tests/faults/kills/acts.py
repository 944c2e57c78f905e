"""What is disturbed: acts that a worker carries out, and the checksums of what each leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mistudio_core.file_names import DATASET_MANIFEST, SAMPLE_INDEX, TOKENIZATION_MANIFEST, TOKENIZED
from mistudio_core.files import file_sha256, walk_files
from mistudio_core.library import Library
from tests.hub import repositories

WAIT_S = 600.0
SPLITS = {"train": 3000, "validation": 800, "test": 400}
RECIPE = {"tokenizer": "sample", "context_length": 64, "splits": list(SPLITS), "shuffle_seed": 7}
OTHER_EVERY_TIME = {DATASET_MANIFEST, SAMPLE_INDEX, TOKENIZATION_MANIFEST}
"""Hold times and ids, or pages of a database: what they say is compared instead."""
WORD = "river"

Digest = dict[str, str]


@dataclass(frozen=True)
class Act:
    """`start` begins it and returns the id of its job; `digest` tells its result when that has succeeded."""

    name: str
    start: Callable[[Library], str]
    digest: Callable[[Library, str], Digest]


def write_texts(folder: Path) -> None:
    """Write three splits of short texts as `save_to_disk` does, and beside them a file of one text a line."""
    from datasets import Dataset, DatasetDict

    texts = {
        split: [f"Text {number} of {split}: {'a river and a hill ' * (number % 9)}" for number in range(count)]
        for split, count in SPLITS.items()
    }
    DatasetDict({split: Dataset.from_dict({"text": lines}) for split, lines in texts.items()}).save_to_disk(folder)
    small(folder).write_text("\n".join(texts["test"]))


def small(texts: Path) -> Path:
    """Return the file beside the folder."""
    return texts.with_name("small.txt")


def prepare(home: Path, texts: Path) -> None:
    """Make a library that holds one dataset with its index of words, one tokenizer and one tokenization."""
    library = Library.open(home)
    dataset = library.import_files([texts], name="Base")
    succeeded(library, library.jobs(dataset.id)[0].id)
    for job in library.jobs(active=True):
        succeeded(library, job.id)
    succeeded(library, library.load_tokenizer("sample").id)
    made = library.tokenize(dataset.id, RECIPE | {"context_length": 32})
    succeeded(library, library.jobs(made.id)[0].id)


def succeeded(library: Library, job_id: str) -> None:
    """Wait for a job that has to succeed."""
    job = library.wait(job_id, timeout=WAIT_S)
    assert job.status == "succeeded", (job.error, library.log(job_id)[-2000:])


def base(library: Library, name: str = "Base") -> str:
    """Return the id of a dataset that was there before."""
    return next(dataset.id for dataset in library.datasets() if dataset.name == name)


def made_before(library: Library) -> str:
    """Return the id of the tokenization that was there before."""
    return next(item.id for item in library.tokenizations(base(library)) if item.context_length == 32)


def files_of(folder: Path, *left_out: str) -> Digest:
    """Return the checksum of each file below a folder that is the same every time; an index may be on its way there."""
    found = {}
    for path in walk_files(folder):
        name = path.relative_to(folder)
        if path.name not in OTHER_EVERY_TIME and name.parts[0] not in left_out and not name.parts[0].startswith("."):
            found[name.as_posix()] = file_sha256(path)
    return found


def dataset_digest(library: Library, dataset_id: str) -> Digest:
    """Return the checksums of a dataset's files, and what it says of itself."""
    dataset = library.dataset(dataset_id)
    assert dataset.path is not None, dataset
    page = library.samples(dataset_id, search=WORD, limit=3)
    told = {"splits": str(dict(dataset.splits)), "columns": str(dataset.columns), "found": str(page.total)}
    return files_of(dataset.path, TOKENIZED, "search") | told


def tokenization_digest(library: Library, tokenization_id: str) -> Digest:
    """Return the checksums of a tokenization's files, and what it says of itself."""
    made = library.tokenization(tokenization_id)
    assert made.path is not None, made
    return files_of(made.path) | {"tokens": str(made.num_tokens), "sequences": str(made.num_sequences)}


def base_digest(library: Library) -> Digest:
    """Return the checksums of what was there before."""
    return dataset_digest(library, base(library)) | tokenization_digest(library, made_before(library))


def acts(texts: Path) -> dict[str, Act]:
    """Return the acts by name; `download` needs the test Hub with `repositories.big`."""

    def subject(library: Library, job_id: str) -> str:
        return library.job(job_id).subject_id

    def start_import(library: Library) -> str:
        return library.jobs(library.import_files([texts], name="Imported").id)[0].id

    def start_download(library: Library) -> str:
        return library.jobs(library.download(repositories.big().id).id)[0].id

    def start_tokenizing(library: Library) -> str:
        return library.jobs(library.tokenize(base(library), RECIPE).id)[0].id

    def start_index(library: Library) -> str:
        library.home.discard(library.home.dataset(base(library)) / "search")
        return library.build_search_index(base(library)).id

    def index_digest(library: Library, _: str) -> Digest:
        found = library.search(base(library), {"search": WORD, "limit": 50})
        return {"by": found.by, "rows": str([row.index for row in found.page.rows]), "total": str(found.page.total)}

    def start_export(library: Library) -> str:
        return library.export_tokenization(made_before(library), "parquet").id

    def export_digest(library: Library, _: str) -> Digest:
        (export,) = library.exports(made_before(library))
        return files_of(Path(export.path))

    return {
        act.name: act
        for act in (
            Act("import", start_import, lambda library, job_id: dataset_digest(library, subject(library, job_id))),
            Act("download", start_download, lambda library, job_id: dataset_digest(library, subject(library, job_id))),
            Act("index", start_index, index_digest),
            Act(
                "tokenize",
                start_tokenizing,
                lambda library, job_id: tokenization_digest(library, subject(library, job_id)),
            ),
            Act("export", start_export, export_digest),
        )
    }
