"""Conversations as text: the tokenizer's own chat template, or a plain one that is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.conversations import RefusedError, messages_of, objects_of
from mistudio_core.tokenization.texts.template_engine import asks_for_date, compiled
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

DEFAULT_CHAT_TEMPLATE: Final = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
)
"""Used where a tokenizer has no template of its own."""
_SHOWN_REASON: Final = 200
_MOST_CHARACTERS: Final = 64 << 20
"""As long as a line of a dataset may be: a template that writes more would fill the memory."""


class ChatTemplate:
    """Renders conversations as `apply_chat_template` of `transformers` does; may be shared by threads."""

    def __init__(
        self, source: str, tokens: Mapping[str, str], today: date | None = None, with_tools: str | None = None
    ) -> None:
        """Compile a Jinja template in a sandbox.

        `tokens` are variables such as `bos_token`, `today` is the day that `strftime_now` tells: its midnight.
        `with_tools` is the template for conversations with tools, where that is another.
        """
        try:
            self._template = compiled(source)
            self._with_tools = self._template if with_tools is None else compiled(with_tools)
        except Exception as error:  # noqa: BLE001 - Jinja works out what is constant, and so runs a part of it
            raise StudioError(
                "tokenizer_unsupported",
                f"The tokenizer's chat template cannot be read: {_reason(error)}.",
                "Use a text column, or another tokenizer.",
            ) from None
        self._moment = datetime.combine(today or date.today(), time())
        self._tokens = dict(tokens)

    @classmethod
    def of(cls, tokenizer: StoredTokenizer, today: date | None = None) -> ChatTemplate:
        """Return the tokenizer's own template, else the default one."""
        source = tokenizer.chat_template or DEFAULT_CHAT_TEMPLATE
        return cls(source, tokenizer.named_tokens, today, tokenizer.tool_template)

    def render(self, conversation: Any, tools: Any = None, documents: Any = None) -> str | None:
        """Return a conversation as text, None for a null and the empty text for no messages.

        Raises `RefusedError` with the reason where it is no conversation or the template refuses it.
        """
        messages = messages_of(conversation)
        if not messages:
            return None if messages is None else ""
        try:
            given = objects_of(tools, "tools")
            template = self._template if given is None else self._with_tools
            parts = template.generate(
                messages=messages, tools=given, documents=objects_of(documents, "documents"),
                add_generation_prompt=False, strftime_now=self._moment.strftime, **self._tokens,
            )  # fmt: skip
            text = "".join(_limited(parts))
            text.encode()  # a template may write half a surrogate pair, which no tokenizer takes
        except RefusedError:
            raise
        except Exception as error:  # noqa: BLE001 - a template is somebody else's program, and may fail in any way
            raise RefusedError(_reason(error)) from None
        return text


def _limited(parts: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a text until it is longer than any text may be."""
    length = 0
    for part in parts:
        length += len(part)
        if length > _MOST_CHARACTERS:
            raise RefusedError(f"its text has more than {_MOST_CHARACTERS:,} characters")
        yield part


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, RecursionError):
        return "it nests too deep, or calls itself without end"
    return str(error)[:_SHOWN_REASON].rstrip(".") or type(error).__name__


def uses_date(tokenizer: StoredTokenizer) -> bool:
    """Tell whether the text of a conversation depends on the day, since the chat template asks for it."""
    return any(
        source is not None and asks_for_date(source) for source in (tokenizer.chat_template, tokenizer.tool_template)
    )


def dated(recipe: Recipe, tokenizer: StoredTokenizer, day: date) -> Recipe:
    """Return a resolved recipe with the day that its chat template asks for: its own, else `day`; none where unused."""
    used = recipe.chat is not None and uses_date(tokenizer)
    return dataclasses.replace(recipe, chat_date=(recipe.chat_date or day.isoformat()) if used else None)


def template_edges(tokenizer: StoredTokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the control tokens with which the chat template begins and ends a short conversation, spaces aside."""
    template = ChatTemplate.of(tokenizer)
    user, answer = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
    for talk in ([user, answer], [user], [{"role": "system", "content": "c"}, user, answer]):
        try:
            text = (template.render(talk) or "").strip()
        except RefusedError:
            continue
        return _control_run(tokenizer, text, at_end=False), _control_run(tokenizer, text, at_end=True)
    return (), ()


def _control_run(tokenizer: StoredTokenizer, text: str, *, at_end: bool) -> tuple[int, ...]:
    """Return the control tokens that stand at one end of a text without anything between them."""
    found: list[int] = []
    longest_first = sorted((token for token in tokenizer.control if token), key=len, reverse=True)
    matches, remove = (str.endswith, str.removesuffix) if at_end else (str.startswith, str.removeprefix)
    while (token := next((token for token in longest_first if matches(text, token)), None)) is not None:
        found.insert(0, tokenizer.control[token]) if at_end else found.append(tokenizer.control[token])
        text = remove(text, token)
    return tuple(found)
