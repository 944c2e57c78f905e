"""The recipe: everything a user chooses about a tokenization, checked, frozen and serialisable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import check_text, invalid
from mistudio_core.tokenization.recipes.checks import check_together, checked_value
from mistudio_core.tokenization.recipes.columns import (
    chat_columns,
    require_columns,
    resolve_chat,
    resolve_columns,
    resolve_objects,
    resolve_splits,
    template_columns,
)
from mistudio_core.tokenization.recipes.registry import preset

CHAT_ONLY: Final = ("chat_date", "chat_tools", "chat_documents", "refused")
"""Fields that only matter to conversations."""
_LATER_FIELDS: Final = frozenset(CHAT_ONLY)
"""Fields that the first version had not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How text becomes token sequences; make one with `Recipe.from_fields`, which checks every value.

    `None` and `auto` mean "as the preset and the tokenizer have it"; what they came to stands in the
    manifest. An empty `splits` or `columns` is filled in by `resolved`.
    """

    tokenizer: str
    tokenizer_revision: str | None = None
    tokenizer_source: str = "auto"
    """`file` is its `tokenizer.json` as it is, `transformers` what AutoTokenizer makes of it; `auto` is the file for a
    file that is named, else transformers."""
    splits: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """One text column, several (joined by a blank line unless there is a template), or one of token ids."""
    template: str | None = None
    chat: str | None = None
    """The column that holds conversations, or `auto`: the only one that does by its type."""
    chat_date: str | None = None
    """The day, as YYYY-MM-DD, that `strftime_now` tells a chat template; None is the day of the request."""
    chat_tools: str | None = None
    """The column of the tools that go with each conversation, or `none`; None is the column `tools` if there is one."""
    chat_documents: str | None = None
    """The column of documents, likewise."""
    refused: str = "fail"
    """What happens to a conversation that the chat template refuses: `fail`, or `skip` and count it."""
    preset: str = "continuous"
    context_length: int = 1024
    bos: str = "auto"
    separator: str | int = "auto"
    """`auto`, `eos`, `bos`, `sep`, `none` or a token id."""
    begin_batch_token: str | int = "auto"  # noqa: S105 - no password
    """SAELens's token at the start of each sequence, in the words of `separator`; `auto` is what `bos` says."""
    begin_sequence_token: str | int = "auto"  # noqa: S105
    """SAELens's token at the start of each document, likewise."""
    concatenate: bool = True
    """False is SAELens's `disable_concat_sequences`: one sequence of each document that fills one."""
    add_special_tokens: bool | None = None
    stride: int = 0
    """Tokens that a window shares with the one before it."""
    truncation: str = "auto"
    """What `per_document` does with a document that is too long: `auto` is `window` with a stride, else `truncate`."""
    padding: str = "none"
    padding_side: str = "right"
    padding_column: str = "none"
    remainder: str = "drop"
    control_tokens: str = "parse"
    min_tokens: int = 0
    max_tokens_per_document: int | None = None
    min_chars: int = 0
    max_junk_ratio: float | None = None
    drop_duplicates: bool = False
    oversized: str = "fail"
    """What happens to a text too large to encode that cannot be cut: `fail`, or `skip` and count it."""
    token_budget: int | None = None
    shuffle_seed: int | None = None
    shuffle: str = "sequences"
    """What a seed shuffles: finished sequences, or documents before they are packed."""
    batch_rows: int | None = None
    """Documents in one `map` call of the project a preset reproduces; None is that project's default."""
    emulate_num_proc: int = 1
    """Processes of the project a preset reproduces."""
    dtype: str = "auto"
    engine: str = "auto"

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Recipe:
        """Check the fields that were given and return the recipe; raise `invalid_request` naming the bad one."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(str(name)[:80] for name in values if name not in known)
        if unknown:
            raise invalid(f"A recipe has no field {unknown[0]!r}.", f"Its fields are: {', '.join(sorted(known))}.")
        if values.get("tokenizer") is None:
            raise invalid("tokenizer is missing.", "Give a Hub id such as 'openai-community/gpt2', a path or 'sample'.")
        for name, value in values.items():
            for text in value if isinstance(value, (list, tuple)) else [value]:
                check_text(name, text if isinstance(text, str) else "")
        recipe = cls(**{name: checked_value(name, value) for name, value in values.items()})
        check_together(recipe)
        return recipe

    @classmethod
    def from_stored(cls, values: Mapping[str, Any]) -> Recipe:
        """Return a recipe that was checked before it was stored; what this version has no field for is left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        kept: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known
        }
        return cls(**kept)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them, in the order of the class."""
        return {
            field.name: list(value) if isinstance(value := getattr(self, field.name), tuple) else value
            for field in dataclasses.fields(self)
        }

    def fingerprint(self) -> str:
        """Return the SHA-256 of the recipe's canonical JSON: equal recipes on equal data give equal bytes.

        `engine` is left out, since every engine must give the same ids, and so are newer fields at their defaults, so
        that a recipe keeps its fingerprint from version to version.
        """
        defaults = type(self)(tokenizer=self.tokenizer).to_json()
        fields = {
            name: value
            for name, value in self.to_json().items()
            if name != "engine" and not (name in _LATER_FIELDS and value == defaults[name])
        }
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def resolved(self, *, splits: Mapping[str, int], columns: Mapping[str, str], text_columns: Sequence[str]) -> Recipe:
        """Return the recipe with the splits and columns that it takes by default written out.

        `splits` maps each split to its samples, `columns` each column to its readable type. Raises
        `split_not_found`, `no_text_column` or `invalid_request`, listing what there is.
        """
        chosen = resolve_splits(self.splits, splits)
        if self.template is not None:
            self._check_no_chat()
            require_columns(template_columns(self.template), columns)
            return dataclasses.replace(self, splits=chosen)
        if self.chat is not None or (not self.columns and not text_columns and chat_columns(columns)):
            return dataclasses.replace(
                self,
                splits=chosen,
                chat=resolve_chat(self.chat or "auto", columns),
                chat_tools=resolve_objects("chat_tools", self.chat_tools, "tools", columns),
                chat_documents=resolve_objects("chat_documents", self.chat_documents, "documents", columns),
            )
        self._check_no_chat()
        found = resolve_columns(self.columns, columns, tuple(text_columns))
        return dataclasses.replace(self, splits=chosen, columns=found)

    def _check_no_chat(self) -> None:
        """Raise `invalid_request` where a field for conversations would do nothing."""
        defaults = type(self)(tokenizer=self.tokenizer)
        for name in CHAT_ONLY:
            if getattr(self, name) != getattr(defaults, name):
                raise invalid(f"{name} does nothing without conversations.", "Leave it out, or choose a chat column.")

    def source_columns(self) -> tuple[str, ...]:
        """Return the columns that have to be read, each once."""
        if self.chat is not None:
            beside = (self.chat_tools, self.chat_documents)
            return (self.chat, *(name for name in beside if name not in (None, "none")))
        if self.template is not None:
            return tuple(dict.fromkeys(template_columns(self.template)))
        return tuple(dict.fromkeys(self.columns))

    @property
    def is_peer(self) -> bool:
        """Whether the preset reproduces another project sequence for sequence."""
        return preset(self.preset).is_peer
