"""The registry of presets: the modules of the package `presets`, and whatever else is registered.

The presets import the modules beside this one, so nothing may ask for them while it is being imported.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from threading import RLock
from types import MappingProxyType
from typing import Any, Final

from mistudio_core.errors import invalid

_PACKAGE: Final = "mistudio_core.tokenization.presets"
_lock = RLock()  # a module that is imported here may ask the registry in turn
_discovered: list[str] = []


class Preset:
    """What a preset is called and takes; how it packs is added by `packing.preset.PackingPreset`."""

    name: str
    """As recipes, command line and manifests have it."""
    title: str
    """As the app shows it."""
    summary: str
    """What it does, in one sentence."""
    position: int = 100
    """Its place among the presets, the smallest first; equal ones by name."""
    fields: frozenset[str] = frozenset()
    """The recipe fields it takes of those that only some presets take."""
    choices: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The values it takes of a field of choices, where it does not take all of them."""
    peer_version: str | None = None
    """The version of the project whose sequences it reproduces; None where it reproduces none."""
    batch_rows: int | None = None
    """Documents that this project hands to one `map` call by default, on which its sequences depend."""
    snippet: str | None = None
    """Code with which the project takes sequences, for `exports.snippets` to fill in."""
    package: str = ""
    """The name under which the project is installed."""
    other_versions: str = ""
    """A sentence on what is called otherwise in other versions of it."""

    @property
    def is_peer(self) -> bool:
        """Whether the preset reproduces another project sequence for sequence."""
        return self.peer_version is not None

    def implied(self, values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Return values of fields that give, beside the others, what the preset does without them."""
        del values
        return {} if self.batch_rows is None else {"batch_rows": (self.batch_rows,)}


_registered: dict[str, Preset] = {}


def register(preset: Preset) -> None:
    """Add a preset; raise `ValueError` where its name is taken."""
    with _lock:
        if preset.name in _registered:
            raise ValueError(f"There is a preset {preset.name!r} already.")
        _registered[preset.name] = preset


def presets() -> tuple[Preset, ...]:
    """Return all presets in their order."""
    _discover()
    return tuple(sorted(_registered.values(), key=lambda one: (one.position, one.name)))


def preset(name: str) -> Preset:
    """Return the preset of this name; raise `invalid_request` listing what there is."""
    _discover()
    if name not in _registered:
        names = ", ".join(one.name for one in presets())
        raise invalid(f"preset is {name!r:.80}.", f"Use one of: {names}.")
    return _registered[name]


def _discover() -> None:
    """Import every module of the package on first use, and register its `PRESET`."""
    with _lock:
        if _discovered:
            return
        package = importlib.import_module(_PACKAGE)
        _discovered.extend(module.name for module in pkgutil.iter_modules(package.__path__))
        for name in _discovered:
            register(importlib.import_module(f"{_PACKAGE}.{name}").PRESET)
