"""The core of miStudio Datasets; import what you need from its modules, for example `mistudio_core.library`."""

__version__ = "0.1.0"
