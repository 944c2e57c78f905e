"""Getting a tokenizer from the Hub, a folder or a file; only in a worker, since `transformers` takes long to load."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.files import file_sha256, read_json, write_json
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer, store_tokenizer

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
_LOOK_TIMEOUT_S: Final = 15.0
_FILES: Final = (
    "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "additional_chat_templates/*",
)  # fmt: skip
_NAMED_TOKENS: Final = ("bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "mask_token")


def is_path(name: str) -> bool:
    """Tell whether a tokenizer is given as a path: it starts with `/`, `./`, `../` or `~`."""
    return name.startswith(("/", "./", "../", "~"))


def load_tokenizer(root: Path, name: str, *, revision: str | None = None, token: str | None = None) -> StoredTokenizer:
    """Load a tokenizer from the Hub (pinned to a commit) or from a path, keep it under `root` and return it.

    Never runs code that came with it. Raises `tokenizer_not_found`, `tokenizer_unsupported`, `revision_not_found`,
    `gated`, `token_rejected` or `hub_unreachable`.
    """
    root.mkdir(parents=True, exist_ok=True)
    if is_path(name):
        return _from_path(root, name, Path(name).expanduser())
    if not _HUB_ID.fullmatch(name):
        raise invalid(f"{name!r:.80} is not a tokenizer.", "Give a Hub id such as 'openai-community/gpt2' or a path.")
    with _hub_errors(name):
        commit = _commit(name, revision, token)
        known = known_tokenizer(root, name, commit)
        if known is not None:
            return known
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as folder:
            _download(name, commit, token, Path(folder))
            loaded = _converted(root, Path(folder), name=name, revision=commit)
    write_json(_pointer(root, name, commit), {"sha256": loaded.sha256}, durable=True)
    return loaded


def known_tokenizer(root: Path, name: str, commit: str) -> StoredTokenizer | None:
    """Return a tokenizer of the Hub that this library has loaded before, at that commit; no network is used."""
    found = read_json(_pointer(root, name, commit))
    folder = root / str(found.get("sha256")) if isinstance(found, dict) else None
    if folder is None or not (folder / "source.json").is_file():
        return None
    return open_tokenizer(folder, name=name, revision=commit)


def _pointer(root: Path, name: str, commit: str) -> Path:
    digest = hashlib.sha256(json.dumps([name, commit]).encode()).hexdigest()
    return root / f"known-{digest[:40]}.json"


def _from_path(root: Path, name: str, path: Path) -> StoredTokenizer:
    if path.is_dir():
        return _from_folder(root, name, path.resolve())
    if not path.is_file():
        raise StudioError("tokenizer_not_found", f"There is no tokenizer at {name!r:.200}.", "Check the path.")
    with tempfile.TemporaryDirectory(prefix=".local-", dir=root) as folder:
        # Only this file and its own settings: what else lies beside it is not part of the tokenizer.
        shutil.copyfile(path, Path(folder) / "tokenizer.json")
        for beside in ("tokenizer_config.json", "special_tokens_map.json"):
            if (path.parent / beside).is_file():
                shutil.copyfile(path.parent / beside, Path(folder) / beside)
        return _from_folder(root, name, Path(folder))


def _from_folder(root: Path, name: str, folder: Path) -> StoredTokenizer:
    """Load from a local folder; one whose files were loaded before is known by their content."""
    files = sorted(path for pattern in _FILES for path in folder.glob(pattern) if path.is_file())
    if not any(_is_vocabulary(path.name) for path in files):
        raise StudioError(
            "tokenizer_not_found", f"The folder {name!r:.200} holds no tokenizer.", "It should hold a tokenizer.json."
        )
    content = json.dumps([[path.name, file_sha256(path)] for path in files])
    known = known_tokenizer(root, "", content)
    if known is not None:
        return replace(known, name=name, revision=None)
    loaded = _converted(root, folder, name=name, revision=None)
    write_json(_pointer(root, "", content), {"sha256": loaded.sha256})
    return loaded


def _converted(root: Path, folder: Path, *, name: str, revision: str | None) -> StoredTokenizer:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # its advice is not for our users
    from transformers import AutoTokenizer

    try:
        loaded: Any = AutoTokenizer.from_pretrained(
            str(folder), trust_remote_code=False, local_files_only=True, use_fast=True
        )
    except Exception as error:
        raise _unsupported(name, error) from error
    backend = getattr(loaded, "backend_tokenizer", None)
    if backend is None:
        raise StudioError(
            "tokenizer_unsupported",
            f"The tokenizer {name!r:.120} has no fast form.",
            "Choose one that comes with a tokenizer.json.",
        )
    config = {key: getattr(loaded, key, None) for key in _NAMED_TOKENS}
    config |= {"model_max_length": loaded.model_max_length, "chat_template": _chat_template(loaded)}
    return store_tokenizer(root, backend.to_str(), config, name=name, revision=revision)


def _chat_template(loaded: Any) -> str | list[dict[str, str]] | None:
    """Return the chat template; where there is another one for tools, both in the form of a configuration."""
    template = loaded.chat_template
    if isinstance(template, dict) and "tool_use" in template:
        return [{"name": name, "template": template[name]} for name in ("default", "tool_use") if name in template]
    if isinstance(template, dict):
        template = template.get("default")
    return template if isinstance(template, str) else None


def _unsupported(name: str, error: Exception) -> StudioError:
    text = str(error)
    if "trust_remote_code" in text or "custom code" in text:
        reason, hint = "needs code of its own to be run", "That code is never run here. Choose a tokenizer.json."
    elif "sentencepiece" in text or "tiktoken" in text or "instantiate" in text:
        reason, hint = "has no fast form and cannot be turned into one", "Choose one that comes with a tokenizer.json."
    else:
        reason, hint = (
            f"cannot be read ({text.splitlines()[0][:200] if text else type(error).__name__})",
            "Check its files.",
        )
    return StudioError("tokenizer_unsupported", f"The tokenizer {name!r:.120} {reason}.", hint)


def _commit(name: str, revision: str | None, token: str | None) -> str:
    from huggingface_hub import HfApi

    info = HfApi(token=token or False).model_info(name, revision=revision, timeout=_LOOK_TIMEOUT_S)
    files = {item.rfilename for item in info.siblings or ()}
    if not any(_is_vocabulary(file) for file in files):
        raise StudioError("tokenizer_not_found", f"The repository {name!r:.120} holds no tokenizer.", "Check the id.")
    return str(info.sha)


def _is_vocabulary(file: str) -> bool:
    known = ("tokenizer", "vocab", "spiece", "sentencepiece")
    return file.startswith(known) or file.endswith((".model", ".tiktoken"))


def _download(name: str, commit: str, token: str | None, folder: Path) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(
        name, revision=commit, token=token or False, local_dir=folder, allow_patterns=list(_FILES),
        ignore_patterns=["*/*.json", "*.index.json", "*.safetensors*"], max_workers=2,
    )  # fmt: skip


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    from huggingface_hub import errors

    try:
        yield
    except StudioError:
        raise
    except errors.GatedRepoError:
        raise StudioError(
            "gated", f"The tokenizer {name!r:.120} is gated.", "Accept its terms on the Hub and give your access token."
        ) from None
    except errors.RevisionNotFoundError:
        raise StudioError(
            "revision_not_found", f"{name!r:.120} has no such revision.", "Use a branch, a tag or a commit of it."
        ) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise StudioError(
            "tokenizer_not_found",
            f"The Hub has no tokenizer {name!r:.120} that it shows to us.",
            "Check the id; a private one needs an access token.",
        ) from None
    except errors.HfHubHTTPError as error:
        raise _refused(name, getattr(error.response, "status_code", 0)) from None
    except (OSError, errors.OfflineModeIsEnabled) as error:
        if getattr(error, "errno", None) in (28, 122):  # no space, quota exceeded
            raise StudioError("disk_full", "The disk is full.", "Free some space and try again.") from None
        raise _unreachable(name) from None
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3")):
            raise _unreachable(name) from None
        raise


def _refused(name: str, status: int) -> StudioError:
    if status in (401, 403):
        return StudioError("token_rejected", "The Hub rejected the access token.", "Check it, or make a new one.")
    if status == 429:
        return StudioError("rate_limited", "The Hub asks us to slow down.", "Wait a few minutes and try again.")
    return _unreachable(name)


def _unreachable(name: str) -> StudioError:
    what = f"The Hub could not be reached for the tokenizer {name!r:.120}."
    return StudioError("hub_unreachable", what, "Check the network and try again.")
