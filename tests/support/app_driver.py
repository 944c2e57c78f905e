"""Driving the pages without a browser: `AppTest` on a library of the test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
_KINDS = (
    "text", "markdown", "caption", "title", "subheader", "header", "error", "info", "warning", "success", "code"
)  # fmt: skip
TIMEOUT_S = 30  # the first run of a process imports everything


def open_app(page: str = "datasets", /, **query: str | list[str]) -> AppTest:
    """Run the app at `pages/<page>.py` with the given query parameters."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT_S)
    app.run()
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert_no_exception(app)
    return app


def assert_no_exception(app: AppTest) -> None:
    """Fail with the exception that a page let through."""
    assert not app.exception, [item.value for item in app.exception]


def press(app: AppTest, key: str) -> AppTest:
    """Press the button with this key."""
    app.button(key=key).click().run()
    assert_no_exception(app)
    return app


def ask_to_delete(app: AppTest, record_id: str) -> AppTest:
    """Press More and then Delete of a dataset or a tokenization."""
    press(app, f"{record_id}:more")
    return press(app, f"{record_id}:delete")


def submit(app: AppTest, label: str) -> AppTest:
    """Press the submit button with this label."""
    buttons = [button for button in app.button if button.label == label and button.form_id]
    assert len(buttons) == 1, f"{len(buttons)} submit buttons are called {label}"
    buttons[0].click().run()
    assert_no_exception(app)
    return app


def words(app: AppTest) -> str:
    """Return all that stands on the page: texts, Markdown, captions, titles, errors, notes, metrics, progress."""
    parts: list[Any] = [item.value for kind in _KINDS for item in app.get(kind)]
    parts += [f"{item.label} {item.value}" for item in app.metric]
    parts += [item.text for item in app.get("progress")]
    parts += [item.value for item in app.get("page_link")]
    parts += ["".join(card["pieces"]) or card["empty"] for card in cards(app)]
    return "\n".join(str(part) for part in parts)


def cards(app: AppTest) -> list[dict[str, Any]]:
    """Return the cards of the samples as they are sent to the browser, which draws them as text."""
    found: list[dict[str, Any]] = []
    for item in app.get("bidi_component"):
        found += json.loads(item.proto.json).get("cards", ())
    return found
