"""The download form without a browser, against a Hub on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.server import HubServer
from tests.support.app_driver import open_app, submit, words


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: HubServer) -> AppTest:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    for make in (repositories.two_configs, repositories.several_configs, repositories.plain, repositories.gated):
        hub.add(make())
    return open_app()


def look(app: AppTest, repo: str) -> None:
    app.text_input(key=keys.REPO).set_value(repo)
    submit(app, "Inspect")


def test_choices_of_one_repository_do_not_stand_for_another(app: AppTest) -> None:
    look(app, "acme/two-configs")
    assert app.selectbox(key=keys.CONFIG).value == "english"
    app.multiselect(key=keys.SPLITS).set_value(["train"])
    submit(app, "Inspect")
    assert app.multiselect(key=keys.SPLITS).value == ["train"], "another look at the same keeps what was chosen"
    look(app, "acme/plain")
    assert not app.error, words(app)
    assert app.selectbox(key=keys.CONFIG).value == "default"
    assert app.multiselect(key=keys.SPLITS).value == []


def test_a_choice_made_together_with_another_repository_stays(app: AppTest) -> None:
    look(app, "acme/two-configs")
    app.selectbox(key=keys.CONFIG).set_value("numbered")
    look(app, "acme/several-configs")
    assert "no configuration 'numbered'" in words(app).replace("\\", "")
    assert app.selectbox(key=keys.CONFIG).value == "numbered"


def test_a_closed_gate_is_told_by_the_look_and_refused_at_once(app: AppTest) -> None:
    look(app, "acme/gated")
    assert "its owner grants access on request" in words(app).replace("\\", "")
    submit(app, "Download")
    assert "its owner grants access on request" in app.error[0].value.replace("\\", "")
    assert app.text_input(key=keys.REPO).value == "acme/gated"
    assert Library.open().jobs() == []
    app.text_input(key=keys.ACCESS).set_value(READ_TOKEN)
    submit(app, "Inspect")
    assert not app.error
    assert not app.warning
