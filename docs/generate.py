"""Writes docs/cli.md, docs/api.md and the table of recipe fields from the program: `python docs/generate.py`.

A test fails when they are stale.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from mistudio_core.cli.parser import CommandParser, make_parser  # noqa: E402 - the checkout comes first
from mistudio_core.library import Library  # noqa: E402
from mistudio_core.tokenization.recipes.described import with_table  # noqa: E402

_CLI_HEAD = """\
# Command line

`mistudio COMMAND` where the package is installed, `python -m mistudio_core COMMAND` in a checkout. Written by
`python docs/generate.py`; do not edit.

`--json` prints one JSON document and nothing else, errors too: `{"error": {"code", "message", "hint", "details"}}`.
Exit codes: 0 done, 1 an error with a code, 2 a command that cannot be understood, 130 after Ctrl-C, which cancels.
"""
_API_HEAD = """\
# Python

`from mistudio_core.library import Library`. Written by `python docs/generate.py` from the docstrings; do not edit.

Methods that start work return at once, with the record of what will be made. Every answer is a frozen record, read by
attribute, by the names of its JSON (`answer["tokens"]`) or as a whole (`to_json()`). Every failure is a `StudioError`
with `code`, `message`, `hint` and `details`; `mistudio_core/errors.py` draws the classes by which it can be caught.
"""


def cli() -> str:
    """Return docs/cli.md: every command with its arguments, from the parser."""
    parts = [_CLI_HEAD]
    for name, parser in _commands(make_parser()):
        parser.complete()
        parts.append(f"## {name}\n\n{_sentence(parser.description or '')}\n")
        rows = [_row(action) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        if rows:
            parts.append("| argument | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def api() -> str:
    """Return docs/api.md: every public method of `Library`, noun by noun, from signatures and docstrings."""
    parts = [_API_HEAD, _entry("Library.open", Library.open)]
    with tempfile.TemporaryDirectory() as home:
        library = Library.open(home)
    for noun, held in vars(library).items():
        if type(held).__module__ != f"mistudio_core.library.{noun}":
            continue
        parts.append(f"## {noun}\n\n{inspect.getdoc(held) or ''}\n")
        if callable(held):
            parts.append(_entry(f"library.{noun}", held.__call__))
        for name in vars(type(held)):
            method = getattr(held, name)
            if not name.startswith("_"):
                words = [word for word, command in vars(library).items() if command == method]
                parts.append(_entry(f"library.{noun}.{name}", method, words))
    return "\n".join(parts)


def main() -> None:
    """Write the files."""
    recipes = with_table((DOCS / "tokenization.md").read_text("utf-8"))
    for name, text in (("cli.md", cli()), ("api.md", api()), ("tokenization.md", recipes)):
        (DOCS / name).write_text(text, "utf-8")


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, CommandParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            seen: set[int] = set()
            for name, child in action.choices.items():
                if id(child) not in seen:
                    seen.add(id(child))
                    yield name, child


def _row(action: argparse.Action) -> str:
    shown = ", ".join(f"`{flag}`" for flag in action.option_strings) or f"`{action.metavar or action.dest}`"
    if action.option_strings and action.nargs != 0:
        shown += f" `{action.metavar or action.dest.upper()}`".replace("|", "\\|")
    return f"| {shown} | {_escaped(action.help or '')} |"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("%%", "%").replace("|", "\\|").replace("<", "\\<")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _entry(name: str, method: Callable[..., object], words: Sequence[str] = ()) -> str:
    """Return the section of a method; `words` are its names on `Library` itself."""
    signature = textwrap.fill(f"{name}{inspect.signature(method)}", 110, subsequent_indent="    ")
    short = f"Also `library.{words[0]}`. " if words else ""
    return f"### {name}\n\n```python\n{signature}\n```\n\n{short}{inspect.getdoc(method) or ''}\n"


if __name__ == "__main__":
    main()
