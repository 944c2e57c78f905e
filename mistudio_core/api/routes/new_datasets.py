"""New datasets: what the Hub and files hold, downloading, importing, uploading, the example."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, Json

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.hub_token import HubToken
from mistudio_core.api.ids import JobId
from mistudio_core.errors import invalid
from mistudio_core.library import ImportOptions
from mistudio_core.library.queries import FileLook, HubDataset
from mistudio_core.records import Dataset, Job, RepoInfo

routes = Acts(prefix="/datasets", tags=["new datasets"])

Repo = Annotated[str, Query(description="A repository id such as `stanfordnlp/imdb`, or its address on the Hub.")]
Revision = Annotated[str | None, Query(description="A branch, a tag or a commit.")]
Config = Annotated[str | None, Query(description="A configuration (subset).")]
MostSamples = Annotated[int | None, Field(description="Most samples per split.", le=2**53)]

_DOWNLOAD: Final[dict[str, Any]] = {"repo_id": "stanfordnlp/imdb", "splits": ["train"], "max_samples": 1000}
_IMPORT: Final[dict[str, Any]] = {"paths": ["/data/reviews.csv"], "options": {"delimiter": ";"}}


class Download(BaseModel):
    """What to download. An access token is given in the header `X-HF-Token`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_DOWNLOAD]})

    repo_id: str = Field(description="A repository id, or its address on the Hub.")
    revision: str | None = None
    config: str | None = None
    splits: list[str] | None = Field(None, description="By default all.")
    split: str | None = Field(None, description="One split, where `splits` is not given.")
    max_samples: MostSamples = None
    name: str | None = Field(None, description="The name of the dataset in the library.")
    text_columns: list[str] | None = Field(None, description="Columns of bytes that hold text.")
    invalid_utf8: str | None = Field(None, description="`refuse` or `replace`: bytes in a text that are no UTF-8.")


class ImportFields(BaseModel):
    """How files are read, where they alone do not say; docs/importing.md describes the options."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_IMPORT]})

    paths: list[str] = Field(description="Files on the machine of the library; refused where it is shared.")
    format: str | None = Field(None, description="`parquet`, `jsonl`, `json`, `csv`, `tsv`, `txt` or `arrow`.")
    options: dict[str, Any] = Field({}, description="Import options by name, such as `delimiter` or `encoding`.")


class Import(ImportFields):
    """What to import."""

    name: str | None = None
    public: bool = Field(default=False, description="In a shared library: for everybody to see.")


class Example(BaseModel):
    """How large the example is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"num_samples": 1000}]})

    num_samples: int = Field(5000, description="Stories, from 1 to 200,000.")


@routes.get("/search-hub", summary="Find datasets on the Hub")
def search_hub(
    library: Opened, text: str, *, limit: Annotated[int, Query(ge=1, le=100)] = 8, hf_token: HubToken = None
) -> list[HubDataset]:
    """Return datasets of the Hub whose id holds a text, most downloaded first."""
    return library.search_hub(text, limit=limit, hf_token=hf_token)


@routes.get("/inspect", summary="What the Hub knows of a dataset")
def inspect_dataset(
    library: Opened, repo_id: Repo, *, revision: Revision = None, config: Config = None, hf_token: HubToken = None
) -> RepoInfo:
    """Return configs, splits, columns, size and licence, without downloading data."""
    return library.inspect(repo_id, revision=revision, config=config, hf_token=hf_token)


@routes.get("/first-rows", summary="The first rows of a dataset on the Hub")
def first_rows(
    library: Opened,
    repo_id: Repo,
    *,
    revision: Revision = None,
    config: Config = None,
    split: str | None = None,
    hf_token: HubToken = None,
) -> FileLook:
    """Return the first ten rows of a split, read from Parquet without a download."""
    return library.first_rows(repo_id, revision=revision, config=config, split=split, hf_token=hf_token)


@routes.post("/download", summary="Download a dataset from the Hub", status_code=202)
def download_dataset(library: Opened, wanted: Download, *, hf_token: HubToken = None) -> Dataset:
    """Start to download a dataset; asking again for one that failed resumes it."""
    splits = wanted.splits if wanted.splits is not None or wanted.split is None else [wanted.split]
    columns = None if wanted.text_columns is None else tuple(wanted.text_columns)
    return library.download(
        wanted.repo_id,
        revision=wanted.revision,
        config=wanted.config,
        splits=splits,
        max_samples=wanted.max_samples,
        name=wanted.name,
        hf_token=hf_token,
        options=ImportOptions(text_columns=columns, invalid_utf8=wanted.invalid_utf8),
    )


@routes.post("/import", summary="Import files by their paths", status_code=202)
def import_files(library: Opened, wanted: Import) -> Dataset:
    """Start to import files of the library's machine; they are only read."""
    return library.import_files(
        wanted.paths,
        file_format=wanted.format,
        options=_options(wanted.options),
        name=wanted.name,
        public=wanted.public,
    )


@routes.post("/look", summary="Read the first rows of files", status_code=202)
def look_at_files(library: Opened, wanted: ImportFields) -> Job:
    """Start to read the first rows as an import would; `/datasets/look/{job_id}` returns them afterwards."""
    return library.look_at_files(wanted.paths, file_format=wanted.format, options=_options(wanted.options))


@routes.get("/look/{job_id}", summary="The first rows of files that were looked at")
def file_look(library: Opened, job_id: JobId) -> FileLook:
    """Return what a look at files found; `in_use` while it runs."""
    return library.file_look(job_id)


@routes.post("/upload", summary="Import files that are sent along", status_code=202)
def upload_files(
    library: Opened,
    files: Annotated[list[UploadFile], File(description="The files.")],
    *,
    name: Annotated[str | None, Form()] = None,
    format: Annotated[str | None, Form(description="By default by the names of the files.")] = None,  # noqa: A002
    options: Annotated[Json[dict[str, Any]] | None, Form(description="Import options, as JSON.")] = None,
    public: Annotated[bool, Form(description="In a shared library: for everybody to see.")] = False,
) -> Dataset:
    """Take files into the library and start to import them."""
    paths = library.upload([(file.filename or "upload", file.file) for file in files])
    return library.import_files(paths, file_format=format, options=_options(options or {}), name=name, public=public)


@routes.post("/example", summary="Make the built-in example dataset", status_code=202)
def make_example(library: Opened, wanted: Example) -> Dataset:
    """Start to make short stories, which need no network."""
    return library.make_example(wanted.num_samples)


def _options(given: dict[str, Any]) -> ImportOptions:
    try:
        return ImportOptions.from_fields(given)
    except TypeError:
        raise invalid("The import options have values of the wrong type.", "See docs/importing.md.") from None
