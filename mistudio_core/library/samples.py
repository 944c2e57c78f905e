"""Samples: reading, searching, filtering, sorting and exporting the documents of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.disk import full_disk, is_full
from mistudio_core.errors import IndexDamaged, StudioError, check_span
from mistudio_core.files import new_id
from mistudio_core.library.context import Context
from mistudio_core.library.following import start_index
from mistudio_core.library.records_view import look
from mistudio_core.records import Dataset, Job, Sample, SamplesPage

if TYPE_CHECKING:
    from mistudio_core.arrow_stream import ArrowStream
    from mistudio_core.store.samples.columns import SampleColumn
    from mistudio_core.store.samples.concordance import Concordance
    from mistudio_core.store.samples.export import Progress
    from mistudio_core.store.samples.query import SampleQuery
    from mistudio_core.store.samples.search import Found
    from mistudio_core.store.samples.search_pool import SearchPool
    from mistudio_core.store.samples.session import SearchSession


class Samples:
    """The samples of the datasets."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(
        self,
        dataset_id: str,
        *,
        split: str | None = None,
        search: str = "",
        mode: str = "words",
        ignore_case: bool = False,
        column: str | None = None,
        min_chars: int | None = None,
        max_chars: int | None = None,
        min_bytes: int | None = None,
        max_bytes: int | None = None,
        min_words: int | None = None,
        max_words: int | None = None,
        min_tokens: int | None = None,
        max_tokens: int | None = None,
        tokenization: str | None = None,
        where: Sequence[str] = (),
        duplicates: bool = False,
        documents: bool = False,
        control_tokens: bool = False,
        sort: str = "",
        descending: bool = False,
        offset: int = 0,
        limit: int = 50,
    ) -> SamplesPage:
        """Return one page of samples; the keywords are the fields of a `SampleQuery`, which tells what they mean.

        A scan that takes longer than a minute gives what it has found, and `total_is_exact` is False.
        """
        from mistudio_core.store.samples.query import SampleQuery

        query = SampleQuery(
            split=split, search=search, mode=mode, ignore_case=ignore_case, column=column, min_chars=min_chars,
            max_chars=max_chars, min_bytes=min_bytes, max_bytes=max_bytes, min_words=min_words, max_words=max_words,
            min_tokens=min_tokens, max_tokens=max_tokens, tokenization=tokenization,
            where=where if isinstance(where, str) else tuple(where),  # type: ignore[arg-type]  # one text is refused
            duplicates=duplicates, documents=documents, control_tokens=control_tokens, sort=sort,
            descending=descending, offset=offset, limit=limit,
        )  # fmt: skip
        return self.search(dataset_id, query).page

    def search(
        self,
        dataset_id: str,
        query: SampleQuery | Mapping[str, Any],
        *,
        session: SearchSession | None = None,
        pool: SearchPool | None = None,
        tab: str = "",
    ) -> Found:
        """Return one page of a query and how it was found.

        `session` is one from `open_session` that the caller keeps; without it one is opened for this call. With a
        `pool`, a scan goes on behind the page that is returned, one for each `tab`. A damaged index is built again,
        by a job where that takes long.
        """
        from mistudio_core.store.samples.reader import open_reader
        from mistudio_core.store.samples.search import Found

        asked = _query(query)
        dataset = look(self._context).ready_dataset(dataset_id)
        if asked.is_plain:
            reader = open_reader(_folder(dataset))
            page = reader.page(split=asked.split, offset=asked.offset, limit=asked.limit, column=asked.column)
            return Found(page, by="position")
        if session is None:
            with self._opened(dataset) as opened:
                found = opened.find(asked)
        else:
            with self._repairing(dataset):
                found = session.find(asked, pool, tab)
        if found.problem == "index_damaged":
            self._repair(dataset)
        return found

    def concordance(
        self,
        dataset_id: str,
        query: SampleQuery | Mapping[str, Any],
        *,
        sort: str = "position",
        session: SearchSession | None = None,
        time_limit_s: float = 60.0,
    ) -> Concordance:
        """Return every place where the search of a query finds something, page by page, with what stands beside it.

        `offset` and `limit` of the query page the hits, its filters choose the samples. `sort` is `position`, or
        `before` or `after` for the order of the words that stand there; the first 50,000 hits are sorted and paged.
        After `time_limit_s` seconds the answer tells of what has been read, and `total_is_exact` is False. `session` as
        for `search`.
        """
        asked = _query(query)
        dataset = look(self._context).ready_dataset(dataset_id)
        if session is not None:
            with self._repairing(dataset):
                return session.concordance(asked, sort, time_limit_s)
        with self._opened(dataset) as opened:
            return opened.concordance(asked, sort, time_limit_s)

    def open_session(self, dataset_id: str) -> SearchSession:
        """Open the sample index of a dataset for several queries, building it again where it was lost.

        Raises `IndexUnusable` where only a job can build it; one that is damaged gets that job at once.
        """
        return self._session(look(self._context).ready_dataset(dataset_id))

    def columns(self, dataset_id: str) -> tuple[SampleColumn, ...]:
        """Return the columns of a dataset and what can be asked of each."""
        from mistudio_core.store.samples.columns import sample_columns
        from mistudio_core.store.samples.reader import open_reader

        return sample_columns(open_reader(_folder(look(self._context).ready_dataset(dataset_id))))

    def token_counts(self, dataset_id: str, tokenization_id: str, samples: Sequence[Sample]) -> list[int | None]:
        """Return the untruncated tokens of some samples in a tokenization, None where their split was left out."""
        import numpy as np

        from mistudio_core.store.samples.reader import open_reader
        from mistudio_core.store.samples.token_lengths import TokenLengths

        reader = open_reader(_folder(look(self._context).ready_dataset(dataset_id)))
        rows = [reader.firsts[sample.split] + sample.index for sample in samples]
        return TokenLengths(reader, tokenization_id).of_rows(np.array(rows, np.int64))

    def export(
        self,
        dataset_id: str,
        kind: str,
        query: SampleQuery | Mapping[str, Any] | None = None,
        *,
        progress: Progress | None = None,
    ) -> Path:
        """Write the whole result of a query to a new file in the library's `exports` and return its path.

        `kind` is `parquet`, `jsonl`, `csv`, or `spreadsheet`: CSV in which text that a spreadsheet may take for a
        formula has an apostrophe before it. `progress` is told the number of samples written; what it raises ends
        the export and leaves no file.
        """
        from mistudio_core.store.samples.export import suffix
        from mistudio_core.store.samples.export_list import write_list

        asked = _query(query or {})
        dataset = look(self._context).ready_dataset(dataset_id)
        self._context.actor.must("start")
        target = self._context.home.exports / f"samples-{new_id('job').removeprefix('job_')}{suffix(kind)}"
        with self._opened(dataset) as session:
            session.export(asked, target, kind, progress)
            write_list(target)
        return target

    def stream(
        self,
        dataset_id: str,
        query: SampleQuery | Mapping[str, Any] | None = None,
        *,
        columns: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> ArrowStream:
        """Return the whole result of a query as the bytes of an Arrow IPC stream, some MB at a time.

        It has the columns and types of the raw samples, or the `columns` named. Nothing is written. `offset` and
        `limit` choose among the samples found; the page of the query does not matter.
        """
        from mistudio_core.store.samples.arrow import sample_stream

        asked = _query(query or {})
        check_span(offset, limit)
        dataset = look(self._context).ready_dataset(dataset_id)
        with self._repairing(dataset):
            return sample_stream(_folder(dataset), asked, columns, offset, limit)

    def build_index(self, dataset_id: str) -> Job:
        """Start to build the ranked index of a dataset, which smaller datasets get by themselves."""
        dataset = look(self._context).ready_dataset(dataset_id)
        self._context.actor.must("start")
        return start_index(self._context, dataset, self._context.actor.name)

    def _session(self, dataset: Dataset) -> SearchSession:
        from mistudio_core.store.samples.session import SearchSession

        with self._repairing(dataset):
            return SearchSession(_folder(dataset))

    @contextmanager
    def _opened(self, dataset: Dataset) -> Iterator[SearchSession]:
        with self._session(dataset) as session, self._repairing(dataset):
            yield session

    @contextmanager
    def _repairing(self, dataset: Dataset) -> Iterator[None]:
        try:
            yield
        except IndexDamaged:
            self._repair(dataset)
            raise
        except Exception as error:  # of DuckDB, too, which this room does not know
            if is_full(error) and not isinstance(error, StudioError):
                raise full_disk(self._context.home.root, dataset.size_bytes) from error
            raise

    def _repair(self, dataset: Dataset) -> None:
        with suppress(StudioError):  # it is being built, or the disk is full: the search itself has its answer
            start_index(self._context, dataset, dataset.owner)


def _query(query: SampleQuery | Mapping[str, Any]) -> SampleQuery:
    from mistudio_core.store.samples.query import SampleQuery

    return query if isinstance(query, SampleQuery) else SampleQuery.from_fields(query)


def _folder(dataset: Dataset) -> Path:
    assert dataset.path is not None
    return dataset.path
