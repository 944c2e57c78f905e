"""The one front door of the core: pages, the command line and notebooks call `Library` and nothing behind it."""

from mistudio_core.library.library import Library
from mistudio_core.sources.import_options import ImportOptions

__all__ = ["ImportOptions", "Library"]
