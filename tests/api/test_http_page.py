"""The page about the HTTP API: its commands run as they stand, in the order in which they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mistudio_core.library import Library
from tests.support.api_server import served

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api-http.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_commands_and_the_code_of_the_page_run(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "library")
    library = Library.open(tmp_path / "library")
    (dataset,), (tokenization,) = library.datasets(), library.tokenizations()
    (tmp_path / "work").mkdir()
    try:
        with served(library.home.root) as server:
            variables = {"API": server.url, "KEY": server.key, "DATASET": dataset.id, "TOKENIZATION": tokenization.id}

            def run(*command: str) -> str:
                done = subprocess.run(
                    command, cwd=tmp_path / "work", env=os.environ | variables, capture_output=True, text=True,
                    timeout=120,
                )  # fmt: skip
                assert done.returncode == 0, (command[-1], done.stdout[-2000:], done.stderr[-2000:])
                return done.stdout

            commands = [run("bash", "-euc", block) for block in _blocks("sh")]
            code = run(sys.executable, "-c", "\n".join(_blocks("python")))
    finally:
        for job in library.jobs(active=True):
            library.cancel(job.id)
    assert len(commands) >= 7
    assert tokenization.dataset_id in "".join(commands)
    assert f"({dataset.num_samples}," in code
