"""Running one command: exit codes, errors, and what goes to which stream.

0 done · 1 a failure with a code · 2 unknown command or option, or a missing argument · 130 Ctrl-C
`shard` also: 3 the engines differ · 75 an earlier stage is not settled
"""

from __future__ import annotations

import json
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from mistudio_core.cli.outcome import Outcome
from mistudio_core.cli.parser import make_parser
from mistudio_core.errors import StudioError, check_text, unexpected


def main() -> int:
    """Run the command line: the entry point `mistudio`."""
    return run(sys.argv[1:])


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    as_document = "--json" in arguments
    try:
        for argument in arguments:  # bytes that are no UTF-8 come as halves of surrogate pairs
            check_text(f"The argument {argument[:80]!r}", argument)
        options = make_parser().parse_args(arguments)
        result = _act(options)
    except StudioError as error:
        _show_error(error, as_document)
        return 1
    except Exception as error:  # noqa: BLE001 - the outermost frame: an unexpected error has a code too
        traceback.print_exception(error)
        _show_error(unexpected(error), as_document)
        return 1
    except KeyboardInterrupt:
        _show_error(StudioError("cancelled", "Cancelled.", "Finished parts are kept; `retry` resumes."), as_document)
        return 130
    status = 0
    if isinstance(result, Outcome):
        result, status = result
    _show(result, as_document)
    return status


def _act(options: Namespace) -> Any:
    """Import the module of the command only now: those that work on a plan need no library."""
    module, _, name = str(options.act).rpartition(".")
    return getattr(import_module(f"mistudio_core.cli.{module or 'commands'}"), name)(options)


def _show(result: Any, as_document: bool) -> None:
    from mistudio_core.cli.tables import table
    from mistudio_core.records import as_json

    try:
        if as_document:
            sys.stdout.write(json.dumps(as_json(result), ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(table(as_json(result)))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the reader (`head`, say) has seen enough


def _show_error(error: StudioError, as_document: bool) -> None:
    if as_document:
        sys.stdout.write(json.dumps({"error": error.to_json()}, ensure_ascii=False) + "\n")
    else:
        hint = f" {error.hint}" if error.hint else ""
        sys.stderr.write(f"{error.code}: {error.message}{hint}\n")
