"""Starting the app in the browser: `streamlit run` on the app's own files, wherever they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_PLACES: Final = (_PACKAGE / "_app" / "app.py", _PACKAGE.parent / "app.py")
"""In a wheel the app's files are part of the package; in a checkout they are beside it."""


def app(options: Namespace) -> tuple[Any, StudioError | None]:
    """Serve the app until Ctrl-C; arguments after `--` go to Streamlit.

    Raises `internal` where the app's files are missing or Streamlit cannot start.
    """
    script = next((place for place in _PLACES if place.is_file()), None)
    if script is None:
        raise StudioError("internal", "The app's files are missing.", "Install mistudio-datasets again.")
    environment = dict(os.environ)
    if getattr(options, "home", None):
        environment["MISTUDIO_HOME"] = str(Path(options.home).expanduser().resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(script), *_server_options(options)]
    try:
        status = subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        status = 0  # Streamlit gets the signal too, and stops by itself
    if status != 0:
        raise StudioError("internal", f"Streamlit ended with status {status}.", "See the output above.")
    return {}, None


def _server_options(options: Namespace) -> list[str]:
    flags = [] if options.port is None else ["--server.port", str(options.port)]
    return [*flags, *options.streamlit]
