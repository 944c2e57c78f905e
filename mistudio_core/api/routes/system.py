"""The library as a whole: its health, its settings, its disk, checking and mending it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from mistudio_core import __version__
from mistudio_core.api.acts import Acts, Opened
from mistudio_core.library.answers import Storage
from mistudio_core.records import JsonDocument, Rebuilt, Record, Repaired, Verification

routes = Acts(tags=["system"])

_NOT_TOLD: Final = frozenset({"home", "admin"})
"""A folder of the machine, and names of people."""


@dataclass(frozen=True, slots=True)
class Health(Record):
    """That the API answers, and for what library."""

    status: str
    version: str
    shared: bool
    active_jobs: int


@dataclass(frozen=True, slots=True)
class Freed(Record):
    """The bytes that became free."""

    freed_bytes: int


@dataclass(frozen=True, slots=True)
class Restored(Record):
    """What was put back."""

    restored: str


class Checked(BaseModel):
    """What to check; by default all of the library."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"deep": True}]})

    id: str | None = Field(None, description="A dataset or a tokenization.")
    deep: bool = Field(default=False, description="Also tokenize some samples again and compare.")


class Mended(BaseModel):
    """What to repair; by default all of the library."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    id: str | None = Field(None, description="A dataset or a tokenization.")


@routes.get("/health", summary="Tell that the API answers")
def health(library: Opened) -> Health:
    """Return the version, whether the library is shared, and how many jobs are unfinished."""
    return Health("ok", __version__, library.settings.shared, len(library.jobs(active=True)))


@routes.get("/settings", summary="Limits and switches in force")
def settings(library: Opened) -> JsonDocument:
    """Return the settings by name; each is set by `MISTUDIO_` and its name in capitals."""
    here = library.settings
    told: dict[str, Any] = {item.name: getattr(here, item.name) for item in fields(here) if item.name not in _NOT_TOLD}
    return JsonDocument(told)


@routes.get("/storage", summary="What the library takes of the disk")
def storage(library: Opened) -> Storage:
    """Return the bytes of each part, and those that are free."""
    return library.storage()


@routes.post("/verify", summary="Check files against their manifests")
def verify(library: Opened, wanted: Checked) -> Verification:
    """Read files again and compare them with their manifests; each problem is a sentence that names the file."""
    return library.verify(wanted.id, deep=wanted.deep)


@routes.post("/repair", summary="Make again what can be made again")
def repair(library: Opened, wanted: Mended) -> Repaired:
    """Make indexes, statistics and other derived files again; jobs do what takes long."""
    return library.repair(wanted.id)


@routes.post("/rebuild", summary="Make the catalog again from the files")
def rebuild(library: Opened) -> Rebuilt:
    """Read all manifests and write the catalog anew."""
    return library.rebuild()


@routes.post("/undo/{name}", summary="Undo a deletion")
def undo(library: Opened, name: Annotated[str, Path(description="The `undo` of a deletion.")]) -> Restored:
    """Put back what an undoable deletion removed; `name` is the `undo` of its answer, valid for a minute."""
    library.restore(name)
    return Restored(name)


@routes.delete("/exports", summary="Delete all copies for other programs")
def delete_exports(library: Opened) -> Freed:
    """Delete the exports and return the bytes that became free."""
    return Freed(library.delete_exports())
