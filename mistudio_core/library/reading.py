"""Reading what is in the library: samples, searches, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import StudioError
from mistudio_core.files import folder_bytes, free_bytes, read_json
from mistudio_core.library.access import choose_token
from mistudio_core.library.lookup import Lookup
from mistudio_core.records import RepoInfo, Sample, SamplesPage, Tokenization

if TYPE_CHECKING:
    import duckdb

    from mistudio_core.store.samples.columns import SampleColumn
    from mistudio_core.store.samples.query import SampleQuery
    from mistudio_core.store.samples.reader import SampleReader
    from mistudio_core.store.samples.search import Found
    from mistudio_core.store.samples.search_pool import SearchPool


class Reading(Lookup):
    """The methods of `Library` that change nothing."""

    def inspect(
        self, repo: str, *, revision: str | None = None, config: str | None = None, token: str | None = None
    ) -> RepoInfo:
        """Return what the Hub knows of a dataset, at once and without downloading data."""
        from mistudio_core.sources.hub import look
        from mistudio_core.sources.repo_ids import parse_repo_id

        repo_id, pasted_revision = parse_repo_id(repo)
        return look(
            repo_id,
            revision=revision or pasted_revision,
            config=config,
            token=choose_token(self.settings, token),
            home=self.home.root,
        )

    def samples(self, dataset_id: str, **fields: Any) -> SamplesPage:
        """Return one page of samples; `fields` are those of `SampleQuery`, none of them needed.

        A scan that takes longer than a minute gives what it has found, and `total_is_exact` is False.
        """
        return self.search(dataset_id, fields).page

    def search(
        self,
        dataset_id: str,
        query: SampleQuery | Mapping[str, Any],
        *,
        index: duckdb.DuckDBPyConnection | None = None,
        pool: SearchPool | None = None,
        session: str = "",
    ) -> Found:
        """Return one page of a query and how it was found.

        `index` is a connection from `open_sample_index` that the caller keeps; without one it is opened for
        this call. With a `pool`, a scan goes on behind the page that is returned, one for each `session`.
        """
        from mistudio_core.store.samples.query import SampleQuery
        from mistudio_core.store.samples.reader import open_reader
        from mistudio_core.store.samples.search import Found, SampleSearch

        query = query if isinstance(query, SampleQuery) else SampleQuery.from_fields(query)
        reader = open_reader(self._whole(dataset_id))
        if query.is_plain:
            page = reader.page(split=query.split, offset=query.offset, limit=query.limit, column=query.column)
            return Found(page, by="position")
        if index is not None:
            return SampleSearch(reader, index, pool, session).find(query)
        with self._opened_search(dataset_id) as (_, opened):
            return SampleSearch(reader, opened).find(query)

    def open_sample_index(self, dataset_id: str) -> duckdb.DuckDBPyConnection:
        """Open the sample index of a dataset read-only, building it again where it was lost."""
        from mistudio_core.store.samples.index import ready_index
        from mistudio_core.store.samples.reader import open_reader

        return ready_index(open_reader(self._whole(dataset_id)))

    def sample_columns(self, dataset_id: str) -> tuple[SampleColumn, ...]:
        """Return the columns of a dataset and what can be asked of each."""
        from mistudio_core.store.samples.columns import sample_columns
        from mistudio_core.store.samples.reader import open_reader

        return sample_columns(open_reader(self._whole(dataset_id)))

    def token_counts(self, dataset_id: str, tokenization_id: str, samples: Sequence[Sample]) -> list[int | None]:
        """Return the untruncated tokens of some samples in a tokenization, None where their split was left out."""
        import numpy as np

        from mistudio_core.store.samples.reader import open_reader
        from mistudio_core.store.samples.token_lengths import TokenLengths

        reader = open_reader(self._whole(dataset_id))
        rows = [reader.firsts[sample.split] + sample.index for sample in samples]
        return TokenLengths(reader, tokenization_id).of_rows(np.array(rows, np.int64))

    def statistics(self, subject_id: str) -> dict[str, Any] | None:
        """Return the stored statistics of a dataset or a tokenization; None until it is ready."""
        from mistudio_core.statistics.joining import lacks_words, with_words

        record = self._record(subject_id)
        stored = None if record.path is None else read_json(record.path / "statistics.json")
        if stored is not None and isinstance(record, Tokenization) and lacks_words(stored):
            column = self._only_text(record)
            return dict(stored) if column is None else with_words(stored, column)
        return None if stored is None else dict(stored)

    def replaced_texts(self, dataset_id: str) -> dict[str, int]:
        """Return in how many samples of a ready dataset a text had bytes replaced that were no UTF-8, by column."""
        record = self._record(dataset_id)
        manifest = None if record.path is None else read_json(record.path / "dataset.json")
        return dict((manifest or {}).get("replaced", {}))

    def _only_text(self, record: Tokenization) -> Mapping[str, Any] | None:
        """Return the statistics of the column whose texts a tokenization took as they are."""
        recipe = record.recipe
        if len(recipe["columns"]) != 1 or recipe.get("template") or recipe.get("chat"):
            return None
        columns = (self.statistics(record.dataset_id) or {}).get("columns", ())
        found = (item for item in columns if item["kind"] == "text" and item["name"] == recipe["columns"][0])
        return next(found, None)

    def storage(self) -> Mapping[str, int]:
        """Return the bytes of each part of the library, and `free_bytes` of the disk."""
        parts = {"datasets", "tokenizers", "jobs", "uploads", "exports"}
        sizes = {part: folder_bytes(getattr(self.home, part)) for part in sorted(parts)}
        return sizes | {"free_bytes": free_bytes(self.home.root)}

    @contextmanager
    def _opened_search(self, dataset_id: str) -> Iterator[tuple[SampleReader, duckdb.DuckDBPyConnection]]:
        """Open samples and index for the length of a block."""
        from mistudio_core.store.samples.reader import open_reader

        with closing(self.open_sample_index(dataset_id)) as index:
            yield open_reader(self._whole(dataset_id)), index

    def _whole(self, dataset_id: str) -> Path:
        dataset = self.dataset(dataset_id)
        if dataset.path is None:
            state = "could not be made" if dataset.status == "error" else "is not ready yet"
            raise StudioError("in_use", f"{dataset.name} {state}.", "Wait for its job, or resume it.")
        return dataset.path
