"""One sequence of a tokenization, token by token, and the way to every other one."""

from __future__ import annotations

import random
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences.address import Asked
from mistudio_core.ui.widgets import formats, key_presses, token_drawing
from mistudio_core.ui.widgets.key_presses import Press

_WINDOW: Final = 4096
"""Tokens that are drawn at a time; sequences of a hundred thousand exist."""
_GO_TO: Final = "token_sequence"


def draw(library: Library, tokenization: Tokenization, asked: Asked) -> None:
    """Draw the sequence of the address, the first one by default."""
    total = tokenization.num_sequences
    number = min(asked.sequence or 0, max(0, total - 1))
    sequence = library.sequence(tokenization.id, number)
    specials = sum(token.special for token in sequence.tokens)
    _steps(number, total)
    facts = [f"Sequence {formats.exact(number)} of {formats.exact(total)}", plain(sequence.split, 40),
             f"{formats.exact(len(sequence.tokens))} tokens"]  # fmt: skip
    if specials:
        facts.append(formats.counted(specials, "control token"))
    if sequence.parts:
        facts.append(f"from {formats.counted(len({(part.split, part.sample) for part in sequence.parts}), 'sample')}")
    st.caption(" · ".join(facts))
    first = _window(len(sequence.tokens), number, asked.mark)
    token_drawing.draw_tokens(
        sequence.tokens[first : first + _WINDOW],
        keys.of(tokenization.id, f"sequence:{number}:{first}"),
        first=first,
        parts=[part for part in sequence.parts if part.start < first + _WINDOW and part.end > first],
        mark=asked.mark,
        on_find=sequence_address.find,
        on_sample=lambda split, index: sample_links.open_samples(tokenization.dataset_id, split=split, opened=index),
    )


def _steps(number: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button("Previous", key="token_previous", icon=":material/arrow_back:", disabled=number <= 0,
                  on_click=_go, args=(number - 1,))  # fmt: skip
        st.button("Next", key="token_next", icon=":material/arrow_forward:", icon_position="right",
                  disabled=number + 1 >= total, on_click=_go, args=(number + 1,))  # fmt: skip
        with st.popover("Go to", icon=":material/my_location:"):
            st.number_input(
                "Sequence index (from 0)", min_value=0, max_value=max(0, total - 1), value=None, step=1, key=_GO_TO,
                on_change=_go_typed,
            )  # fmt: skip
        st.button("Random", key="token_random", icon=":material/casino:", help="Open a random sequence",
                  on_click=lambda: _go(random.randrange(total)))  # fmt: skip
        key_presses.draw(
            [
                Press(("/",), "search", focus="[data-testid=stMain] input[type=search]"),
                Press(("ArrowLeft", "k"), "previous sequence", lambda: _go(max(0, number - 1))),
                Press(("ArrowRight", "j"), "next sequence", lambda: _go(min(total - 1, number + 1))),
            ],
            "sequence_keys",
        )


def _window(length: int, number: int, mark: tuple[int, int] | None) -> int:
    """Return the first token that is drawn; of a long sequence a part can be chosen."""
    windows = -(-length // _WINDOW)
    if windows <= 1:
        return 0
    default = min(windows, mark[0] // _WINDOW + 1) if mark else 1
    part = st.pagination(windows, default=default, key=f"token_window:{number}:{default}")
    last = min(length, part * _WINDOW)
    st.caption(f"Tokens {formats.exact((part - 1) * _WINDOW)} to {formats.exact(last - 1)}")
    return (part - 1) * _WINDOW


def _go(number: int) -> None:
    sequence_address.ask(sequence=str(number), at=None)


def _go_typed() -> None:
    typed = st.session_state[_GO_TO]
    if typed is not None:
        st.session_state[_GO_TO] = None  # so that the same number leads there again
        _go(typed)
