"""Conversations as chat templates take them: messages with role and content, whatever form a dataset has them in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_ROLES: Final = {"human": "user", "gpt": "assistant", "bot": "assistant"}
"""How the from/value form names the roles that templates know."""
_REASONING: Final = ("reasoning_content", "thinking", "reasoning")
"""The names of a message's reasoning; templates read the first or the second."""


class RefusedError(ValueError):
    """A conversation, its tools or its documents cannot be rendered; says why."""


def messages_of(conversation: Any) -> list[dict[str, Any]] | None:
    """Return a conversation as messages, None for a null; raise `RefusedError` where it is none.

    Keys whose value is null are left out of a message, as `transformers` does, and so a message may lack `content`.
    """
    found = _from_json(conversation)
    if found is None:
        return None
    if not isinstance(found, list):
        raise RefusedError(f"a conversation is a list of messages, not {_kind(found)}")
    return [_message(_from_json(item)) for item in found]


def objects_of(value: Any, what: str) -> list[dict[str, Any]] | None:
    """Return the tools or documents of a conversation: a list of objects, as they are or as JSON; None for a null."""
    found = _from_json(value)
    if found is None:
        return None
    items = [_from_json(item) for item in found] if isinstance(found, list) else [None]
    if not all(isinstance(item, Mapping) for item in items):
        raise RefusedError(f"{what} is {_kind(found)} where a list of objects is needed")
    return [plain(item) for item in items]


def strings_in(value: Any) -> Iterator[str]:
    """Yield every text in a conversation or the like, at any depth: what people wrote, without roles and keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ("role", "from"):
                yield from strings_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings_in(item)


def plain(value: Any) -> Any:
    """Return a value built of what JSON knows; anything else is its type between angle brackets, as in transformers."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return f"<{type(value).__name__}>"


def _message(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise RefusedError(f"a message is an object with role and content, not {_kind(item)}")
    message = {key: plain(value) for key, value in item.items() if value is not None}
    if item.get("role") is None and item.get("from") is not None:
        speaker = message.pop("from")
        message = {"role": _ROLES.get(speaker, speaker) if isinstance(speaker, str) else speaker} | message
        if "value" in message:
            message["content"] = message.pop("value")
    reasoning = next((message[name] for name in _REASONING if name in message), None)
    if reasoning is not None:
        message = {"thinking": reasoning} | message | {"reasoning_content": reasoning}
    return message


def _from_json(value: Any) -> Any:
    """Return what a text holds as JSON, a blank one being null; any other value as it is."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise RefusedError(f"the text {value[:40]!r} is not JSON") from None


def _kind(value: Any) -> str:
    names = {
        str: "a text",
        dict: "an object",
        list: "a list",
        int: "a number",
        float: "a number",
        bool: "true or false",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
