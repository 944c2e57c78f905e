"""The files of a tokenizer on the Hub: pinned to a commit, downloaded, and what went wrong in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.loading.files import FILES, is_vocabulary

_LOOK_TIMEOUT_S: Final = 15.0


def commit_of(name: str, revision: str | None, hf_token: str | None) -> str:
    """Return the commit of a revision; raise `tokenizer_not_found` where the repository holds no tokenizer."""
    from huggingface_hub import HfApi

    info = HfApi(token=hf_token or False).model_info(name, revision=revision, timeout=_LOOK_TIMEOUT_S)
    files = {item.rfilename for item in info.siblings or ()}
    if not any(is_vocabulary(file) for file in files):
        raise StudioError("tokenizer_not_found", f"The repository {name!r:.120} has no tokenizer.", "Check the id.")
    return str(info.sha)


def download(name: str, commit: str, hf_token: str | None, folder: Path) -> None:
    """Download what belongs to a tokenizer into `folder`, the model's `config.json` included."""
    from huggingface_hub import snapshot_download

    snapshot_download(
        name, revision=commit, token=hf_token or False, local_dir=folder, allow_patterns=list(FILES),
        ignore_patterns=["*/*.json", "*.index.json", "*.safetensors*"], max_workers=2,
    )  # fmt: skip


@contextmanager
def hub_errors(name: str) -> Iterator[None]:
    """Turn the errors of the Hub and of the network into ours."""
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
            f"The Hub has no tokenizer {name!r:.120}, or it is private.",
            "Check the id; a private repository needs an access token.",
        ) from None
    except errors.HfHubHTTPError as error:
        raise _refused(name, getattr(error.response, "status_code", 0)) from None
    except (OSError, errors.OfflineModeIsEnabled) as error:
        if getattr(error, "errno", None) in (28, 122):  # no space, quota exceeded
            raise StudioError("disk_full", "The disk is full.", "Free disk space and try again.") from None
        raise _unreachable(name) from None
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3")):
            raise _unreachable(name) from None
        raise


def _refused(name: str, status: int) -> StudioError:
    if status in (401, 403):
        return StudioError("token_rejected", "The Hub rejected the access token.", "Check it, or create a new one.")
    if status == 429:
        return StudioError("rate_limited", "The Hub's rate limit was reached.", "Wait a few minutes and try again.")
    return _unreachable(name)


def _unreachable(name: str) -> StudioError:
    what = f"The Hub could not be reached for the tokenizer {name!r:.120}."
    return StudioError("hub_unreachable", what, "Check the network and try again.")
