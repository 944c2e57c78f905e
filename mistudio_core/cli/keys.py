"""The command for the keys of the HTTP API."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from mistudio_core.cli.commands import opened
from mistudio_core.library import api_keys
from mistudio_core.records import as_json


def api_key(options: Namespace) -> Any:
    """Make a key and return it, for the only time; or list the keys, or remove one."""
    root = opened(options).home.root
    if options.list:
        return [_facts(key) for key in api_keys.listed(root)]
    if options.remove is not None:
        return _facts(api_keys.remove(root, options.remove))
    return api_keys.create(root)


def _facts(key: api_keys.ApiKey) -> dict[str, Any]:
    return {"id": key.id, "created_at": as_json(key.created_at)}
