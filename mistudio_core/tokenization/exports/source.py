"""Where a tokenization that is exported lies, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mistudio_core.files import Home


@dataclass(frozen=True, slots=True)
class Source:
    """A tokenization to export: its folder, that of its dataset, and where the library keeps its tokenizers."""

    tokenization: Path
    dataset: Path
    tokenizers: Path

    @classmethod
    def of(cls, home: Home, dataset_id: str, tokenization_id: str) -> Source:
        """Name the folders by ids; raise `not_found` for what cannot be one."""
        return cls(home.tokenization(dataset_id, tokenization_id), home.dataset(dataset_id), home.tokenizers)
