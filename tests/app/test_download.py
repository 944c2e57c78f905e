"""The download form without a browser, against a Hub on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.jobs.look_pool import pool
from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.faults import Status
from tests.hub.server import HubServer
from tests.support.app_driver import open_app, press, words


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: HubServer) -> AppTest:
    pool.close()  # a look worker of another test knows another Hub
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    for make in (repositories.two_configs, repositories.several_configs, repositories.plain, repositories.gated):
        hub.add(make())
    return open_app()


def look(app: AppTest, repo: str) -> None:
    app.text_input(key=keys.REPO).set_value(repo)
    press(app, "inspect")


def test_choices_of_one_repository_do_not_stand_for_another(app: AppTest) -> None:
    look(app, "acme/two-configs")
    assert app.selectbox(key=keys.CONFIG).value == "english"
    app.multiselect(key=keys.SPLITS).set_value(["train"])
    press(app, "inspect")
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
    (link,) = (one.proto for one in app.get("link_button") if one.proto.label == "Ask for access on the Hub")
    assert link.url.endswith("/datasets/acme/gated")
    press(app, "download")
    assert "its owner grants access on request" in app.error[0].value.replace("\\", "")
    assert app.text_input(key=keys.REPO).value == "acme/gated"
    assert Library.open().jobs() == []
    app.text_input(key=keys.ACCESS).set_value(READ_TOKEN)
    press(app, "inspect")
    assert not app.error
    assert not app.warning


def test_suggestions_help_to_choose_and_one_press_looks(app: AppTest) -> None:
    app.text_input(key=keys.REPO).set_value("configs").run()
    names = [button.label.replace("\\", "") for button in app.button if str(button.key).startswith("suggested:")]
    assert names == ["acme/two-configs", "acme/several-configs"]
    assert "1,234 downloads · 56 likes · " in words(app)
    press(app, "suggested:acme/two-configs")
    assert app.text_input(key=keys.REPO).value == "acme/two-configs"
    assert app.selectbox(key=keys.CONFIG).options == ["english", "numbered"]
    assert app.multiselect(key=keys.SPLITS).options[0].startswith("train · 300 samples · ")
    assert "The first 10 rows of english/train" in words(app).replace("\\", "")
    assert not [button for button in app.button if str(button.key).startswith("suggested:")]


def test_a_whole_id_is_looked_at_by_itself_and_another_config_again(app: AppTest) -> None:
    app.text_input(key=keys.REPO).set_value("acme/two-configs").run()
    assert app.selectbox(key=keys.CONFIG).value == "english"
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Samples"] == "320"
    app.multiselect(key=keys.SPLITS).set_value(["test"]).run()
    fewer = {metric.label: metric.value for metric in app.metric}
    assert fewer["Samples"] == "20"
    assert fewer["Download size"] != figures["Download size"]
    assert "rows of english/test-00000" in words(app).replace("\\", "")
    app.multiselect(key=keys.SPLITS).set_value([]).run()
    app.selectbox(key=keys.CONFIG).set_value("numbered").run()
    assert len(app.multiselect(key=keys.SPLITS).options) == 1
    assert "no Parquet files" in words(app)


def test_without_the_hub_an_id_can_still_be_entered(app: AppTest, hub: HubServer) -> None:
    hub.faults.add("/api/datasets", Status(503))
    app.text_input(key=keys.REPO).set_value("plain").run()
    assert "No suggestions. The Hub does not answer" in words(app)
    assert not app.error
    app.text_input(key=keys.REPO).set_value("nothing like it").run()
    hub.faults.clear()
    app.text_input(key=keys.REPO).set_value("nothing like that").run()
    assert "no public dataset with this in its id" in words(app)
