"""All that the shards of a tokenization depend on, and where they are built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.raw import RawSplit
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.control import ControlCounter
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.packing.plan import Plan
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import PackingPreset, packing_preset
from mistudio_core.tokenization.packing.stream import Packer
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import TextReader
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts

WORK: Final = ".work"


@dataclass(frozen=True)
class Task:
    """One tokenization: what goes in, what it comes to, and the folder it is built in. Shared by threads."""

    plan: Plan
    recipe: Recipe
    policy: Policy
    tokenizer: StoredTokenizer
    splits: Mapping[str, RawSplit]
    folder: Path
    max_piece_bytes: int | None = None
    """The largest text encoded in one piece; None is what the engine bears."""
    plan_folder: Path | None = None
    """The folder that many machines share, where one does."""

    @property
    def work(self) -> Path:
        """What is needed only until the tokenization is whole."""
        return self.folder / WORK

    @property
    def board(self) -> Path:
        """Where those who work on it leave word for each other."""
        return self.plan_folder or self.work

    def part(self, index: int, suffix: str, stage: str = "encode") -> Path:
        """Return a file of a step: what it makes is needed only until the tokenization is whole."""
        return self.work / f"{stage}-{index:05d}.{suffix}"

    @property
    def preset(self) -> PackingPreset:
        """The preset of the recipe."""
        return packing_preset(self.recipe)

    @cached_property
    def reader(self) -> TextReader:
        """What makes texts of raw samples."""
        return TextReader(self.recipe, self.tokenizer)

    @cached_property
    def control(self) -> ControlCounter:
        """What counts control tokens in texts."""
        return ControlCounter(self.tokenizer, as_text=self.control_as_text or self.recipe.chat is not None)

    @cached_property
    def token_texts(self) -> TokenTexts:
        """The text of each token."""
        return TokenTexts(self.tokenizer)

    @cached_property
    def junk(self) -> npt.NDArray[np.bool_] | None:
        """Which ids count as junk, where the recipe filters by it."""
        return None if self.recipe.max_junk_ratio is None else self.token_texts.junk()

    @cached_property
    def takes_texts_unchanged(self) -> bool:
        """Whether the texts of one column go in as they stand and no filter can leave one out.

        Their characters and words are then known from the statistics of the dataset; else they are counted in the pass.
        """
        recipe = self.recipe
        made = recipe.template is not None or recipe.chat is not None or len(recipe.columns) != 1
        return not (made or recipe.chosen_filters() or recipe.token_budget is not None)

    @cached_property
    def has_token_lists(self) -> bool:
        """Whether the source is a column of ids."""
        from mistudio_core.raw import column_types
        from mistudio_core.tokenization.recipes.columns import is_token_type

        if len(self.recipe.columns) != 1:
            return False
        schemas = [split.schema for split in self.splits.values() if split.schema is not None]
        return bool(schemas) and is_token_type(column_types(schemas[0])[self.recipe.columns[0]])

    @property
    def control_as_text(self) -> bool:
        """Whether a control token written in a text is plain text."""
        return self.recipe.control_tokens == "literal"

    @property
    def shuffles_documents(self) -> bool:
        """Whether documents are gathered in another order before they are packed."""
        return self.recipe.shuffle_seed is not None and self.recipe.shuffle == "documents"

    @property
    def shuffles_sequences(self) -> bool:
        """Whether sequences are put in another order when all are packed."""
        return self.recipe.shuffle_seed is not None and self.recipe.shuffle == "sequences"

    @property
    def gathers_sequences(self) -> bool:
        """Whether sequences are written again in a last stage: shuffled, or padded to the longest."""
        return self.shuffles_sequences or self.recipe.padding == "longest"

    def piece_limit(self) -> int | None:
        """Return the largest piece; where larger ones are skipped, it may not depend on the engine."""
        if self.max_piece_bytes is None and self.recipe.oversized == "skip":
            return ReferenceEngine.piece_bytes
        return self.max_piece_bytes

    def packer(self, split: str, limit: int | None = None) -> Packer:
        """Return a new packer by the recipe's rule, for one shard of a split."""
        return self.preset.packer(self.recipe, self.policy, self.plan.splits[split], limit)

    def statistics(self) -> TokenStatistics:
        """Return empty statistics of this tokenization."""
        special = sorted(set(self.tokenizer.control.values()))
        return TokenStatistics(
            self.tokenizer.vocab_size, special_ids=special, context_length=self.policy.sequence_length
        )

    def to_json(self) -> dict[str, Any]:
        """Return what must be the same for parts of an earlier run to be used."""
        return {
            "plan": self.plan.to_json(),
            "recipe": self.recipe.fingerprint(),
            "tokenizer": self.tokenizer.sha256,
            "policy": json.loads(json.dumps(self.policy.to_json())),
            "max_piece_bytes": self.max_piece_bytes,
        }
