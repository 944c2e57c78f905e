"""The parameters of the address: a request with an old one does not undo a change, a step back does."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _late_request() -> None:
    import streamlit as st

    from mistudio_core.ui.app import address

    before = {"id": "ds_x", "where": ["a=1", "b=2"]}
    st.query_params.from_dict(before)
    address.settle()
    address.put({"q": "cat", "where": None})
    assert address.parameters() == {"id": ["ds_x"], "q": ["cat"]}
    assert address.is_settled()

    st.query_params.from_dict(before)  # as a request that was on its way brings it
    assert not address.is_settled()
    assert address.parameters() == {"id": ["ds_x"], "q": ["cat"]}
    address.put({"page": "2"})
    assert st.query_params.to_dict() == {"id": "ds_x", "q": "cat", "page": "2"}
    assert address.is_settled()


def _step_back() -> None:
    import streamlit as st

    from mistudio_core.ui.app import address

    address._SETTLING_S = 0.0  # type: ignore[misc]
    st.query_params.from_dict({"q": "dog"})
    address.settle()
    address.put({"q": "cat"})
    st.query_params.from_dict({"q": "dog"})
    assert address.parameters() == {"q": ["dog"]}
    address.settle()
    assert address.is_settled()


def test_a_request_that_was_on_its_way_does_not_undo_a_change() -> None:
    app = AppTest.from_function(_late_request, default_timeout=30).run()
    assert not app.exception, app.exception[0].value


def test_a_step_back_counts() -> None:
    from mistudio_core.ui.app import address

    usual = address._SETTLING_S
    try:
        app = AppTest.from_function(_step_back, default_timeout=30).run()
    finally:
        address._SETTLING_S = usual  # type: ignore[misc]
    assert not app.exception, app.exception[0].value
