"""The frozen, typed records that pass between the rooms, and their JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mistudio_core.errors import StudioError

if TYPE_CHECKING:
    from mistudio_core.tokenization.recipes.recipe import Recipe

DatasetStatus = Literal["downloading", "processing", "ready", "error"]
TokenizationStatus = Literal["queued", "processing", "ready", "error"]
JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Access = Literal["public", "gated", "private"]


def now() -> datetime:
    """Return the time in UTC, to the millisecond that JSON keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse_time(text: str) -> datetime:
    """Read a time that `as_json` wrote."""
    return datetime.fromisoformat(text)


def as_json(value: Any) -> Any:
    """Turn records, paths, times and mappings into what `json.dumps` takes; keys keep their order."""
    if isinstance(value, Record):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    return value


class Record:
    """What every answer is: frozen, typed, and as JSON or by the names of its JSON where a script wants that."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as `json.dumps` takes them, in their order."""
        record: Any = self
        return {item.name: as_json(getattr(self, item.name)) for item in fields(record)}

    def __getitem__(self, name: str) -> Any:
        return self.to_json()[name]


@dataclass(frozen=True, slots=True, eq=False)
class JsonDocument(Record, Mapping[str, Any]):
    """A stored JSON document, such as statistics or a manifest; its own page in docs/ says what is in it."""

    document: Mapping[str, Any]

    @property
    def version(self) -> int:
        """The version of its form; 0 where it was stored without one."""
        return int(self.document.get("version", self.document.get("format", 0)))

    def to_json(self) -> dict[str, Any]:
        """Return the document itself."""
        return dict(self.document)

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.document)

    def __len__(self) -> int:
        return len(self.document)


@dataclass(frozen=True, slots=True)
class ErrorInfo(Record):
    """A failure as it is stored and shown; `details` are JSON values, see `StudioError`."""

    code: str
    message: str
    hint: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: StudioError) -> ErrorInfo:
        """Keep the four fields of an exception."""
        return cls(**error.to_json())

    def exception(self) -> StudioError:
        """Return the exception to raise for a stored failure."""
        return StudioError(self.code, self.message, self.hint, self.details)


@dataclass(frozen=True, slots=True)
class Dataset(Record):
    """A dataset of the library; `splits` keeps empty splits with 0, `path` is None until it is ready.

    In a shared library everybody sees what has the access `public`, and its owner and the host the rest.
    """

    id: str
    name: str
    source: str
    repo_id: str | None
    revision: str | None
    config: str | None
    splits: Mapping[str, int]
    num_samples: int
    size_bytes: int
    status: DatasetStatus
    error: ErrorInfo | None
    columns: Mapping[str, str]
    text_columns: tuple[str, ...]
    path: Path | None
    created_at: datetime
    updated_at: datetime
    owner: str = "local"
    access: Access = "public"
    max_samples: int | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Tokenization(Record):
    """Token sequences of one dataset by one recipe; `path` is None until it is ready."""

    id: str
    dataset_id: str
    tokenizer: str
    tokenizer_revision: str | None
    vocab_size: int | None
    recipe: Recipe
    context_length: int
    engine: str | None
    status: TokenizationStatus
    error: ErrorInfo | None
    num_sequences: int
    num_tokens: int
    num_documents: int
    size_bytes: int
    path: Path | None
    created_at: datetime
    updated_at: datetime
    owner: str = "local"


@dataclass(frozen=True, slots=True)
class Job(Record):
    """One run of a worker; `rate` is units per second, `eta_s` seconds, both None while unknown."""

    id: str
    kind: str
    subject_id: str
    status: JobStatus
    phase: str
    done: int
    total: int | None
    unit: str
    rate: float | None
    eta_s: float | None
    error: ErrorInfo | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    needs_token: bool = False
    owner: str = "local"
    progress_seq: int = 0
    bytes_done: int = 0
    message: str = ""
    live: Mapping[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.status in ("queued", "running")


@dataclass(frozen=True, slots=True)
class SplitInfo(Record):
    """A split as the Hub describes it; None where the Hub does not know."""

    name: str
    num_samples: int | None = None
    num_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigInfo(Record):
    """A configuration (subset) as the Hub describes it."""

    name: str
    default: bool
    splits: tuple[SplitInfo, ...]


@dataclass(frozen=True, slots=True)
class RepoInfo(Record):
    """What the Hub says of a dataset repository before anything is downloaded.

    `origins` names, for each field that may be missing or differ, where it came from, for example
    `{"columns": "footer of data/train.parquet", "configs": "dataset card"}`. `refusal` is the error that reading
    the files would meet, as when a gate is closed to this access token; None where they may be read. `parquet_branch`
    tells that the revision is the Hub's own copy in Parquet, which has a layout of its own. `url` is its page, where
    access can be asked for.
    """

    repo_id: str
    revision: str
    private: bool
    gated: bool
    licence: str | None
    last_modified: datetime | None
    downloads: int | None
    likes: int | None
    configs: tuple[ConfigInfo, ...]
    columns: Mapping[str, str] | None
    download_bytes: int | None
    free_bytes: int
    origins: Mapping[str, str] = field(default_factory=dict)
    refusal: ErrorInfo | None = None
    parquet_branch: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sample(Record):
    """One sample: `index` counts from 0 within its split, `matches` are code-point pairs [start, end) in `text`."""

    index: int
    split: str
    text: str | None
    columns: Mapping[str, Any]
    matches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SamplesPage(Record):
    """Some samples of a listing and how many there are in all."""

    total: int
    total_is_exact: bool
    rows: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Deleted(Record):
    """What a deletion removed."""

    deleted: tuple[str, ...]
    freed_bytes: int
    undo: str | None = None
    """What `restore` takes, for a minute; nothing has been freed until then."""


@dataclass(frozen=True, slots=True)
class Verification(Record):
    """How many files were checked and, for each problem, a sentence that names the file.

    `notes` say what the check cannot have seen; `repairable` is how many of the problems a repair deals with.
    """

    checked: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    repairable: int = 0


@dataclass(frozen=True, slots=True)
class Repaired(Record):
    """What a repair made again, the jobs that are still at it, and what is left, with what helps there."""

    repaired: tuple[str, ...]
    jobs: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rebuilt(Record):
    """How many records the files gave back."""

    datasets: int
    tokenizations: int
