"""The merge of finished steps: every file is checked against its receipt, and what is damaged is made anew."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.pipeline.finish import finish
from mistudio_core.tokenization.scale.steps import Steps

_TRIES: Final = 3
"""Files that are damaged again and again are the disk's fault."""


def merge(
    steps: Steps,
    facts: Mapping[str, Any],
    measured: Mapping[str, tuple[int, int]],
    *,
    over: Callable[[list[Any], Callable[[Any], None]], None],
    again: Callable[[], None],
) -> dict[str, Any]:
    """Make the tokenization whole and return its manifest.

    All stages are settled. `over` calls a function for each of many things; `again` runs the steps that are missing,
    after the damaged ones were forgotten. Raises `corrupt_data` where that does not help.
    """
    damage = steps.damage(over)
    for _ in range(_TRIES):
        if not damage:
            steps.begin("sums")
            finished = steps.finished
            engines = steps.engines.to_json(finished.receipts)
            engine = "+".join(engines["used"]) or "reference"
            return finish(finished, {**facts, "engine": engine, "engines": engines}, measured, steps.positions())
        for stage, index, problem in damage:
            logging.getLogger("mistudio.merge").warning("%s %d is made again: %s", stage, index, problem)
        by_stage: dict[str, list[int]] = defaultdict(list)
        for stage, index, _ in damage:
            by_stage[stage].append(index)
        for stage, indexes in by_stage.items():
            steps.forget(stage, indexes)
        again()
        damage = steps.damage(over)
    raise StudioError(
        "corrupt_data",
        f"Files of this tokenization are damaged again each time they are written: {damage[0][2]}",
        "Check the disk, then tokenize again.",
    )
