"""The scripts of the pages, by which a link names its page."""

from __future__ import annotations

from typing import Final

DATASETS: Final = "pages/datasets.py"
DATASET: Final = "pages/dataset.py"
COMPARE: Final = "pages/compare.py"
SEQUENCES: Final = "pages/sequences.py"
JOBS: Final = "pages/jobs.py"
SETTINGS: Final = "pages/settings.py"
