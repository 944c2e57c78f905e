"""What a recipe comes to with a given tokenizer: which ids stand where. All of it is shown and kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Few = tuple[int, ...]
"""Some ids, mostly none or one."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The ids round sequences and documents, how sequences are filled up, and the stored type.

    A sequence is `sequence_start`, tokens of documents, `sequence_end`. In the presets that cut a stream, a document is
    `document_start`, its own ids, `document_end`; `separator` stands after it, between two of them or before it, as
    the preset says. `begin_sequence` is SAELens's begin-of-sequence token.
    """

    sequence_length: int
    sequence_start: Few = ()
    sequence_end: Few = ()
    document_start: Few = ()
    document_end: Few = ()
    separator: Few = ()
    begin_sequence: Few = ()
    pad_id: int | None = None
    pad_sequences: bool = False
    """Whether packing fills sequences up at once; `longest` is done when the longest sequence is known."""
    padding_side: str = "right"
    fixed: bool = True
    """Whether all sequences are of one length."""
    dtype: str = "uint16"

    @property
    def content_length(self) -> int:
        """Tokens of the stream or the document that a sequence holds."""
        return self.sequence_length - len(self.sequence_start) - len(self.sequence_end)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Policy:
        """Return the policy that `to_json` wrote."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        }
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON takes them."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
