"""Reading what is in the library: samples, searches, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import IndexDamaged, StudioError
from mistudio_core.files import folder_bytes, free_bytes, read_json
from mistudio_core.library.access import choose_token
from mistudio_core.library.following import start_index
from mistudio_core.library.lookup import Lookup
from mistudio_core.records import RepoInfo, Sample, SamplesPage, Tokenization

if TYPE_CHECKING:
    from mistudio_core.store.samples.columns import SampleColumn
    from mistudio_core.store.samples.query import SampleQuery
    from mistudio_core.store.samples.search import Found
    from mistudio_core.store.samples.search_pool import SearchPool
    from mistudio_core.store.samples.session import SearchSession


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
        session: SearchSession | None = None,
        pool: SearchPool | None = None,
        tab: str = "",
    ) -> Found:
        """Return one page of a query and how it was found.

        `session` is one from `search_session` that the caller keeps; without it one is opened for this call. With a
        `pool`, a scan goes on behind the page that is returned, one for each `tab`. A damaged index is built again,
        by a job where that takes long.
        """
        from mistudio_core.store.samples.query import SampleQuery
        from mistudio_core.store.samples.reader import open_reader
        from mistudio_core.store.samples.search import Found

        query = query if isinstance(query, SampleQuery) else SampleQuery.from_fields(query)
        folder = self._whole(dataset_id)
        if query.is_plain:
            page = open_reader(folder).page(
                split=query.split, offset=query.offset, limit=query.limit, column=query.column
            )
            return Found(page, by="position")
        if session is None:
            with self.search_session(dataset_id) as opened:
                found = opened.find(query)
        else:
            with self._repaired(dataset_id):
                found = session.find(query, pool, tab)
        if found.problem == "index_damaged":
            self._start_repair(dataset_id)
        return found

    def search_session(self, dataset_id: str) -> SearchSession:
        """Open the sample index of a dataset for several queries, building it again where it was lost.

        Raises `IndexUnusable` where only a job can build it; one that is damaged gets that job at once.
        """
        from mistudio_core.store.samples.session import SearchSession

        with self._repaired(dataset_id):
            return SearchSession(self._whole(dataset_id))

    @contextmanager
    def _repaired(self, dataset_id: str) -> Iterator[None]:
        try:
            yield
        except IndexDamaged:
            self._start_repair(dataset_id)
            raise

    def _start_repair(self, dataset_id: str) -> None:
        with suppress(StudioError):  # it is being built, or the disk is full: the search itself has its answer
            start_index(self._context, self.dataset(dataset_id))

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

    def _whole(self, dataset_id: str) -> Path:
        dataset = self.dataset(dataset_id)
        if dataset.path is None:
            state = "could not be made" if dataset.status == "error" else "is not ready yet"
            raise StudioError("in_use", f"{dataset.name} {state}.", "Wait for its job, or resume it.")
        return dataset.path
