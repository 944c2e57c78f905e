"""How far a plan is, read from its folder by anybody at any time."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import PLAN, TOKENIZATION_MANIFEST
from mistudio_core.files import read_json
from mistudio_core.tokenization.scale.board import PERIOD_S, Board
from mistudio_core.tokenization.scale.planfile import MADE
from mistudio_core.tokenization.scale.steps import SETTLED, file_stage

_SILENT_S: Final = 6 * PERIOD_S
"""A worker that has not told anything for so long is taken for dead."""


def status(folder: Path) -> dict[str, Any]:
    """Return stage, steps done and of how many, failures, rate in steps a second, seconds left, and workers alive.

    `stage` is the first that is not settled, `merge` when all are, and `ready` when the tokenization is whole. The
    total is None where it follows from an earlier stage.
    """
    document = read_json(folder / PLAN)
    if document is None:
        raise StudioError("not_found", f"There is no plan in {folder}.", "Write one with the command plan.")
    board, made = Board(folder), folder / MADE
    total: int | None
    if (made / TOKENIZATION_MANIFEST).exists():
        stage, done, total = "ready", 1, 1
    else:
        settled = {name for name in document["stages"] if (folder / SETTLED / f"{name}.json").exists()}
        stage = next((name for name in document["stages"] if name not in settled), "merge")
        done, total = _receipts(made / ".work")[file_stage(stage)], document["steps"].get(stage)
    alive = [word for word in board.workers() if not word["ended"] and time.time() - word["at"] < _SILENT_S]
    rate = sum(word["steps"] / word["seconds"] for word in alive if word["stage"] == stage and word["seconds"] > 0)
    left = None if total is None or rate == 0 else max(0, total - done) / rate
    return {
        "id": document["id"],
        "stage": stage,
        "done": done,
        "total": total,
        "rate": round(rate, 3) if rate else None,
        "eta_s": None if left is None else round(left, 1),
        "failed": board.failures(),
        "differs": board.differences(),
        "workers": len(alive),
        "cancelled": board.is_cancelled,
    }


def _receipts(work: Path) -> Counter[str]:
    """Return how many steps of each stage have a receipt."""
    counts: Counter[str] = Counter()
    if work.is_dir():
        with os.scandir(work) as entries:
            counts.update(e.name.rpartition("-")[0] for e in entries if e.name.endswith(".json"))
    return counts
