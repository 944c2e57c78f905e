"""Errors are classes of one tree, which the module draws; each keeps what a program needs of it."""

from __future__ import annotations

import pickle
import re

import pytest

from mistudio_core import errors
from mistudio_core.errors import ERROR_CODES, Duplicate, IndexUnusable, InUse, NotFound, StudioError, TokenizerNotFound
from mistudio_core.records import ErrorInfo, as_json

CONTRACT = {
    "repo_not_found", "revision_not_found", "config_not_found", "split_not_found", "gated", "token_rejected",
    "repo_disabled", "script_unsupported", "no_data", "hub_unreachable", "rate_limited", "tokenizer_not_found",
    "tokenizer_unsupported", "no_text_column", "corrupt_data", "disk_full", "too_large", "duplicate", "in_use",
    "not_found", "invalid_request", "library_locked", "worker_died", "cancelled", "permission_denied", "index_missing",
    "index_stale", "engines_differ", "internal",
}  # fmt: skip


def test_every_code_of_the_contract_is_known() -> None:
    assert CONTRACT <= ERROR_CODES


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_an_error_is_of_the_class_of_its_code_and_survives_its_journeys(code: str) -> None:
    error = StudioError(code, "What \ud800 happened", "What to do", {"ids": ["ds_a"]})
    kind = type(error)
    assert code in kind.codes
    assert issubclass(kind, StudioError)
    for again in (pickle.loads(pickle.dumps(error)), ErrorInfo(**as_json(ErrorInfo.of(error))).exception()):
        assert (type(again), again.to_json()) == (kind, error.to_json())
    assert error.to_json() == {
        "code": code, "message": "What \\ud800 happened", "hint": "What to do", "details": {"ids": ["ds_a"]},
    }  # fmt: skip


def test_the_tree_in_the_module_is_the_tree_of_the_classes() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "──" in line]
    drawn = {found[0]: set(found[1:]) & ERROR_CODES for line in lines if (found := re.findall(r"\w+", line))}
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StudioError)]
    assert drawn == {kind.__name__: set(kind.codes) for kind in classes if kind is not StudioError}


def test_what_is_caught_is_what_was_meant() -> None:
    with pytest.raises(NotFound):
        raise StudioError("tokenizer_not_found", "There is none.")
    assert isinstance(StudioError("tokenizer_not_found", ""), TokenizerNotFound)
    assert isinstance(StudioError("index_stale", ""), IndexUnusable)
    assert not isinstance(StudioError("duplicate", ""), InUse)
    assert Duplicate("duplicate", "").code == "duplicate"
    for kind, code in ((StudioError, "no_such_code"), (Duplicate, "in_use")):
        with pytest.raises(ValueError, match=code):
            kind(code, "")
