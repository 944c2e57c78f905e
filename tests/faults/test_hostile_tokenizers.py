"""Hostile tokenizers and templates: each ends as a readable error in bounded time, and the library stays well."""

from __future__ import annotations

from contextlib import suppress

import pytest

from mistudio_core.errors import LimitReached, StudioError, Unsupported
from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.library import Library, looks
from tests.faults.hostile import TEMPLATES, add_tokenizer, library_with, plain_tokenizer

SECONDS = 1.0
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
