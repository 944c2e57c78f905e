"""One function for each command: options in, the result to print out; a failure is raised."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.cli.app import app as app  # noqa: PLC0414 - the parser names it like the others
from mistudio_core.cli.following import run_job, succeeded
from mistudio_core.errors import StudioError, TokenizerNotFound, UnusableData, in_use, invalid
from mistudio_core.files import read_json
from mistudio_core.library import ImportOptions, Library
from mistudio_core.records import as_json

if TYPE_CHECKING:
    from mistudio_core.library.queries import Preview

_RECIPE_PREFIX: Final = "recipe_"
QUERY_FIELDS: Final = (
    "split", "offset", "limit", "search", "mode", "ignore_case", "column", "min_chars", "max_chars", "min_bytes",
    "max_bytes", "min_words", "max_words", "min_tokens", "max_tokens", "tokenization", "where", "duplicates",
    "documents", "control_tokens", "sort", "descending",
)  # fmt: skip


def search_hub(options: Namespace) -> Any:
    """List datasets of the Hub whose id holds a text."""
    return opened(options).search_hub(options.text, limit=options.limit, hf_token=_token(options))


def inspect(options: Namespace) -> Any:
    """Say what the Hub knows of a dataset."""
    library = opened(options)
    return library.inspect(options.repo, revision=options.revision, config=options.config, hf_token=_token(options))


def first_rows(options: Namespace) -> Any:
    """List the first rows of a dataset on the Hub."""
    asked = {name: getattr(options, name) for name in ("revision", "config", "split")}
    found = opened(options).first_rows(options.repo, **asked, hf_token=_token(options))
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def download(options: Namespace) -> Any:
    """Download a dataset and return it."""
    library = opened(options)
    asked = {name: getattr(options, name) for name in ("revision", "config", "max_samples", "name")}
    named: dict[str, Any] = {"splits": options.split, "hf_token": _token(options), "options": _text_options(options)}
    return run_job(library, lambda: library.download(options.repo, **asked, **named).id)


def _text_options(options: Namespace) -> ImportOptions:
    columns = None if options.text_column is None else tuple(options.text_column)
    return ImportOptions(text_columns=columns, invalid_utf8=options.invalid_utf8)


def import_files(options: Namespace) -> Any:
    """Import local files and return the dataset."""
    library = opened(options)
    how = replace(
        _text_options(options),
        null_values=_null_values(options.null_values),
        delimiter=options.delimiter,
        header=options.header,
        encoding=options.encoding,
        field=options.field,
        sample_by=options.sample_by,
    )
    named: dict[str, Any] = {"file_format": options.format, "name": options.name, "options": how}
    return run_job(library, lambda: library.import_files(options.paths, **named).id)


def _null_values(given: Sequence[str | None] | None) -> tuple[str, ...] | None:
    """Return the cells that were named, each option holding several with commas between; None leaves the usual ones."""
    return None if given is None else tuple(cell for cells in given if cells is not None for cell in cells.split(","))


def example(options: Namespace) -> Any:
    """Make the built-in example dataset and return it."""
    library = opened(options)
    return run_job(library, lambda: library.make_example(options.samples).id)


def list_datasets(options: Namespace) -> Any:
    """Return the datasets that fit."""
    return opened(options).datasets(
        status=options.status,
        source=options.source,
        search=options.search,
        sort=options.sort,
        descending=options.sort != "name",
    )


def show(options: Namespace) -> Any:
    """Return a dataset with its tokenizations, or a tokenization."""
    library = opened(options)
    if options.id.startswith("tok_"):
        return library.tokenization(options.id)
    dataset = library.dataset(options.id)
    return as_json(dataset) | {"tokenizations": as_json(library.tokenizations(dataset.id))}


def samples(options: Namespace) -> Any:
    """Return some samples of a dataset, `{total, total_is_exact, rows, by, note}`, or write all of them to a file."""
    fields = {name: getattr(options, name) for name in QUERY_FIELDS}
    library = opened(options)
    if options.export is not None:
        path = library.export_samples(options.id, options.export, fields)
        return {"path": path, "size_bytes": path.stat().st_size}
    found = library.search(options.id, fields)
    return as_json(found.page) | {"by": found.by, "note": found.note}


def index(options: Namespace) -> Any:
    """Build the index of words of a dataset and return the job."""
    library = opened(options)
    return succeeded(library, lambda: library.build_search_index(options.id).id)


def search_tokens(options: Namespace) -> Any:
    """Find a sequence of tokens: `{total, total_is_exact, hits}`, and what stands beside the hits."""
    ids = None if options.ids is None else [_whole_number(part) for part in options.ids.split(",")]
    paging = {"offset": options.offset, "limit": options.limit}
    return opened(options).search_tokens(
        options.id, text=options.text, ids=ids, across=options.across, sort=options.sort, **paging
    )


def stats(options: Namespace) -> Any:
    """Return the statistics of a dataset or a tokenization."""
    found = opened(options).statistics(options.id)
    if found is None:
        raise in_use(f"{options.id} has no statistics yet.", "They are available once it is ready.", options.id)
    return found


def tokenize(options: Namespace) -> Any:
    """Tokenize a dataset and return the tokenization."""
    fields = recipe_fields(options)
    library = opened(options)
    hf_token = _token(options)
    return run_job(library, lambda: library.tokenize(options.dataset_id, fields, hf_token=hf_token).id)


def preview(options: Namespace) -> Any:
    """Show a text as tokens, loading the tokenizer first where the library does not keep it."""
    fields = recipe_fields(options)
    library = opened(options)
    if (options.text is None) == (options.dataset_id is None):
        raise invalid("Give either a dataset or --text.", "For example: preview --text 'Hello' --tokenizer sample.")

    def shown() -> Preview:
        split = (fields.get("splits") or [None])[0]
        return library.preview(
            fields, text=options.text, dataset_id=options.dataset_id, split=split, index=options.index
        )

    return with_tokenizer(library, options, fields, shown)


def estimate(options: Namespace) -> Any:
    """Say what each preset would give and cost, and what nulls, empty texts and chosen filters would leave out."""
    fields = recipe_fields(options)
    library = opened(options)
    return with_tokenizer(library, options, fields, lambda: library.estimate(options.dataset_id, fields))


def compare(options: Namespace) -> Any:
    """Put tokenizations side by side."""
    return opened(options).compare(options.ids)


def export(options: Namespace) -> Any:
    """Write a copy of a tokenization and return where it lies."""
    library = opened(options)
    succeeded(
        library, lambda: library.export_tokenization(options.id, options.kind, max_samples=options.max_samples).id
    )
    return next(found for found in library.exports(options.id) if found.kind == options.kind)


def push(options: Namespace) -> Any:
    """Push a tokenization to the user's own repository and return the job."""
    library = opened(options)
    hf_token = _token(options)
    return succeeded(
        library, lambda: library.push(options.id, options.repo, private=not options.public, hf_token=hf_token).id
    )


