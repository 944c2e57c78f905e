"""Commands for one tokenization on many machines; those of a worker open no library."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from mistudio_core.cli.outcome import Outcome
from mistudio_core.errors import invalid


def plan(options: Namespace) -> Any:
    """Write the plan of a tokenization and return it."""
    from mistudio_core.cli.commands import opened, recipe_fields, with_tokenizer

    library = opened(options)
    if options.like is not None:
        return library.plan(options.dataset_id, out=options.out, like=options.like)
    fields = recipe_fields(options)
    return with_tokenizer(library, options, fields, lambda: library.plan(options.dataset_id, fields, out=options.out))


def shard(options: Namespace) -> Any:
    """Do the share of one process and return how far the plan is."""
    from mistudio_core.tokenization.scale.status import status as found
    from mistudio_core.tokenization.scale.worker import rank_and_world, threads_of, work

    rank, world = rank_and_world(os.environ)
    if options.rank is not None or options.world is not None:
        if options.rank is None or options.world is None or not 0 <= options.rank < options.world:
            raise invalid("rank and world do not fit together.", "Ranks go from 0 to world - 1: --rank 0 --world 4.")
        rank, world = options.rank, options.world
    folder = Path(options.plan)
    ended = work(folder, rank, world, stage=options.stage, threads=options.threads or threads_of(os.environ))
    return Outcome(found(folder), ended)


def status(options: Namespace) -> Any:
    """Return how far a plan is."""
    from mistudio_core.tokenization.scale.status import status as found

    return found(Path(options.plan))


def merge(options: Namespace) -> Any:
    """Join what the workers have made and return how far the plan is."""
    from mistudio_core.tokenization.scale.run import merge_plan
    from mistudio_core.tokenization.scale.status import status as found
    from mistudio_core.tokenization.scale.worker import threads_of

    merge_plan(Path(options.plan), threads=options.threads or threads_of(os.environ))
    return found(Path(options.plan))


def adopt(options: Namespace) -> Any:
    """Take what a plan made into the library and return the tokenization."""
    from mistudio_core.cli.commands import opened

    return opened(options).adopt(options.plan, copy=options.copy)


def run(options: Namespace) -> Any:
    """Run a plan from beginning to end and return how far it is."""
    from mistudio_core.tokenization.scale.places import run_on
    from mistudio_core.tokenization.scale.status import status as found
    from mistudio_core.tokenization.scale.worker import threads_of

    run_on(Path(options.plan), options.on, options.more, threads=options.threads or threads_of(os.environ))
    return found(Path(options.plan))
