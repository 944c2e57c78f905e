"""Starting what an earlier request may have begun: never twice, and from where the earlier one ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from mistudio_core.errors import StudioError, invalid
from mistudio_core.jobs.kinds import ON_CLUSTER, kind_of
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.context import Context
from mistudio_core.library.manifests import as_found
from mistudio_core.library.start import start
from mistudio_core.records import Dataset, DatasetStatus, Job, Tokenization
from mistudio_core.store.catalog.database import Transaction

Made = TypeVar("Made", Dataset, Tokenization)


def start_once(context: Context, kind: str, subject: Made, arguments: Mapping[str, Any], secret: str | None) -> Made:
    """Start a job and return the record of what it makes, unless an equal one was asked for before.

    What failed is resumed by its owner, and made anew by anybody else; what is there or on its way is a `duplicate`.
    """
    unfinished: list[Any] = []

    def check(transaction: Transaction) -> None:
        subjects = transaction.subjects()
        for row in transaction.jobs().values():
            earlier = subjects.get(row.subject_id)
            if row.kind != kind or earlier is None or _key(_asked(row.arguments, earlier)) != _key(arguments):
                continue
            earlier = as_found(earlier)
            if earlier.status == "error":
                if not context.actor.may("retry", earlier):
                    continue
                unfinished.append(earlier)
                raise _ResumeInsteadError
            raise StudioError(
                "duplicate",
                f"Already exists: {earlier.id} is {earlier.status}.",
                "Use it, or delete it first.",
                {"id": earlier.id, "status": earlier.status},
            )

    try:
        start(context, kind, subject, arguments, secret=secret, check=check)
        return subject
    except _ResumeInsteadError:
        again: Made = _anew(unfinished[0], kind)
        start(context, kind, again, arguments, secret=secret)
        return again


class _ResumeInsteadError(Exception):
    """An equal request has failed before: that one is resumed."""


def _key(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what makes two requests equal: of a recipe that is its fingerprint, wherever it is carried out."""
    from mistudio_core.tokenization.recipes.recipe import Recipe

    recipe = arguments.get("recipe")
    if recipe is None:
        return arguments
    known = recipe if isinstance(recipe, Recipe) else Recipe.from_stored(recipe)
    return {name: value for name, value in arguments.items() if name != ON_CLUSTER} | {"recipe": known.fingerprint()}


def _asked(arguments: Mapping[str, Any], earlier: Dataset | Tokenization) -> Mapping[str, Any]:
    """Return the arguments of an earlier job, with what its worker has filled in since."""
    return arguments if isinstance(earlier, Dataset) else {**arguments, "recipe": earlier.recipe}


def retry(context: Context, job: Job, hf_token: str | None) -> Job:
    """Start again what the last job on a subject did not finish, and return the new job."""
    with context.catalog.transaction() as transaction:  # which writes nothing: what is read has to be of one moment
        row = transaction.jobs().get(job.id)
        found = None if row is None else transaction.subject(row.subject_id)
    if row is None or found is None:
        raise StudioError("not_found", "The result of this job has been deleted.", "Start it anew.")
    found = as_found(found)
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
    return start(context, row.kind, again, row.arguments, secret=secret, owner=row.owner)


def _anew(found: Any, kind: str) -> Any:
    if isinstance(found, Dataset):
        status: DatasetStatus = "downloading" if kind_of(kind).lane == "download" else "processing"
        return replace(found, status=status, error=None)
    return replace(found, status="queued", error=None)
