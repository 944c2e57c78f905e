"""The bytes that a token stands for, and how they are shown: never as a replacement character."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.unicode import category, is_letter

_BYTE_TOKEN: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class TokenTexts:
    """The text of every id of a tokenizer, as it stands in its vocabulary, as bytes, and to be shown."""

    def __init__(self, tokenizer: StoredTokenizer) -> None:
        """Read the vocabulary."""
        facts = json.loads(tokenizer.json_path.read_bytes())
        kinds = _kinds(facts.get("decoder")) | _kinds(facts.get("pre_tokenizer")) | _kinds(facts.get("normalizer"))
        self._byte_level = "ByteLevel" in kinds
        model = facts["model"]
        self._word_piece = model.get("continuing_subword_prefix") if model["type"] == "WordPiece" else None
        self._suffix = model.get("end_of_word_suffix")
        self._metaspace = _metaspace(facts)
        self._byte_fallback = bool(model.get("byte_fallback"))
        added = {token["id"]: token["content"] for token in facts.get("added_tokens", ())}
        vocab = model["vocab"]  # Unigram has a list of pieces with scores, the others map each piece to its id
        pieces = (
            {ident: text for text, ident in vocab.items()}
            if isinstance(vocab, dict)
            else {ident: piece[0] for ident, piece in enumerate(vocab)}
        )
        self._vocabulary: dict[int, str] = pieces | added
        self._added = set(added)
        self.vocab_size = tokenizer.vocab_size

    def piece(self, ident: int) -> str | None:
        """Return the token as its vocabulary has it, such as `Ġthe`, or None for an id without one."""
        return self._vocabulary.get(ident)

    def bytes_of(self, ident: int) -> bytes:
        """Return the bytes of text that a token stands for; for an id without a token there are none."""
        piece = self._vocabulary.get(ident)
        if piece is None:
            return b""
        if ident in self._added:
            return piece.encode("utf-8", "surrogatepass")
        if self._byte_level:
            values = [_BYTE_OF_CHARACTER.get(character) for character in piece]
            if None not in values:
                return bytes(values)  # type: ignore[arg-type]
            return piece.encode("utf-8", "surrogatepass")
        if self._byte_fallback and (match := _BYTE_TOKEN.fullmatch(piece)):
            return bytes([int(match[1], 16)])
        if self._word_piece and piece.startswith(self._word_piece):
            piece = piece[len(self._word_piece) :]
        if self._suffix and piece.endswith(self._suffix):
            piece = piece[: -len(self._suffix)] + " "
        if self._metaspace:
            piece = piece.replace(self._metaspace, " ")
        return piece.encode("utf-8", "surrogatepass")

    def shown(self, ident: int) -> str:
        r"""Return the text of a token; bytes that are no whole character are written as `\xE6`."""
        return shown_bytes(self.bytes_of(ident)) if ident in self._vocabulary else f"[{ident}]"

    def junk(self) -> npt.NDArray[np.bool_]:
        """Return for each id whether its text is whole characters without any letter, digit or mark, in any script.

        A part of a character is no junk, and neither is a control token: both say nothing of the text.
        """
        mask = np.zeros(self.vocab_size, np.bool_)
        for ident in self._vocabulary:
            if ident in self._added:
                continue
            try:
                text = self.bytes_of(ident).decode()
            except UnicodeDecodeError:
                continue
            mask[ident] = not any(is_letter(character) or category(character)[0] in "NM" for character in text)
        return mask


def shown_bytes(data: bytes) -> str:
    r"""Return bytes as text; those that are no whole character are written as `\xE6`."""
    parts: list[str] = []
    while True:
        try:
            return "".join(parts) + data.decode()
        except UnicodeDecodeError as error:
            parts.append(data[: error.start].decode())
            parts += [f"\\x{value:02X}" for value in data[error.start : error.end]]
            data = data[error.end :]


def _kinds(part: Any) -> set[str]:
    """Return the types named anywhere in a part of `tokenizer.json`."""
    if isinstance(part, dict):
        own = {part["type"]} if isinstance(part.get("type"), str) else set()
        return own.union(*(_kinds(value) for value in part.values()))
    return set().union(*(_kinds(value) for value in part)) if isinstance(part, list) else set()


def _metaspace(facts: dict[str, Any]) -> str | None:
    """Return the character that stands for a space, where there is one."""
    whole = json.dumps([facts.get("decoder"), facts.get("pre_tokenizer"), facts.get("normalizer")], ensure_ascii=False)
    return "▁" if "▁" in whole else None


def _byte_characters() -> dict[str, int]:
    """Return the byte of each character of the byte-level alphabet (GPT-2's): printable ones stand for themselves."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in plain]
    return {chr(value): value for value in plain} | {chr(256 + place): value for place, value in enumerate(others)}


_BYTE_OF_CHARACTER: Final = _byte_characters()
