"""The first rows of a repository of the Hub: files of strangers, which are not opened in the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mistudio_core.sources.first_rows import first_rows, new_hub
from mistudio_core.work.shown_rows import shown

_ROWS: Final = 10
_COLUMNS: Final = 20
"""Each column of a large row group is a request of its own."""


def hub_rows(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first rows of a split as `work.shown_rows.shown` does."""
    hub = new_hub(arguments["hf_token"])
    found = first_rows(
        hub, arguments["repo_id"], arguments["revision"],
        config=arguments["config"], split=arguments["split"], limit=_ROWS, columns=_COLUMNS,
    )  # fmt: skip
    return shown(found.table, found.schema, found.file)
