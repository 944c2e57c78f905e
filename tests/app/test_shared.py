"""The app where strangers share one library: who they are, what they see, and which buttons they are offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.library import Library, visitors
from mistudio_core.settings import Settings
from mistudio_core.ui.app import keys
from tests.support.app_driver import ROOT, TIMEOUT_S, ask_to_delete, assert_no_exception, words
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories

HER = {"email": "Her@example.org", "is_logged_in": True}
UNPROVEN = {"email": "ann@example.org", "email_verified": False, "sub": "7", "is_logged_in": True}
FAILED = {"code": "internal", "message": "It broke."}


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    """A shared library whose host is Ann; with a ready dataset and things that failed, all of them hers."""
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MISTUDIO_SHARED", "1")
    monkeypatch.setenv("MISTUDIO_ADMIN", "ann@example.org, bob@example.org")
    with staged(tmp_path / "home") as stage:
        stage.ready("stories", {"train": stories(3)}, owner="her@example.org")
        stage.ready("secret", {"train": stories(3)}, owner="her@example.org", access="private")
        failed = a_dataset("broken", owner="her@example.org")
        stage.ended("download", failed, FAILED)
        stage.open()
        yield stage


def page(name: str, user: dict[str, Any], **query: str) -> AppTest:
    """Open a page as this user; one without `is_logged_in` visits an app that has no sign-in."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
    app.user = user
    app.run()
    app.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert_no_exception(app)
    return app


def buttons(app: AppTest) -> set[str]:
    return {str(button.key).rpartition(":")[2] for button in app.button}


def test_each_session_is_somebody_else(shared: StagedLibrary) -> None:
    one, other = page("datasets", {}), page("datasets", {})
    assert "stories" in words(one)
    assert "secret" not in words(one)
    names = [app.session_state[keys.VISITOR] for app in (one, other)]
    assert names[0] != names[1]
    assert names[0].startswith("visitor-")


def test_a_name_comes_back_by_its_signed_cookie(shared: StagedLibrary) -> None:
    root, name = shared.home.root, visitors.new_name()
    cookie = visitors.signed(root, name)
    assert visitors.name_in(root, cookie) == name
    assert (root / "visitors.key").stat().st_mode & 0o077 == 0
    other = visitors.signed(root, visitors.new_name())
    forged = (
        "", name, f"{name}.", cookie[:-1], cookie + "0", f"{name}.{other.partition('.')[2]}", "local",
        visitors.signed(root, "local"), visitors.signed(root, "ann@example.org"), "é",
        visitors.signed(root.parent, name),
    )  # fmt: skip
    assert [visitors.name_in(root, one) for one in forged] == [None] * len(forged)


@pytest.mark.parametrize(
    ("user", "offered", "seen"),
    [
        (HER, {"more", "retry", "make_sample"}, True),
        ({"email": "him@example.org", "is_logged_in": True}, {"make_sample"}, False),
        ({"email": "ann@example.org", "is_logged_in": True}, {"more", "retry", "make_sample"}, True),
        (
            {"email": "ann@example.org", "email_verified": False, "sub": "7", "is_logged_in": True},
            {"make_sample"},
            False,
        ),
        ({"sub": "local", "is_logged_in": True}, {"make_sample"}, False),
        ({"is_logged_in": False}, {"default"}, False),
        ({}, {"make_sample"}, False),
    ],
)
def test_a_card_offers_what_its_visitor_may_do(
    shared: StagedLibrary, user: dict[str, Any], offered: set[str], seen: bool
) -> None:
    app = page("datasets", user)
    assert ("secret" in words(app)) == seen
    drawn = buttons(app) & {"more", "retry", "make_sample", "cancel", "default"}
    assert drawn == offered


@pytest.mark.parametrize(("user", "may"), [(HER, True), ({"email": "him@example.org", "is_logged_in": True}, False)])
def test_jobs_and_the_page_of_a_dataset_offer_what_their_visitor_may_do(
    shared: StagedLibrary, user: dict[str, Any], may: bool
) -> None:
    library = shared.library
    failed, ready = library.datasets(status="error")[0], library.datasets(search="stories")[0]
    assert ("retry" in buttons(page("jobs", user))) == may
    assert {"retry", "more"} <= buttons(page("dataset", user, id=failed.id)) if may else True
    app = page("dataset", user, id=ready.id)
    assert ("more" in buttons(app)) == may
    assert bool(app.text_area) == may, "notes can be written"
    settings = page("settings", user)
    assert "rebuild" not in buttons(settings)
    assert "ann@example.org" not in words(settings)


def test_the_host_maintains_a_shared_library(shared: StagedLibrary) -> None:
    app = page("settings", {"email": "bob@example.org", "is_logged_in": True})
    assert {"verify", "rebuild", "delete_exports"} <= buttons(app)


def test_a_tokenization_of_others_is_kept_from_who_owns_the_dataset(shared: StagedLibrary) -> None:
    ready = shared.library.datasets(search="stories")[0]
    own = a_tokenization(ready.id, owner="him@example.org")
    shared.ended("tokenize", own, FAILED)
    shared.open()
    app = page("dataset", HER, id=ready.id, tab="Tokenizations")
    assert f"{own.id}:more" not in {button.key for button in app.button}
    ask_to_delete(app, ready.id)
    assert_no_exception(app)
    assert any("Other users" in error.value for error in app.error)
    assert "delete_yes" not in {button.key for button in app.button}
    his = page("dataset", {"email": "him@example.org", "is_logged_in": True}, id=ready.id, tab="Tokenizations")
    assert {f"{own.id}:more", f"{own.id}:retry"} <= {button.key for button in his.button}


def test_an_upload_is_private_unless_it_is_shared(shared: StagedLibrary) -> None:
    app = page("datasets", HER)
    (box,) = [item for item in app.checkbox if item.key == keys.IMPORT_PUBLIC]
    assert box.value is False
    secret = shared.library.datasets(search="secret")[0]
    app = page("dataset", HER, id=secret.id)
    (toggle,) = [item for item in app.toggle if item.key == keys.of(secret.id, "shared")]
    assert toggle.value is False
    toggle.set_value(True).run()
    assert_no_exception(app)
    him = Library.open(actor="him@example.org", settings=replace(Settings.from_environment(), shared=True))
    assert him.dataset(secret.id).access == "public"


def test_forms_say_what_others_see(shared: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = shared.library.datasets(search="stories")[0]
    said = {
        "Everybody who uses this app sees what you download": lambda: page("datasets", HER),
        "Whoever sees this dataset sees its tokenizations": lambda: page(
            "dataset", HER, id=ready.id, tab="Tokenizations"
        ),
    }
    for sentence, opened in said.items():
        assert sentence in words(opened())
    monkeypatch.setenv("MISTUDIO_SHARED", "0")
    for sentence, opened in said.items():
        assert sentence not in words(opened())


def test_at_home_nobody_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    app = page("datasets", {"is_logged_in": False})
    assert "make_sample" in buttons(app)
    assert keys.VISITOR not in app.session_state
    assert not (tmp_path / "home" / "visitors.key").exists()
