"""The commands by which a shell takes the sequences of a tokenization."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

_COMMANDS: Final = """\
# What they are, and their statistics, as JSON
python -m mistudio_core --home {home} show {name} --json
python -m mistudio_core --home {home} stats {name} --json
# A copy in Parquet for another machine; its folder is printed at the end
python -m mistudio_core --home {home} export {name} --kind parquet
# Every checksum, and sequences encoded again
python -m mistudio_core --home {home} verify {name} --deep
"""


def commands(home: Path, tokenization_id: str) -> str:
    """Return commands with their comments; they can be pasted as they stand."""
    return _COMMANDS.format(home=shlex.quote(str(home)), name=tokenization_id)
