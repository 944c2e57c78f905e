"""From the files of a tokenizer to what is stored: its `tokenizer.json` as it is, or what AutoTokenizer has."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_JSON
from mistudio_core.tokenization.loading.auto import (
    load_auto,
    needs_code,
    settings_of,
    unsupported,
    written_settings,
)
from mistudio_core.tokenization.loading.converted import Vocabulary, conversion_notes, convert, other_vocabulary
from mistudio_core.tokenization.loading.differences import difference, sentence
from mistudio_core.tokenization.loading.files import has_settings
from mistudio_core.tokenization.tokenizer.names import FROM_FILE, FROM_TRANSFORMERS
from mistudio_core.tokenization.tokenizer.randomness import switch_off
from mistudio_core.tokenization.tokenizer.storing import checked_vocab_size


@dataclass(frozen=True, slots=True)
class Built:
    """A tokenizer ready to be stored: serialised, its settings, and sentences on how it differs from its files."""

    tokenizer_json: str
    settings: dict[str, Any]
    notes: tuple[str, ...]


def build(folder: Path, *, name: str, source: str, on_hub: str | None) -> Built:
    """Read the tokenizer in `folder` by `source`, `file` or `transformers`; `on_hub` is the repository it is of.

    Raises `tokenizer_unsupported`.
    """
    return _from_file(folder, name, on_hub) if source == FROM_FILE else _from_transformers(folder, name, on_hub)


def _from_file(folder: Path, name: str, on_hub: str | None) -> Built:
    if not (folder / TOKENIZER_JSON).is_file():
        raise StudioError(
            "tokenizer_unsupported",
            f"The tokenizer {name!r:.120} has no tokenizer.json.",
            "Choose the tokenizer_source transformers, which converts other files.",
        )
    file = _read(folder, name)
    try:
        loaded = load_auto(folder, name, on_hub) if has_settings(folder) else None
    except StudioError:
        loaded = None  # the file needs no class of transformers
    settings = written_settings(folder) if loaded is None else settings_of(loaded)
    notes = _randomness(file)
    if loaded is not None:
        notes += _differences(file, loaded.backend_tokenizer, settings, FROM_FILE)
    return Built(file.to_str(), settings, tuple(notes))


def _from_transformers(folder: Path, name: str, on_hub: str | None) -> Built:
    if not (folder / TOKENIZER_JSON).is_file() and (vocabulary := other_vocabulary(folder)) is not None:
        return _converted(vocabulary, folder, name, on_hub)
    loaded = load_auto(folder, name, on_hub)
    backend, settings = loaded.backend_tokenizer, settings_of(loaded)
    notes = _randomness(backend)
    if (folder / TOKENIZER_JSON).is_file():
        file = _read(folder, name)
        notes = notes or _randomness(file)
        differences = _differences(file, backend, settings, FROM_TRANSFORMERS)
        if not differences:  # one content, however its parts are written
            backend = file
        notes += differences
    return Built(backend.to_str(), settings, tuple(notes))


def _converted(vocabulary: Vocabulary, folder: Path, name: str, on_hub: str | None) -> Built:
    try:
        loaded = load_auto(folder, name, on_hub)
    except StudioError:
        if needs_code(folder):
            raise
        loaded = convert(vocabulary, folder, name)  # no class is named, or one that does not take this vocabulary
    backend = _unlimited(loaded.backend_tokenizer)
    return Built(backend.to_str(), settings_of(loaded), tuple(conversion_notes(vocabulary, backend)))


def _read(folder: Path, name: str) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_JSON))
    except Exception as error:  # the library raises plain Exception
        raise unsupported(name, error) from error
    checked_vocab_size(tokenizer)  # before it is written: that goes through all numbers up to the greatest id
    return tokenizer


def _randomness(tokenizer: Tokenizer) -> list[str]:
    note = switch_off(tokenizer)
    return [] if note is None else [note]


def _differences(file: Tokenizer, backend: Tokenizer, settings: dict[str, Any], source: str) -> list[str]:
    found = difference(_unlimited(file), _unlimited(backend), settings)
    return [] if found is None else [sentence(found, stored=source, version=version("transformers"))]


def _unlimited(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
