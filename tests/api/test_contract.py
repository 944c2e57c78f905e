"""Every path keeps to the OpenAPI document, whatever it is asked: no answer but those that it names, and no fault."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mistudio_core.api.app import create_api
from mistudio_core.api.auth import Caller, require_key
from mistudio_core.library import Library, api_keys
from mistudio_core.settings import Settings
from tests.hub.server import HubServer

EXAMPLES = int(os.environ.get("MISTUDIO_API_EXAMPLES", "4"))
"""Requests for each path and method; CONTRIBUTING.md has the command for many more."""
ENDLESS = "/events"
TIMEOUT_S = 300
"""A busy machine starts workers for minutes."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]

Case = schemathesis.Case[Any]
Change = Callable[[Case], None]


def _keeps_to_the_document(home: Path, caller: Caller, change: Change, paths: str = "", **more: Any) -> int:
    """Ask every path that fits, and return how many there were."""
    # nothing that is asked for here starts: there is no place in the queue
    api = create_api(replace(Settings(home=home, api=True, api_hosts=("testserver",), max_waiting_jobs=0), **more))
    api.dependency_overrides[require_key] = lambda: caller
    headers = {"Authorization": f"Bearer {api_keys.create(Library.open(home).home.root).key}"}
    asked = 0
    for operation in _operations(schemathesis.openapi.from_asgi("/openapi.json", api, headers=headers), paths):

        @seed(len(operation.label))
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            change(case)
            answer = case.call_and_validate(timeout=TIMEOUT_S, checks=CHECKS, headers=headers)
            assert answer.status_code != 500  # others, such as 503 for a Hub that is not there, are in the document

        ask()
        asked += 1
    return asked


def _operations(schema: Any, paths: str) -> Iterator[Any]:
    for found in schema.get_all_operations():
        operation = found.ok()
        if re.search(paths, operation.path) and operation.path != ENDLESS:
            yield operation


def test_made_up_requests(tmp_path: Path, hub: HubServer) -> None:
    assert _keeps_to_the_document(tmp_path / "library", Caller("local"), lambda case: None) > 50


def test_requests_about_what_is_there(home: Path) -> None:
    """A reader of a shared library asks: what changes anything is refused."""
    library = Library.open(home)
    ids: Mapping[str, str] = {
        "dataset_id": library.datasets()[0].id,
        "tokenization_id": library.tokenizations()[0].id,
        "job_id": library.jobs()[0].id,
    }

    def about_them(case: Case) -> None:
        case.path_parameters |= {name: ids[name] for name in case.path_parameters if name in ids}

    assert _keeps_to_the_document(home, Caller("reader", "reader"), about_them, "_id}", shared=True) > 25
