"""Serving the HTTP API without the app."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from mistudio_core.api.mount import check_packages, serve_alone
from mistudio_core.cli.commands import opened
from mistudio_core.settings import Settings


def serve(options: Namespace) -> Any:
    """Answer under `/api/v1` until Ctrl-C.

    Raises `invalid_request` where the packages of the extra `api` are missing, or the address cannot be listened on.
    """
    check_packages()
    home = opened(options).home.root
    settings = replace(Settings.from_environment(), home=Path(home), api=True)
    serve_alone(settings, options.host, options.port, _tell)
    return {}


def _tell(address: str) -> None:
    sys.stderr.write(f"The API answers at {address}\n")
    sys.stderr.flush()
