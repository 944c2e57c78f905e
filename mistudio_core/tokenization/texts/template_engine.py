"""The Jinja environment of chat templates: the sandbox, filters and functions that `transformers` gives them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final, NoReturn

from jinja2 import Template, meta, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

_DATE_FUNCTION: Final = "strftime_now"
_COMPILED_KEPT: Final = 16
"""Templates kept compiled: compiling takes tens of milliseconds, and a form asks again with every change."""


@functools.lru_cache(_COMPILED_KEPT)
def compiled(source: str) -> Template:
    """Return a chat template ready to render; raise Jinja's `TemplateError` where it cannot be read."""
    return _environment().from_string(source)


@functools.lru_cache(_COMPILED_KEPT)
def asks_for_date(source: str) -> bool:
    """Tell whether a template names `strftime_now`; one that cannot be read does not."""
    try:
        return _DATE_FUNCTION in meta.find_undeclared_variables(_environment().parse(source))
    except (TemplateError, RecursionError):
        return False


class _GenerationBlock(Extension):
    """`{% generation %}` marks what a model writes; it changes no text, but has a scope of its own."""

    tags = {"generation"}  # noqa: RUF012 - the form that Jinja asks for

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_contents"), [], [], body).set_lineno(line)

    def _contents(self, caller: Callable[[], str]) -> str:
        return caller()


class _GuardedNamespace(Namespace):
    """Jinja's `namespace`, but for names that begin with an underscore, which `transformers` refuses."""

    def __init__(*args: Any, **named: Any) -> None:
        self, *given = args
        values = dict(*given, **named)
        for name in values:
            _check_name(name)
        Namespace.__init__(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationBlock, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["namespace"] = _GuardedNamespace
    return environment


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON as it is, without the escapes for HTML that Jinja's own filter makes."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace cannot hold the name {name!r}, which begins with an underscore")
