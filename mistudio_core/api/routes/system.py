"""The library as a whole: its health, its settings, its upkeep."""

from __future__ import annotations

from typing import Any

from mistudio_core import __version__
from mistudio_core.api.acts import Acts, Opened

routes = Acts(tags=["system"])


@routes.get("/health", summary="Tell that the API answers")
def health(library: Opened) -> Any:
    """Return the version, whether the library is shared, and how many jobs are unfinished."""
    return {
        "status": "ok",
        "version": __version__,
        "shared": library.settings.shared,
        "active_jobs": len(library.jobs(active=True)),
    }
