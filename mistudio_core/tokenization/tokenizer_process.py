"""Loading a tokenizer in a process of its own, for whoever must not hold `transformers` in memory, as the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.tokenizer import StoredTokenizer, open_tokenizer

_PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
_TIMEOUT_S: Final = 180
_SECRETS: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
_QUIET: Final = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "PYTHONSAFEPATH": "1",
}


def load_apart(root: Path, name: str, *, revision: str | None = None, token: str | None = None) -> StoredTokenizer:
    """Load a tokenizer as `load_tokenizer` does, with the same errors, in a process that ends with it (2 to 5 s).

    The token reaches that process on its standard input only.
    """
    request = {"root": str(root), "name": name, "revision": revision, "token": token}
    environment = {key: value for key, value in os.environ.items() if key not in _SECRETS} | _QUIET
    environment["PYTHONPATH"] = os.pathsep.join([str(_PROJECT_ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mistudio_core.tokenization.tokenizer_process"],
            input=json.dumps(request).encode(), capture_output=True, timeout=_TIMEOUT_S, env=environment, check=False,
        )  # fmt: skip
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise StudioError(
            "hub_unreachable", f"Loading the tokenizer {name!r:.120} took too long.", "Try again."
        ) from None
    except ValueError:
        raise StudioError(
            "internal",
            f"The tokenizer {name!r:.120} could not be loaded: the process that does it ended.",
            "Try again.",
        ) from None
    if "error" in answer:
        raise StudioError(**answer["error"])
    return open_tokenizer(root / answer["sha256"], name=name, revision=answer["revision"])


def main() -> None:
    """Read one request from standard input, load, and write the answer as JSON."""
    from mistudio_core.tokenization.tokenizer_load import load_tokenizer

    request = json.loads(sys.stdin.buffer.read())
    try:
        loaded = load_tokenizer(
            Path(request["root"]), request["name"], revision=request["revision"], token=request["token"]
        )
        answer: dict[str, object] = {"sha256": loaded.sha256, "revision": loaded.revision}
    except StudioError as error:
        answer = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
