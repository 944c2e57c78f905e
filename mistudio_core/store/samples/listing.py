"""Filtered and sorted rows: one SQL statement over the sample index, the raw Parquet and the token counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.errors import invalid
from mistudio_core.statistics.measures import WHITE_SPACE
from mistudio_core.store.samples.conditions import condition_sql, is_scalar, parse_condition, sort_sql
from mistudio_core.store.samples.integer_times import register_times
from mistudio_core.store.samples.order_cache import MOST_ROWS, cache_order, cached_order
from mistudio_core.store.samples.parquet_rows import parquet_rows
from mistudio_core.store.samples.query import MEASURES, SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.token_lengths import TokenLengths

Rows = npt.NDArray[np.int64]

_BLOCK_ROWS: Final = 100_000
_DEEP: Final = 1000
"""Up to there the best rows are found faster than all are sorted."""
_WORD: Final = "[^" + "".join(f"\\x{{{ord(space):x}}}" for space in WHITE_SPACE) + "]+"
_COPIES: Final = (
    '(SELECT hash, min("row") AS first_copy FROM samples WHERE hash IS NOT NULL GROUP BY hash HAVING count(*) > 1)'
)


@dataclass(slots=True)
class _Statement:
    """The pieces of the statement: relations that are joined on `row`, conditions, what is sorted by."""

    all_times: frozenset[str]
    """The dataset's columns of times that DuckDB does not read itself."""
    index: bool = False
    columns: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    tokens: str = ""
    copies: bool = False
    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    order: str = ""

    def column(self, name: str) -> str:
        """Return the SQL of a column of the dataset."""
        names, prefix = (self.times, "w.t") if name in self.all_times else (self.columns, "v.c")
        if name not in names:
            names.append(name)
        return f"{prefix}{names.index(name)}"


