"""A plan as one file to be taken to a cluster, with a script for Slurm and the commands that are needed there."""

from __future__ import annotations

import io
import shlex
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mistudio_core.settings import Settings

_TASK: Final = 32
"""Shards of one task: a worker takes seconds to start, and 2 GB of text about a minute."""
_MOST_TASKS: Final = 256
_SCRIPT: Final = """#!/bin/sh
#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task=1
{options}#SBATCH --output=%A-%a.log
# {tasks} processes share {shards} shards. Submit this from the folder that it lies in, and again until the command
# `mistudio status .` tells the stage "merge": a process ends with 75 where others have not finished what it needs.
exec mistudio shard .
"""


@dataclass(frozen=True, slots=True)
class PackedPlan:
    """The name and the content of a zip file, the commands for the cluster in order, and the script in it."""

    name: str
    content: bytes
    commands: tuple[str, ...]
    script: str


def packed_plan(folder: Path, name: str, shards: int, settings: Settings) -> PackedPlan:
    """Pack a plan folder with a script and a note of the commands."""
    tasks = max(1, min(_MOST_TASKS, -(-shards // _TASK)))
    place, *options = shlex.split(settings.cluster) or [""]
    wanted = "".join(f"#SBATCH {option}\n" for option in options) if place == "slurm" else ""
    script = _SCRIPT.format(name=name, last=tasks - 1, tasks=tasks, shards=f"{shards:,}", options=wanted)
    commands = (
        f"unzip {name}.zip && cd {name} && sbatch shard.sbatch",
        "mistudio status .",
        f"mistudio adopt . --home {shlex.quote(str(settings.home))}",
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, f"{name}/{path.relative_to(folder)}")
        archive.writestr(f"{name}/shard.sbatch", script)
        archive.writestr(f"{name}/README.txt", "\n".join((*commands, "")))
    return PackedPlan(f"{name}.zip", written.getvalue(), commands, script)
