"""What can be gone to: pages, datasets, tokenizations and jobs by name, and searches for a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mistudio_core.library import Library
from mistudio_core.library.queries import kind_of
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys, pages
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.samples.address import CONTEXTS
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.widgets import formats, titles

_PAGES: Final = {
    "Datasets": (pages.DATASETS, {}),
    "Compare tokenizations": (pages.COMPARE, {}),
    "Compare: one text by several tokenizers": (pages.COMPARE, {"view": "text"}),
    "Jobs": (pages.JOBS, {}),
    "Settings": (pages.SETTINGS, {}),
}
_TABS: Final = ("Samples", "Tokenizations", "Statistics")
_MOST_JOBS: Final = 30
_MOST_SEARCHED: Final = 4
"""Datasets in which a search is offered where none is open or named."""
_NAMED: Final = ":"


@dataclass(frozen=True, slots=True)
class Place:
    """A page with its address; the label is plain text, of a search Markdown."""

    label: str
    page: str
    query: Mapping[str, str | list[str]] = field(default_factory=dict)
    icon: str = ":material/arrow_forward:"


def known(library: Library) -> list[Place]:
    """Return everything that has a name, what is looked for most often first."""
    datasets = {item.id: item for item in library.datasets()}
    found = [_dataset(item) for item in datasets.values()]
    found += [_tab(item, tab) for item in datasets.values() if item.status == "ready" for tab in _TABS]
    for item in library.tokenizations():
        if item.dataset_id in datasets:
            found.append(_tokenization(item, datasets[item.dataset_id]))
    found += [Place(f"Page: {name}", page, query) for name, (page, query) in _PAGES.items()]
    for job in library.jobs()[:_MOST_JOBS]:
        subject = datasets.get(job.subject_id or "")
        name = f" of {one_line(subject.name, 60)}" if subject else ""
        found.append(Place(f"Job: {kind_of(job.kind).title}{name}, {job.status}, {job.id}", pages.JOBS))
    return found


def searches(library: Library, typed: str, dataset_id: str | None) -> list[Place]:
    """Return searches for a text within the open dataset, or those that `NAME: text` names, else within the newest."""
    name, mark, rest = typed.partition(_NAMED)
    ready = library.datasets(status="ready")
    named = [item for item in ready if mark and rest.strip() and name.strip().casefold() in item.name.casefold()]
    text = rest.strip() if named else typed
    opened = [item for item in ready if item.id == dataset_id]
    within = (named or opened or ready)[:_MOST_SEARCHED]
    found = [place for item in within for place in _within(library, item, text, complete=len(within) == 1)]
    listed = Place("The names of datasets", pages.DATASETS, {keys.LIST_SEARCH: typed}, ":material/database:")
    return [*found, listed]


def _within(library: Library, dataset: Dataset, text: str, *, complete: bool) -> list[Place]:
    name = plain(dataset.name, 60)
    there = sample_links.address(dataset.id, search=text)
    found = [Place(f"Samples of {name}", pages.DATASET, there, ":material/article:")]
    if complete:
        contexts = there | {"view": CONTEXTS}
        found.append(Place(f"Contexts in {name}", pages.DATASET, contexts, ":material/format_align_center:"))
        ready = [item for item in library.tokenizations(dataset.id) if item.status == "ready" and item.num_sequences]
        found += [_tokens(item, text) for item in reversed(ready[-_MOST_SEARCHED:])]
    return found


def _tokens(tokenization: Tokenization, text: str) -> Place:
    # Within a text most words have a space before them, which belongs to their token.
    query = sequence_address.address(tokenization.dataset_id, tokenization.id, text=f" {text.strip()}")
    return Place(f"Tokens of {plain(_title(tokenization))}", pages.SEQUENCES, dict(query), ":material/token:")


def _dataset(dataset: Dataset) -> Place:
    return Place(f"Dataset: {one_line(dataset.name, 80)}", pages.DATASET, {keys.DATASET_ID: dataset.id})


def _tab(dataset: Dataset, tab: str) -> Place:
    query = {keys.DATASET_ID: dataset.id, keys.TAB: tab}
    return Place(f"{tab} of {one_line(dataset.name, 80)}", pages.DATASET, query)


def _tokenization(tokenization: Tokenization, dataset: Dataset) -> Place:
    query: dict[str, str | list[str]] = {keys.DATASET_ID: dataset.id, keys.TAB: "Tokenizations"}
    if tokenization.status == "ready" and tokenization.num_sequences:
        query = dict(sequence_address.address(dataset.id, tokenization.id))
    page = pages.DATASET if keys.TAB in query else pages.SEQUENCES
    return Place(f"Tokenization: {_title(tokenization)} of {one_line(dataset.name, 60)}", page, query)


def _title(tokenization: Tokenization) -> str:
    length = formats.exact(tokenization.context_length)
    return f"{titles.tokenizer(tokenization.tokenizer)}, {length} tokens, {tokenization.recipe.preset}"
