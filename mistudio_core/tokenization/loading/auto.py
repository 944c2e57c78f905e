"""A tokenizer as `transformers` loads it, and the settings beside its vocabulary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, TOKENIZER_JSON
from mistudio_core.files import read_json

_NAMED_TOKENS: Final = ("bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
_NO_LIMIT: Final = 10**20
"""`transformers` gives 1e30 as the limit of a model that states none."""


def load_auto(folder: Path, name: str, on_hub: str | None) -> Any:
    """Return what AutoTokenizer makes of the files in `folder`; raise `tokenizer_unsupported`.

    Some repositories are treated by their name, so it is told `on_hub`, the repository that the files are of.
    """
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # its advice is not for our users
    from transformers import AutoTokenizer

    config = None if on_hub is None else _model_config(folder, on_hub)
    try:
        loaded: Any = AutoTokenizer.from_pretrained(
            str(folder), config=config, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:
        raise unsupported(name, error, has_file=(folder / TOKENIZER_JSON).is_file()) from error
    if getattr(loaded, "backend_tokenizer", None) is None:
        raise StudioError(
            "tokenizer_unsupported",
            f"The tokenizer {name!r:.120} has no fast version.",
            "Choose one with a tokenizer.json.",
        )
    return loaded


def _model_config(folder: Path, on_hub: str) -> Any:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, RecursionError):
        return None  # none, unreadable, or of a model that is not known: AutoTokenizer has its own way then
    config._name_or_path = on_hub
    return config


def settings_of(loaded: Any) -> dict[str, Any]:
    """Return the named tokens, the limit and the chat template of a tokenizer of `transformers`."""
    settings = {key: getattr(loaded, key, None) for key in _NAMED_TOKENS}
    return settings | {"model_max_length": _limit(loaded.model_max_length), "chat_template": _chat_template(loaded)}


def written_settings(folder: Path) -> dict[str, Any]:
    """Return the same as it is written in the files beside a `tokenizer.json`, for one that needs no class."""
    written: dict[str, Any] = {}
    for file in (SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG):
        written |= _settings_file(folder / file)
    settings = {key: _text(written.get(key)) for key in _NAMED_TOKENS}
    template = folder / "chat_template.jinja"
    chat = template.read_text("utf-8", "replace") if template.is_file() else written.get("chat_template")
    return settings | {"model_max_length": _limit(written.get("model_max_length")), "chat_template": chat}


def needs_code(folder: Path) -> bool:
    """Tell whether the settings name a class that comes as code with the tokenizer."""
    return "auto_map" in _settings_file(folder / TOKENIZER_CONFIG)


def unsupported(name: str, error: Exception, *, has_file: bool = False) -> StudioError:
    """Return the reason why a tokenizer cannot be loaded; `has_file` tells that its `tokenizer.json` is there."""
    text = str(error)
    if "trust_remote_code" in text or "custom code" in text:
        reason, hint = "needs custom code", "Custom code is never run. Choose one with a tokenizer.json."
    elif "sentencepiece" in text or "tiktoken" in text or "instantiate" in text:
        reason, hint = "has no fast version and cannot be converted to one", "Choose one with a tokenizer.json."
    else:
        reason, hint = (
            f"cannot be read ({text.splitlines()[0][:200] if text else type(error).__name__})",
            "Check its files.",
        )
    if has_file:
        hint = "Choose the tokenizer_source file, which takes its tokenizer.json as it is."
    return StudioError("tokenizer_unsupported", f"The tokenizer {name!r:.120} {reason}.", hint)


def _settings_file(path: Path) -> dict[str, Any]:
    try:
        stored = read_json(path)
    except StudioError:
        raise StudioError(
            "tokenizer_unsupported",
            f"The {path.name} of the tokenizer does not hold JSON, or nests too deep.",
            "Check that file, or load the tokenizer without it.",
        ) from None
    return stored if isinstance(stored, dict) else {}


def _limit(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 0 < value < _NO_LIMIT else None


def _text(token: Any) -> str | None:
    if isinstance(token, Mapping):
        token = token.get("content")
    return token if isinstance(token, str) else None


def _chat_template(loaded: Any) -> str | list[dict[str, str]] | None:
    """Return the chat template; where there is another one for tools, both in the form of a configuration."""
    template = loaded.chat_template
    if isinstance(template, dict) and "tool_use" in template:
        return [{"name": name, "template": template[name]} for name in ("default", "tool_use") if name in template]
    if isinstance(template, dict):
        template = template.get("default")
    return template if isinstance(template, str) else None
