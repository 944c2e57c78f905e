"""Every command of the documentation does what it says, with the example dataset and a Hub on this machine."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from mistudio_core.cli import run as command_line
from mistudio_core.library import Library
from mistudio_core.settings import Settings
from tests.hub import models
from tests.hub.repository import Repository
from tests.hub.rows import parquet, rows
from tests.hub.server import HubServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/tasks/first-steps.md", "README.md", "docs/tasks/*.md", "docs/*.md", "CONTRIBUTING.md")
OURS: Final = "python -m mistudio_core "
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TESTED_ELSEWHERE: Final = {"api-http.md"}  # by tests/api/test_http_page.py, with a server that answers
# What no test of this file can run, with what does.
ELSEWHERE: Final = {
    "pip install -r requirements-api.txt": ".ci/run",
    "pip install -r requirements.txt && streamlit run app.py": ".ci/run",
    "pip install -r requirements-dev.txt && python tests/check.py": ".ci/run",
    'pip install "streamlit[auth]"': "nothing: it needs a provider to sign in with",
    "git clone YOUR_FORK && cd YOUR_FORK": "nothing: it needs a fork",
    "python -m venv .venv && . .venv/bin/activate": ".ci/run",
}


def _documented() -> list[str]:
    """Return the commands of all pages, each once, in the order in which a reader meets them."""
    pages = [path for pattern in PAGES for path in sorted(ROOT.glob(pattern)) if path.name not in TESTED_ELSEWHERE]
    lines = [
        line.strip()
        for page in pages
        for block in _BLOCK.findall(page.read_text("utf-8"))
        for line in block.split("\n")
    ]
    return list(dict.fromkeys(line for line in lines if line))


COMMANDS = [line.removeprefix(OURS) for line in _documented() if line.startswith(OURS)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that the first commands fill, and the files that the commands name beside it."""
    folder = tmp_path_factory.mktemp("documented")
    (folder / "reviews.csv").write_bytes("text;label\ncafé;positive\nNA;negative\n".encode("cp1252"))
    (folder / "squad.json").write_text('{"version": 1, "data": [{"text": "who?"}, {"text": "what?"}]}')
    (folder / "books").mkdir()
    for number in range(2):
        (folder / "books" / f"{number}.txt").write_text("It was a dark and stormy night.\n\nIt rained.\n")
    return folder / "home"


@pytest.fixture
def documented_hub(hub: HubServer) -> HubServer:
    labelled = [row | {"label": ("negative", "positive")[number % 2]} for number, row in enumerate(rows(60))]
    hub.add(
        Repository(
            "stanfordnlp/imdb", {"README.md": "# Reviews\n", "data/train-00000-of-00001.parquet": parquet(labelled)}
        )
    )
    hub.add(models.bpe("openai-community/gpt2"))
    return hub


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("MISTUDIO_HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return home


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(
    command: str, there: Path, documented_hub: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        argument for word in shlex.split(_with_ids(command, there), comments=True) for argument in _expanded(word)
    ]
    if "--help" in arguments:
        with pytest.raises(SystemExit, match="0"):
            command_line.run(arguments)
    else:
        assert command_line.run(arguments) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


def test_every_other_command_is_run_elsewhere() -> None:
    others = [line for line in _documented() if not line.startswith(OURS) and line not in ELSEWHERE]
    started = [line for line in others if " streamlit run app.py" in f" {line}"]
    settings = {f"MISTUDIO_{name.upper()}" for name in Settings.__dataclass_fields__}
    for line in started:
        named = re.findall(r"(\w+)=", line.partition("streamlit run")[0])
        assert set(named) <= settings, line
    assert [line for line in others if line not in started] == []


def _with_ids(command: str, home: Path) -> str:
    """Return a command with ids in the place of `ds_...` and `tok_...`: the example, or what has labels."""
    if "_..." not in command:
        return command
    library = Library.open(home)
    wanted = "huggingface" if "label=" in command else "sample"
    (dataset, *_) = [one for one in library.datasets() if one.source == wanted]
    command = command.replace("ds_...", dataset.id)
    for tokenization in library.tokenizations() * command.count("tok_..."):
        command = command.replace("tok_...", tokenization.id, 1)
    return command


def _expanded(word: str) -> list[str]:
    """Return what a shell makes of a word with a star."""
    return sorted(map(str, Path().glob(word))) if "*" in word and "/" in word else [word]
