"""The check of a record with all that belongs to it, or of the whole library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mistudio_core.errors import StudioError, unexpected
from mistudio_core.library import visitors
from mistudio_core.library.context import Context
from mistudio_core.library.rebuild import rebuild
from mistudio_core.library.records_view import View, look
from mistudio_core.library.verification.datasets import check_dataset, joined_builds
from mistudio_core.library.verification.jobs import check_job
from mistudio_core.library.verification.problem import Found, Problem, Repair
from mistudio_core.library.verification.sample_exports import check_sample_exports
from mistudio_core.library.verification.tokenizations import check_exports, check_tokenization
from mistudio_core.library.verification.tokenizers import check_tokenizers
from mistudio_core.records import Dataset, Repaired, Tokenization

_CATALOG: Final = "catalog"


def check(context: Context, any_id: str | None, *, deep: bool) -> Found:
    """Check one record with what belongs to it, or everything; one problem never hides another."""
    found, view = Found(), look(context)
    if any_id is None:
        _take(found, _CATALOG, lambda: _check_catalog(context))
        _take(found, "tokenizers", lambda: check_tokenizers(context.home))
        _take(found, "exports", lambda: check_sample_exports(context.home))
        _take(found, "visitors", lambda: _check_visitors(context))
    records: list[Dataset | Tokenization] = [*view.datasets()] if any_id is None else [view.record(any_id)]
    if any_id is None or isinstance(records[0], Dataset):
        records += view.tokenizations(any_id)
    for record in records:
        _check_record(context, view, record, found, deep=deep)
    subjects = {record.id for record in records}
    for job in view.jobs(active=False):
        if (any_id is None or job.subject_id in subjects) and context.actor.may("log", job):
            _take(found, job.id, lambda: check_job(context.home, job))  # noqa: B023 - called at once
    return found


def _check_record(context: Context, view: View, record: Dataset | Tokenization, found: Found, *, deep: bool) -> None:
    if isinstance(record, Dataset):
        _take(found, record.id, lambda: check_dataset(context.home, record))
        return
    dataset = view.dataset(record.dataset_id)
    _take(found, record.id, lambda: check_tokenization(context.home, record, dataset, deep=deep))
    if context.actor.may("export", record):
        _take(found, record.id, lambda: check_exports(context.home, record))


def _take(found: Found, subject: str, make: Callable[[], Found]) -> None:
    """Add what one check finds; what ends it is a problem of its subject and of nothing else."""
    try:
        found.take(make())
    except StudioError as error:
        found.checked += 1
        found.add(subject, [error.message], helps=error.hint)
    except Exception as error:  # noqa: BLE001 - a file that no reader foresaw must not end the check of all others
        failure = unexpected(error, "while it was checked")
        found.checked += 1
        found.add(subject, [failure.message], helps=failure.hint)


def _check_catalog(context: Context) -> Found:
    damage = context.catalog.problem()
    found = Found(checked=1)
    found.add(_CATALOG, [damage] if damage else [], repair=Repair(_rebuild, ""))
    return found


def _check_visitors(context: Context) -> Found:
    """Check the key of the visitors' cookies, which a library has that was shared."""
    damage = visitors.key_problem(context.home.root)
    found = Found(checked=1)
    found.add("visitors", [damage] if damage else [], helps=visitors.WITHOUT_KEY)
    return found


def _rebuild(context: Context, _: str) -> None:
    rebuild(context.home, context.catalog)


def repair(context: Context, any_id: str | None) -> Repaired:
    """Make again what can be made again of what a check finds, and name the rest with what helps."""
    problems = check(context, any_id, deep=False).problems
    done, started, left = [], [], [problem.sentence() for problem in problems if problem.repair is None]
    for one in joined_builds(dict.fromkeys(problem.repair for problem in problems if problem.repair is not None)):
        mine = [problem for problem in problems if problem.repair is not None and _is_part(problem, one)]
        try:
            job = one.act(context, one.what)
        except StudioError as error:
            left += [f"{problem.subject}: {problem.message} {error.message} {error.hint}".strip() for problem in mine]
            continue
        if job is not None:
            started.append(job.id)
        done += [f"{problem.subject}: {problem.message}" for problem in mine]
    return Repaired(tuple(done), tuple(started), tuple(left))


def _is_part(problem: Problem, repair_done: Repair) -> bool:
    """Tell whether a repair deals with this problem: one job may deal with several."""
    mine = problem.repair
    return mine is not None and mine.act is repair_done.act and set(mine.what.split()) <= set(repair_done.what.split())
