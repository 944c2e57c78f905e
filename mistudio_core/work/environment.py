"""The surroundings of a worker that reads data with the clients of the Hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from mistudio_core.sources.endpoint import endpoint

_SECRET_VARIABLES: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_DEBUG")


def prepare_environment(draft: Path) -> None:
    """Point the clients at a cache inside of the draft folder and away from any login of the machine.

    Has to run before huggingface_hub is imported. The process moves into an empty folder, since `datasets` takes
    a folder of the repository's name for the repository.
    """
    for name in _SECRET_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(
        HF_HOME=str(draft / "hf"),
        HF_ENDPOINT=endpoint(),
        HF_HUB_DISABLE_XET="1",  # another transport with other failures, that cannot resume
        HF_HUB_DISABLE_IMPLICIT_TOKEN="1",  # noqa: S106 - a switch
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        HF_DATASETS_DISABLE_PROGRESS_BARS="1",
        HF_HUB_DISABLE_TELEMETRY="1",
    )
    empty = draft / "hf" / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    os.chdir(empty)
