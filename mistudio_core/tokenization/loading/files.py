"""Which files make a tokenizer, and a local one copied together with its settings."""

from __future__ import annotations

import json
import re
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import MODEL_CONFIG, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, TOKENIZER_JSON
from mistudio_core.files import file_sha256

FILES: Final = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "additional_chat_templates/*.jinja")
"""What belongs to a tokenizer. `config.json` does: AutoTokenizer chooses by the kind of model it names."""
SETTINGS: Final = (
    MODEL_CONFIG, TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, "added_tokens.json", "chat_template.jinja",
    "chat_template.json",
)  # fmt: skip
_OTHER_VOCABULARIES: Final = (".model", ".tiktoken")
_TEMPLATES: Final = "additional_chat_templates"
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def is_vocabulary(file: str) -> bool:
    """Tell by its name whether a file holds the vocabulary of a tokenizer."""
    known = ("tokenizer", "vocab", "spiece", "sentencepiece", "tekken")
    return file.startswith(known) or file.endswith(_OTHER_VOCABULARIES)


def belongs_to_tokenizer(path: str) -> bool:
    """Tell by its path in a repository whether a file belongs to a tokenizer, and may be put into a folder under it."""
    folder, _, name = path.rpartition("/")
    safe = _NAME.fullmatch(name) is not None and folder in ("", _TEMPLATES)
    return safe and not name.endswith(".index.json") and any(fnmatchcase(path, pattern) for pattern in FILES)


def content_of(folder: Path, name: str) -> str:
    """Return what tells the files of a tokenizer from others; raise `tokenizer_not_found` where there are none."""
    files = sorted(path for pattern in FILES for path in folder.glob(pattern) if path.is_file())
    if not any(is_vocabulary(path.name) for path in files):
        raise StudioError(
            "tokenizer_not_found", f"The folder {name!r:.200} has no tokenizer.", "It needs a tokenizer.json."
        )
    return json.dumps([[path.name, file_sha256(path)] for path in files])


def copy_alone(path: Path, folder: Path) -> None:
    """Copy a named file and the settings beside it: what else lies there is not part of the tokenizer."""
    own_name = path.name if path.suffix in _OTHER_VOCABULARIES else TOKENIZER_JSON
    shutil.copyfile(path, folder / own_name)
    for beside in SETTINGS:
        if (path.parent / beside).is_file():
            shutil.copyfile(path.parent / beside, folder / beside)


def has_settings(folder: Path) -> bool:
    """Tell whether files beside a vocabulary say more about it."""
    return any((folder / name).is_file() for name in SETTINGS)
