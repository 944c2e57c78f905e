"""What searches keep open between two runs of a page: one session per sample index, one pool for all scans.

Of our own classes nothing outlives a hot reload in a cache: a session or a pool of an older class gives way to a new
one.
"""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys

if TYPE_CHECKING:
    from _thread import LockType

    from mistudio_core.library.queries import SearchPool, SearchSession

_OPEN_INDEXES: Final = 8
_STAMPS_KEPT: Final = 1_000
"""Datasets of which it is remembered which index was opened last: far more than are open."""


def session(library: Library, dataset: Dataset) -> SearchSession:
    """Return the open sample index of a dataset; raises `IndexUnusable` where a job has to build it first."""
    with _turns():  # or two tabs would both make the index, and the second one close that of the first
        stamp = _stamp(dataset)
        if not stamp:
            library.samples.open_session(dataset.id).close()  # which makes the file that is not there
            stamp = _stamp(dataset)
    if _stamps().get(dataset.id, stamp) != stamp:
        release(dataset.id)  # or the file that was there before would be opened once more
    _stamps()[dataset.id] = stamp
    while len(_stamps()) > _STAMPS_KEPT:  # of datasets that other programs have deleted
        release(next(iter(_stamps())))
    return _opened(dataset.id, stamp, _class_number(), library)


def release(dataset_id: str) -> None:
    """Close the index of a dataset that is deleted or built again, so that its disk becomes free."""
    stamp = _stamps().pop(dataset_id, None)
    if stamp is not None:
        _opened.clear(dataset_id, stamp, _class_number(), None)


def pool() -> SearchPool:
    """Return the pool in which the scans of all sessions run."""
    from mistudio_core.library.queries import SearchPool

    return _pool(id(SearchPool), SearchPool)


def tab() -> str:
    """Return the name under which this browser tab searches: its new search stops its old one."""
    if keys.SEARCH_SESSION not in st.session_state:
        st.session_state[keys.SEARCH_SESSION] = secrets.token_hex(8)
    return str(st.session_state[keys.SEARCH_SESSION])


def _stamp(dataset: Dataset) -> int:
    from mistudio_core.library.queries import index_stamp

    return 0 if dataset.path is None else index_stamp(dataset.path)


def _class_number() -> int:
    from mistudio_core.library.queries import SearchSession

    return id(SearchSession)


@st.cache_resource(show_spinner=False, max_entries=_OPEN_INDEXES, on_release=lambda opened: opened.close())
def _opened(dataset_id: str, stamp: int, of_class: int, _library: Library | None) -> Any:
    del stamp, of_class
    assert _library is not None, "only a release names no library"
    return _library.samples.open_session(dataset_id)


@st.cache_resource(show_spinner=False)
def _stamps() -> MutableMapping[str, int]:
    return {}


@st.cache_resource(show_spinner=False)
def _turns() -> LockType:
    return Lock()


@st.cache_resource(show_spinner=False, max_entries=1, on_release=lambda old: old.close())
def _pool(of_class: int, _class: type[Any]) -> Any:
    del of_class
    return _class()
