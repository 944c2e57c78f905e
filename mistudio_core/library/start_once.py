"""Starting what an earlier request may have begun: never twice, and from where the earlier one ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mistudio_core.errors import StudioError, invalid
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.context import Context
from mistudio_core.library.start import start
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.store.catalog.database import Transaction


def start_once(
    context: Context, kind: str, subject: Dataset | Tokenization, arguments: Mapping[str, Any], secret: str | None
) -> str:
    """Start a job unless an equal one was asked for before: then resume that, or refuse as `duplicate`."""
    unfinished: list[Dataset | Tokenization] = []

    def check(transaction: Transaction) -> None:
        subjects = _subjects(transaction)
        for row in transaction.jobs().values():
            earlier = subjects.get(row.subject_id)
            if row.kind != kind or earlier is None or _key(_asked(row.arguments, earlier)) != _key(arguments):
                continue
            if earlier.status == "error":
                unfinished.append(earlier)
                raise _ResumeInsteadError
            raise StudioError(
                "duplicate",
                f"Already exists: {earlier.id} is {earlier.status}.",
                "Use it, or delete it first.",
                {"id": earlier.id, "status": earlier.status},
            )

    try:
        start(
            context.home, context.settings, context.catalog,
            kind=kind, subject=subject, arguments=arguments, secret=secret, check=check,
        )  # fmt: skip
        return subject.id
    except _ResumeInsteadError:
        again = _anew(unfinished[0], kind)
        start(
            context.home, context.settings, context.catalog,
            kind=kind, subject=again, arguments=arguments, secret=secret, check=lambda _: None,
        )  # fmt: skip
        return again.id


class _ResumeInsteadError(Exception):
    """An equal request has failed before: that one is resumed."""


def _key(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what makes two requests equal: of a recipe that is its fingerprint."""
    from mistudio_core.tokenization.recipes.recipe import Recipe

    recipe = arguments.get("recipe")
    if recipe is None:
        return arguments
    known = recipe if isinstance(recipe, Recipe) else Recipe.from_stored(recipe)
    return {**arguments, "recipe": known.fingerprint()}


def _asked(arguments: Mapping[str, Any], earlier: Dataset | Tokenization) -> Mapping[str, Any]:
    """Return the arguments of an earlier job, with what its worker has filled in since."""
    return arguments if isinstance(earlier, Dataset) else {**arguments, "recipe": earlier.recipe}


def retry(context: Context, job: Job, hf_token: str | None) -> str:
    """Start again what the last job on a subject did not finish; return the id of the new job."""
    with context.catalog.transaction() as transaction:
        row = transaction.jobs()[job.id]
        found = _subjects(transaction).get(row.subject_id)
    if found is None:
        raise StudioError("not_found", "The result of this job has been deleted.", "Start it anew.")
    if kind_of(row.kind).makes and found.status == "ready":
        raise invalid(f"{found.id} is ready: there is nothing to retry.", "Delete it first to create it again.")
    secret = choose_hf_token(context.settings, hf_token) if row.needs_token or hf_token else None
    if row.needs_token and secret is None:
        raise StudioError(
            "gated",
            "This job used an access token, which was not stored.",
            "Give the token again (--token-stdin on the command line).",
        )
    again = _anew(found, row.kind) if kind_of(row.kind).makes else found
    return start(
        context.home, context.settings, context.catalog,
        kind=row.kind, subject=again, arguments=row.arguments, secret=secret, check=lambda _: None,
    )  # fmt: skip


def _subjects(transaction: Transaction) -> dict[str, Dataset | Tokenization]:
    subjects: dict[str, Dataset | Tokenization] = {}
    subjects.update(transaction.datasets())
    subjects.update(transaction.tokenizations())
    return subjects


def _anew(found: Dataset | Tokenization, kind: str) -> Dataset | Tokenization:
    if isinstance(found, Dataset):
        status: Any = "downloading" if kind_of(kind).lane == "download" else "processing"
        return replace(found, status=status, error=None)
    return replace(found, status="queued", error=None)
