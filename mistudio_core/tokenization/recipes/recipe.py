"""The recipe: everything a user chooses about a tokenization, checked, frozen and serialisable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mistudio_core.errors import check_text, invalid
from mistudio_core.tokenization.recipes.columns import (
    chat_columns,
    is_token_type,
    require_columns,
    resolve_chat,
    resolve_columns,
    resolve_objects,
    resolve_splits,
    template_columns,
)
from mistudio_core.tokenization.recipes.effects import check_together, effective
from mistudio_core.tokenization.recipes.fields import FIELDS, default
from mistudio_core.tokenization.recipes.registry import preset
from mistudio_core.tokenization.recipes.values import checked_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How text becomes token sequences; make one with `Recipe.from_fields`, which checks every value.

    `None` and `auto` mean "as the preset and the tokenizer have it"; what they came to stands in the
    manifest. An empty `splits` or `columns` is filled in by `resolved`.
    """

    tokenizer: str
    tokenizer_revision: str | None = default("tokenizer_revision")
    tokenizer_source: str = default("tokenizer_source")
    splits: tuple[str, ...] = default("splits")
    columns: tuple[str, ...] = default("columns")
    template: str | None = default("template")
    chat: str | None = default("chat")
    chat_date: str | None = default("chat_date")
    chat_tools: str | None = default("chat_tools")
    chat_documents: str | None = default("chat_documents")
    refused: str = default("refused")
    preset: str = default("preset")
    context_length: int = default("context_length")
    bos: str = default("bos")
    separator: str | int = default("separator")
    begin_batch_token: str | int = default("begin_batch_token")
    begin_sequence_token: str | int = default("begin_sequence_token")
    concatenate: bool = default("concatenate")
    add_special_tokens: bool | None = default("add_special_tokens")
    stride: int = default("stride")
    truncation: str = default("truncation")
    padding: str = default("padding")
    padding_side: str = default("padding_side")
    padding_column: str = default("padding_column")
    remainder: str = default("remainder")
    control_tokens: str = default("control_tokens")
    min_tokens: int = default("min_tokens")
    max_tokens_per_document: int | None = default("max_tokens_per_document")
    min_chars: int = default("min_chars")
    max_junk_ratio: float | None = default("max_junk_ratio")
    drop_duplicates: bool = default("drop_duplicates")
    oversized: str = default("oversized")
    token_budget: int | None = default("token_budget")
    shuffle_seed: int | None = default("shuffle_seed")
    shuffle: str = default("shuffle")
    batch_rows: int | None = default("batch_rows")
    emulate_num_proc: int = default("emulate_num_proc")
    dtype: str = default("dtype")
    engine: str = default("engine")

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Recipe:
        """Check the fields that were given and return the recipe; raise `invalid_request` naming the bad one."""
        unknown = sorted(str(name)[:80] for name in values if name not in FIELDS)
        if unknown:
            raise invalid(f"A recipe has no field {unknown[0]!r}.", f"Its fields are: {', '.join(sorted(FIELDS))}.")
        if values.get("tokenizer") is None:
            raise invalid("tokenizer is missing.", "Give a Hub id such as 'openai-community/gpt2', a path or 'sample'.")
        for name, value in values.items():
            for text in value if isinstance(value, (list, tuple)) else [value]:
                check_text(name, text if isinstance(text, str) else "")
        recipe = cls(**{name: checked_value(name, value) for name, value in values.items()})
        check_together(recipe.values())
        return recipe

    @classmethod
    def from_stored(cls, values: Mapping[str, Any]) -> Recipe:
        """Return a recipe that was checked before it was stored; what this version has no field for is left out."""
        kept: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in FIELDS
        }
        return cls(**kept)

    def values(self) -> dict[str, Any]:
        """Return the value of every field by its name, in the order of the class."""
        return {name: getattr(self, name) for name in FIELDS}

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them, in the order of the class."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.values().items()}

    def fingerprint(self) -> str:
        """Return the SHA-256 of the recipe's canonical JSON: equal recipes on equal data give equal bytes.

        `engine` is left out, since every engine must give the same ids, and so are newer fields at their defaults, so
        that a recipe keeps its fingerprint from version to version.
        """
        fields = {
            name: value
            for name, value in self.to_json().items()
            if FIELDS[name].identifies and not (FIELDS[name].later and value == FIELDS[name].default)
        }
        if self.shuffle_rule not in (None, 1):
            fields["shuffle_rule"] = self.shuffle_rule
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def under(self, other: str) -> Recipe:
        """Return the recipe with another preset, without the fields that do nothing there."""
        return Recipe(**effective(self.values() | {"preset": other}))

    def document_fields(self) -> dict[str, Any]:
        """Return the fields on which the documents that go into sequences, and their ids, depend."""
        return {name: getattr(self, name) for name, field in FIELDS.items() if field.decides_documents}

    def chosen_filters(self) -> list[str]:
        """Return the names of the filters that are on."""
        return [name for name, field in FIELDS.items() if field.filters and getattr(self, name) != field.default]

    def resolved(self, *, splits: Mapping[str, int], columns: Mapping[str, str], text_columns: Sequence[str]) -> Recipe:
        """Return the recipe with the splits and columns that it takes by default written out.

        `splits` maps each split to its samples, `columns` each column to its readable type. Raises
        `split_not_found`, `no_text_column` or `invalid_request`, listing what there is or naming what does nothing.
        """
        found = dataclasses.replace(self, splits=resolve_splits(self.splits, splits))
        found = found._with_columns(columns, tuple(text_columns))
        check_together(found.values())
        if len(found.columns) == 1 and is_token_type(columns[found.columns[0]]):
            for name, field in FIELDS.items():
                if field.of_texts and getattr(found, name) != field.default:
                    raise invalid(f"{name} does nothing with a column of token ids.", "Leave it out.")
        return found

    def _with_columns(self, columns: Mapping[str, str], text_columns: tuple[str, ...]) -> Recipe:
        if self.template is not None:
            require_columns(template_columns(self.template), columns)
            return self
        if self.chat is not None or (not self.columns and not text_columns and chat_columns(columns)):
            return dataclasses.replace(
                self,
                chat=resolve_chat(self.chat or "auto", columns),
                chat_tools=resolve_objects("chat_tools", self.chat_tools, "tools", columns),
                chat_documents=resolve_objects("chat_documents", self.chat_documents, "documents", columns),
            )
        return dataclasses.replace(self, columns=resolve_columns(self.columns, columns, text_columns))

    def source_columns(self) -> tuple[str, ...]:
        """Return the columns that have to be read, each once."""
        if self.chat is not None:
            beside = (self.chat_tools, self.chat_documents)
            return (self.chat, *(name for name in beside if name not in (None, "none")))
        if self.template is not None:
            return tuple(dict.fromkeys(template_columns(self.template)))
        return tuple(dict.fromkeys(self.columns))

    @property
    def shuffle_rule(self) -> int | None:
        """How this version shuffles by the recipe: 2 finds the turn of anything by itself, 1 permutes a table of all.

        Rule 1 is that of `datasets.Dataset.shuffle`, on which the projects rely that some presets reproduce.
        """
        if self.shuffle_seed is None:
            return None
        return 1 if self.is_peer else 2

    @property
    def is_peer(self) -> bool:
        """Whether the preset reproduces another project sequence for sequence."""
        return preset(self.preset).is_peer
