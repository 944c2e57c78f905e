"""The presets of tokenization, for those in front of the library."""

from mistudio_core.tokenization.recipes.registry import Preset, preset, presets

__all__ = ["Preset", "preset", "presets"]
