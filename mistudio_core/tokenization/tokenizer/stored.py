"""A tokenizer as the library keeps it: one folder named by its content, opened with `tokenizers` alone."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON, TOKENIZER_SOURCE
from mistudio_core.files import read_json, sync_folder, write_bytes, write_json
from mistudio_core.tokenization.tokenizer.names import FROM_FILE, Named
from mistudio_core.tokenization.tokenizer.randomness import switch_off

FORMAT: Final = 1
_PROBES: Final = ("a", "hello world", "Zoë 東京 🙂")
_NO_LIMIT: Final = 1 << 30
"""`transformers` writes 1e30 where a model's limit is not known."""


@dataclass(frozen=True, slots=True)
class StoredTokenizer:
    """What is known of a tokenizer; `load` gives the tokenizer itself.

    `vocab_size` is one more than the greatest id, added tokens included. `prefix` and `suffix` are the ids that the
    tokenizer itself puts round a text, found by encoding. `named_bos_id` and `named_eos_id` are the tokens that its
    settings call so, `named_tokens` the texts of all such tokens. `control` maps each control token to its id.
    `source` tells what was stored, `file` for a `tokenizer.json` or `transformers`; `notes` are sentences on how it
    differs from the files it was loaded from.
    """

    folder: Path
    sha256: str
    name: str
    revision: str | None
    family: str
    vocab_size: int
    model_max_length: int | None
    named_bos_id: int | None
    named_eos_id: int | None
    pad_id: int | None
    unk_id: int | None
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    control: Mapping[str, int]
    named_tokens: Mapping[str, str]
    chat_template: str | None
    tool_template: str | None = None
    """The chat template for conversations with tools, where the tokenizer has one of its own for them."""
    source: str = FROM_FILE
    notes: tuple[str, ...] = ()

    @property
    def bos_id(self) -> int | None:
        """The named BOS token, or else the single id that stands before every text (BERT's [CLS])."""
        if self.named_bos_id is None and len(self.prefix) == 1:
            return self.prefix[0]
        return self.named_bos_id

    @property
    def eos_id(self) -> int | None:
        """The named EOS token, or else the single id that stands after every text (BERT's [SEP])."""
        if self.named_eos_id is None and len(self.suffix) == 1:
            return self.suffix[0]
        return self.named_eos_id

    def load(self) -> Tokenizer:
        """Return a fresh `tokenizers.Tokenizer` that neither truncates nor pads; raise `corrupt_data` if damaged."""
        try:
            return Tokenizer.from_file(str(self.json_path))
        except Exception as error:  # the library raises plain Exception
            what = f"The tokenizer {self.name!r:.80} in the library is damaged."
            raise StudioError("corrupt_data", what, "Tokenize again to reload it.") from error

    @property
    def json_path(self) -> Path:
        """The serialised tokenizer."""
        return self.folder / TOKENIZER_JSON

    def describe(self) -> dict[str, Any]:
        """Return what a manifest and a page say of the tokenizer, as JSON."""
        fields = asdict(self)
        for left_out in ("folder", "chat_template", "tool_template"):
            del fields[left_out]
        derived = {"bos_id": self.bos_id, "eos_id": self.eos_id, "has_chat_template": self.chat_template is not None}
        lists = {"prefix": list(self.prefix), "suffix": list(self.suffix), "notes": list(self.notes)}
        return fields | derived | lists


def store_tokenizer(
    root: Path, tokenizer_json: str, config: Mapping[str, Any], *, name: str, revision: str | None
) -> StoredTokenizer:
    """Keep a tokenizer under `root` in the folder of its content's SHA-256, and return it.

    `config` is the content of `tokenizer_config.json`; of it the named tokens, `model_max_length` and `chat_template`
    count. A folder that is there already is used, whoever asked for it first. What is kept neither truncates nor pads,
    and has no randomness.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    switch_off(tokenizer)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    plain_json = tokenizer.to_str()
    kept = {key: config[key] for key in sorted(config) if key in _KEPT_CONFIG and config[key] is not None}
    digest = hashlib.sha256(plain_json.encode() + b"\0" + json.dumps(kept, sort_keys=True).encode()).hexdigest()
    folder = root / digest
    if not (folder / TOKENIZER_SOURCE).is_file():
        facts = {"format": FORMAT, "name": name, "revision": revision} | _facts(tokenizer, kept)
        contents = {TOKENIZER_JSON: plain_json.encode(), TOKENIZER_CONFIG: _as_bytes(kept)}
        _write_folder(root, folder, contents, facts)
    return open_tokenizer(folder, name=name, revision=revision)


def open_named(root: Path, named: Named) -> StoredTokenizer:
    """Open the tokenizer under `root` that a name stands for. Raises `not_found`."""
    return open_tokenizer(
        root / named.sha256, name=named.name, revision=named.revision, source=named.source, notes=named.notes
    )


def open_tokenizer(
    folder: Path,
    *,
    name: str | None = None,
    revision: str | None = None,
    source: str = FROM_FILE,
    notes: Sequence[str] = (),
) -> StoredTokenizer:
    """Open a kept tokenizer; `name` and `revision` replace those under which it came first. Raises `not_found`."""
    facts = read_json(folder / TOKENIZER_SOURCE)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise StudioError("not_found", "The library does not hold this tokenizer.", "Tokenize once to load it.")
    config = read_json(folder / TOKENIZER_CONFIG) or {}
    return StoredTokenizer(
        folder=folder,
        sha256=folder.name,
        name=facts["name"] if name is None else name,
        revision=facts["revision"] if name is None else revision,
        family=facts["family"],
        vocab_size=facts["vocab_size"],
        model_max_length=facts["model_max_length"],
        named_bos_id=facts["named_bos_id"],
        named_eos_id=facts["named_eos_id"],
        pad_id=facts["pad_id"],
        unk_id=facts["unk_id"],
        prefix=tuple(facts["prefix"]),
        suffix=tuple(facts["suffix"]),
        control=facts["control"],
        named_tokens=facts["named_tokens"],
        chat_template=_chat_template(config.get("chat_template"), "default"),
        tool_template=_chat_template(config.get("chat_template"), "tool_use"),
        source=source,
        notes=tuple(notes),
    )


_KEPT_CONFIG: Final = frozenset(
    {"bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "model_max_length", "chat_template"}
)


def _facts(tokenizer: Tokenizer, config: Mapping[str, Any]) -> dict[str, Any]:
    prefix, suffix = surroundings(tokenizer)
    limit = config.get("model_max_length")
    control = {token.content: ident for ident, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    return {
        "family": json.loads(tokenizer.to_str())["model"]["type"],
        "vocab_size": max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1,
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


def _chat_template(stored: Any, name: str) -> str | None:
    """Return one of several named templates; a single one has no name and is the default."""
    if isinstance(stored, list):
        stored = next((item.get("template") for item in stored if item.get("name") == name), None)
    elif name != "default":
        return None
    return stored if isinstance(stored, str) else None


def _as_bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _write_folder(root: Path, folder: Path, contents: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        for file_name, data in contents.items():
            write_bytes(draft / file_name, data, durable=True)
        write_json(draft / TOKENIZER_SOURCE, facts, durable=True)
        if not folder.exists():
            os.rename(draft, folder)
            sync_folder(root)
    except OSError:
        if not (folder / TOKENIZER_SOURCE).is_file():  # another process may have been faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
