"""Whatever people type or paste becomes a repository id or a clear refusal."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.sources.repo_ids import PACKAGED_MODULES, checked_revision, clean_hf_token, parse_repo_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/stories", ("acme/stories", None)),
        ("  squad\n", ("squad", None)),
        ("a/b", ("a/b", None)),
        ("datasets/acme/stories", ("acme/stories", None)),
        ("acme/json", ("acme/json", None)),
        ("datasets/squad", ("datasets/squad", None)),
        ("https://huggingface.co/datasets/acme/stories", ("acme/stories", None)),
        ("https://huggingface.co/datasets/acme/stories/", ("acme/stories", None)),
        ("http://hf.co/datasets/squad?row=5#x", ("squad", None)),
        ("huggingface.co/datasets/acme/stories", ("acme/stories", None)),
        ("https://huggingface.co/datasets/acme/stories/tree/main", ("acme/stories", "main")),
        ("https://huggingface.co/datasets/squad/tree/refs%2Fconvert%2Fparquet/x", ("squad", "refs/convert/parquet")),
        ("https://huggingface.co/datasets/acme/stories/blob/v1.0/data/a.parquet", ("acme/stories", "v1.0")),
        ("https://huggingface.co/datasets/acme/stories/viewer/english/train?p=2", ("acme/stories", None)),
        ("https://huggingface.co/datasets/squad/viewer", ("squad", None)),
        ("https://huggingface.co/datasets/acme/stories/discussions/3", ("acme/stories", None)),
        ("hf://datasets/acme/stories", ("acme/stories", None)),
        ("hf://datasets/acme/stories@v2", ("acme/stories", "v2")),
    ],
)
def test_ids_and_addresses_are_understood(text: str, expected: tuple[str, str | None]) -> None:
    assert parse_repo_id(text) == expected


def test_the_address_of_another_endpoint_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:4321")
    assert parse_repo_id("http://127.0.0.1:4321/datasets/acme/stories/tree/x") == ("acme/stories", "x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/",
        "acme/",
        "/stories",
        "acme/stories/more",
        "acme/stories/more/still",
        "../etc/passwd",
        "/etc/passwd",
        "..",
        "a/..",
        "acme/sto ries",
        "acme/stories\x00",
        "acme/sto--ries",
        "acme/stories.git",
        "acme/-stories",
        "акме/stories",
        "a" * 97,
        "json",
        "CSV",
        "https://example.com/datasets/acme/stories",
        "https://huggingface.co/acme/model",
        "https://huggingface.co/datasets",
        "https://huggingface.co/",
        "https://huggingface.co/spaces/acme/x",
        "file:///etc/passwd",
        "hf://buckets/acme/x",
        "hf://datasets//etc",
        "http://[broken",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(StudioError) as caught:
        parse_repo_id(text)
    assert caught.value.code == "invalid_request"
    assert caught.value.hint


@given(st.text(max_size=60))
def test_no_text_gives_anything_but_a_plain_id_or_a_refusal(text: str) -> None:
    with contextlib.suppress(StudioError):
        repo_id, _ = parse_repo_id(text)
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repo_id, re.ASCII)
        assert ".." not in repo_id


def test_the_readers_of_the_datasets_library_are_all_known() -> None:
    from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES

    assert set(_PACKAGED_DATASETS_MODULES) <= PACKAGED_MODULES


@pytest.mark.parametrize("revision", ["", "  ", "a\nb", "x" * 201, "../main"])
def test_odd_revisions_are_refused(revision: str) -> None:
    with pytest.raises(StudioError) as caught:
        checked_revision(revision)
    assert caught.value.code == "invalid_request"


def test_tokens_are_stripped_and_none_is_none() -> None:
    assert clean_hf_token(" hf_abc\n") == "hf_abc"
    assert clean_hf_token(None) is clean_hf_token("") is clean_hf_token(" \n") is None


@pytest.mark.parametrize("token", ["hf_sec ret", "hf_sec\nret", "hf_sec\x00ret", "hf_séc", "hf_sec\rret", "h" * 201])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(StudioError) as caught:
        clean_hf_token(token)
    assert caught.value.code == "token_rejected"
    assert "sec" not in f"{caught.value.message} {caught.value.hint} {caught.value.__context__}"
