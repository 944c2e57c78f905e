"""Vocabularies of other libraries: converted by `transformers`, and held to the ids of the library they are for."""

from __future__ import annotations

import base64
import binascii
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from mistudio_core.errors import StudioError
from mistudio_core.file_names import MODEL_CONFIG
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.loading.files import SETTINGS
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

_CONVERTED_NAME: Final = "tokenizer.model"
"""The name under which `transformers` looks for the vocabulary of either library."""
_SENTENCEPIECE: Final = ("spiece.model", "sentencepiece.model", "sentencepiece.bpe.model", "tokenizer.model")
_SHOWN_TOKENS: Final = 8


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary of another library: its file, the library's name, and its own way to encode a text into pieces."""

    path: Path
    library: str
    pieces: Callable[[str], list[str]]


def other_vocabulary(folder: Path) -> Vocabulary | None:
    """Return the vocabulary of sentencepiece or tiktoken in a folder; None where there is none that can be read."""
    known = {name: place for place, name in enumerate(_SENTENCEPIECE)}
    found = [*folder.glob("*.model"), *folder.glob("*.tiktoken")]
    for path in sorted(found, key=lambda one: (known.get(one.name, len(known)), one.name)):
        vocabulary = _tiktoken(path) if _is_ranks(path) else _sentencepiece(path)
        if vocabulary is not None:
            return vocabulary
    return None


def convert(vocabulary: Vocabulary, folder: Path, name: str) -> Any:
    """Return the tokenizer of `transformers` for a vocabulary whose class is not known; raise `tokenizer_unsupported`.

    Its special tokens and limit come from the settings in `folder`.
    """
    from transformers import PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as alone:
        for file in SETTINGS:
            if file != MODEL_CONFIG and (folder / file).is_file():
                shutil.copyfile(folder / file, Path(alone) / file)
        shutil.copyfile(vocabulary.path, Path(alone) / _CONVERTED_NAME)
        try:
            return PreTrainedTokenizerFast.from_pretrained(alone, local_files_only=True)
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise StudioError(
                "tokenizer_unsupported",
                f"The {vocabulary.library} vocabulary of {name!r:.120} cannot be converted ({reason}).",
                "Choose a tokenizer that comes with a tokenizer.json.",
            ) from error


def conversion_notes(vocabulary: Vocabulary, backend: Tokenizer) -> list[str]:
    """Return sentences on where a converted tokenizer differs from the library that its vocabulary is for."""
    added = [token.content for token in backend.get_added_tokens_decoder().values()]
    # Written in a text, these are tokens here and plain text there: that is what `control_tokens` is about.
    texts = [text for text in _texts(backend) if not any(token in text for token in added)]
    differing = []
    for text in texts:
        # An unknown piece is told by its id: the tokens of an encoding show the text instead.
        ours = [backend.id_to_token(ident) or "" for ident in backend.encode(text, add_special_tokens=False).ids]
        theirs = vocabulary.pieces(text)
        if ours != theirs:
            differing.append((text, ours, theirs))
    notes = []
    if differing:
        text, ours, theirs = min(differing, key=lambda one: (not one[0].isprintable(), len(one[0])))
        notes.append(
            f"The tokenizer was converted from {vocabulary.path.name}, and {len(differing):,} of {len(texts):,} hard "
            f"texts come out otherwise than {vocabulary.library} has them: {text[:40]!r} is {_shown(ours)} here and "
            f"{_shown(theirs)} there."
        )
    if vocabulary.library == "tiktoken":
        notes.append(
            f"{vocabulary.path.name} does not hold the pattern that splits a text before it is encoded. That of "
            "Llama 3 is taken, as transformers does; a model with another pattern was trained on other ids."
        )
    return notes


def _texts(backend: Tokenizer) -> Iterable[str]:
    with tempfile.TemporaryDirectory() as folder:
        return hard_strings(store_tokenizer(Path(folder), backend.to_str(), {}, name="", revision=None))


def _shown(pieces: list[str]) -> str:
    return " ".join(pieces[:_SHOWN_TOKENS]) + (" …" if len(pieces) > _SHOWN_TOKENS else "") if pieces else "nothing"


def _sentencepiece(path: Path) -> Vocabulary | None:
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_proto=path.read_bytes())
    except (RuntimeError, ValueError, OSError):
        return None

    def pieces(text: str) -> list[str]:
        return [processor.id_to_piece(ident) for ident in processor.encode(text)]

    return Vocabulary(path, "sentencepiece", pieces)


def _is_ranks(path: Path) -> bool:
    """Tell whether a file holds lines of a token in base64 and its rank, as tiktoken writes them."""
    with path.open("rb") as file:
        parts = file.readline(4096).split()
    try:
        base64.b64decode(parts[0], validate=True)
    except (IndexError, binascii.Error):
        return False
    return len(parts) == 2 and parts[1].isdigit()


def _tiktoken(path: Path) -> Vocabulary | None:
    import tiktoken
    from transformers import convert_slow_tokenizer

    conversion: Any = convert_slow_tokenizer
    try:
        ranks = conversion.TikTokenConverter.load_tiktoken_bpe(str(path))
        pattern = conversion.TikTokenConverter(str(path)).pattern
        encoding = tiktoken.Encoding("converted", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    except (ValueError, OSError, AssertionError):
        return None
    if any(bytes([value]) not in ranks for value in range(256)):
        return None  # some texts have no ids at all
    characters = conversion.bytes_to_unicode()

    def pieces(text: str) -> list[str]:
        found = encoding.encode(text, disallowed_special=())
        return ["".join(characters[value] for value in encoding.decode_single_token_bytes(one)) for one in found]

    return Vocabulary(path, "tiktoken", pieces)
