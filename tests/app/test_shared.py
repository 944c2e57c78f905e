"""The app where strangers share one library: each sees what is public and may delete only what is theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from tests.support.app_driver import open_app, words
from tests.support.staged import staged, stories


def test_each_session_is_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MISTUDIO_SHARED", "1")
    with staged(tmp_path / "home") as made:
        made.ready("stories", {"train": stories(3)})
        one, other = open_app("datasets"), open_app("datasets")
        assert "stories" in words(one)
        assert one.session_state[keys.VISITOR] != other.session_state[keys.VISITOR]
        assert one.session_state[keys.VISITOR].startswith("visitor-")
        assert Library.open().actor.shared
