"""For which version of a program its code was written, and what to change for another."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from mistudio_core.tokenization.recipes.registry import Preset, presets


def version_note(program: str, manifest: Mapping[str, Any], *, is_own_machine: bool) -> str:
    """Return sentences on the versions of a program: of the code, of the sequences, and of what is installed here.

    The last one only where the machine `is_own_machine` of who reads it. Empty for a program without a version.
    """
    project = next((one for one in presets() if one.name == program and one.peer_version), None)
    if project is None:
        return ""
    sentences = [f"Written for {project.title} {project.peer_version}."]
    installed = _installed(project) if is_own_machine else None
    if installed is not None and installed != project.peer_version:
        sentences.append(f"{project.title} {installed} is installed here.")
    if project.other_versions:
        sentences.append(project.other_versions)
    made = manifest["recipe"]["preset"] == program and manifest.get("peer_version")
    if made and made != project.peer_version:
        sentences.append(f"These sequences are those of {project.title} {made}; a newer one changes only the code.")
    return " ".join(sentences)


def _installed(project: Preset) -> str | None:
    try:
        return metadata.version(project.package)
    except (metadata.PackageNotFoundError, ValueError):
        return None
