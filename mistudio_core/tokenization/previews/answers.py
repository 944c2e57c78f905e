"""What looks before a tokenization come to, as records: nothing here opens a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.records import Record

MOST_CHARACTERS: Final = 200_000
"""A longer text takes too long for something that answers at once."""


def check_length(text: str) -> None:
    """Raise `too_large` for a text that is too long for a preview."""
    if len(text) > MOST_CHARACTERS:
        raise StudioError(
            "too_large",
            f"The text has {len(text):,} characters, and a preview is limited to {MOST_CHARACTERS:,}.",
            "Preview a part of it.",
        )


@dataclass(frozen=True, slots=True)
class PreviewToken(Record):
    r"""A token of characters `[start, end)`; one that the recipe adds is between two characters.

    The text of a token that is a part of a character is its bytes, such as `\xE6`.
    """

    id: int
    text: str
    start: int
    end: int
    special: bool


@dataclass(frozen=True, slots=True)
class Preview(Record):
    """A text in tokens, with what the recipe came to (`policy`) and what may not be meant about it."""

    tokens: tuple[PreviewToken, ...]
    num_tokens: int
    policy: Mapping[str, Any]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecipeValue(Record):
    """One thing that a recipe comes to, in words; `changed` tells that it was chosen, and not set by the preset."""

    label: str
    value: str
    changed: bool


@dataclass(frozen=True, slots=True)
class RecipeValues(Record):
    """What a recipe comes to with its tokenizer, and what each field comes to where it is left at its default."""

    values: tuple[RecipeValue, ...]
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Estimate(Record):
    """What one preset would give. The shares are of the documents' tokens, of all positions, and of sequences.

    `problem` says in words why the preset cannot be used, and then the numbers are 0.
    """

    preset: str
    sequences: int = 0
    tokens: int = 0
    seconds: float = 0.0
    bytes: int = 0
    lost_share: float = 0.0
    padded_share: float = 0.0
    crossing_share: float = 0.0
    problem: str | None = None