class SampleListing:
    """The rows that a query's split, filters and sort give; its search, if any, only as `hits`.

    `hits`, where given, are the only rows that come into question. Raises `invalid_request` naming what does not fit
    this dataset. Made for one thread; `connection` is the open sample index, of which a cursor is used.
    """

    def __init__(
        self,
        reader: SampleReader,
        connection: duckdb.DuckDBPyConnection,
        query: SampleQuery,
        hits: Rows | None = None,
    ) -> None:
        self._reader = reader
        self._connection = connection
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._query = query
        self._hits = hits
        self._lengths = TokenLengths(reader, query.tokenization) if query.tokenization is not None else None
        self._statement = self._plan()
        self._key = (reader, query.without_paging())

    @property
    def is_everything(self) -> bool:
        """Whether the rows are simply those of the split, in their order."""
        plan = self._statement
        return self._hits is None and not (plan.conditions or plan.order or plan.copies)

    def count(self) -> int:
        """Return the number of rows."""
        first, last = self._reader.span(self._query.split)
        if self._hits is None and not (self._statement.conditions or self._statement.copies):
            return last - first
        order = self._complete_order(0)
        return len(order) if order is not None else int(self._run("count(*)", "", {}).fetchall()[0][0])

    def rows(self, offset: int, limit: int) -> Rows:
        """Return the rows `[offset, offset + limit)` of the result."""
        first, last = self._reader.span(self._query.split)
        if self.is_everything:
            return np.arange(min(first + offset, last), min(first + offset + limit, last), dtype=np.int64)
        order = self._complete_order(offset)
        if order is not None:
            return order[offset : offset + limit].astype(np.int64)
        tail = f" {self._order()} LIMIT $limit OFFSET $offset"
        return _numbers(self._run('"row"', tail, {"limit": limit, "offset": offset}).fetchnumpy())

    def mask(self) -> npt.NDArray[np.bool_]:
        """Return for every row of the dataset whether it is in the result; cached for the next page of a search."""
        mask = np.zeros(self._reader.num_samples, np.bool_)
        may_keep = self._hits is None and self._reader.num_samples <= MOST_ROWS
        if may_keep and not self.is_everything:
            cached = cached_order(self._key)
            mask[cache_order(self._key, self._all) if cached is None else cached] = True
        else:
            for rows in self.blocks():
                mask[rows] = True
        return mask

    def blocks(self) -> Iterator[Rows]:
        """Yield all rows in order, some at a time."""
        first, last = self._reader.span(self._query.split)
        if self.is_everything:
            for start in range(first, last, _BLOCK_ROWS):
                yield np.arange(start, min(start + _BLOCK_ROWS, last), dtype=np.int64)
            return
        with self._run('"row"', f" {self._order()}", {}).to_arrow_reader(_BLOCK_ROWS) as reader:
            for batch in reader:
                yield batch.column(0).to_numpy()

    def interrupt(self) -> None:
        """Stop what another thread runs on this listing; that thread gets `duckdb.InterruptException`."""
        if self._cursor is not None:
            self._cursor.interrupt()

    def _complete_order(self, offset: int) -> npt.NDArray[np.int32] | None:
        """Return all rows in order, if they are cached, or if that is the cheapest way to a page from `offset` on."""
        if self._hits is not None or self._reader.num_samples > MOST_ROWS:
            return None
        cached = cached_order(self._key)
        # A condition on the Parquet costs the same for a page, for the count and for all rows.
        if cached is None and (
            offset > _DEEP or ((self._statement.columns or self._statement.times) and self._statement.conditions)
        ):
            return cache_order(self._key, self._all)
        return cached

    def _all(self) -> Rows:
        return np.concatenate([np.empty(0, np.int64), *self.blocks()])

    def _plan(self) -> _Statement:
        query, plan = self._query, _Statement(self._reader.integer_times)
        text = self._reader.text_column(query.column)
        for what in (*MEASURES, "tokens"):
            self._bound(plan, what, (getattr(query, f"min_{what}"), getattr(query, f"max_{what}")), text)
        if query.documents:
            plan.tokens = "JOIN"
            plan.conditions.append("t.is_document")
        for at, condition in enumerate(query.where):
            parsed = parse_condition(condition, self._reader)
            sql, parameters = condition_sql(parsed, plan.column(parsed.column), f"where{at}", self._reader)
            plan.conditions.append(sql)
            plan.parameters |= parameters
        if query.duplicates:
            if text != self._reader.default_column:
                raise invalid("duplicates: only known for the main text column.", "Leave the column out.")
            plan.index = plan.copies = True
        self._sort(plan, text)
        return plan

    def _bound(self, plan: _Statement, what: str, bounds: Sequence[int | None], text: str | None) -> None:
        for sign, bound in zip((">=", "<="), bounds, strict=True):
            if bound is not None:
                plan.conditions.append(f"{self._measure(plan, what, text)} {sign} {bound:d}")
                if what == "tokens":
                    plan.tokens = "JOIN"

    def _measure(self, plan: _Statement, what: str, text: str | None) -> str:
        """Return the SQL of a measure of the text: stored for the main text column, computed for another."""
        if what == "tokens":
            plan.tokens = plan.tokens or "LEFT JOIN"
            return "t.tokens"
        if text == self._reader.default_column:
            plan.index = True
            return f"s.{what}"
        if text is None:
            raise invalid(f"{what}: this dataset has no text column.", "Filter by column conditions instead.")
        if what == "words":
            plan.parameters["word"] = _WORD
            return f"len(regexp_extract_all({plan.column(text)}, $word))"
        return f"{'length' if what == 'chars' else 'strlen'}({plan.column(text)})"

    def _sort(self, plan: _Statement, text: str | None) -> None:
        name = self._query.sort
        direction = "DESC" if self._query.descending else "ASC"
        if name == "" and self._query.duplicates:
            plan.order = f"ORDER BY d.first_copy {direction}, "
        elif name in ("", "position", "relevance"):
            plan.order = "ORDER BY " if self._query.descending else ""
        elif name == "tokens" or name in MEASURES:
            plan.order = f"ORDER BY {self._measure(plan, name, text)} {direction} NULLS LAST, "
        else:
            column = name.removeprefix("column:") if name.startswith("column:") else name
            if column not in self._reader.schema.names or not is_scalar(self._reader.schema.field(column).type):
                possible = ", ".join(field.name for field in self._reader.schema if is_scalar(field.type))
                raise invalid(
                    f"sort: the samples cannot be sorted by {column[:80]!r}.",
                    f"Use position, relevance, chars, bytes, words, tokens, or a column: {possible[:500]}.",
                )
            value = sort_sql(plan.column(column), self._reader.schema.field(column).type)
            plan.order = f"ORDER BY {value} {direction} NULLS LAST, "

    def _order(self) -> str:
        """Return the sort with the row as the last word, so that equal ones keep their order on every page."""
        by_position = self._statement.order in ("", "ORDER BY ")
        direction = "DESC" if by_position and self._query.descending else "ASC"
        return f'{self._statement.order or "ORDER BY "}"row" {direction}'

    def _run(self, what: str, tail: str, extra: dict[str, Any]) -> duckdb.DuckDBPyRelation:
        plan, first_last = self._statement, self._reader.span(self._query.split)
        cursor = self._cursor = self._connection.cursor()  # one that was not read to its end could not be used again
        parameters = plan.parameters | extra
        relations: list[str] = []
        if plan.index or not (plan.columns or plan.times or self._hits is not None):
            relations.append("samples s")
        if plan.columns:
            sql, files = parquet_rows(cursor, self._reader, plan.columns, self._query.split)
            parameters |= files
            relations.append(f"{sql} v")
        if plan.times:
            register_times(cursor, self._reader, plan.times, self._query.split, "integer_times")
            relations.append("integer_times w")
        if self._hits is not None:
            cursor.register("hits", pa.table({"row": self._hits}))
            relations.append("hits h")
        source = relations[0] + "".join(f' JOIN {relation} USING ("row")' for relation in relations[1:])
        if plan.copies:
            source += f" JOIN {_COPIES} d USING (hash)"
        if plan.tokens and self._lengths is not None:
            cursor.register("token_lengths", self._lengths.table(documents=self._query.documents))
            source += f' {plan.tokens} token_lengths t USING ("row")'
        conditions = list(plan.conditions)
        if first_last != (0, self._reader.num_samples):
            conditions.append(f'"row" >= {first_last[0]:d} AND "row" < {first_last[1]:d}')
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return cursor.sql(f"SELECT {what} FROM {source}{where}{tail}", params=parameters)  # noqa: S608 - all ours


def _numbers(columns: dict[str, Any]) -> Rows:
    return np.asarray(columns["row"], np.int64)
