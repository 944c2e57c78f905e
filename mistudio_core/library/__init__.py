"""The one front door of the core: pages, the command line and notebooks call `Library` and nothing behind it."""

from mistudio_core.library.front import Library

__all__ = ["Library"]
