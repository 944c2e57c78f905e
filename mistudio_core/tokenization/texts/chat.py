"""Conversations as text: the tokenizer's own chat template, or a plain one that is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mistudio_core.errors import StudioError, invalid
from mistudio_core.tokenization.recipes.columns import CHAT_FIELDS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

DEFAULT_CHAT_TEMPLATE: Final = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
)
"""Used where a tokenizer has no template of its own."""
_ROLES: Final = {"human": "user", "gpt": "assistant", "bot": "assistant"}
"""How the from/value form names the roles that templates know."""


class ChatTemplate:
    """Renders conversations as `transformers` does, but for the date: a template that asks for it is told none."""

    def __init__(self, source: str, tokens: Mapping[str, str]) -> None:
        """Compile a Jinja template in a sandbox; `tokens` are variables such as `bos_token`."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationBlock, loopcontrols]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise StudioError(
                "tokenizer_unsupported", f"The tokenizer's chat template cannot be read: {error}.", "Use a text column."
            ) from None
        self._tokens = dict(tokens)

    @classmethod
    def of(cls, tokenizer: StoredTokenizer) -> ChatTemplate:
        """Return the tokenizer's own template, else the default one."""
        return cls(tokenizer.chat_template or DEFAULT_CHAT_TEMPLATE, tokenizer.named_tokens)

    def render(self, conversation: Sequence[Mapping[str, Any]] | None, sample: int = 0) -> str | None:
        """Return a conversation as text, None for a null and the empty text for no turns.

        Raises `invalid_request`, naming the sample, where the template refuses it.
        """
        if conversation is None:
            return None
        if not conversation:
            return ""
        try:
            return self._template.render(
                messages=[_turn(item) for item in conversation],
                tools=None, documents=None, add_generation_prompt=False, **self._tokens,
            )  # fmt: skip
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise invalid(
                f"The chat template refuses the conversation of sample {sample:,}: {str(error)[:200]}.",
                "Choose another tokenizer, or a text column.",
            ) from None


def chat_content(conversation: Sequence[Mapping[str, Any]] | None) -> str:
    """Return what was said in a conversation, without anything that a template adds."""
    return "\n".join(_turn(item)["content"] for item in conversation or ())


class _GenerationBlock(Extension):
    """`{% generation %}` marks what a model writes; it changes no text."""

    tags = {"generation"}  # noqa: RUF012 - the form that Jinja asks for

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _turn(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a turn as role and content, with what else it has."""
    role, content = next(names for names in CHAT_FIELDS if names[0] in item and names[1] in item)
    rest = {key: value for key, value in item.items() if key not in (role, content) and value is not None}
    speaker = item[role]
    return {"role": _ROLES.get(speaker, speaker), "content": item[content] or ""} | rest


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> None:
    raise TemplateError(message)