def snippet(options: Namespace) -> Any:
    """Return code that hands the rows to one trainer, or to each."""
    found = {snippet.name: snippet.code or snippet.problem for snippet in opened(options).snippets(options.id)}
    if options.program is None:
        return found
    if options.program not in found:
        raise invalid(f"There is no snippet for {options.program[:40]!r}.", f"Choose one of {', '.join(found)}.")
    return found[options.program]


def jobs(options: Namespace) -> Any:
    """Return the jobs, newest first."""
    return opened(options).jobs()


def cancel(options: Namespace) -> Any:
    """Stop a job and return it."""
    return opened(options).cancel(options.id)


def retry(options: Namespace) -> Any:
    """Go on with what failed and return it."""
    library = opened(options)
    hf_token = _token(options)
    return run_job(library, lambda: library.retry(options.id, hf_token=hf_token).id)


def delete(options: Namespace) -> Any:
    """Delete a dataset or a tokenization."""
    return opened(options).delete(options.id, cascade=options.cascade)


def rename(options: Namespace) -> Any:
    """Give a dataset another name or other notes."""
    return opened(options).rename(options.id, name=options.name, notes=options.notes)


def delete_exports(options: Namespace) -> Any:
    """Delete the copies that were made for other programs."""
    return {"freed_bytes": opened(options).delete_exports()}


def verify(options: Namespace) -> Any:
    """Check files against their manifests; problems fail the command."""
    result = opened(options).verify(options.id, deep=options.deep)
    if not result.problems:
        return result
    found = " ".join((*result.problems, *result.notes))
    raise StudioError(
        "corrupt_data",
        f"{len(result.problems)} of {result.checked} files have a problem: {found}",
        f"`repair` deals with {result.repairable} of them."
        if result.repairable
        else "Do what stands behind each of them.",
    )


def repair(options: Namespace) -> Any:
    """Make again what can be made again, wait for the jobs that do it, and return what was done.

    What is left fails the command.
    """
    library = opened(options)
    done = library.repair(options.id)
    left = list(done.left)
    for job_id in done.jobs:
        try:
            succeeded(library, lambda: job_id)  # noqa: B023 - called at once
        except StudioError as error:
            left.append(f"{job_id}: {error.message} {error.hint}".strip())
    if not left:
        return done
    raise StudioError(
        "corrupt_data",
        f"{len(left)} problems are left ({len(done.repaired)} were repaired): {' '.join(left)}",
        "Do what stands behind each of them.",
    )


def rebuild(options: Namespace) -> Any:
    """Make the catalog again from the files."""
    return opened(options).rebuild()


def opened(options: Namespace) -> Library:
    """Return the library that a command is about."""
    return Library.open(getattr(options, "home", None))


def _token(options: Namespace) -> str | None:
    return sys.stdin.readline() if options.token_stdin else None


def _whole_number(text: str) -> int:
    if not text.strip().isdecimal():
        raise invalid(f"ids: {text[:40]!r} is not a token id.", "Give whole numbers separated by commas.")
    return int(text)


def recipe_fields(options: Namespace) -> dict[str, Any]:
    """Return the recipe fields that the options and the recipe file give."""
    fields: dict[str, Any] = {}
    if options.recipe is not None:
        fields |= _recipe_file(Path(options.recipe))
    given = {
        name.removeprefix(_RECIPE_PREFIX): value
        for name, value in vars(options).items()
        if name.startswith(_RECIPE_PREFIX)
    }
    return fields | {name: value for name, value in given.items() if value is not None}


def _recipe_file(path: Path) -> dict[str, Any]:
    """Return the fields that a file of the user's own gives."""
    try:
        stored = read_json(path)
    except UnusableData as error:
        raise invalid(f"{path} holds no recipe.", "A recipe is a JSON object of recipe fields.") from error
    if stored is None:
        raise invalid(f"{path} is missing.", "A recipe is a file with a JSON object of recipe fields.")
    return stored


def with_tokenizer(library: Library, options: Namespace, fields: Mapping[str, Any], act: Callable[[], Any]) -> Any:
    """Return what `act` returns, loading the tokenizer first where the library does not keep it."""
    try:
        return act()
    except TokenizerNotFound:
        pass
    name, revision, hf_token = fields["tokenizer"], fields.get("tokenizer_revision"), _token(options)
    source = fields.get("tokenizer_source", "auto")
    succeeded(library, lambda: library.load_tokenizer(name, revision=revision, hf_token=hf_token, source=source).id)
    return act()
