"""The pytest fixture `hub`: a running test Hub that this process's children and clients are pointed at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import FOREIGN_VARIABLES, HubServer


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """Serve an empty Hub; subprocesses inherit its address, and no outer token or cache.

    In this process the constants of `huggingface_hub` are set too, since the library reads its variables only when
    it is first imported; `datasets` and `transformers` are to be used in subprocesses.
    """
    from huggingface_hub import close_session

    with HubServer() as server:
        for name in FOREIGN_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in server.variables(tmp_path / "hf").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.endpoint)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        for name in ("HF_HUB_CACHE", "HF_TOKEN_PATH", "AGENT_HARNESSES_PATH"):
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", str(tmp_path / "hf" / name.lower()))
        # The functions of the package itself belong to one HfApi that was made at import.
        monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", server.endpoint)
        template = server.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield server
        # The clients of this process keep connections for the next request, which would go to another server.
        close_session()
