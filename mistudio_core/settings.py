"""Limits and switches, each from one `MISTUDIO_*` variable; enforced in the core, not in widgets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError, invalid

_CHECKOUT: Final = Path(__file__).resolve().parents[1]


def default_home() -> Path:
    """Return the library folder where none is named: `data/` in a checkout, else the platform's folder for data."""
    if (_CHECKOUT / "app.py").is_file() and (_CHECKOUT / "pages").is_dir():
        return _CHECKOUT / "data"
    from platformdirs import user_data_path

    return user_data_path("mistudio-datasets", appauthor=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one library may do; each field is read from `MISTUDIO_` and its name in capitals."""

    home: Path = field(default_factory=default_home)
    shared: bool = False
    """Shared library: no paths, no saved Hub login, no gated or private data."""
    admin: tuple[str, ...] = ()
    """Signed-in names that may do everything in a shared library; separated by commas in the variable."""
    max_upload_mb: int = 50
    """Streamlit holds an upload in memory, so this must fit beside the app."""
    max_look_jobs: int = 1
    max_download_jobs: int = 1
    max_compute_jobs: int = 1
    max_index_jobs: int = 1
    max_waiting_jobs: int = 16
    """Each waiting job is a process of about 10 MB."""
    threads: int = min(8, os.cpu_count() or 1)
    """Encoding threads of one tokenization."""
    quota_gb: int = 0
    """Disk that the library may fill in GiB; 0 means no limit but the disk."""
    keep_free_mb: int = 500
    """Disk that a download must leave free, in MiB."""
    max_piece_mb: int = 0
    """Largest indivisible text in MiB; 0 means 2 for the reference engine and 8 for the fast one."""
    lock_timeout_s: int = 30
    api: bool = False
    """Whether the app answers other programs under `/api/v1`, for those that bring a key."""
    api_hosts: tuple[str, ...] = ()
    """Names under which the API is reached, besides `localhost`, the machine's own name and addresses in figures."""
    api_origins: tuple[str, ...] = ()
    """Origins, such as `https://front.example.org`, whose pages may call the API from a browser."""
    cluster: str = ""
    """Where tokenizations can run besides this machine: `slurm` and options of `sbatch`, `dask://...` or `ray://...`."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the `MISTUDIO_*` variables; raise `invalid_request` naming the one that is wrong."""
        environment = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for setting in fields(cls):
            name = f"MISTUDIO_{setting.name.upper()}"
            text = environment.get(name, "").strip()
            if not text:
                continue
            if setting.name == "home":
                values["home"] = Path(text).expanduser().resolve()
            elif setting.name in ("admin", "api_hosts", "api_origins"):
                values[setting.name] = tuple(filter(None, (one.strip().lower() for one in text.split(","))))
            elif setting.name in ("shared", "api"):
                values[setting.name] = _switch(name, text)
            elif setting.name == "cluster":
                values["cluster"] = text
            else:
                values[setting.name] = _number(name, text)
        return cls(**values)  # type: ignore[arg-type]


def quota_filled(settings: Settings) -> StudioError:
    """Return the error for a library that has grown as large as it may."""
    return StudioError(
        "disk_full",
        f"The library has reached its quota of {settings.quota_gb} GB.",
        "Delete datasets or tokenizations that are no longer needed.",
    )


def _switch(name: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise invalid(f"{name} is {text!r}.", "Use 1 or 0.")


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise invalid(f"{name} is {text!r}.", "Use a whole number, 0 or more.")
    return int(text)
