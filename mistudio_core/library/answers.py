"""The records that a library answers with and nothing below it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mistudio_core.records import Record

if TYPE_CHECKING:
    from mistudio_core.store.sequences.view import TokenHit, TokenPiece
    from mistudio_core.tokenization.previews.answers import Estimate


@dataclass(frozen=True, slots=True)
class FileLook(Record):
    """The first rows of a file as an import or a download would read them.

    `columns` maps the names of those that are shown, of `num_columns` in all, to their types; the cells are texts.
    """

    file: str
    num_columns: int
    columns: Mapping[str, str]
    text_columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> FileLook:
        """Return the record of what a worker answered."""
        rows = tuple(tuple(row) for row in found["rows"])
        return cls(found["file"], found["num_columns"], found["columns"], tuple(found["text_columns"]), rows)


@dataclass(frozen=True, slots=True)
class TextSources(Record):
    """The columns that a recipe can read: texts, conversations, and lists of token ids."""

    text: tuple[str, ...]
    chat: tuple[str, ...]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceText(Record):
    """The text that a recipe makes of one sample; None where it skips the sample."""

    split: str
    index: int
    text: str | None


@dataclass(frozen=True, slots=True)
class LeftOut(Record):
    """The share of samples that a recipe leaves out, by reason.

    Nulls and empty texts are named where there are any, a filter where it is chosen; None is known only by the pass.
    """

    shares: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Forecast(Record):
    """What is known before the start: an estimate for each preset, and the share of samples left out, as in `LeftOut`.

    `cautions` say what may not be meant about the recipe with this dataset.
    """

    presets: tuple[Estimate, ...]
    left_out: Mapping[str, float | None]
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour(Record):
    """A token that stands beside hits, and how often."""

    token: TokenPiece
    count: int


@dataclass(frozen=True, slots=True)
class TokenHits(Record):
    """One page of a token search, and what it tells of all hits.

    `following` and `preceding` are most often first; `by_position` counts the hits by the position where
    they start, in bins `{"first", "last", "count"}`. Where `seams_known` is False, hits may reach from one document
    into the next. `num_listed` is how many hits there are pages of: all, or of a sorted search the first 100,000.
    """

    total: int
    total_is_exact: bool
    num_listed: int
    hits: tuple[TokenHit, ...]
    sequence: tuple[TokenPiece, ...]
    following: tuple[Neighbour, ...]
    preceding: tuple[Neighbour, ...]
    by_position: tuple[dict[str, int], ...]
    seams_known: bool = True


@dataclass(frozen=True, slots=True)
class RareId(Record):
    """An id of the vocabulary, its token, and how often it occurs."""

    id: int
    token: str
    count: int


@dataclass(frozen=True, slots=True)
class Parting(Record):
    """The first document (`index` in `split`) for which two tokenizations differ, after so many equal tokens."""

    one: str
    other: str
    split: str
    index: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Comparison(Record):
    """Tokenizations side by side; what the parts but `partings` hold is described in docs/statistics.md.

    There is a parting for each pair, in the order of the tokenizations: None where no difference found, or
    have no text in common.
    """

    version: int
    kind: str
    tokenizations: tuple[Mapping[str, Any], ...]
    fertility_by_split: tuple[Mapping[str, Any], ...]
    fertility_by_length: tuple[Mapping[str, Any], ...]
    lengths: tuple[Mapping[str, Any], ...]
    overlap: tuple[Mapping[str, Any], ...]
    partings: tuple[Parting | None, ...]


@dataclass(frozen=True, slots=True)
class Snippet(Record):
    """The code with which a program (by its `name` and its title) takes sequences, or in `problem` why it cannot.

    `note` says for which version of the program it was written, and what to change for another. `language` is `python`
    or `bash`.
    """

    name: str
    program: str
    code: str | None
    problem: str | None
    note: str = ""
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Storage(Record):
    """The bytes of each part of the library, and those that are free on its disk."""

    datasets: int
    exports: int
    jobs: int
    tokenizers: int
    uploads: int
    free_bytes: int
