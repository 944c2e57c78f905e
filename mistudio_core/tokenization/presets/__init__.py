"""The presets, one a module: each holds a `PRESET`, which the registry finds by itself."""
