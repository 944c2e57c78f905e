"""Keeping a tokenizer in the library: what is known of it is found by loading it and encoding with it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from mistudio_core.checksums import file_entries, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON, TOKENIZER_SOURCE
from mistudio_core.files import sync_folder, write_bytes
from mistudio_core.tokenization.tokenizer.contents import FILES, content_sha256, settings_bytes, tokenizer_problems
from mistudio_core.tokenization.tokenizer.randomness import switch_off
from mistudio_core.tokenization.tokenizer.stored import FORMAT, StoredTokenizer, open_tokenizer

_PROBES: Final = ("a", "hello world", "Zoë 東京 🙂")
_NO_LIMIT: Final = 1 << 30
"""`transformers` writes 1e30 where a model's limit is not known."""
MOST_IDS: Final = 1 << 22
"""Ten times the largest vocabularies in use; what is counted for each id fits into memory."""
MOST_TOKEN_CHARACTERS: Final = 10_000
"""The longest tokens in use, runs of spaces, have some hundreds."""
MOST_CONTROL_TOKENS: Final = 50_000
"""Some vocabularies reserve thousands."""
MOST_SETTINGS_BYTES: Final = 4 << 20
"""The longest chat templates in use have some ten thousand characters."""
_KEPT_CONFIG: Final = frozenset(
    {"bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "model_max_length", "chat_template"}
)


def store_tokenizer(
    root: Path, tokenizer_json: str, config: Mapping[str, Any], *, name: str, revision: str | None
) -> StoredTokenizer:
    """Keep a tokenizer under `root` in the folder of its content's SHA-256, and return it.

    `config` is the content of `tokenizer_config.json`; of it the named tokens, `model_max_length` and `chat_template`
    count. A folder that is there already is used, whoever asked for it first, and
    replaced where it is damaged. What is kept neither truncates nor pads,
    and has no randomness.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    switch_off(tokenizer)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    plain_json = tokenizer.to_str()
    kept = {key: config[key] for key in sorted(config) if key in _KEPT_CONFIG and config[key] is not None}
    if len(settings_bytes(kept)) > MOST_SETTINGS_BYTES:
        raise _unsupported(f"The settings and chat templates of the tokenizer exceed {MOST_SETTINGS_BYTES:,} bytes.")
    folder = root / content_sha256(plain_json.encode(), kept)
    if not folder.exists() or tokenizer_problems(folder):
        facts = {"format": FORMAT, "name": name, "revision": revision} | _facts(tokenizer, kept)
        contents = {TOKENIZER_JSON: plain_json.encode(), TOKENIZER_CONFIG: settings_bytes(kept)}
        _write_folder(root, folder, contents, facts)
    return open_tokenizer(folder, name=name, revision=revision)


def checked_vocab_size(tokenizer: Tokenizer) -> int:
    """Return one more than the greatest id; raise `tokenizer_unsupported` for no ids, or ids out of all proportion."""
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    if not vocabulary:
        raise _unsupported("The tokenizer has an empty vocabulary.")
    size = max(vocabulary.values()) + 1
    if size > MOST_IDS:
        raise _unsupported(f"The ids of the tokenizer reach {size - 1:,}, and {MOST_IDS - 1:,} is the greatest taken.")
    longest = max(map(len, vocabulary))
    if longest > MOST_TOKEN_CHARACTERS:
        raise _unsupported(
            f"The tokenizer has a token of {longest:,} characters, and {MOST_TOKEN_CHARACTERS:,} is the most taken."
        )
    return size


def _facts(tokenizer: Tokenizer, config: Mapping[str, Any]) -> dict[str, Any]:
    vocab_size = checked_vocab_size(tokenizer)
    prefix, suffix = surroundings(tokenizer)
    limit = config.get("model_max_length")
    control = {token.content: ident for ident, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    if len(control) > MOST_CONTROL_TOKENS:
        raise _unsupported(
            f"The tokenizer has {len(control):,} control tokens, and {MOST_CONTROL_TOKENS:,} is the most taken."
        )
    return {
        "family": json.loads(tokenizer.to_str())["model"]["type"],
        "vocab_size": vocab_size,
        "model_max_length": int(limit) if isinstance(limit, (int, float)) and 0 < limit < _NO_LIMIT else None,
        "named_bos_id": _named(tokenizer, config, "bos_token"),
        "named_eos_id": _named(tokenizer, config, "eos_token"),
        "pad_id": _named(tokenizer, config, "pad_token"),
        "unk_id": _unknown(tokenizer),
        "prefix": prefix,
        "suffix": suffix,
        "control": control,
        "named_tokens": {key: _token_text(config[key]) for key in config if key.endswith("_token")},
    }


def _unsupported(message: str) -> StudioError:
    return StudioError("tokenizer_unsupported", message, "Use another tokenizer.")


def surroundings(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids put before and after every text; raise `tokenizer_unsupported` where that depends on the text."""
    found = set()
    for text in _PROBES:
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        whole = tokenizer.encode(text, add_special_tokens=True).ids
        starts = [at for at in range(len(whole) - len(plain) + 1) if whole[at : at + len(plain)] == plain]
        found.add((tuple(whole[: starts[0]]), tuple(whole[starts[0] + len(plain) :])) if starts and plain else None)
    found.discard(None) if len(found) > 1 else None
    if len(found) != 1 or None in found:
        raise StudioError(
            "tokenizer_unsupported",
            "The special tokens of this tokenizer depend on the text around them.",
            "Use a tokenizer that adds the same ones to every text.",
        )
    before, after = next(iter(found))  # type: ignore[misc]
    return list(before), list(after)


def _named(tokenizer: Tokenizer, config: Mapping[str, Any], name: str) -> int | None:
    return tokenizer.token_to_id(_token_text(config[name])) if name in config else None


def _token_text(token: Any) -> str:
    return str(token.get("content", "")) if isinstance(token, Mapping) else str(token)


def _unknown(tokenizer: Tokenizer) -> int | None:
    """Return the id that stands for what the vocabulary lacks: the model's own, whatever the settings call so."""
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] == "Unigram":
        return model.get("unk_id")
    token = model.get("unk_token")
    return tokenizer.token_to_id(token) if token else None


def _write_folder(root: Path, folder: Path, contents: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".{folder.name}.{secrets.token_hex(8)}"
    draft.mkdir()
    try:
        for file_name, data in contents.items():
            write_bytes(draft / file_name, data, durable=True)
        write_sealed(draft / TOKENIZER_SOURCE, {**facts, FILES: file_entries(draft, contents)})
        if folder.exists() and tokenizer_problems(folder):
            os.rename(folder, draft / "damaged")
        os.rename(draft, folder)
        shutil.rmtree(folder / "damaged", ignore_errors=True)
        sync_folder(root)
    except OSError:
        if not (folder / TOKENIZER_SOURCE).is_file():  # another process may have been faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
