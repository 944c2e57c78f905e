"""A dataset's whole life over HTTP, and what a shared library tells of itself."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from mistudio_core.api.auth import Caller
from mistudio_core.library import Library
from tests.api.conftest import Connect


def _done(client: TestClient, path: str) -> Any:
    """Return what is at a path when it is ready."""
    deadline = time.monotonic() + 300
    while (found := client.get(path).json())["status"] not in ("ready", "error", "succeeded", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found["error"] is None
    return found


def test_a_dataset_from_upload_to_undo(tmp_path: Path, connect: Connect) -> None:
    client = connect(tmp_path / "library", max_upload_mb=1)
    lines = "".join(f"{number};It rained for {number} days.\n" for number in range(40)).encode()
    options = {"name": "rain", "options": json.dumps({"delimiter": ";", "header": "none"})}
    sent = client.post("/datasets/upload", files={"files": ("../rain.csv", lines)}, data=options)
    assert sent.status_code == 202, sent.text
    place = f"/datasets/{sent.json()['id']}"
    dataset = _done(client, place)
    assert (dataset["name"], dataset["num_samples"], dataset["tokenizations"]) == ("rain", 40, [])
    assert not list((tmp_path / "library" / "uploads").iterdir())
    found = client.get(f"{place}/samples/export", params={"where": "0>=38", "kind": "jsonl"})
    assert [json.loads(line)["0"] for line in found.text.splitlines()] == [38, 39]
    assert found.headers["Content-Disposition"] == f'attachment; filename="{dataset["id"]}.jsonl"'
    assert not list((tmp_path / "library" / "exports").iterdir())

    old = {"tokenizer_name": "sample", "max_length": 16, "padding": "do_not_pad", "truncation": "longest_first"}
    started = client.post(f"{place}/tokenize", json=old)
    assert started.status_code == 202, started.text
    made = _done(client, f"/tokenizations/{started.json()['id']}")
    assert (made["recipe"]["preset"], made["num_sequences"], made["num_documents"]) == ("per_document", 40, 40)
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/tokenizations/{made['id']}/download").content))
    folder = Path(made["path"])
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        f"{folder.name}/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    shown = client.get(f"/tokenizations/{made['id']}/sequences", params={"offset": 38, "limit": 10}).json()
    assert [(one["sequence"], one["parts"][0]["sample"]) for one in shown] == [(38, 38), (39, 39)]
    preview = client.post("/datasets/tokenize-preview", json={"text": "It rained.", "tokenizer_name": "sample"})
    assert preview.json()["num_tokens"] > 0
    job = client.get(f"{place}/task-status").json()
    assert client.get(f"/jobs/{job['id']}/log").status_code == 200

    assert client.delete(place).json()["error"]["code"] == "in_use"
    deleted = client.delete(place, params={"cascade": True, "undoable": True}).json()
    assert set(deleted["deleted"]) == {dataset["id"], made["id"]}
    assert client.get(place).status_code == 404
    assert client.post(f"/undo/{deleted['undo']}").status_code == 200
    assert client.get(place).json()["tokenizations"][0]["id"] == made["id"]
    too_large = client.post("/datasets/upload", files={"files": ("a.txt", b"a" * (1 << 20) + b"b")})
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "too_large")


def test_an_access_token_is_taken_in_the_header_only(tmp_path: Path, connect: Connect) -> None:
    body = {"repo_id": "a/b", "access_token": "hf_secretsecret"}
    answer = connect(tmp_path / "library").post("/datasets/download", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert "hf_secretsecret" not in answer.text
    assert "X-HF-Token" in answer.json()["error"]["hint"]


def test_a_shared_library_tells_no_folders_and_starts_nothing(home: Path, connect: Connect) -> None:
    client = connect(home, Caller("reader", "reader"), shared=True)
    made = Library.open(home).tokenizations()[0]
    shown = client.get(f"/datasets/{made.dataset_id}").json()
    assert (shown["path"], shown["tokenizations"][0]["path"]) == (made.dataset_id, made.id)
    for path in ("/datasets", "/tokenizations", "/tokenizers", "/settings", f"/tokenizations/{made.id}/snippets"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert str(home) not in answer.text
    for answer in (
        client.post("/datasets/example", json={}),
        client.delete(f"/tokenizations/{made.id}"),
        client.post("/rebuild"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


def test_pages_of_datasets_are_counted(home: Path, connect: Connect) -> None:
    client = connect(home)
    assert client.get("/datasets", params={"limit": 1}).json()["pagination"] == {
        "page": 1, "limit": 1, "total": 1, "total_pages": 1, "has_next": False, "has_prev": False,
    }  # fmt: skip
    assert client.get("/datasets", params={"page": 2}).json()["data"] == []
