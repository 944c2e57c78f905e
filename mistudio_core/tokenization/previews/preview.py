"""What a text becomes under a recipe, token by token; with `tokenizers` alone, so that the app can show it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.records import Record
from mistudio_core.tokenization.engines.offsets import Placer
from mistudio_core.tokenization.packing.cautions import cautions
from mistudio_core.tokenization.packing.preset import packing_preset, resolve_policy
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts

MOST_CHARACTERS: Final = 200_000
"""A longer text takes too long for something that answers at once."""


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


class Previewer:
    """Previews texts with one tokenizer; making one costs about 0.2 s, a text of 1,000 characters 1 ms."""

    def __init__(self, tokenizer: StoredTokenizer) -> None:
        """Load the tokenizer and its vocabulary."""
        self.tokenizer = tokenizer
        self._texts = TokenTexts(tokenizer)
        self._placers: dict[bool, Placer] = {}

    def preview(self, recipe: Recipe, text: str) -> Preview:
        """Return the tokens of a text under a recipe; raises `too_large`."""
        if len(text) > MOST_CHARACTERS:
            raise StudioError(
                "too_large",
                f"The text has {len(text):,} characters, and a preview is limited to {MOST_CHARACTERS:,}.",
                "Preview a part of it.",
            )
        policy = resolve_policy(recipe, self.tokenizer)
        placed = self._placer(recipe).place(text)
        control = set(self.tokenizer.control.values())
        own = placed.ids.tolist()
        spans = zip(own, placed.starts.tolist(), placed.ends.tolist(), strict=True)
        around = packing_preset(recipe).shown_around(policy, own)
        tokens = self._added(around.before, 0)
        tokens += [
            PreviewToken(ident, self._texts.shown(ident), start, end, special=ident in control)
            for ident, start, end in spans
        ]
        found = cautions(recipe, policy, self.tokenizer)
        tokens += self._added(around.after, len(text))
        return Preview(tuple(tokens), len(tokens), policy.to_json(), tuple(found))

    def _placer(self, recipe: Recipe) -> Placer:
        as_text = recipe.control_tokens == "literal"
        if as_text not in self._placers:
            self._placers[as_text] = Placer(self.tokenizer, control_as_text=as_text)
        return self._placers[as_text]

    def _added(self, ids: Sequence[int], place: int) -> list[PreviewToken]:
        return [PreviewToken(ident, self._texts.shown(ident), place, place, special=True) for ident in ids]
