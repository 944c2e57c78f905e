"""Hostile tokenizers and templates: each ends as a readable error in bounded time, and the library stays well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mistudio_core.errors import LimitReached, StudioError, Unsupported
from mistudio_core.jobs.look_pool import LookPool
from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.library import Library, looks
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.loading.load import Keep
from mistudio_core.tokenization.tokenizer.names import Named
from tests.faults.hostile import TEMPLATES, add_tokenizer, hostile_files, library_with, plain_tokenizer

SECONDS = 0.5
"""Processor time in place of the five seconds of the product, so that the whole table takes seconds."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, str]:
    library, talks = library_with(tmp_path_factory.mktemp("hostile") / "home", plain_tokenizer())
    for name, template in TEMPLATES.items():
        add_tokenizer(library, name, plain_tokenizer(), chat_template=template)
    return library, talks


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits() == Limits(seconds=5.0, num_bytes=1 << 20) == looks.OF_A_TEXT
    monkeypatch.setattr(looks, "OF_A_TEXT", Limits(SECONDS))


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.usefixtures("hurried")
def test_a_hostile_template_ends_as_an_error(made: tuple[Library, str], name: str) -> None:
    library, talks = made
    recipe = {"tokenizer": name, "chat": "talk"}
    with pytest.raises(StudioError) as raised:
        library.source_text(talks, recipe)
    assert raised.value.code in ("invalid_request", "tokenizer_unsupported", "too_large")
    assert raised.value.hint
    with suppress(Unsupported, LimitReached):  # it renders a talk of its own, and one that is refused says nothing
        library.cautions(recipe)
    assert library.preview({"tokenizer": "hostile"}, text="well").num_tokens == 4


def loaded_within(pool: LookPool) -> Keep:
    """Return what opens files as a job does, in a worker, with less patience and memory."""

    def keep(root: Path, folder: Path, wanted: Named) -> Named:
        arguments = {"root": str(root), "folder": str(folder), "wanted": asdict(wanted)}
        found = pool.ask("keep_files", arguments, f"The tokenizer {wanted.name!r}", Limits(SECONDS))
        return replace(wanted, sha256=found["sha256"], notes=tuple(found["notes"]))

    return keep


@pytest.fixture(scope="module")
def pool() -> Iterator[LookPool]:
    pool = LookPool(1)
    yield pool
    pool.close()


@pytest.mark.parametrize("name", FILES := hostile_files())
@pytest.mark.usefixtures("hurried")
def test_a_hostile_file_ends_as_an_error(made: tuple[Library, str], name: str, tmp_path: Path, pool: LookPool) -> None:
    library, _ = made
    path = tmp_path / "tokenizer.json"
    path.write_bytes(FILES[name])

    def used() -> None:
        load_tokenizer(library.home.tokenizers, str(path), keep=loaded_within(pool))
        library.preview({"tokenizer": str(path)}, text="a" * 40 + "!")

    with pytest.raises(StudioError) as raised:
        used()
    assert raised.value.code in ("tokenizer_unsupported", "too_large", "worker_died")
    assert raised.value.hint
    assert library.preview({"tokenizer": "hostile"}, text="well").num_tokens == 4
