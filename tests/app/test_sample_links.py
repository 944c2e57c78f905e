"""Ways to some samples: what a link asks for is what the address says, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.ui.samples import links as sample_links


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({"min_chars": 0, "max_chars": 99}, {"min_chars": "0", "max_chars": "99"}),
        ({"search": "a b", "mode": "regex", "ignore_case": True}, {"q": "a b", "mode": "regex", "ignore_case": "1"}),
        ({"mode": "words", "page": 1, "page_size": 50, "split": None, "duplicates": False}, {}),
        ({"where": ("label=pos", "n>=1")}, {"where": ["label=pos", "n>=1"]}),
        ({"split": "test", "opened": 0}, {"split": "test", "open": "0"}),
        ({"tokenization": "tok_a", "min_tokens": 5}, {"tok": "tok_a", "min_tokens": "5"}),
    ],
)  # fmt: skip
def test_a_link_names_what_it_asks_for(fields: dict[str, Any], parameters: dict[str, str | list[str]]) -> None:
    assert sample_links.address("ds_x", **fields) == {"id": "ds_x", "tab": "Samples", **parameters}


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(KeyError):
        sample_links.address("ds_x", min_letters=3)


def _read_back() -> None:
    import streamlit as st

    from mistudio_core.ui.samples import address as sample_address
    from mistudio_core.ui.samples import links as sample_links

    fields = {"search": "x", "min_chars": 0, "where": ("a=1", "b>=2"), "duplicates": True, "split": "test"}
    st.query_params.from_dict(sample_links.address("ds_x", **fields, page=3, page_size=20, opened=7))
    asked = sample_address.read()
    assert dict(asked.fields) == fields
    assert (asked.page, asked.page_size, asked.opened) == (3, 20, 7)
    sample_address.ask(min_chars=None, where=("b>=2",))
    asked = sample_address.read()
    assert dict(asked.fields) == {"search": "x", "where": ("b>=2",), "duplicates": True, "split": "test"}
    assert (asked.page, asked.page_size, asked.opened) == (1, 20, None)
    assert st.query_params["id"] == "ds_x"


def test_an_address_is_read_as_it_was_written() -> None:
    app = AppTest.from_function(_read_back, default_timeout=30).run()
    assert not app.exception, app.exception[0].value
