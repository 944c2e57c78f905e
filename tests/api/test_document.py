"""The OpenAPI document tells of each path what it does, what it takes, and how it fails."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from mistudio_core.api.app import create_api
from mistudio_core.api.errors import STATUS_OF
from mistudio_core.api.routes.samples import SamplePlace
from mistudio_core.library.queries import SampleQuery
from mistudio_core.settings import Settings

ENDLESS = "/events"


def test_every_path_is_described_with_examples_and_failures(tmp_path: Path) -> None:
    document = create_api(Settings(home=tmp_path, api=True)).openapi()
    failures = {str(status) for status in STATUS_OF.values()}
    wrong = []
    for path, methods in document["paths"].items():
        for method, act in methods.items():
            where = f"{method} {path}"
            wrong += [f"{where}: no {part}" for part in ("summary", "description") if not act.get(part)]
            wrong += [f"{where}: {one['name']}" for one in act.get("parameters", ()) if _lacks_words(one)]
            wrong += [f"{where}: no example of {kind}" for kind in _without_example(document, act)]
            if path != ENDLESS:
                wrong += [f"{where}: no {status}" for status in sorted(failures - set(act["responses"]))]
    assert wrong == []


def test_samples_are_asked_for_by_every_field_of_a_query() -> None:
    assert set(SamplePlace.model_fields) - {"page"} == {field.name for field in fields(SampleQuery)}


def _lacks_words(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "path" and not parameter.get("description")


def _without_example(document: dict[str, Any], act: dict[str, Any]) -> list[str]:
    found = []
    for kind, content in act.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        if kind == "application/json" and not (schema.get("examples") or content.get("examples")):
            found.append(kind)
    return found
