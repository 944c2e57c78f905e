"""Writes docs/cli.md and docs/api.md from the program: `python docs/generate.py`. A test fails when they are stale."""

from __future__ import annotations

import argparse
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[0] = str(DOCS.parent)

from mistudio_core.cli.parser import make_parser  # noqa: E402 - the checkout comes first
from mistudio_core.library import Library  # noqa: E402

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

Methods that start work return at once. Every failure is a `StudioError` with a code, a message and a hint.
"""


def cli() -> str:
    """Return docs/cli.md: every command with its arguments, from the parser."""
    parts = [_CLI_HEAD]
    for name, parser in _commands(make_parser()):
        parts.append(f"## {name}\n\n{_sentence(parser.description or '')}\n")
        rows = [_row(action) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        if rows:
            parts.append("| argument | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def api() -> str:
    """Return docs/api.md: every public method of `Library`, from signatures and docstrings."""
    parts = [_API_HEAD]
    for name, member in inspect.getmembers(Library):
        if name.startswith("_") or not callable(member):
            continue
        parts.append(f"## {name}\n\n```python\n{_signature(name, member)}\n```\n\n{inspect.getdoc(member) or ''}\n")
    return "\n".join(parts)


def main() -> None:
    """Write both files."""
    for name, text in (("cli.md", cli()), ("api.md", api())):
        (DOCS / name).write_text(text, "utf-8")


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
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
        shown += f" `{action.metavar or action.dest.upper()}`"
    return f"| {shown} | {_escaped(action.help or '')} |"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("%%", "%").replace("|", "\\|").replace("<", "\\<")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _signature(name: str, member: object) -> str:
    return textwrap.fill(f"{name}{inspect.signature(member)}", 110, subsequent_indent="    ")  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
