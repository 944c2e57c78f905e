"""The way from the tokenizations of a dataset to their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from mistudio_core.ui.app import keys, pages

_MOST: Final = 4


def draw(ids: Sequence[str], *, coming: int = 0) -> None:
    """Draw a link to the comparison of the first four of these tokenizations; of fewer than two, nothing.

    It has its place, disabled, while those that are `coming` will make it two: nothing moves when they are there.
    """
    if len(ids) + coming < 2:
        return
    st.page_link(
        pages.COMPARE,
        label="Compare tokenizations",
        icon=":material/compare_arrows:",
        disabled=len(ids) < 2,
        query_params={keys.COMPARED: ",".join(ids[:_MOST])},
    )
