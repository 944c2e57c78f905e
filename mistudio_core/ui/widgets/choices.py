"""The labels of a choice: Streamlit knows an option by its label alone, so no two may be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

Option = TypeVar("Option")


def distinct(labels: Mapping[Option, str]) -> dict[Option, str]:
    """Return the labels, numbered where several are the same, as shortened names may be."""
    taken = Counter(labels.values())
    seen: Counter[str] = Counter()
    named: dict[Option, str] = {}
    for option, label in labels.items():
        seen[label] += 1
        named[option] = label if taken[label] == 1 else f"{label} ({seen[label]})"
    return named
