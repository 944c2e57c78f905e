"""What a theme of the sample stories is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plot:
    """One chain of events and several ways of telling it.

    A trouble belongs to its own turn for the better; every opening, try and ending fits every such
    pair. All of them are templates for `Scene`: a field such as `{cake}` is one choice that holds for
    the whole story, `{cake2}` another of the same list, `{Cake}` the first with a capital letter.
    """

    openings: tuple[str, ...]
    tries: tuple[str, ...]
    turns: tuple[tuple[str, str], ...]
    """Pairs of a trouble and the turn that ends it."""
    endings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """A world with its own words; `tiny` holds whole stories of a few sentences.

    With `first_person` the hero tells the story, and the parts shared by all themes, which are told
    from outside, stay away.
    """

    name: str
    words: Mapping[str, tuple[str, ...]]
    plots: tuple[Plot, ...]
    tiny: tuple[str, ...]
    first_person: bool = False


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a list written with commas."""
    return tuple(" ".join(entry.split()) for entry in text.split(",") if entry.strip())
