"""The core of miStudio Datasets; import what you need from its modules, for example `mistudio_core.library`."""
