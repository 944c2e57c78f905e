"""Paths as somebody types them: one per line, with patterns for many files."""

from __future__ import annotations

import glob
from itertools import islice
from pathlib import Path
from typing import Final

_MOST: Final = 10_001
"""One more than an import takes, so that the import refuses too many."""


def expanded(text: str) -> list[Path]:
    """Return the paths of a text, patterns with the files that fit, by name; one that fits none is kept as it is."""
    found: list[Path] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        path = Path(line).expanduser()
        pattern = path.relative_to(path.anchor).as_posix()
        fits = glob.has_magic(pattern) and not path.exists()
        fitting = sorted(islice(Path(path.anchor).glob(pattern), _MOST)) if fits else []
        found += fitting or [path]
    return found
