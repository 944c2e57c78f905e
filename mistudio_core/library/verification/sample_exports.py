"""Files into which samples were exported: nothing else tells what they held."""

from __future__ import annotations

from typing import Final

from mistudio_core.checksums import entry_problems, read_sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.library.context import Context
from mistudio_core.library.verification.problem import Found, Repair
from mistudio_core.store.samples.export_list import listed_exports

_SUBJECT: Final = "exports"


def check_sample_exports(home: Home) -> Found:
    """Check the exports of samples; of those that an older version made nothing is known."""
    found = Found()
    for path, listed in listed_exports(home.exports):
        found.checked += 2
        try:
            problems = entry_problems(home.exports, read_sealed(listed, lambda value: list(value["checked"])) or [])
        except StudioError as error:
            problems = [error.message]
        if path.is_file():
            found.add(_SUBJECT, problems, helps=f"Delete it and {listed.name}, and export the samples again.")
        else:
            found.add(_SUBJECT, problems, repair=Repair(forget_list, listed.name))
    return found


def forget_list(context: Context, name: str) -> None:
    """Delete the checksum of an export that is no longer there."""
    context.home.discard(context.home.exports / name)
