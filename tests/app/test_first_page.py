"""The first page of a new app needs little: what is heavy is imported when it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "altair", "datasets", "transformers", "tokenizers", "huggingface_hub", "fastapi")
FIRST_PAGE = """
import os, sys
from streamlit.testing.v1 import AppTest
os.environ["MISTUDIO_HOME"] = sys.argv[1]
page = AppTest.from_file("app.py", default_timeout=120).run()
assert not page.exception, page.exception
assert page.get("button"), "the page is empty"
print(*[name for name in sys.argv[2:] if name in sys.modules])
"""


def test_the_first_page_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE, str(tmp_path), *HEAVY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
