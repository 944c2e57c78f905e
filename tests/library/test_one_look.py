"""A call looks at the records once, however much it needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mistudio_core.errors import Duplicate, InUse
from mistudio_core.library import Library, records_view
from mistudio_core.store.catalog.database import Catalog


class CountedRows(list[Any]):
    """The rows of a table, which count how often somebody goes through all of them."""

    passes = 0

    def __iter__(self) -> Iterator[Any]:
        type(self).passes += 1
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        type(self).passes += 1
        return super().__reversed__()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library.open(tmp_path_factory.mktemp("looks") / "library")
    dataset = made.make_example(60)
    assert made.wait(dataset.id, timeout=300).status == "succeeded", made.log(made.jobs()[0].id)
    for length in (16, 32):
        job = made.wait(made.tokenize(dataset.id, {"tokenizer": "sample", "context_length": length}).id, timeout=300)
        assert job.status == "succeeded", made.log(job.id)
    for job in made.jobs(active=True):
        made.wait(job.id, timeout=300)
    return made


RECIPE = {"tokenizer": "sample", "context_length": 16, "drop_duplicates": True}
QUESTIONS: dict[str, Callable[[Library, str, list[str]], object]] = {
    "compare": lambda library, dataset, made: library.compare(made),
    "rare_ids": lambda library, dataset, made: library.rare_ids(made[0]),
    "snippets": lambda library, dataset, made: library.snippets(made[0]),
    "estimate": lambda library, dataset, made: library.estimate(dataset, RECIPE),
    "cautions": lambda library, dataset, made: library.cautions(RECIPE, dataset),
    "preview": lambda library, dataset, made: library.preview(RECIPE, dataset_id=dataset),
    "statistics": lambda library, dataset, made: library.statistics(made[0]),
    "search": lambda library, dataset, made: library.search(dataset, {"min_chars": 5}),
    "concordance": lambda library, dataset, made: library.concordance(dataset, {"search": "the"}),
    "samples": lambda library, dataset, made: library.samples(dataset, limit=3),
    "search_tokens": lambda library, dataset, made: library.search_tokens(made[0], text=" the"),
    "tokenization": lambda library, dataset, made: library.tokenization(made[0]),
    "exports": lambda library, dataset, made: library.exports(made[0]),
    "datasets": lambda library, dataset, made: library.datasets(),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_call_reconciles_once_and_goes_through_the_jobs_once(
    library: Library, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_id, ids = library.datasets()[0].id, [one.id for one in library.tokenizations()]
    settle, snapshot, reconciles = records_view.settle, Catalog.snapshot, []  # type: ignore[attr-defined]

    def counted_settle(*arguments: Any) -> list[str]:
        reconciles.append(1)
        return settle(*arguments)

    def counted_snapshot(catalog: Catalog) -> dict[str, list[tuple[Any, ...]]]:
        tables = snapshot(catalog)
        return {**tables, "jobs": CountedRows(tables["jobs"])}

    monkeypatch.setattr(records_view, "settle", counted_settle)
    monkeypatch.setattr(Catalog, "snapshot", counted_snapshot)
    monkeypatch.setattr(CountedRows, "passes", 0)
    QUESTIONS[name](library, dataset_id, ids)
    assert (len(reconciles), CountedRows.passes) == (1, 1)


def test_errors_carry_the_ids_that_they_name(library: Library) -> None:
    (dataset,), (first, second) = library.datasets(), library.tokenizations()
    with pytest.raises(Duplicate) as duplicate:
        library.make_example(60)
    assert duplicate.value.details == {"id": dataset.id, "status": "ready"}
    with pytest.raises(Duplicate) as again:
        library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 32})
    assert again.value.details["id"] == second.id
    with pytest.raises(InUse) as in_use:
        library.delete(dataset.id)
    assert in_use.value.details == {"ids": [first.id, second.id]}


def test_answers_are_records_that_read_as_their_json(library: Library) -> None:
    (first, second) = library.tokenizations()
    for answer in (
        library.compare([first.id, second.id]),
        library.preview({"tokenizer": "sample"}, text="Ada"),
        library.statistics(first.id),
        library.manifest(first.id),
        library.storage(),
        library.search_tokens(first.id, text=" the"),
        first,
    ):
        assert answer is not None
        for name, value in answer.to_json().items():
            assert answer[name] == value
    assert first.to_json()["recipe"] == library.manifest(first.id)["recipe"] == first.recipe.to_json()
