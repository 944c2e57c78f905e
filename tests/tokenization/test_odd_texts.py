"""Halves of surrogate pairs, which UTF-8 cannot hold, in every text that is given: a refusal that names the field."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library

HALF = "a\udc80b"
ROOT = Path(__file__).resolve().parents[2]
RECIPE = {"tokenizer": "sample", "context_length": 32}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library.open(tmp_path_factory.mktemp("odd") / "home")
    dataset = made.make_example(60)
    assert made.wait(dataset.id, timeout=300).status == "succeeded"
    assert made.wait(made.tokenize(dataset.id, RECIPE).id, timeout=300).error is None
    return made


def _ids(library: Library) -> tuple[str, str]:
    return library.datasets()[0].id, library.tokenizations()[0].id


CALLS: dict[str, Callable[[Library, str, str], Any]] = {
    **{
        f"search, {mode}": lambda made, ds, tok, mode=mode: made.samples(ds, search=HALF, mode=mode)
        for mode in ("words", "any", "phrase", "substring", "regex")
    },
    **{
        name: lambda made, ds, tok, name=name: made.samples(ds, **{name: HALF})
        for name in ("split", "column", "sort", "mode", "tokenization")
    },
    "where": lambda made, ds, tok: made.samples(ds, where=[f"text={HALF}"]),
    "export": lambda made, ds, tok: made.export_samples(ds, "csv", {"search": HALF, "mode": "substring"}),
    "datasets": lambda made, ds, tok: made.datasets(search=HALF),
    "rename": lambda made, ds, tok: made.rename(ds, name=HALF),
    "notes": lambda made, ds, tok: made.rename(ds, notes=HALF),
    "preview": lambda made, ds, tok: made.preview(RECIPE, text=HALF),
    "template": lambda made, ds, tok: made.tokenize(ds, RECIPE | {"template": "{text}" + HALF}),
    "columns": lambda made, ds, tok: made.tokenize(ds, RECIPE | {"columns": [HALF]}),
    "tokenizer": lambda made, ds, tok: made.tokenize(ds, RECIPE | {"tokenizer": HALF}),
    "search tokens": lambda made, ds, tok: made.search_tokens(tok, text=HALF),
    "import name": lambda made, ds, tok: made.import_files([str(ROOT / "README.md")], file_format="txt", name=HALF),
    "repository": lambda made, ds, tok: made.download(f"some/{HALF}"),
    "revision": lambda made, ds, tok: made.download("some/where", revision=HALF),
    "split of a download": lambda made, ds, tok: made.download("some/where", splits=[HALF]),
    "config": lambda made, ds, tok: made.download("some/where", config=HALF),
}


@pytest.mark.parametrize("what", CALLS)
def test_half_a_surrogate_pair_is_refused(library: Library, what: str) -> None:
    jobs = len(library.jobs())
    with pytest.raises(StudioError) as caught:
        CALLS[what](library, *_ids(library))
    assert caught.value.code == "invalid_request", caught.value
    assert (caught.value.message + caught.value.hint).encode()
    assert len(library.jobs()) == jobs
    assert len(library.datasets()) == 1


def test_a_file_whose_name_is_no_utf8_is_refused(library: Library, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.jsonl"
    with open(path, "w") as file:
        file.write('{"text": "a"}\n')
    with pytest.raises(StudioError) as caught:
        library.import_files([os.fsdecode(path)])
    assert caught.value.code == "invalid_request"
    assert caught.value.message.encode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["samples", "{ds}", "--search", b"caf\xe9"],
        ["samples", "{ds}", "--where", b"text=caf\xe9"],
        ["search-tokens", "{tok}", "--text", b"\xff"],
        ["preview", "--text", b"\xc3", "--tokenizer", "sample"],
        ["tokenize", "{ds}", "--tokenizer", b"./\xff"],
        ["import", b"/tmp/caf\xe9.txt"],
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_arguments_of_a_shell_that_are_no_utf8(library: Library, arguments: list[str | bytes], as_json: bool) -> None:
    ids = dict(zip(("ds", "tok"), _ids(library), strict=True))
    given = [item if isinstance(item, bytes) else item.format(**ids).encode() for item in arguments]
    command = [os.fsencode(sys.executable), b"-m", b"mistudio_core", b"--home", os.fsencode(library.home.root), *given]
    done = subprocess.run([*command, *([b"--json"] if as_json else [])], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == 1
    assert b"invalid_request" in (done.stdout if as_json else done.stderr)
    assert b"Traceback" not in done.stderr


def test_a_long_condition_is_refused(library: Library) -> None:
    with pytest.raises(StudioError, match="longer than"):
        library.samples(_ids(library)[0], where=["text=" + "9" * 20_000])
