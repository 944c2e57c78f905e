"""Tells the sample stories: picks a theme, a plot and a length, and fills the parts with words."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, TypeVar

from mistudio_core.example import common
from mistudio_core.example.forest import FOREST
from mistudio_core.example.friends import FRIENDS
from mistudio_core.example.garden import GARDEN
from mistudio_core.example.journey import JOURNEY
from mistudio_core.example.kitchen import KITCHEN
from mistudio_core.example.letters import LETTERS
from mistudio_core.example.market import MARKET
from mistudio_core.example.music import MUSIC
from mistudio_core.example.night import NIGHT
from mistudio_core.example.plot import Theme
from mistudio_core.example.scene import Scene
from mistudio_core.example.sea import SEA
from mistudio_core.example.weather import WEATHER
from mistudio_core.example.words import KEPT
from mistudio_core.example.workshop import WORKSHOP

SEED: Final = 20_261_121
MIN_WORDS: Final = 20
MAX_WORDS: Final = 400
THEMES: Final = (FOREST, FRIENDS, GARDEN, JOURNEY, KITCHEN, LETTERS, MARKET, MUSIC, NIGHT, SEA, WEATHER, WORKSHOP)
_LISTS: Final = tuple({**KEPT, **theme.words} for theme in THEMES)

# Upper ends of the shares of stories of one scene, one paragraph, two or three paragraphs; the rest are long.
_TINY, _SHORT, _MIDDLE = 0.15, 0.40, 0.75

_A_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")

Random = Callable[[], float]
_T = TypeVar("_T")


class Story(NamedTuple):
    """A story; `theme` is its place in `THEMES`, `words` the number of words between white space."""

    text: str
    theme: int
    words: int


def stories(seed: int = SEED) -> Iterator[Story]:
    """Yield stories without end, no two alike, of 20 to 400 words each.

    The same seed gives the same stories with every version of Python: all choices come from
    `random.Random.random`, the one generator whose sequence Python promises to keep.
    """
    chance = random.Random(seed).random
    told: set[bytes] = set()
    while True:
        number = int(chance() * len(THEMES))
        text = _tell(chance, THEMES[number], Scene(chance, _LISTS[number], first_person=THEMES[number].first_person))
        words = len(text.split())
        if MIN_WORDS <= words <= MAX_WORDS and (mark := blake2b(text.encode(), digest_size=12).digest()) not in told:
            told.add(mark)
            yield Story(text, number, words)


def _tell(random: Random, theme: Theme, scene: Scene) -> str:
    """Return one story: choose how long it is, fill its parts, and mend "a apple"."""
    share = random()
    if share < _TINY:
        paragraphs = _tiny(random, theme)
    elif share < _SHORT:
        paragraphs = _short(random, theme)
    elif share < _MIDDLE:
        paragraphs = _middle(random, theme)
    else:
        paragraphs = _long(random, theme)
    text = "\n\n".join([" ".join([part.format_map(scene) for part in parts]) for parts in paragraphs])
    return _A_BEFORE_VOWEL.sub(r"\1n ", text)


def _tiny(random: Random, theme: Theme) -> list[list[str]]:
    parts = [_one(random, theme.tiny)]
    if not theme.first_person and random() < 0.5:
        parts.append(_one(random, common.CLOSINGS))
    return [parts]


def _short(random: Random, theme: Theme) -> list[list[str]]:
    plot = _one(random, theme.plots)
    trouble, turn = _one(random, plot.turns)
    return [[_one(random, plot.openings), trouble, turn, _one(random, plot.endings)]]


def _middle(random: Random, theme: Theme) -> list[list[str]]:
    plot = _one(random, theme.plots)
    trouble, turn = _one(random, plot.turns)
    beginning = [_one(random, plot.openings)]
    ending = [turn, _one(random, plot.endings)]
    if not theme.first_person:
        beginning.append(_one(random, common.SETTINGS if random() < 0.5 else common.HABITS))
        if random() < 0.5:
            ending.append(_one(random, common.CLOSINGS))
    middle = [trouble, *_several(random, plot.tries, 1 + int(random() * 2))]
    return [beginning + middle, ending] if random() < 0.5 else [beginning, middle, ending]


def _long(random: Random, theme: Theme) -> list[list[str]]:
    plot = _one(random, theme.plots)
    trouble, turn = _one(random, plot.turns)
    tries = _several(random, plot.tries, 3)
    opening, ending = _one(random, plot.openings), _one(random, plot.endings)
    if theme.first_person:
        return [[opening, tries[0]], [trouble, tries[1]], [turn, tries[2]], [ending]]
    return [
        [opening, _one(random, common.SETTINGS), _one(random, common.HABITS)],
        [trouble, _one(random, common.FEELINGS), *tries],
        *[[line] for line in _one(random, common.TALKS)],
        [turn],
        [ending, _one(random, common.CLOSINGS)],
    ]


def _one(random: Random, options: Sequence[_T]) -> _T:
    return options[int(random() * len(options))]


def _several(random: Random, options: Sequence[str], count: int) -> list[str]:
    """Return `count` different options in random order."""
    left = list(options)
    return [left.pop(int(random() * len(left))) for _ in range(count)]
