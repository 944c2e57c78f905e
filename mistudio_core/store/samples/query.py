"""What is asked of the samples of a dataset: one frozen value that fits in a URL, a command line and a cache key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from mistudio_core.errors import check_text, invalid
from mistudio_core.store.samples.reader import check_page

MODES: Final = ("words", "any", "phrase", "substring", "regex")
RANKED_MODES: Final = ("words", "any", "phrase")
MEASURES: Final = ("chars", "bytes", "words")

MAX_SEARCH_CHARS: Final = 2000
MAX_CONDITIONS: Final = 20
MAX_CONDITION_CHARS: Final = 10_000
"""More than the name of a column and the longest text that is counted as a label."""
_BOUNDS: Final = tuple((f"min_{measure}", f"max_{measure}") for measure in (*MEASURES, "tokens"))
_NUMBERS: Final = tuple(name for pair in _BOUNDS for name in pair)
_SWITCHES: Final = ("ignore_case", "duplicates", "documents", "control_tokens", "descending")
_OF_TOKENS: Final = ("min_tokens", "max_tokens", "documents", "control_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleQuery:
    """Which samples, in which order, and which of them; validated on creation, as far as possible without data.

    `search` is looked for in the text column `column` (the default one when None). `where` holds conditions such as
    `label=positive`, `score>=0.5`, `lang!=en`, `title is null`, `len(tags)>=2`, `letters(text)=Greek`. Characters,
    bytes and words are those of the text column, token counts and control tokens those of the tokenization; `documents`
    keeps the samples that it counts as documents, neither empty nor left out. `duplicates` keeps the samples whose text
    is there more than once. `sort` is `position`, `relevance`, `tokens`, one of `MEASURES`, a column (`column:NAME`
    where it has one of these names), or empty: by relevance for ranked words, copies together for duplicates, else by
    position. Equal ones keep the order of the dataset, and what has no value comes last.
    """

    split: str | None = None
    search: str = ""
    mode: str = "words"
    ignore_case: bool = False
    column: str | None = None
    min_chars: int | None = None
    max_chars: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    min_words: int | None = None
    max_words: int | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    tokenization: str | None = None
    where: tuple[str, ...] = ()
    duplicates: bool = False
    documents: bool = False
    control_tokens: bool = False
    sort: str = ""
    descending: bool = False
    offset: int = 0
    limit: int = 50

    def __post_init__(self) -> None:
        """Raise `invalid_request` naming the field that cannot be."""
        _check_types(self)
        check_page(self.offset, self.limit)
        if self.mode not in MODES:
            raise invalid(f"mode: {self.mode[:80]!r} is not a search mode.", f"Use one of: {', '.join(MODES)}.")
        if len(self.search) > MAX_SEARCH_CHARS:
            raise invalid(
                f"search: the text is longer than {MAX_SEARCH_CHARS:,} characters.", "Search for a shorter text."
            )
        if len(self.where) > MAX_CONDITIONS:
            raise invalid(f"where: there are more than {MAX_CONDITIONS} conditions.", "Remove some.")
        for low, high in _BOUNDS:
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise invalid(f"{low}: {least} is more than {high}, {most}.", "Swap them.")
        if self.sort == "relevance" and not self.is_ranked:
            raise invalid("sort: relevance needs a search for words or a phrase.", "Sort by position.")
        if self.tokenization is None:
            asked = [field for field in _OF_TOKENS if getattr(self, field) not in (None, False)]
            asked += ["sort"] if self.sort == "tokens" else []
            if asked:
                raise invalid(f"{asked[0]}: no tokenization given.", "Choose the tokenization whose tokens are meant.")

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> SampleQuery:
        """Build a query from loose values, as from a command line or a URL; None means "not given"."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(str(name)[:80] for name in values if name not in known)
        if unknown:
            raise invalid(f"A query has no field {unknown[0]!r}.", f"Its fields are: {', '.join(sorted(known))}.")
        given = {name: value for name, value in values.items() if value is not None}
        if isinstance(given.get("where"), (list, tuple)):
            given["where"] = tuple(given["where"])
        return cls(**given)

    @property
    def is_ranked(self) -> bool:
        """Whether this is a search that the index of words answers, best first."""
        return bool(self.search) and self.mode in RANKED_MODES

    @property
    def is_plain(self) -> bool:
        """Whether only a split and a page are asked for, which need no index."""
        return self.without_paging() == SampleQuery(split=self.split, column=self.column)

    @property
    def has_filters(self) -> bool:
        """Whether anything but the search and the split leaves samples out."""
        counted = any(getattr(self, name) is not None for name in _NUMBERS)
        return counted or bool(self.where) or self.duplicates or self.documents or self.control_tokens

    def without_paging(self) -> SampleQuery:
        """Return the query of which this is one page; equal ones have equal results."""
        sort = "" if self.sort == "position" and not self.duplicates and not self.is_ranked else self.sort
        return replace(self, offset=0, limit=50, sort=sort)


def _check_types(query: SampleQuery) -> None:
    for name in ("split", "column", "tokenization", "search", "mode", "sort"):
        value = getattr(query, name)
        if not isinstance(value, str) and not (value is None and name in ("split", "column", "tokenization")):
            raise invalid(f"{name}: {value!r:.80} is not a string.", "Give a string.")
        check_text(name, value or "")
    for name in (*_NUMBERS, "offset", "limit"):
        value = getattr(query, name)
        if value is None and name in _NUMBERS:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise invalid(f"{name}: {value!r:.80} is not a whole number of 0 or more.", "Give a number such as 100.")
    for name in _SWITCHES:
        if not isinstance(getattr(query, name), bool):
            raise invalid(f"{name}: {getattr(query, name)!r:.80} is not true or false.", "Use true or false.")
    where: Any = query.where
    if not isinstance(where, tuple) or not all(isinstance(item, str) for item in where):
        raise invalid(f"where: {where!r:.80} is not a list of strings.", "Write it like label=positive.")
    for item in where:
        check_text("where", item)
        if len(item) > MAX_CONDITION_CHARS:
            raise invalid(
                f"where: a condition is longer than {MAX_CONDITION_CHARS:,} characters.", "Use a shorter value."
            )
